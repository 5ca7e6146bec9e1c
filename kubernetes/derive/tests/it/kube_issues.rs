//! Shapes with which kube-derive made definitions that the API server refused, or panicked.

use kubernetes_core::schema::Schema as _;
use kubernetes_core::{Json, Map, Rest};
use kubernetes_derive::Schema;
use serde_json::json;

use crate::{round_trip, schema};

/// kube#129 and #648: a list of variants with content.
#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Values {
    values: Vec<Variant>,
}

/// kube#779: variants with fields become fields of one object, of which one is set.
#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
enum Variant {
    /// The first.
    First(Model),
    /// The second.
    Second { number: i32 },
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Model {
    text: String,
}

#[test]
fn variants_with_content() {
    let items = schema::<Values>()["properties"]["values"]["items"].clone();
    assert_eq!(
        (&items["type"], &items["oneOf"]),
        (&json!("object"), &json!([{"required": ["first"]}, {"required": ["second"]}]))
    );
    assert_eq!(items["properties"]["second"]["description"], "The second.");
    round_trip::<Values>(r#"{"values":[{"first":{"text":"a"}},{"second":{"number":1}}]}"#);
}

/// kube#1279: the tag has the values of all variants.
#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all_fields = "camelCase")]
#[serde(tag = "tag")]
enum Tagged {
    Left { left_value: String },
    Right { right_value: String },
}

#[test]
fn internally_tagged() {
    let schema = schema::<Tagged>();
    assert_eq!(schema["properties"]["tag"], json!({"type": "string", "enum": ["Left", "Right"]}));
    assert_eq!(schema["oneOf"][1]["required"], json!(["rightValue", "tag"]));
    round_trip::<Tagged>(r#"{"tag":"Right","rightValue":"a"}"#);
}

/// kube#1941: an untagged enum that is flattened, one of whose variants has no fields.
#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Flattened {
    /// An own field.
    foo: Option<String>,
    #[serde(flatten)]
    inner: Untagged,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, untagged)]
enum Untagged {
    /// With one.
    B { two: Normal, three: String },
    /// With two and three.
    A { one: String },
    /// Without fields.
    C {},
}

/// A comment on a variant, which kube#1821 made invalid, too.
#[derive(Clone, Copy, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
enum Normal {
    /// Nothing.
    None,
    Some,
}

#[test]
fn flattened_and_untagged() {
    let schema = schema::<Flattened>();
    assert_eq!(
        schema["properties"]["two"],
        json!({"type": "string", "enum": ["None", "Some"], "description": schema["properties"]["two"]["description"]})
    );
    // Any object fits the variant without fields.
    assert_eq!((&schema["anyOf"], &schema["required"]), (&json!(null), &json!(null)));
    let read: Flattened = round_trip(r#"{"foo":"x","two":"None","three":"c"}"#);
    assert_eq!(read.inner, Untagged::B { two: Normal::None, three: "c".into() });
    assert_eq!(round_trip::<Flattened>(r#"{"foo":"x"}"#).inner, Untagged::C {});
}

/// Generics of one name with several parameters, and unknown fields beside the known ones.
#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Pages {
    numbers: Page<i32>,
    texts: Page<Option<String>>,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Page<T> {
    items: Vec<T>,
    named: Option<Map<T>>,
}

#[test]
fn generics_of_one_name() {
    let schema = schema::<Pages>();
    let items = |name: &str| schema["properties"][name]["properties"]["items"]["items"]["type"].clone();
    assert_eq!((items("numbers"), items("texts")), (json!("integer"), json!("string")));
    assert_eq!(schema["x-kubernetes-preserve-unknown-fields"], true);
    let text = r#"{"numbers":{"items":[1]},"texts":{"items":["a"]},"others":{"a":[null]}}"#;
    let pages: Pages = round_trip(text);
    assert!(pages.rest.get("others").is_some(), "{pages:?}");
    assert!(Json::SCHEMA.to_tree().is_ok());
}
