//! Random schemas of custom resources, most of them with a fault or two, for the fuzz target and the tests on a cluster.

use serde_json::{Map, Value, json};

/// Bytes that decide, one after the other; then zeros.
pub(crate) struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    fn below(&mut self, limit: usize) -> usize {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                usize::from(*first) % limit
            }
            None => 0,
        }
    }

    /// Whether to do what is done once in so many times; not when all is decided.
    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    fn pick<T: Clone>(&mut self, table: &[T]) -> T {
        table[self.below(table.len())].clone()
    }
}

/// Bytes for [`Choices`] (splitmix64).
pub(crate) fn bytes(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut next = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        ((mixed ^ (mixed >> 27)) >> 24) as u8
    };
    (0..600).map(|_| next()).collect()
}

const NAMES: [&str; 4] = ["a", "b", "metadata", "c"];
const DEEPEST: usize = 3;

/// A schema for the root of a version.
pub(crate) fn root(choices: &mut Choices<'_>) -> Value {
    let mut schema = of_type(choices, "object", 0);
    if choices.one_in(12) {
        schema["type"] = json!(choices.pick(&["array", "string", "", "strange"]));
    }
    schema
}

fn schema(choices: &mut Choices<'_>, depth: usize) -> Value {
    let kinds: &[&str] = if depth < DEEPEST {
        &["object", "string", "integer", "array", "map", "any", "int-or-string", "boolean", "number"]
    } else {
        &["string", "integer", "boolean", "number", "any", "int-or-string"]
    };
    let kind = choices.pick(kinds);
    let mut schema = of_type(choices, kind, depth);
    if choices.one_in(16) {
        fault(choices, &mut schema, depth);
    }
    schema
}

fn of_type(choices: &mut Choices<'_>, kind: &str, depth: usize) -> Value {
    let mut schema = json!({"type": kind});
    match kind {
        "object" => object(choices, &mut schema, depth),
        "array" => array(choices, &mut schema, depth),
        "map" => {
            schema = json!({"type": "object", "additionalProperties": self::schema(choices, depth + 1)});
            limits(choices, &mut schema, ["minProperties", "maxProperties"]);
        }
        "any" => schema = json!({"x-kubernetes-preserve-unknown-fields": true}),
        "int-or-string" => {
            schema = json!({"x-kubernetes-int-or-string": true});
            if choices.one_in(2) {
                schema["anyOf"] = json!([{"type": "integer"}, {"type": "string"}]);
            }
        }
        "string" => {
            limits(choices, &mut schema, ["minLength", "maxLength"]);
            if choices.one_in(4) {
                schema["enum"] = json!(["x", "yy"]);
            }
        }
        "integer" | "number" => {
            limits(choices, &mut schema, ["minimum", "maximum"]);
            if choices.one_in(4) {
                schema["exclusiveMinimum"] = json!(true);
            }
        }
        _ => {}
    }
    if choices.one_in(6) {
        schema["nullable"] = json!(true);
    }
    if depth > 0 && choices.one_in(5) {
        schema["default"] = value(choices, 0);
    }
    schema
}

fn limits(choices: &mut Choices<'_>, schema: &mut Value, keys: [&str; 2]) {
    for (key, value) in keys.into_iter().zip([1, 3]) {
        if choices.one_in(4) {
            schema[key] = json!(value);
        }
    }
}

