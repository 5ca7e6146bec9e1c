use kubernetes_core::json::{self, Tree};
use kubernetes_core::schema::{sample, violations};
use serde_json::json;

#[allow(dead_code, reason = "the fuzz target has bytes of its own")]
#[path = "../random_schemas.rs"]
pub(super) mod random_schemas;

use random_schemas::{Choices, root};

/// The checker of schemas ends without a panic on any JSON; a schema without violations is kept by the values that are made
/// for it, as the checker of default values shows.
pub(super) fn check(data: &[u8]) {
    if let Some(tree) = std::str::from_utf8(data).ok().and_then(|text| json::from_str::<Tree>(text).ok()) {
        examine(&tree, data.len() as u64);
    }
    let made = root(&mut Choices::new(data));
    examine(&json::from_str(&made.to_string()).expect("it is JSON"), data.len() as u64);
}

fn examine(schema: &Tree, seed: u64) {
    let found = violations(schema);
    assert_eq!(found, violations(schema));
    for violation in &found {
        assert!(!violation.to_string().is_empty());
    }
    let value = sample(schema, seed);
    if found.is_empty() && !has_conditions(schema) {
        let field =
            json!({"type": "object", "properties": {"field": serde_json::to_value(schema).expect("it is JSON")}});
        let mut field: Tree = json::from_str(&field.to_string()).expect("it is JSON");
        field.set("/properties/field/default", value.clone()).expect("the field is there");
        let found = violations(&field);
        assert!(found.is_empty(), "{found:?}: {} for {}", value.to_text(), schema.to_text());
    }
}

/// Samples know few conditions.
fn has_conditions(schema: &Tree) -> bool {
    let text = schema.to_text();
    ["oneOf", "anyOf", "allOf", "not", "multipleOf", "enum", "exclusive", "embedded"]
        .iter()
        .any(|key| text.contains(key))
}
