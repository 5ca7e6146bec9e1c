//! Derived types: their form on the wire, and their schemas.

mod compile_fail;
mod conversions;
mod enums;
mod keywords;
mod kube_issues;
mod objects;
mod operators;
mod resources;
mod serde_agrees;

use kubernetes_core::json::{self, Tree, Value};
use kubernetes_core::schema::Schema;

/// The schema of a type as JSON.
fn schema<T: Schema>() -> serde_json::Value {
    let tree = T::SCHEMA.to_tree().expect("the schema is structural");
    serde_json::from_str(&tree.to_text()).expect("it is JSON")
}

/// Reads and writes a value, which must be written as it was.
fn round_trip<T: Value>(text: &str) -> T {
    let value: T = json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(tree(&json::to_string(&value).expect("it is written")), tree(text));
    value
}

fn tree(text: &str) -> Tree {
    json::from_str(text).expect("it is JSON")
}

/// The error of reading a text.
fn error<T: Value>(text: &str) -> String {
    json::from_str::<T>(text).map(|_| ()).expect_err(text).to_string()
}
