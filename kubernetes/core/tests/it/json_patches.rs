//! Patches between documents, and documents by their paths.

use kubernetes_core::json::{self, Tree};
use kubernetes_core::{JsonPatch, Patch, PatchRequest, Path};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fuzz::json_changes;
use crate::requests::{Recorder, now};

fn tree(text: &str) -> Tree {
    json::from_str(text).unwrap()
}

/// Documents with few keys and values, so that two have much in common.
fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..4i64).prop_map(Value::from),
        "[ab~/]{0,2}".prop_map(Value::from),
    ];
    let part = leaf.prop_recursive(5, 40, 6, |inner| {
        let key = prop_oneof!["name", "size", "part", "tags", "x~/", "unknown", "any"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(key, inner.clone(), 0..5).prop_map(|map| map.into_iter().collect()),
            (prop::collection::vec((0..4i64, inner), 0..5)).prop_map(|items| {
                let item = |(name, rest): (i64, Value)| json!({"name": format!("n{name}"), "any": rest});
                json!({"parts": items.into_iter().map(item).collect::<Vec<_>>()})
            }),
        ]
    });
    (part.clone(), part).prop_map(|(part, any)| match part {
        Value::Object(_) => part,
        other => json!({"sizes": [1, 2, 3], "any": other, "part": any}),
    })
}

proptest! {
    #[test]
    fn a_patch_leads_from_one_document_to_the_other(before in document(), after in document(), third in document()) {
        json_changes::check(format!("{before}\n{after}\n{third}").as_bytes());
    }
}

