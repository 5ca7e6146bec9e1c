//! Enums of a description: published descriptions have none, since Kubernetes only writes them in running servers.

use serde_json::Value;

use crate::error::{Error, Result};
use crate::lower::POSSIBLE_VALUES;

/// A description with the enums of another.
#[derive(Clone, Debug)]
pub struct KeptEnums {
    /// The description, as JSON.
    pub text: Vec<u8>,
    /// The number of enums that were added.
    pub kept: usize,
}

/// Adds the known values of strings from another description, by the place in the same definition. Strings with values
/// of their own keep these.
///
/// ```
/// use kubernetes_codegen::keep_enums;
///
/// let old = br#"{"definitions": {"a.v1.Lamp": {"properties": {"color": {"type": "string", "enum": ["red"]}}}}}"#;
/// let new = br#"{"definitions": {"a.v1.Lamp": {"properties": {"color": {"type": "string"}}}}}"#;
/// let with_enums = keep_enums(("old.json", old), ("new.json", new))?;
/// assert_eq!(with_enums.kept, 1);
/// # Ok::<(), kubernetes_codegen::Error>(())
/// ```
///
/// # Errors
/// Returns an error if one of the descriptions is not JSON.
pub fn keep_enums(old: (&str, &[u8]), new: (&str, &[u8])) -> Result<KeptEnums> {
    let parse = |(file, bytes): (&str, &[u8])| -> Result<Value> {
        serde_json::from_slice(bytes).map_err(|error| Error::of_file(file, "it is not valid JSON").caused_by(error))
    };
    let (old_document, mut document) = (parse(old)?, parse(new)?);
    let mut kept = 0;
    let definitions = PLACES.iter().find_map(|place| old_document.pointer(place)?.as_object());
    let place = PLACES.iter().find(|place| document.pointer(place).is_some());
    if let (Some(old), Some(new)) = (definitions, place.and_then(|place| document.pointer_mut(place))) {
        for (name, old) in old {
            if let Some(new) = new.get_mut(name) {
                keep(old, new, &mut kept);
            }
        }
    }
    let text = serde_json::to_vec(&document)
        .map_err(|error| Error::of_file(new.0, "it can't be written as JSON").caused_by(error))?;
    Ok(KeptEnums { text, kept })
}

/// The places of definitions in Swagger 2.0 and OpenAPI 3.0.
const PLACES: [&str; 2] = ["/definitions", "/components/schemas"];

/// Walks two schemas of the same place together. JSON that was read is at most 128 levels deep.
fn keep(old: &Value, new: &mut Value, kept: &mut usize) {
    let has_no_values = new.get("enum").is_none() && new.get("type") == Some(&Value::from("string"));
    if let (Some(values), Some(members), true) = (old.get("enum"), new.as_object_mut(), has_no_values) {
        members.insert("enum".to_owned(), values.clone());
        if let Some(list) = description(old).and_then(|text| text.find(POSSIBLE_VALUES).and_then(|at| text.get(at..))) {
            let text = members.get("description").and_then(Value::as_str).unwrap_or_default();
            let with_list = format!("{}\n\n{list}", text.trim_end()).trim_start().to_owned();
            members.insert("description".to_owned(), with_list.into());
        }
        *kept += 1;
    }
    if let (Some(old), Some(new)) = (old.get("properties").and_then(Value::as_object), new.get_mut("properties")) {
        for (name, old) in old {
            if let Some(new) = new.get_mut(name) {
                keep(old, new, kept);
            }
        }
    }
    for key in ["items", "additionalProperties"] {
        if let (Some(old), Some(new)) = (old.get(key), new.get_mut(key)) {
            keep(old, new, kept);
        }
    }
}

fn description(schema: &Value) -> Option<&str> {
    schema.get("description").and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn enums_are_kept_where_a_string_has_none() {
        let string = |description: &str| json!({"type": "string", "description": description});
        let with_enum = |description: &str| json!({"type": "string", "description": description, "enum": ["A"]});
        let old = json!({"definitions": {"a.v1.Lamp": {"properties": {
            "color": with_enum("The color.\n\nPossible enum values:\n - `\"A\"` is one"),
            "gone": with_enum("x"), "number": with_enum("x"), "own": with_enum("x"),
            "list": {"type": "array", "items": with_enum("x")},
            "map": {"type": "object", "additionalProperties": {"type": "array", "items": with_enum("x")}},
        }}}});
        let own = json!({"type": "string", "enum": ["B"]});
        let new = json!({"definitions": {"a.v1.Lamp": {"properties": {
            "color": string("color is new."), "number": {"type": "integer"}, "own": own.clone(),
            "list": {"type": "array", "items": {"type": "string"}},
            "map": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
        }}, "a.v1.Other": {"type": "string"}}});
        let openapi = json!({"components": {"schemas": new["definitions"]}}).to_string();
        let (old, new) = (old.to_string(), new.to_string());
        let with_enums = keep_enums(("old", old.as_bytes()), ("new", openapi.as_bytes())).expect("both are JSON");
        assert_eq!(with_enums.kept, 3, "OpenAPI 3.0 has them elsewhere");
        let with_enums = keep_enums(("old", old.as_bytes()), ("new", new.as_bytes())).expect("both are JSON");
        assert_eq!(with_enums.kept, 3);
        let document: Value = serde_json::from_slice(&with_enums.text).expect("it is JSON");
        let properties = &document["definitions"]["a.v1.Lamp"]["properties"];
        assert_eq!(properties["color"]["description"], "color is new.\n\nPossible enum values:\n - `\"A\"` is one");
        assert_eq!(properties["color"]["enum"], json!(["A"]));
        assert_eq!(properties["list"]["items"]["enum"], json!(["A"]));
        assert_eq!(properties["map"]["additionalProperties"]["items"]["enum"], json!(["A"]));
        assert_eq!(properties["own"], own);
        assert_eq!(properties["number"], json!({"type": "integer"}));
    }
}
