//! Differences of the description that is published with the sources of Kubernetes.

use serde_json::json;

use super::support::{fixtures, generate_from};

#[test]
fn a_description_without_a_version_is_of_the_one_that_the_lock_names() {
    let (_, mut swagger) = fixtures().into_iter().find(|(name, _)| name == "enums").expect("the fixture is there");
    let versioned = generate_from(&swagger).expect("the fixture is right");
    swagger["info"]["version"] = json!("unversioned");
    assert_eq!(generate_from(&swagger).expect("it needs no version").tree, versioned.tree);
}

/// It has no enums: what is one elsewhere is a string.
#[test]
fn a_description_without_enums_has_strings() {
    let (_, swagger) = fixtures().into_iter().find(|(name, _)| name == "enums").expect("the fixture is there");
    let with_enums = generate_from(&swagger).expect("the fixture is right");
    assert!(with_enums.tree.files().any(|(_, text)| text.contains("open_enum!")));
    let mut without = swagger;
    remove_enums(&mut without);
    let generation = generate_from(&without).expect("strings are right as well");
    assert!(!generation.tree.files().any(|(_, text)| text.contains("open_enum!")));
    assert!(generation.facts.contains("- enums: 0 with 0 values\n"), "{}", generation.facts);
}

fn remove_enums(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(members) => {
            members.retain(|key, value| key != "enum" || !value.is_array());
            members.values_mut().for_each(remove_enums);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(remove_enums),
        _ => {}
    }
}

/// Files under `/var/log` are not part of the API: their operations have no response that could have a type.
#[test]
fn log_files_are_left_out() {
    let (_, mut swagger) = fixtures().into_iter().find(|(name, _)| name == "names").expect("the fixture is there");
    let expected = generate_from(&swagger).expect("the fixture is right");
    let response = json!({"401": {"description": "Unauthorized"}});
    let list = json!({"operationId": "logFileListHandler", "tags": ["logs"], "responses": response});
    let mut read = list.clone();
    read["operationId"] = json!("logFileHandler");
    let parameter = json!({"name": "logpath", "in": "path", "required": true, "type": "string"});
    swagger["paths"]["/logs/"] = json!({"get": list});
    swagger["paths"]["/logs/{logpath}"] = json!({"get": read, "parameters": [parameter]});
    let generation = generate_from(&swagger).expect("they are left out");
    assert_eq!(generation.tree, expected.tree);
    assert!(generation.facts.contains("- `log_files_are_not_api`: 2 places"), "{}", generation.facts);
}
