use kubernetes_core::ObjectMeta;
use serde::{Deserialize, Serialize};

use super::*;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Widget {
    metadata: ObjectMeta,
    size: i64,
}

kubernetes_core::resource!(Widget: "example.com" / "v1" / "Widget", "widgets", namespaced, watch, serde);

fn line(text: &str) -> WatchEvent {
    decode(text.as_bytes(), &mut None::<Widget>, &mut Caches::default())
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn error(text: &str) -> String {
    decode(text.as_bytes(), &mut None::<Widget>, &mut Caches::default())
        .map(|received| panic!("{text}: {received:?}"))
        .unwrap_err()
        .to_string()
}

#[test]
fn reads_changes() {
    for (name, expected) in
        [("ADDED", EventKind::Added), ("MODIFIED", EventKind::Modified), ("DELETED", EventKind::Deleted)]
    {
        let object =
            r#"{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"a","resourceVersion":"7"},"size":3}"#;
        for text in [
            format!(r#"{{"type":"{name}","object":{object}}}"#),
            format!(r#" {{ "object" : {object} , "new": [1, {{}}], "type" : "{name}" }} "#),
        ] {
            let mut slot = None::<Widget>;
            let Ok(WatchEvent::Object(kind, version)) = decode(text.as_bytes(), &mut slot, &mut Caches::default())
            else {
                panic!("{text}")
            };
            let widget = slot.expect("the object was read");
            assert_eq!((kind, &*version, widget.name(), widget.size), (expected, "7", "a", 3));
        }
    }
}

#[test]
fn reads_no_more_of_a_bookmark_than_it_has() {
    let partial = r#"{"type":"BOOKMARK","object":{"kind":"Widget","apiVersion":"example.com/v1","metadata":{"resourceVersion":"1","creationTimestamp":null},"spec":{"template":{"spec":{"containers":null}}},"size":null}}"#;
    let WatchEvent::Bookmark { version, ends_initial_events } = line(partial) else { panic!("no bookmark") };
    assert_eq!((&*version, ends_initial_events), ("1", false));

    for (value, expected) in [("true", true), ("false", false)] {
        let text = format!(
            r#"{{"type":"BOOKMARK","object":{{"metadata":{{"annotations":{{"k8s.io/initial-events-end":"{value}"}},"resourceVersion":"2"}}}}}}"#
        );
        let WatchEvent::Bookmark { version, ends_initial_events } = line(&text) else { panic!("no bookmark") };
        assert_eq!((&*version, ends_initial_events), ("2", expected));
    }
}

#[test]
fn reads_errors_and_bare_statuses() {
    let status = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#;
    for text in [format!(r#"{{"type":"ERROR","object":{status}}}"#), status.into()] {
        let WatchEvent::Error(status) = line(&text) else { panic!("{text}") };
        assert_eq!(status.code, Some(401));
    }
    let WatchEvent::Error(status) = line(r#"{"type":"ERROR","object":{}}"#) else { panic!("no error") };
    assert_eq!(status.code, None);
}

#[test]
fn names_the_place_of_what_is_wrong() {
    for (text, expected) in [
        ("nonsense", "expected an object"),
        (r#"{"type":"ADDED","object":{"metadata":{"resourceVersion":"1"}}"#, "ends inside"),
        (r#"{"type":"ADDED","object":{"metadata":{"resourceVersion":"1"}}}{}"#, "after the end"),
        (r#"{"type":"RENAMED","object":{}}"#, r#"type: unknown type of event "RENAMED""#),
        (r#"{"type":7,"object":{}}"#, "type: expected a string, found a number"),
        (r#"{"type":"ADDED"}"#, "no `object`"),
        (r#"{"object":{}}"#, "no `type`"),
        (r#"{"kind":"Widget"}"#, "no `type`"),
        (r#"{"type":"ADDED","object":{"metadata":{"name":"a"}}}"#, "object.metadata: no resourceVersion"),
        (r#"{"type":"ADDED","object":{"metadata":{"resourceVersion":""}}}"#, "object.metadata: no resourceVersion"),
        (r#"{"type":"ADDED","object":null}"#, "object.metadata: no resourceVersion"),
        (r#"{"type":"BOOKMARK","object":{"metadata":{}}}"#, "object.metadata: no resourceVersion"),
        (r#"{"type":"BOOKMARK","object":{"metadata":"text"}}"#, "object.metadata: expected"),
        (r#"{"type":"ADDED","object":{"kind":"Gadget","metadata":{"resourceVersion":"1"}}}"#, "object.kind"),
        (r#"{"object":{"kind":"Gadget","metadata":{"resourceVersion":"1"}},"type":"ADDED"}"#, "object.kind"),
        (r#"{"type":"ADDED","object":{"size":"x","metadata":{"resourceVersion":"1"}}}"#, "expected i64"),
    ] {
        let message = error(text);
        assert!(message.contains(expected), "{text}: {message}");
    }
    let message =
        decode(b"{\"type\":\"ADDED\xff\"}", &mut None::<Widget>, &mut Caches::default()).unwrap_err().to_string();
    assert!(message.contains("ADDED\u{fffd}"), "{message}");
}

/// A table's own metadata has no annotations: they are in its row.
#[test]
fn the_bookmark_of_a_table_tells_that_the_initial_events_end() {
    for (annotations, ends) in [(r#"{"k8s.io/initial-events-end":"true"}"#, true), ("{}", false)] {
        let line = format!(
            r#"{{"type":"BOOKMARK","object":{{"kind":"Table","metadata":{{"resourceVersion":"9"}},"columnDefinitions":null,
                "rows":[{{"cells":[""],"object":{{"metadata":{{"resourceVersion":"9","annotations":{annotations}}}}}}}]}}}}"#
        );
        let event = decode(line.as_bytes(), &mut None::<Widget>, &mut Caches::default()).unwrap();
        let WatchEvent::Bookmark { version, ends_initial_events } = event else { panic!("{event:?}") };
        assert_eq!((version.as_str(), ends_initial_events), ("9", ends));
    }
}
