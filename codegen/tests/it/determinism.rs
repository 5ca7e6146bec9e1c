use fastrand::Rng;
use serde_json::Value;

use super::support::{fixtures, generate_from, generate_pinned, pinned};
use kubernetes_codegen::{Content, Description, generate};

/// The order of keys in the description, which means nothing, changes no byte.
#[test]
fn shuffled_keys_render_the_same_files() {
    let (bytes, kubernetes) = pinned();
    let expected = generate_pinned(&bytes, &kubernetes);
    let description: Value = serde_json::from_slice(&bytes).expect("the description is JSON");
    let mut shuffled = String::new();
    write_shuffled(&description, &mut Rng::with_seed(7), &mut shuffled);
    assert_ne!(shuffled.as_bytes(), serde_json::to_vec(&description).expect("it was JSON"), "something was shuffled");
    let generation = generate_pinned(shuffled.as_bytes(), &kubernetes);
    assert!(generation.tree == expected.tree, "the files differ");
    assert_eq!(generation.facts, expected.facts);
}

#[test]
fn shuffled_fixtures_render_the_same_files() {
    for (name, swagger) in fixtures() {
        let expected = generate_from(&swagger).unwrap_or_else(|error| panic!("{name}: {error}"));
        for seed in 0..5 {
            let mut shuffled = String::new();
            write_shuffled(&swagger, &mut Rng::with_seed(seed), &mut shuffled);
            let bytes = shuffled.as_bytes();
            let description =
                Description { source: "swagger.json", kubernetes: "v1.0.0", content: Content::Document(bytes) };
            let generation = generate(&description).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(generation.tree, expected.tree, "{name}, seed {seed}");
        }
    }
}

/// Writes JSON with the keys of each object in random order.
fn write_shuffled(value: &Value, rng: &mut Rng, output: &mut String) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            rng.shuffle(&mut members);
            output.push('{');
            for (index, (key, value)) in members.into_iter().enumerate() {
                if index > 0 {
                    output.push(',');
                }
                output.push_str(&Value::from(key.as_str()).to_string());
                output.push(':');
                write_shuffled(value, rng, output);
            }
            output.push('}');
        }
        Value::Array(items) => {
            output.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    output.push(',');
                }
                write_shuffled(item, rng, output);
            }
            output.push(']');
        }
        other => output.push_str(&other.to_string()),
    }
}
