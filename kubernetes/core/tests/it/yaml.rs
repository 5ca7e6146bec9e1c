//! YAML as kubectl reads it; the expectations are what sigs.k8s.io/yaml v1.6.0 makes of the same texts.

use std::error::Error;

use kubernetes_core::{Json, List, yaml};

use crate::Widget;

#[test]
fn scalars_are_those_of_kubectl() {
    let cases = [
        ("yes", "true"),
        ("Off", "false"),
        ("n", "false"),
        ("TRUE", "true"),
        ("~", "null"),
        ("", "null"),
        ("0644", "420"),
        ("0o644", "420"),
        ("0x1F", "31"),
        ("1_000", "1000"),
        ("08", "8"),
        ("1.0", "1"),
        ("1.10", "1.1"),
        ("1e3", "1000"),
        ("'0644'", "\"0644\""),
        ("\"yes\"", "\"yes\""),
        ("!!str 5", "\"5\""),
        ("100m", "\"100m\""),
        ("1.5Gi", "\"1.5Gi\""),
        ("2026-11-23T08:30:00Z", "\"2026-11-23T08:30:00Z\""),
        ("1:30", "\"1:30\""),
        ("9223372036854775807", "9223372036854775807"),
        ("|\n  x\n  y", "\"x\\ny\\n\""),
        ("{a: 1, b: [x]}", "{\"a\":1,\"b\":[\"x\"]}"),
    ];
    for (text, json) in cases {
        let document: Json = yaml::from_str(&format!("k: {text}\n")).unwrap();
        assert_eq!(document.as_str(), format!("{{\"k\":{json}}}"), "{text}");
    }
    let keys: Json = yaml::from_str("on: 1\n5: a\n? b\n: c\nd: &x {n: 1}\ne:\n  <<: *x\n").unwrap();
    assert_eq!(keys.as_str(), r#"{"true":1,"5":"a","b":"c","d":{"false":1},"e":{"false":1}}"#);
}

#[test]
fn manifests_have_several_documents() {
    let text = "---\n# only a comment\n---\nkind: Widget\nsize: 1\n---\n\n---\nkind: Widget\nsize: 2e0\nparts: [{name: \"5\"}]\n";
    let widgets: Vec<Widget> = yaml::from_str_multiple(text).unwrap();
    assert_eq!(widgets.iter().map(|widget| widget.size).collect::<Vec<_>>(), [1, 2]);
    let written = yaml::to_string_multiple(&widgets).unwrap();
    assert_eq!(written.matches("---\n").count(), 1, "{written}");
    assert_eq!(yaml::from_str_multiple::<Widget>(&written).unwrap(), widgets);
    let list = List { items: widgets, ..List::default() };
    assert_eq!(yaml::from_str::<List<Widget>>(&yaml::to_string(&list).unwrap()).unwrap(), list);
    assert!(yaml::from_str_multiple::<Widget>("").unwrap().is_empty());
}

#[test]
fn texts_that_look_like_something_else_stay_texts() {
    for text in
        ["yes", "0644", "null", "1e3", "", " x ", "a: b", "- a", "#", "é\n\"'", "2026-11-23", "~", "1_000", "\u{0}"]
    {
        let widget = Widget { parts: vec![crate::Part { name: text.into(), ready: None }], ..Widget::named("w") };
        let written = yaml::to_string(&widget).unwrap();
        assert_eq!(yaml::from_str::<Widget>(&written).unwrap(), widget, "{written}");
    }
}

/// kubectl takes a tab at the start of a block for indentation, and refuses it.
#[test]
fn texts_that_start_with_a_tab_are_written_so_that_kubectl_reads_them() {
    for text in ["\tgo build\n", "\n\tx", "\t\n", "\n\n\ty: \"z\"\n"] {
        let widget = Widget { tags: [(text, text)].into(), ..Widget::named("w") };
        let written = yaml::to_string(&widget).unwrap();
        assert!(!written.contains(['|', '>', '\t']), "{written}");
        assert_eq!(yaml::from_str::<Widget>(&written).unwrap(), widget, "{written}");
    }
    let widget = Widget { tags: [("Makefile", "all:\n\tgo build\n")].into(), ..Widget::named("w") };
    assert!(yaml::to_string(&widget).unwrap().contains("  Makefile: |\n    all:\n    \tgo build\n"));
}

#[test]
fn errors_tell_which_document_and_where() {
    let error = yaml::from_str_multiple::<Widget>("size: 1\n---\nparts:\n- name: 5\n").unwrap_err();
    assert_eq!(error.to_string(), "document 2 does not fit its type");
    assert_eq!(error.path(), "parts[0].name");
    assert!(error.source().unwrap().to_string().starts_with("parts[0].name: expected a string, found a number"));
    let error = yaml::from_str::<Widget>("a: [").unwrap_err();
    assert_eq!(error.to_string(), "the text can't be read as YAML");
    assert!(error.source().is_some());
    assert!(yaml::from_str::<Widget>("a: 1\n---\nb: 2").is_err(), "two documents");
    let bomb =
        (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| text + &format!("a{n}: &a{n} [*a{0}, *a{0}]\n", n - 1));
    assert!(yaml::from_str::<Json>(&bomb).is_err(), "aliases that grow without end");
    assert!(yaml::from_str::<Json>(&"[".repeat(100_000)).is_err());
}