fn object(choices: &mut Choices<'_>, schema: &mut Value, depth: usize) {
    let mut properties = Map::new();
    for name in NAMES {
        if choices.one_in(2) {
            let property = if name == "metadata" && depth == 0 {
                json!({"type": "object"})
            } else {
                self::schema(choices, depth + 1)
            };
            properties.insert(name.to_owned(), property);
        }
    }
    let names: Vec<String> = properties.keys().cloned().collect();
    if !names.is_empty() {
        schema["properties"] = Value::Object(properties);
        if choices.one_in(3) {
            schema["required"] = json!([choices.pick(&names)]);
        }
    }
    if choices.one_in(5) {
        schema["x-kubernetes-preserve-unknown-fields"] = json!(true);
    }
    if choices.one_in(6) {
        schema["x-kubernetes-map-type"] = json!(choices.pick(&["atomic", "granular"]));
    }
    if depth > 0 && choices.one_in(8) {
        schema["x-kubernetes-embedded-resource"] = json!(true);
    }
    if choices.one_in(4) {
        let junctor = choices.pick(&["anyOf", "oneOf", "allOf", "not"]);
        let name = names.first().map_or("a", String::as_str);
        let mut branch = choices.pick(&[
            json!({"required": [name]}),
            json!({"properties": {name: {}}}),
            json!({"properties": {name: {"minimum": 1}}}),
            json!({"properties": {"c": {"not": {"enum": ["x"]}}}}),
            json!({"minProperties": 1}),
        ]);
        if choices.one_in(6) {
            branch[choices.pick(&["type", "description", "nullable", "default", "x-kubernetes-map-type"])] =
                json!("object");
            if branch.get("nullable").is_some() {
                branch["nullable"] = json!(true);
            }
        }
        schema[junctor] = if junctor == "not" { branch } else { json!([branch]) };
    }
}

fn array(choices: &mut Choices<'_>, schema: &mut Value, depth: usize) {
    schema["items"] = self::schema(choices, depth + 1);
    limits(choices, schema, ["minItems", "maxItems"]);
    match choices.below(6) {
        1 => schema["x-kubernetes-list-type"] = json!("atomic"),
        2 => schema["x-kubernetes-list-type"] = json!("set"),
        3 => {
            schema["x-kubernetes-list-type"] = json!("map");
            schema["x-kubernetes-list-map-keys"] = json!([choices.pick(&["a", "b"])]);
            if choices.one_in(2) {
                schema["items"] = json!({"type": "object", "properties": {"a": {"type": "string"}, "b": self::schema(choices, DEEPEST)}});
            }
            if choices.one_in(2) {
                schema["items"]["required"] = json!(["a", "b"]);
            }
        }
        _ => {}
    }
}

/// Sets a keyword where it may not belong.
fn fault(choices: &mut Choices<'_>, schema: &mut Value, depth: usize) {
    let (key, value) = match choices.below(16) {
        0 => ("type", json!(choices.pick(&["", "null", "strange", "object", "array", "integer"]))),
        1 => ("x-kubernetes-preserve-unknown-fields", json!(choices.one_in(2))),
        2 => ("x-kubernetes-embedded-resource", json!(true)),
        3 => ("x-kubernetes-int-or-string", json!(true)),
        4 => ("x-kubernetes-list-type", json!(choices.pick(&["map", "set", "odd"]))),
        5 => ("x-kubernetes-list-map-keys", json!(["a", choices.pick(&["a", "b"])])),
        6 => ("x-kubernetes-map-type", json!(choices.pick(&["atomic", "odd"]))),
        7 => ("uniqueItems", json!(choices.one_in(2))),
        8 => ("items", self::schema(choices, (depth + 1).min(DEEPEST))),
        9 => ("additionalProperties", choices.pick(&[json!(true), json!(false), json!({"type": "string"})])),
        10 => ("properties", json!({"a": {"type": "string"}})),
        11 => ("anyOf", json!([{"type": choices.pick(&["integer", "string"])}, {"type": "string"}])),
        12 => ("allOf", json!([{"anyOf": [{"type": "integer"}, {"type": "string"}]}, {"minimum": 1}])),
        13 => ("enum", json!([1, "x", null])),
        14 => ("not", json!({"items": {"minimum": 1}})),
        _ => ("default", json!(null)),
    };
    schema[key] = value;
}

fn value(choices: &mut Choices<'_>, depth: usize) -> Value {
    match choices.below(if depth < 2 { 9 } else { 7 }) {
        0 => json!("x"),
        1 => json!(1),
        2 => json!(true),
        3 => json!({}),
        4 => json!([]),
        5 => json!(1.5),
        6 => json!(null),
        7 => json!({choices.pick(&NAMES): value(choices, depth + 1)}),
        _ => json!([value(choices, depth + 1)]),
    }
}
