//! The rules of structural schemas, and collections as values.

use std::collections::{BTreeMap, BTreeSet};

use kubernetes_core::json::{self, Tree};
use kubernetes_core::schema::{Keyword, Member, Shape, Tagging, Type, Variant, sample, violations};

fn found(schema: &str) -> Vec<String> {
    let schema: Tree = json::from_str(schema).expect("it is JSON");
    violations(&schema).iter().map(ToString::to_string).collect()
}

/// A schema of an object whose field `a` has this schema.
fn field(schema: &str) -> String {
    format!(r#"{{"type":"object","properties":{{"a":{schema}}}}}"#)
}

#[test]
fn schemas_that_the_api_server_takes_have_no_violations() {
    for schema in [
        r#"{"type":"object"}"#.to_owned(),
        r#"{"type":"object","properties":{"metadata":{"type":"object","properties":{"name":{"type":"string","maxLength":3}}}}}"#.to_owned(),
        r#"{"type":"object","x-kubernetes-preserve-unknown-fields":true}"#.to_owned(),
        field(r#"{"x-kubernetes-preserve-unknown-fields":true}"#),
        field(r#"{"x-kubernetes-int-or-string":true}"#),
        field(r#"{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}],"pattern":"^a"}"#),
        field(r#"{"x-kubernetes-int-or-string":true,"allOf":[{"anyOf":[{"type":"integer"},{"type":"string"}]},{"anyOf":[{"minimum":1}]}]}"#),
        field(r#"{"type":"object","additionalProperties":{"type":"string"}}"#),
        field(r#"{"type":"array","items":{"type":"object","required":["n"],"properties":{"n":{"type":"string"}}},"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["n"]}"#),
        field(r#"{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true}"#),
        field(r#"{"type":"object","properties":{"b":{"type":"integer"}},"oneOf":[{"required":["b"]},{"properties":{"b":{"minimum":2}}}]}"#),
        field(r#"{"type":"integer","default":3,"minimum":0,"nullable":true}"#),
        field(r#"{"type":"object","default":{},"required":["b"],"properties":{"b":{"type":"integer","default":1}}}"#),
    ] {
        assert_eq!(found(&schema), [""; 0], "{schema}");
    }
}

const OF_ROOT: &[(&str, &str)] = &[
    (r#"{}"#, "type must not be empty at the root"),
    (r#"{"type":"array","items":{"type":"string"}}"#, "type must be object at the root"),
    (
        r#"{"type":"object","additionalProperties":{"type":"string"}}"#,
        "additionalProperties must not be used at the root",
    ),
    (
        r#"{"type":"object","properties":{"metadata":{"type":"object","properties":{"labels":{"type":"object"}}}}}"#,
        "metadata: only name and generateName can be specified",
    ),
    (r#"{"type":"object","properties":{"kind":{"type":"integer"}}}"#, "kind: type must be string"),
    (r#"{"type":"object","not":{"properties":{"b":{"minimum":1}}}}"#, "b: is in a condition but not in the structure"),
    (r#"{"type":"object","not":{"items":{"minimum":1}}}"#, "items: is in a condition but not in the structure"),
    (r#"{"type":"object","nullable":true}"#, "nullable must not be true at the root"),
    (
        r#"{"type":"object","properties":{"metadata":{"type":"object","properties":{"name":{"type":"string","default":"a"}}}}}"#,
        "metadata.name: default must not be set in metadata of the resource",
    ),
];

const OF_FIELD: &[(&str, &str)] = &[
    ("{}", "type must not be empty for fields of an object"),
    (r#"{"type":"null"}"#, "type must be one of array, boolean, integer, number, object, string"),
    (r#"{"type":"array"}"#, "items must be specified for an array"),
    (
        r#"{"type":"object","properties":{"b":{"type":"string"}},"additionalProperties":{"type":"string"}}"#,
        "additionalProperties and properties exclude each other",
    ),
    (r#"{"$ref":"x","type":"string"}"#, "$ref is not supported"),
    (r#"{"typ":"x","type":"string"}"#, "typ is not a keyword"),
    (r#"{"type":"string","uniqueItems":true}"#, "uniqueItems must not be true: use the list type set"),
    (r#"{"type":"string","anyOf":[{"type":"string"}]}"#, "type must not be set inside of a condition"),
    (
        r#"{"type":"object","properties":{"metadata":{"type":"object"}},"anyOf":[{"properties":{"metadata":{}}}]}"#,
        "metadata must not be specified inside of a condition",
    ),
    (
        r#"{"type":"string","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true}"#,
        "type must be object with x-kubernetes-embedded-resource",
    ),
    (
        r#"{"type":"object","x-kubernetes-embedded-resource":true}"#,
        "x-kubernetes-embedded-resource needs properties or x-kubernetes-preserve-unknown-fields",
    ),
    (
        r#"{"x-kubernetes-int-or-string":true,"x-kubernetes-preserve-unknown-fields":true}"#,
        "x-kubernetes-preserve-unknown-fields and x-kubernetes-int-or-string exclude each other",
    ),
    (
        r#"{"type":"object","x-kubernetes-preserve-unknown-fields":false}"#,
        "x-kubernetes-preserve-unknown-fields must be true or absent",
    ),
    (r#"{"type":"string","x-kubernetes-map-type":"atomic"}"#, "type must be object with x-kubernetes-map-type"),
    (r#"{"type":"string","x-kubernetes-list-type":"atomic"}"#, "type must be array with x-kubernetes-list-type"),
    (
        r#"{"type":"array","items":{"type":"object"},"x-kubernetes-list-type":"set"}"#,
        "items of a list of type set must be scalars or atomic",
    ),
    (
        r#"{"type":"array","items":{"type":"string","nullable":true},"x-kubernetes-list-type":"set"}"#,
        "items of a list of type set must not be nullable",
    ),
    (
        r#"{"type":"array","items":{"type":"object"},"x-kubernetes-list-type":"map"}"#,
        "x-kubernetes-list-map-keys must not be empty with list type map",
    ),
    (
        r#"{"type":"array","items":{"type":"object"},"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["n"]}"#,
        "the list map key n is not a field of the items",
    ),
    (
        r#"{"type":"array","items":{"type":"object","properties":{"n":{"type":"string"}}},"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["n"]}"#,
        "the list map key n must be required or have a default value",
    ),
    (
        r#"{"type":"array","items":{"type":"object","required":["n"],"properties":{"n":{"type":"object"}}},"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["n"]}"#,
        "the list map key n must be a scalar",
    ),
    (r#"{"type":"string","x-kubernetes-validations":[{"rule":" "}]}"#, "a CEL rule must not be empty"),
    (
        r#"{"type":"string","x-kubernetes-validations":[{"rule":"a\nb"}]}"#,
        "a CEL rule with line breaks needs a message",
    ),
    (r#"{"type":"integer","default":"3"}"#, "the default value does not fit: it is of type string"),
    (
        r#"{"type":"string","enum":["a"],"default":"b"}"#,
        "the default value does not fit: it is not one of the enum's values",
    ),
    (
        r#"{"type":"integer","maximum":3,"exclusiveMaximum":true,"default":3}"#,
        "the default value does not fit: 3 is more than the maximum",
    ),
    (
        r#"{"type":"object","default":{"b":1}}"#,
        "the default value does not fit: b is not a field of the type, and would be removed",
    ),
    (
        r#"{"type":"array","items":{"type":"string"},"default":[null]}"#,
        "the default value does not fit: null is only allowed with nullable",
    ),
    (
        r#"{"type":"array","items":{"type":"string","maxLength":1},"default":["ab"]}"#,
        "the default value does not fit: it has more than maxLength",
    ),
];

/// One for each rule of the server that is applied, with the place that is named.
#[test]
fn each_rule_that_is_broken_is_found() {
    for (schema, expected) in OF_ROOT {
        assert_eq!(found(schema), [*expected], "{schema}");
    }
    for (schema, expected) in OF_FIELD {
        let found = found(&field(schema));
        assert!(found.len() == 1 && found[0].starts_with("a") && found[0].ends_with(expected), "{schema}: {found:?}");
    }
}

#[test]
fn sorted_collections_are_values() {
    let text = r#"{"a":[1,2],"b":[]}"#;
    let map: BTreeMap<String, BTreeSet<i64>> = json::from_str(text).unwrap();
    assert_eq!((map["a"].len(), json::to_string(&map).unwrap()), (2, text.to_owned()));
    for (text, expected) in [("[255]", true), ("[256]", false), ("[-1]", false)] {
        assert_eq!(json::from_str::<Vec<u8>>(text).is_ok(), expected, "{text}");
    }
    assert_eq!(json::from_str::<Vec<i8>>("[-128,127]").unwrap(), [i8::MIN, i8::MAX]);
    assert_eq!(
        json::to_string(&json::from_str::<Vec<f32>>("[0.1,1e30]").unwrap()).unwrap(),
        "[0.1,1e+30]".replace("e+", "e")
    );
    assert_eq!(json::from_str::<u64>("9223372036854775807").unwrap(), 9_223_372_036_854_775_807);
    assert_eq!(
        json::from_str::<u32>("-1").unwrap_err().to_string(),
        "-1 does not fit an unsigned 32-bit integer at byte 2"
    );
}

/// Types of all shapes, which live for the whole test.
struct Trees(Random);

/// Numbers for random trees (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        ((mixed ^ (mixed >> 27)) >> 11) % limit
    }
}

const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

impl Trees {
    fn list<T>(&mut self, most: u64, make: impl Fn(&mut Self, usize) -> T) -> &'static [T] {
        let count = 1 + self.0.below(most) as usize;
        Box::leak((0..count).map(|index| make(self, index)).collect())
    }

    fn of(&mut self, depth: usize) -> &'static Type {
        let scalar = depth == 0;
        let shape = match self.0.below(if scalar { 6 } else { 11 }) {
            0 => Shape::Boolean,
            1 => Shape::Integer,
            2 => Shape::Number,
            3 => Shape::String,
            4 => Shape::IntOrString,
            5 => Shape::Any,
            6 => Shape::List(self.of(depth - 1)),
            7 => Shape::Map(self.of(depth - 1)),
            8 => self.object(depth - 1),
            9 => Shape::Variants(
                Tagging::External,
                self.list(3, |trees, index| Variant::new(NAMES[index], trees.of(depth - 1), &[])),
            ),
            _ => Shape::Variants(
                Tagging::Internal("tag"),
                self.list(3, |trees, index| {
                    let name = ["x", "y", "z"][index];
                    // Each variant has fields of its own names: those of two must be the same.
                    let field = Member::required(NAMES[index], trees.of(depth - 1), &[]);
                    Variant::new(
                        name,
                        Box::leak(Box::new(Type::new(Shape::Object(Box::leak(Box::new([field]))), &[]))),
                        &[],
                    )
                }),
            ),
        };
        Box::leak(Box::new(Type::new(shape, &[])))
    }

    fn object(&mut self, depth: usize) -> Shape {
        Shape::Object(self.list(6, |trees, index| {
            let of = trees.of(depth);
            match trees.0.below(4) {
                0 => Member::optional(NAMES[index], of, &[]),
                1 => Member::optional(NAMES[index], of, &[Keyword::Nullable]),
                _ => Member::required(NAMES[index], of, &[]),
            }
        }))
    }
}

/// The default value of a type is checked against its schema, so that each sample shows that both agree.
#[test]
fn random_types_are_structural_and_their_samples_fit() {
    for seed in 0..2_000 {
        let mut trees = Trees(Random(seed));
        let of = trees.of(4);
        let schema = of.to_tree().unwrap_or_else(|error| panic!("{seed}: {error}: {of:?}"));
        let value = sample(&schema, seed).to_text();
        let keywords: &'static [Keyword] =
            Box::leak(Box::new([Keyword::Default(Box::leak(value.clone().into_boxed_str()))]));
        if let Err(error) = Type::new(Shape::Refined(of), keywords).to_tree() {
            panic!("{seed}: {value} as a value of {}: {error}", schema.to_text());
        }
    }
}