#[test]
fn serde_gets_every_number_of_a_patch_or_an_error() {
    let patch = |number: &str| {
        let (before, after) = (tree("{}"), tree(&format!(r#"{{"a":[{number}]}}"#)));
        serde_json::to_string(&JsonPatch::between(&before, &before, &after))
    };
    let written = |number: &str| Some(format!(r#"[{{"op":"add","path":"/a","value":[{number}]}}]"#));
    for number in
        ["0", "-7", "18446744073709551615", "18446744073709551616", "-170141183460469231731687303715884105728"]
    {
        assert_eq!(patch(number).ok(), written(number), "{number}");
    }
    for (number, same) in [("1.50", "1.5"), ("1e2", "100.0"), ("-25e-1", "-2.5"), ("0.000", "0.0"), ("1E-7", "1e-7")] {
        assert_eq!(patch(number).ok(), written(same), "{number}");
    }
    for number in ["0.1000000000000000055511151231257827", "1234567890123456789012345678901234567890", "1e-999"] {
        let error = patch(number).unwrap_err().to_string();
        assert_eq!(
            error,
            format!("serde can't represent all digits of the number {number}; send the patch with Patch::json")
        );
    }
}

#[test]
fn a_patch_has_every_number_as_written() {
    let before = tree(r#"{"a": 1, "list": [1]}"#);
    let after = tree(r#"{"a": 123456789012345678901234567890, "list": [1, 1.50, 1e2]}"#);
    let patch = JsonPatch::between(&before, &before, &after);
    let recorder = Recorder("{}", Default::default());
    now(PatchRequest::<Tree>::at(Path::new("/x", &[]), &Patch::from(&patch)).send(&recorder)).unwrap();
    let sent = recorder.1.into_inner().unwrap().unwrap();
    assert_eq!(
        std::str::from_utf8(sent.body()).unwrap(),
        r#"[{"op":"replace","path":"/a","value":123456789012345678901234567890},"#.to_owned()
            + r#"{"op":"add","path":"/list/1","value":1.50},{"op":"add","path":"/list/2","value":1e2}]"#
    );
    let mut changed = before.clone();
    patch.apply(&mut changed).unwrap();
    assert_eq!(changed.to_text(), r#"{"a":123456789012345678901234567890,"list":[1,1.50,1e2]}"#);
}

#[test]
fn items_that_move_keep_unknown_fields_in_lists_of_any_length() {
    let list = |items: Vec<Value>| tree(&json!({ "items": items }).to_string());
    let count = 600; // more than are compared with each other
    let known: Vec<Value> = (0..count).map(|number| json!({"name": format!("n{number}")})).collect();
    let with_unknown = |item: &Value| json!({"name": item["name"], "unknown": item["name"]});
    let document: Vec<Value> = known.iter().map(with_unknown).collect();
    let reversed = |items: &[Value]| list(items.iter().rev().cloned().collect());
    for count in [2, count] {
        let mut changed = list(document[..count].to_vec());
        JsonPatch::between(&changed, &list(known[..count].to_vec()), &reversed(&known[..count]))
            .apply(&mut changed)
            .unwrap();
        assert_eq!(changed, reversed(&document[..count]));
    }
    let mut changed = list(document[..1].to_vec());
    let renamed = list(vec![json!({"name": "other", "size": 1})]);
    JsonPatch::between(&changed, &list(known[..1].to_vec()), &renamed).apply(&mut changed).unwrap();
    assert_eq!(changed, list(vec![json!({"name": "other", "size": 1, "unknown": "n0"})]));
}

#[test]
fn operations_are_applied_as_rfc_6902_says() {
    // Appendix A of RFC 6902, by number.
    let cases = [
        (r#"{"foo": "bar"}"#, JsonPatch::new().add("/baz", "qux"), Some(r#"{"baz":"qux","foo":"bar"}"#)),
        (r#"{"foo": ["bar", "baz"]}"#, JsonPatch::new().add("/foo/1", "qux"), Some(r#"{"foo":["bar","qux","baz"]}"#)),
        (r#"{"baz": "qux", "foo": "bar"}"#, JsonPatch::new().remove("/baz"), Some(r#"{"foo":"bar"}"#)),
        (r#"{"foo": ["bar", "qux", "baz"]}"#, JsonPatch::new().remove("/foo/1"), Some(r#"{"foo":["bar","baz"]}"#)),
        (r#"{"baz": "qux"}"#, JsonPatch::new().replace("/baz", "boo"), Some(r#"{"baz":"boo"}"#)),
        (
            r#"{"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}}"#,
            JsonPatch::new().r#move("/foo/waldo", "/qux/thud"),
            Some(r#"{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}"#),
        ),
        (r#"{"foo": [1, 2, 3]}"#, JsonPatch::new().r#move("/foo/0", "/foo/2"), Some(r#"{"foo":[2,3,1]}"#)),
        (r#"{"foo": [1]}"#, JsonPatch::new().copy("/foo", "/bar"), Some(r#"{"foo":[1],"bar":[1]}"#)),
        (r#"{"baz": "qux"}"#, JsonPatch::new().test("/baz", "bar"), None),
        (r#"{"foo": "bar"}"#, JsonPatch::new().add("/baz/bat", "qux"), None),
        (r#"{"foo": "bar"}"#, JsonPatch::new().replace("/baz", 1), None),
        (r#"{"foo": [1]}"#, JsonPatch::new().add("/foo/5", 1), None),
        (r#"{"foo": [1]}"#, JsonPatch::new().remove("/foo/01"), None),
        (r#"{"/": 9, "~1": 10}"#, JsonPatch::new().test("/~01", 10), Some(r#"{"/":9,"~1":10}"#)),
        (r#"{"foo": ["bar"]}"#, JsonPatch::new().add("/foo/-", ["abc"]), Some(r#"{"foo":["bar",["abc"]]}"#)),
        (r#"{"a": 1}"#, JsonPatch::new().replace("/a", 2).test("/a", 3), None),
        (r#"{"a": 1}"#, JsonPatch::new().add("", "all"), Some(r#""all""#)),
        (r#"{"a": 1}"#, JsonPatch::new().add("a", 1), None),
    ];
    for (document, patch, expected) in cases {
        let mut changed = tree(document);
        match (patch.apply(&mut changed), expected) {
            (Ok(()), Some(expected)) => assert_eq!(changed, tree(expected), "{patch:?}"),
            (Err(error), None) => {
                assert!(!error.to_string().is_empty());
                assert_eq!(changed, tree(document), "none of the operations is applied: {patch:?}");
            }
            (result, expected) => panic!("{patch:?} of {document}: {result:?}, expected {expected:?}"),
        }
    }
}

#[test]
fn a_document_is_changed_at_a_path_or_not_at_all() {
    let mut document = tree(r#"{"a": {"b": [1, {"c": null}]}}"#);
    assert_eq!(document.at("/a/b/1/c"), Some(&Tree::Null));
    assert_eq!(document.at("/a/b/2"), None);
    assert_eq!(document.at("a"), None);
    document.set("/a/b/1/c/d", Tree::Bool(true)).unwrap();
    document.set("/a/b/2", tree("2")).unwrap();
    document.set("/x~1y", tree("[]")).unwrap();
    assert_eq!(document.to_text(), r#"{"a":{"b":[1,{"c":{"d":true}},2]},"x/y":[]}"#);
    let before = document.clone();
    for (path, message) in [
        ("/a/b/9", "/a/b/9: 9 is not an index into a list of 3"),
        ("/a/b/0/c", "/a/b/0: a number has no field \"c\""),
        ("a", "\"a\" is not a JSON pointer"),
    ] {
        let error = document.set(path, Tree::Null).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
    assert_eq!(document, before);
    assert_eq!(document.remove("/a/b/0"), Some(tree("1")));
    assert_eq!((document.remove("/a/z"), document.remove(""), document.remove("/a/b/7")), (None, None, None));
}
