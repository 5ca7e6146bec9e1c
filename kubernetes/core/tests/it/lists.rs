//! Lists as servers send them and as kubectl prints them, and errors in their items.

use kubernetes_core::{DeleteCollectionRequest, DeleteRequest, Deleted, Encoded, Execute, List, json};

use crate::Widget;
use crate::requests::{Recorder, now};

#[test]
fn a_list_of_any_kinds_is_a_list_of_one() {
    let item = r#"{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"a"}}"#;
    for types in [
        r#""apiVersion":"v1","kind":"List""#,
        r#""kind":"List","apiVersion":"v1""#,
        r#""kind":"List""#,
        r#""apiVersion":"example.com/v1","kind":"WidgetList""#,
        r#""apiVersion":"","kind":"""#,
    ] {
        let list: List<Widget> = json::from_str(&format!(r#"{{{types},"items":[{item}]}}"#)).unwrap();
        assert_eq!(list.items[0].name(), "a", "{types}");
    }
    for (types, message) in [
        (r#""apiVersion":"v1","kind":"PodList""#, r#"kind: expected "WidgetList", found "PodList" at byte"#),
        (r#""apiVersion":"v1","kind":"WidgetList""#, r#"apiVersion: expected "example.com/v1", found "v1" at byte"#),
        (
            r#""apiVersion":"example.com/v1","kind":"List""#,
            r#"apiVersion: expected "v1", found "example.com/v1" at byte"#,
        ),
        (r#""apiVersion":"apps/v1","kind":"WidgetList""#, r#"apiVersion: expected "example.com/v1", found "apps/v1""#),
        (r#""apiVersion":7"#, "apiVersion: expected a string, found a number at byte"),
    ] {
        let error = json::from_str::<List<Widget>>(&format!(r#"{{{types},"items":[{item}]}}"#)).unwrap_err();
        assert!(error.to_string().starts_with(message), "{error}");
    }
    let other = r#"{"kind":"List","items":[{"kind":"Pod","metadata":{"namespace":"shop","name":"web"}}]}"#;
    let error = json::from_str::<List<Widget>>(other).unwrap_err().to_string();
    assert_eq!(error, r#"items[0].kind: expected "Widget", found "Pod" at byte 37, in shop/web"#);
}

#[test]
fn an_error_in_an_item_names_the_object() {
    for (items, message) in [
        (r#"{},{"metadata":{"name":"a","namespace":"shop"},"size":"big"}"#, ", in shop/a"),
        (r#"{},{"size":"big","metadata":{"labels":{"a":"b"},"name":"node-1"}}"#, ", in node-1"),
        (r#"{"size":"big","metadata":{"name":7}}"#, "found a string at byte 18"),
        (r#"{"size":"big"}"#, "found a string at byte 18"),
        (r#"{"size":"big""#, "found a string at byte 18"),
        (r#"{"size":"big","metadata":{"name":"a\u001b[2J\n"}}"#, ", in a[2J"),
    ] {
        let error = json::from_str::<List<Widget>>(&format!(r#"{{"items":[{items}]}}"#)).unwrap_err();
        assert!(error.to_string().ends_with(message), "{error}");
        assert!(error.path().ends_with("size"), "{error}");
    }
    let error = json::from_str::<List<Widget>>(r#"{"metadata":7,"items":[{"metadata":{"name":"a"}}]}"#).unwrap_err();
    assert!(error.object().is_none());
}

#[test]
fn a_delete_that_is_answered_with_nothing_succeeded() {
    for body in ["", " \n"] {
        let recorder = Recorder(body, Default::default());
        let one = now(DeleteRequest::<Widget>::namespaced("shop", "a").send(&recorder)).unwrap();
        assert!(matches!(one, Deleted::Status(status) if status.is_success()));
        let all = now(DeleteCollectionRequest::<Widget>::namespaced("shop").send(&recorder)).unwrap();
        assert!(matches!(all, Deleted::Status(status) if status.is_success()));
        let other = now(recorder
            .execute(DeleteRequest::<Widget>::namespaced("a", "b").request().clone(), Encoded::decode::<Widget>));
        assert!(other.is_err(), "an object can't be decoded from nothing");
    }
}
