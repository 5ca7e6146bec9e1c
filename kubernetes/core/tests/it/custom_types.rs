//! Types that fields of custom resources have: what was read is written as it was.

use kubernetes_core::json::{self, DecodeError, Reader, Value, Writer};
use kubernetes_core::{IntOrText, Json, Map, Nullable, Rest, Str};

#[derive(Default, PartialEq, Debug)]
struct Spec {
    size: Option<IntOrText>,
    note: Nullable<Str>,
    policies: Option<Vec<Str>>,
    labels: Option<Map<Str>>,
    weights: Option<Map<Option<i64>>>,
    rest: Rest,
}

impl Value for Spec {
    const FIELDS: &'static [&'static str] = &["size", "note", "policies", "labels", "weights"];

    fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        let Self { size, note, policies, labels, weights, rest } = self;
        reader.fields_and_rest(Self::FIELDS, &mut [size, note, policies, labels, weights], rest)
    }

    fn write_fields(&self, writer: &mut Writer) {
        writer.optional("size", &self.size);
        writer.optional("note", &self.note);
        writer.optional("policies", &self.policies);
        writer.optional("labels", &self.labels);
        writer.optional("weights", &self.weights);
        writer.rest(Self::FIELDS, &self.rest);
    }
}

#[test]
fn objects_are_written_as_they_were_read() {
    for text in [
        "{}",
        r#"{"note":null}"#,
        r#"{"note":"","policies":[],"labels":{},"weights":{"a":null,"b":0}}"#,
        r#"{"size":4294967296}"#,
        r#"{"size":18446744073709551616}"#,
        r#"{"size":"1e3","policies":["*"]}"#,
        r#"{"steps":[{"image":"busybox"}],"when":null}"#,
        r#"{"size":1,"a":{"note":{}},"b":1.50}"#,
    ] {
        let spec: Spec = json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(json::to_string(&spec).expect("it can be written"), text);
    }
}

#[test]
fn unknown_fields_are_kept_wherever_they_stand() {
    let spec: Spec = json::from_str(r#"{"z": 1, "note": "n", "y\n": [null], "z": 2}"#).expect("it is JSON");
    assert_eq!(spec.rest.keys().collect::<Vec<_>>(), ["y\n", "z"]);
    assert_eq!(spec.rest["z"].as_str(), "2", "the last one counts");
    assert_eq!(json::to_string(&spec).expect("it can be written"), r#"{"note":"n","y\n":[null],"z":2}"#);

    let mut spec = Spec { note: Nullable::Value("here".into()), ..Spec::default() };
    spec.rest.insert("note", Json::from(serde_json::json!("there")));
    assert_eq!(json::to_string(&spec).expect("it can be written"), r#"{"note":"here"}"#, "no key is written twice");
    assert!(json::from_str::<Spec>(r#"{"z": }"#).is_err());
}

#[test]
fn an_integer_or_a_text_is_nothing_else() {
    for text in ["true", "[]", "{}", "-"] {
        assert!(json::from_str::<IntOrText>(text).is_err(), "{text}");
    }
    let parsed = |text: &str| text.parse::<IntOrText>().unwrap_or_else(|never| match never {});
    assert_eq!(parsed("-8").as_i64(), Some(-8));
    assert_eq!(parsed("8%").as_text(), Some("8%"));
    assert_eq!(IntOrText::from("8").to_string(), "8");
    assert_ne!(IntOrText::from("8"), IntOrText::from(8));
}

/// A list of a custom resource may have any kind; another one is still refused.
#[test]
fn lists_may_have_a_kind_of_their_own() {
    #[derive(Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Lamp {
        metadata: kubernetes_core::ObjectMeta,
    }
    kubernetes_core::resource!(Lamp: "a.io" / "v1" / "Lamp" in "Lights", "lamps", cluster, watch, serde);

    let list = |kind: &str| format!(r#"{{"apiVersion":"a.io/v1","kind":"{kind}","metadata":{{}},"items":[]}}"#);
    let lights: kubernetes_core::List<Lamp> = json::from_str(&list("Lights")).expect("it is the kind of the lists");
    assert_eq!(json::to_string(&lights).expect("it can be written"), list("Lights"));
    assert!(json::from_str::<kubernetes_core::List<Lamp>>(&list("LampList")).is_err());
}
