//! YAML as kubectl reads it; the expectations are the results of sigs.k8s.io/yaml v1.6.0 for the same texts.

use std::error::Error;

use kubernetes_core::{Json, List, Map, Str, yaml};

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

/// Sections that are commented out, dumps of clusters, bundles of manifests.
#[test]
fn large_files_are_read() {
    let comments = "  # replicas: 2\n".repeat(100);
    for text in
        ["a:\n#\n  - b\n", "a:\n#\n  b: c\n", "a:\n  -\n#\n    b: c\n", "a:\n#\nb: c\n", "#\na:\n  b:\n#\n  c: d\n#\n"]
    {
        let commented = text.replace("#\n", &comments);
        let read: Json = yaml::from_str(&commented).unwrap_or_else(|error| panic!("{error:?} {commented}"));
        assert_eq!(read, yaml::from_str(&text.replace("#\n", "")).unwrap());
    }
    let widgets = vec![Widget { size: 1, ..Widget::named("w") }; 3000];
    let text = yaml::to_string_multiple(&widgets).unwrap();
    assert_eq!(yaml::from_str_multiple::<Widget>(&text).unwrap(), widgets);
    let text = format!("items: [{}]", "[a, b, c, d, e, f, g, h], ".repeat(30_000));
    assert_eq!(yaml::from_str::<Map<Vec<Vec<Str>>>>(&text).unwrap()["items"].len(), 30_000);
    let aliases = format!("a: &labels {{app: web}}\nb:\n{}", "- *labels\n".repeat(500));
    assert!(yaml::from_str::<Json>(&aliases).is_ok());
}

#[test]
fn nesting_is_limited() {
    let nested = |depth: usize| (0..depth).map(|level| format!("{}a:\n", " ".repeat(level))).collect::<String>();
    assert_eq!(yaml::from_str::<Json>(&nested(64)).unwrap().as_str().matches('{').count(), 64);
    assert!(yaml::from_str::<Json>(&nested(65)).is_err() && yaml::from_str::<Json>(&nested(5000)).is_err());
}

/// As kubectl does: JSON is almost YAML, and not quite.
#[test]
fn json_is_read_as_such() {
    let long_key = format!(r#"{{"{}": 1}}"#, "k".repeat(2000));
    for text in [
        long_key.as_str(),
        "{\n\t\"a\": [1.0, -0, 1e3]\n}\n",
        "{\"a\": \"\u{7f}\u{80}\u{fffe}\"}",
        r#"{"<<": {"a": "\/"}}"#,
        " {} ",
    ] {
        assert_eq!(yaml::from_str::<Json>(text).unwrap().as_str(), text.trim(), "{text}");
    }
    assert_eq!(yaml::from_str::<Json>("{a: yes}").unwrap().as_str(), r#"{"a":true}"#, "it may be YAML after all");
    let error = yaml::from_str::<Widget>(r#"{"parts": [{"name": 5}]}"#).unwrap_err();
    assert_eq!(error.path(), "parts[0].name");
    let stream = "{\"size\": 1}\n{\"size\": 2}{\"size\": 3}\n";
    let sizes =
        |text: &str| yaml::from_str_multiple::<Widget>(text).map(|all| all.iter().map(|w| w.size).collect::<Vec<_>>());
    assert_eq!(sizes(stream).unwrap(), [1, 2, 3]);
    assert_eq!(sizes("{\"size\": 1}\n---\nsize: 2\n").unwrap(), [1, 2]);
    let error = sizes("{\"size\": 1} {\"size\": \"2\"}").unwrap_err();
    assert_eq!((error.to_string().as_str(), error.path().as_str()), ("document 2 does not fit its type", "size"));
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
    let repeated = |count: usize| format!("a: &a {}\nb:\n{}", "x".repeat(100_000), "- *a\n".repeat(count));
    assert!(yaml::from_str::<Json>(&repeated(100)).is_ok(), "10 MB");
    let error = yaml::from_str::<Json>(&repeated(300)).unwrap_err();
    let message = error.source().unwrap().to_string();
    assert!(message.starts_with("budget breached: ScalarBytes"), "{message}");
}
