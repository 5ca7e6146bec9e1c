//! Types do not depend on what a description requires of the properties that they have.

use serde_json::Value;

use super::support::{generate_pinned, pinned};

/// Every property that is required becomes optional, and the other way round: every type stays as it is, so hand-written
/// code that compiles with the pinned description compiles with the other one.
#[test]
fn types_stay_when_other_properties_are_required() {
    let (bytes, kubernetes) = pinned();
    let mut description: Value = serde_json::from_slice(&bytes).expect("it is JSON");
    let definitions = description["definitions"].as_object_mut().expect("it has definitions");
    let flipped: usize = definitions.values_mut().map(flip).sum();
    assert!(flipped > 3_000, "only {flipped} properties");
    let expected = generate_pinned(&bytes, &kubernetes);
    let generation = generate_pinned(description.to_string().as_bytes(), &kubernetes);
    let differing: Vec<&str> = (generation.tree.files().zip(expected.tree.files()))
        .filter(|(other, pinned)| other != pinned)
        .map(|((path, _), _)| path)
        .collect();
    // Schemas and the server in memory do as the description says.
    let expected_to_differ =
        ["kubernetes/models/src/generated/schemas.rs", "kubernetes/testing/src/generated/definitions.rs"];
    assert_eq!(differing, expected_to_differ);
    assert!(generation.tree.manifests().eq(expected.tree.manifests()));
    let [note] = generation.notes.as_slice() else { panic!("{:?}", generation.notes) };
    assert!(note.contains("codegen/src/passes/required.txt; the description differs in: "), "{note}");
    assert!(note.ends_with(" more") && expected.notes.is_empty(), "{note}");
}

/// Changes which properties of a schema are required, and of those in it; returns how many there are.
fn flip(schema: &mut Value) -> usize {
    let Some(members) = schema.as_object_mut() else { return 0 };
    let mut flipped = 0;
    if let Some(properties) = members.get_mut("properties").and_then(Value::as_object_mut) {
        flipped += properties.len() + properties.values_mut().map(flip).sum::<usize>();
        let names: Vec<String> = properties.keys().cloned().collect();
        let required = members.remove("required").unwrap_or_default();
        let required: Vec<&str> = required.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let optional: Vec<String> = names.into_iter().filter(|name| !required.contains(&name.as_str())).collect();
        if !optional.is_empty() {
            members.insert("required".to_owned(), optional.into());
        }
    }
    for key in ["items", "additionalProperties"] {
        flipped += members.get_mut(key).map_or(0, flip);
    }
    flipped
}
