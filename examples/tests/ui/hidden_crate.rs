//! The crates behind the SDK are not part of its paths.

use kubernetes_sdk::kubernetes_core::Object;

fn main() {}
