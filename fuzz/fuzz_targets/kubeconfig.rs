//! Kubeconfigs of any content.

#![no_main]

#[path = "../../kubernetes/config/tests/it/fuzz_check.rs"]
mod fuzz_check;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_check::check(bytes));
