//! Models work wherever serde types do.

use ::serde::{Deserialize, Serialize};
use kubernetes_core::{Json, List, ObjectMeta};

use crate::{Part, Widget};

fn widget() -> Widget {
    Widget {
        size: 3,
        weight: Some(0.1),
        parts: vec![Part { name: "ä\"\n".into(), ready: Some(true) }],
        tags: [("a", "b")].into(),
        ..Widget::named("w")
    }
}

#[test]
fn serde_json_reads_and_writes_models() {
    let text = serde_json::to_string(&widget()).unwrap();
    assert_eq!(text, kubernetes_core::json::to_string(&widget()).unwrap());
    assert_eq!(serde_json::from_str::<Widget>(&text).unwrap(), widget());
    assert_eq!(serde_json::from_slice::<Widget>(text.as_bytes()).unwrap(), widget());
    assert_eq!(serde_json::from_reader::<_, Widget>(text.as_bytes()).unwrap(), widget());
    let value = serde_json::to_value(widget()).unwrap();
    assert_eq!(value["parts"][0]["name"], "ä\"\n");
    assert_eq!(serde_json::from_value::<Widget>(value).unwrap(), widget());
    let error = serde_json::from_str::<Widget>(r#"{"parts": [{"name": 1}]}"#).unwrap_err().to_string();
    assert!(error.starts_with("parts[0].name: expected a string"), "{error}");
}

#[test]
fn models_stand_in_flattened_untagged_and_tagged_types() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Flattened {
        extra: i32,
        #[serde(flatten)]
        widget: Widget,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Number(i32),
        Widget(Box<Widget>),
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "type")]
    enum Tagged {
        Widget { object: Widget, raw: Json },
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "t", content = "c")]
    enum Adjacent {
        List(List<Widget>),
    }
    fn round_trip<T: Serialize + for<'de> Deserialize<'de> + PartialEq + std::fmt::Debug>(value: T) {
        let text = serde_json::to_string(&value).unwrap();
        assert_eq!(serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
        let json = serde_json::to_value(&value).unwrap();
        assert_eq!(serde_json::from_value::<T>(json).unwrap(), value, "{text}");
    }
    round_trip(Flattened { extra: 1, widget: widget() });
    round_trip(Untagged::Widget(Box::new(widget())));
    round_trip(Untagged::Number(5));
    round_trip(Tagged::Widget { object: widget(), raw: Json::from(serde_json::json!({"a": [1, null]})) });
    round_trip(Adjacent::List(List { items: vec![widget(), Widget::default()], ..Default::default() }));
    round_trip(Some(ObjectMeta { name: Some("x".into()), ..Default::default() }));
}

#[test]
fn yaml_reads_and_writes_models() {
    let text = "kind: Widget\napiVersion: example.com/v1\nmetadata:\n  name: w\nsize: 3\nparts:\n- name: lid\n  ready: false\n";
    let read: Widget = serde_saphyr::from_str(text).unwrap();
    assert_eq!((read.name(), read.size, read.parts[0].ready), ("w", 3, Some(false)));
    let written = serde_saphyr::to_string(&read).unwrap();
    assert_eq!(serde_saphyr::from_str::<Widget>(&written).unwrap(), read, "{written}");
}
