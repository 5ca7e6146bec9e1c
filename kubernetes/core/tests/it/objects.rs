//! Operations of controllers on objects: conditions, owners, references, names of types.

use std::sync::Mutex;

use kubernetes_core::meta::v1::{Condition, OwnerReference};
use kubernetes_core::{
    GroupVersion, GroupVersionKind, GroupVersionResource, Json, JsonPatch, JsonPointer, Object, ObjectKey, Patch,
    PatchRequest, Time, json,
};
use proptest::prelude::*;
use serde::Serialize;
use serde_json::json;

use crate::Widget;
use crate::json::any_json;
use crate::requests::{Recorder, now};

fn at(text: &str) -> Time {
    text.parse().unwrap()
}

/// Like Go's meta.SetStatusCondition.
#[test]
fn a_condition_keeps_its_time_of_transition_until_its_status_changes() {
    let (first, second) = (at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z"));
    let ready = |status: &str, time| Condition { last_transition_time: time, ..Condition::of("Ready", status, "R") };
    let mut conditions = vec![Condition::of("Other", "Unknown", "O")];
    assert!(Condition::set(&mut conditions, ready("False", first)));
    assert!(!Condition::set(&mut conditions, ready("False", second)), "nothing but the time differs");
    assert_eq!(conditions[1].last_transition_time, first);
    assert!(Condition::set(&mut conditions, ready("False", second).with_message("m").with_observed_generation(3)));
    assert_eq!(conditions[1].last_transition_time, first);
    assert_eq!((conditions[1].message.as_str(), conditions[1].observed_generation), ("m", Some(3)));
    assert!(Condition::set(&mut conditions, ready("True", second)));
    assert_eq!(conditions[1].last_transition_time, second);
    assert_eq!(conditions.len(), 2);
    assert!(Condition::find(&conditions, "Ready").is_some_and(Condition::is_true));
    assert!(!conditions[0].is_true() && !conditions[0].is_false(), "unknown is neither");

    let before = Time::now();
    assert!(Condition::set(&mut conditions, Condition::of("Ready", "False", "R")));
    assert!(conditions[1].last_transition_time >= before, "without a time it is the present");
    assert!(Condition::set(&mut conditions, Condition::of("New", "True", "R")));
    assert!(conditions[2].last_transition_time >= before);
    assert!(Condition::remove(&mut conditions, "Ready") && !Condition::remove(&mut conditions, "Ready"));
    assert_eq!(conditions.len(), 2);
}

#[test]
fn an_owner_is_referred_to_once_the_server_knows_it() {
    let mut owner = Widget::named("w");
    assert_eq!(owner.owner_ref(true), None, "without a uid");
    owner.metadata.uid = Some("u-1".into());
    owner.metadata.namespace = Some("shop".into());
    owner.metadata.labels = [("a", "b")].into();
    assert_eq!(
        json::to_string(&owner.owner_ref(true).unwrap()).unwrap(),
        r#"{"apiVersion":"example.com/v1","blockOwnerDeletion":true,"controller":true,"kind":"Widget","name":"w","uid":"u-1"}"#
    );
    let plain = owner.owner_ref(false).unwrap();
    assert_eq!((plain.controller, plain.block_owner_deletion), (None, None));

    let mut owned = Widget::named("owned");
    owned.metadata.owner_references = vec![plain, OwnerReference::to_controller(&owner).unwrap()];
    assert_eq!(owned.controller().unwrap().controller, Some(true));
    assert_eq!(owner.controller(), None);
    assert_eq!((owner.labels()["a"].as_str(), owner.annotations().len()), ("b", 0));
    assert!(!owner.is_being_deleted());
    let reference = owner.reference();
    assert_eq!(reference.to_string(), "Widget shop/w");
    assert_eq!(reference.group_version_kind.unwrap().api_version(), "example.com/v1");
    assert_eq!(reference.uid.as_deref(), Some("u-1"));
}

#[test]
fn names_of_types_are_read_and_written_as_in_go() {
    for (text, group, version) in
        [("v1", "", "v1"), ("apps/v1", "apps", "v1"), ("", "", ""), ("/", "", ""), ("/v1", "", "v1"), ("a/", "a", "")]
    {
        assert_eq!(text.parse::<GroupVersion>().unwrap(), GroupVersion::new(group, version), "{text}");
    }
    let error = "a/b/c".parse::<GroupVersion>().unwrap_err().to_string();
    assert_eq!(error, "\"a/b/c\" is not of the form `group/version` or `version`");
    let kind = GroupVersionKind::of::<Widget>();
    assert_eq!(kind.to_string(), "example.com/v1, Kind=Widget");
    assert_eq!(kind, GroupVersionKind::from_api_version("example.com/v1", "Widget").unwrap());
    let pod = GroupVersionKind::new("", "v1", "Pod");
    for kind in [&kind, &pod] {
        assert_eq!(kind.to_string().parse::<GroupVersionKind>().unwrap(), *kind);
    }
    assert_eq!("Pod.v1.".parse::<GroupVersionKind>().unwrap(), pod);
    let resource = GroupVersionResource::of::<Widget>();
    assert_eq!(resource.to_string(), "example.com/v1, Resource=widgets");
    assert_eq!("widgets.v1.example.com".parse::<GroupVersionResource>().unwrap(), resource);
    assert_eq!(resource.to_string().parse::<GroupVersionResource>().unwrap(), resource);
    for text in ["", "Pod", "Pod.v1", ".v1.apps", "Pod..apps", "a/b/c, Kind=X", "a/b, Kind="] {
        assert!(text.parse::<GroupVersionKind>().is_err(), "{text}");
    }
}

fn body_of(patch: &Patch) -> Result<serde_json::Value, String> {
    let recorder = Recorder("{}", Mutex::default());
    now(PatchRequest::<Widget>::namespaced("ns", "w", patch).send(&recorder)).map_err(|error| error.0)?;
    let sent = recorder.1.into_inner().unwrap().unwrap();
    Ok(serde_json::from_slice(sent.body()).unwrap())
}

#[test]
fn a_json_patch_has_the_operations_of_rfc_6902() {
    let patch = JsonPatch::new()
        .add("/metadata/labels", json!({}))
        .add(["metadata", "labels", "a/b~c"], "x")
        .add(JsonPointer::from("/spec/list").end(), 1)
        .remove(JsonPointer::from("/spec/list").index(0))
        .replace("", Option::<i32>::None)
        .r#move("/a", "/b")
        .copy("/b", "/c")
        .test("/c", [1, 2]);
    assert_eq!(
        body_of(&Patch::json(&patch)).unwrap(),
        json!([
            {"op": "add", "path": "/metadata/labels", "value": {}},
            {"op": "add", "path": "/metadata/labels/a~1b~0c", "value": "x"},
            {"op": "add", "path": "/spec/list/-", "value": 1},
            {"op": "remove", "path": "/spec/list/0"},
            {"op": "replace", "path": "", "value": null},
            {"op": "move", "from": "/a", "path": "/b"},
            {"op": "copy", "from": "/b", "path": "/c"},
            {"op": "test", "path": "/c", "value": [1, 2]},
        ])
    );
    assert_eq!(format!("{:?}", JsonPatch::new().add("/a", "secret")), r#"["add /a"]"#);
    assert!(JsonPatch::new().is_empty() && !patch.is_empty());
}

#[test]
fn a_merge_patch_has_what_differs() {
    let mut before = Widget { size: 1, ..Widget::named("w") };
    before.metadata.labels = [("a", "1"), ("b", "2")].into();
    before.metadata.finalizers = vec!["example.com/f".into()];
    let mut after = Widget { size: 2, lid: Some(Box::default()), ..before.clone() };
    after.metadata.labels = [("a", "1"), ("c", "3")].into();
    after.metadata.finalizers.clear();
    let patch = Patch::merge_between(&before, &after);
    assert_eq!(patch.content_type(), "application/merge-patch+json");
    let expected = json!({
        "metadata": {"labels": {"b": null, "c": "3"}, "finalizers": null}, "size": 2, "lid": {"name": ""}
    });
    assert_eq!(body_of(&patch).unwrap(), expected);
    assert_eq!(body_of(&Patch::merge_between(&after, &after)).unwrap(), json!({}));
}

/// Leaves out the fields that are null, which a merge patch can't set.
fn without_nulls(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(fields) => {
            let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
            fields.map(|(key, value)| (key, without_nulls(value))).collect()
        }
        other => other,
    }
}

proptest! {
    #[test]
    fn a_merge_patch_makes_one_object_into_the_other(before in any_json(), after in any_json(), key in "[ab]{0,2}") {
        // The objects have a field in common, more often than by chance.
        let (before, after) = (json!({&key: before, "a": after}), without_nulls(json!({"b": before, key: after})));
        let patch = Patch::merge_between(&Json::from(before.clone()), &Json::from(after.clone()));
        let mut patched = before;
        json_patch::merge(&mut patched, &body_of(&patch).unwrap());
        prop_assert_eq!(patched, after);
    }
}

#[test]
fn what_is_no_json_patch_is_an_error_when_it_is_sent() {
    #[derive(Serialize)]
    struct Odd(#[serde(serialize_with = "fail")] ());
    fn fail<S: serde::Serializer>(_: &(), _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("odd"))
    }
    for (patch, message) in [
        (
            JsonPatch::new().remove("spec/replicas"),
            "the patch can't be encoded: \"spec/replicas\" is not a JSON pointer",
        ),
        (JsonPatch::new().copy("/a~2", "/b"), "the patch can't be encoded: \"/a~2\" is not a JSON pointer"),
        (JsonPatch::new().remove("/a~"), "the patch can't be encoded: \"/a~\" is not a JSON pointer"),
        (JsonPatch::new().add("/a", Odd(())), "the patch can't be encoded: the value for /a: odd"),
    ] {
        let error = body_of(&Patch::json(&patch)).unwrap_err();
        assert!(error.starts_with(message), "{error}");
    }
}

#[test]
fn names_and_times_are_aligned_by_a_width() {
    let key = ObjectKey::new("shop", "web");
    assert_eq!(format!("{key:10}|{:>5}|", ObjectKey::new(None, "web")), "shop/web  |  web|");
    assert_eq!(format!("{:9}|", GroupVersion::new("apps", "v1")), "apps/v1  |");
    let time: Time = "2030-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(format!("{time:>22}|"), "  2030-01-01T00:00:00Z|");
}
