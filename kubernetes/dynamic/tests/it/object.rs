//! Content that a dynamic object keeps, and how it is changed.

use kubernetes_core::json::{self, Budget, Decode, Reader, Tree};
use kubernetes_core::meta::v1::OwnerReference;
use kubernetes_core::{GroupVersionKind, Json, List, Object, ObjectMeta, resource};
use kubernetes_dynamic::DynamicObject;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// White space, an escape, numbers of any size, an unknown key in metadata, and an order that nobody sorts.
const ODD: &str = r#"{ "spec": {"z": 1.50, "a": 123456789012345678901234567890, "e": 1e2, "u": "\u00e9"},
  "kind": "Lantern", "metadata": {"name": "red", "x-unknown": {"b": 1, "a": 2.0},
    "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "1", "newField": true}],
    "labels": {"app": "web"}}, "apiVersion": "light.example.com/v1", "extra": null }"#;

fn odd() -> DynamicObject {
    json::from_str(ODD).unwrap()
}

#[test]
fn an_object_that_is_not_changed_is_written_as_it_was_read() {
    let object = odd();
    assert_eq!(json::to_string(&object).unwrap(), ODD);
    assert_eq!(object.group_version_kind(), Some(GroupVersionKind::new("light.example.com", "v1", "Lantern")));
    assert_eq!((object.name(), &*object.metadata.labels["app"]), ("red", "web"));
    assert!(format!("{object:?}").contains("red") && !format!("{object:?}").contains("123456789"));
}

#[test]
fn a_change_of_metadata_keeps_what_the_type_does_not_know() {
    let mut object = odd();
    object.metadata.labels.insert("tier", "front");
    object.metadata.owner_references[0].controller = Some(true);
    object.metadata.name = Some("blue".into());
    let expected = r#"{"spec":{"z":1.50,"a":123456789012345678901234567890,"e":1e2,"u":"é"},"kind":"Lantern","#
        .to_owned()
        + r#""metadata":{"name":"blue","x-unknown":{"b":1,"a":2.0},"ownerReferences":[{"apiVersion":"v1","kind":"Pod","#
        + r#""name":"p","uid":"1","newField":true,"controller":true}],"labels":{"app":"web","tier":"front"}},"#
        + r#""apiVersion":"light.example.com/v1","extra":null}"#;
    assert_eq!(object.to_text(), expected);
    let again: DynamicObject = json::from_str(&object.to_text()).unwrap();
    assert_eq!(again, object);
    assert_ne!(again, odd());

    object.metadata = ObjectMeta::default();
    let unknown: Option<Json> = object.get("/metadata/x-unknown").unwrap();
    assert_eq!(unknown.unwrap().as_str(), r#"{"b":1,"a":2.0}"#);
    assert!(!object.has("/metadata/labels") && !object.has("/metadata/name"));
}

#[test]
fn fields_are_read_and_set_by_their_path() {
    let mut object = odd();
    assert_eq!(object.get::<f64>("/spec/z").unwrap(), Some(1.5));
    assert_eq!(object.get::<Json>("/spec/a").unwrap().unwrap().as_str(), "123456789012345678901234567890");
    assert_eq!(object.get::<String>("/metadata/ownerReferences/0/name").unwrap().as_deref(), Some("p"));
    assert!(object.has("/extra") && object.get::<Json>("/extra").unwrap().is_none());
    for missing in ["/spec/nothing", "/spec/z/deeper", "/metadata/ownerReferences/7", "/metadata/ownerReferences/-"] {
        assert!(object.get::<Json>(missing).unwrap().is_none(), "{missing}");
    }
    let error = object.get::<bool>("/spec/z").unwrap_err().to_string();
    assert!(error.contains("/spec/z") && error.contains("expected a boolean, found a number"), "{error}");
    assert!(object.get::<Json>("spec.z").unwrap_err().to_string().contains("not a JSON pointer"));

    object.metadata.labels.insert("seen", "yes");
    object.set(["metadata", "annotations", "example.com/a~b"], &"1".to_owned()).unwrap();
    object.set("/spec/new/deep", &Json::from(json!([1, {"two": 2}]))).unwrap();
    object.set("/spec/new/deep/-", &3i64).unwrap();
    assert_eq!(&*object.metadata.annotations["example.com/a~b"], "1");
    assert_eq!(&*object.metadata.labels["seen"], "yes", "an earlier change of the typed metadata is kept");
    assert_eq!(object.get::<i64>("/spec/new/deep/1/two").unwrap(), Some(2));
    assert_eq!(object.get::<Vec<Json>>("/spec/new/deep").unwrap().unwrap().len(), 3);
    assert!(object.remove("/spec/new/deep/0").unwrap() && !object.remove("/spec/nothing").unwrap());

    let before = object.clone();
    let error = object.set("/spec/z/deeper", &1i64).unwrap_err().to_string();
    assert_eq!(error, "/spec/z: a number has no field \"deeper\"");
    let error = object.set("/spec/new/deep/9", &1i64).unwrap_err().to_string();
    assert_eq!(error, "/spec/new/deep/9: 9 is not an index into a list of 2");
    assert!(object.set("/metadata", &1i64).is_err(), "metadata is an object");
    assert!(object.set("", &1i64).is_err());
    assert_eq!(object, before);
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Lantern {
    metadata: ObjectMeta,
    spec: LanternSpec,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct LanternSpec {
    color: String,
}

resource!(Lantern: "light.example.com" / "v1" / "Lantern", "lanterns", namespaced, watch, serde);

#[test]
fn it_converts_to_types_and_from_them() {
    let mut lantern = Lantern::named("red");
    lantern.spec.color = "red".to_owned();
    let object = DynamicObject::of(&lantern).unwrap();
    assert_eq!((object.api_version(), object.kind(), object.name()), ("light.example.com/v1", "Lantern", "red"));
    assert_eq!(object.to::<Lantern>().unwrap(), lantern);
    let from_dict: DynamicObject = serde_json::from_value(json!({
        "apiVersion": "light.example.com/v1", "kind": "Lantern", "metadata": {"name": "red"}, "spec": {"color": "red"}
    }))
    .unwrap();
    assert_eq!(from_dict, object);

    let mut other = object.clone();
    other.set("/kind", &"Candle".to_owned()).unwrap();
    let error = other.to::<Lantern>().unwrap_err().to_string();
    assert!(error.contains("kind: expected \"Lantern\", found \"Candle\""), "{error}");
}

#[test]
fn the_items_of_a_list_learn_their_type_from_it() {
    let list = r#"{"kind": "DeploymentList", "apiVersion": "apps/v1", "metadata": {"resourceVersion": "7"},
        "items": [{"metadata": {"name": "a"}, "spec": {}}, {"kind": "Own", "apiVersion": "v1", "metadata": {"name": "b"}}]}"#;
    let list: List<DynamicObject> = json::from_str(list).unwrap();
    let types: Vec<_> = list.items.iter().map(|item| (item.api_version(), item.kind())).collect();
    assert_eq!(types, [("apps/v1", "Deployment"), ("v1", "Own")]);
    assert_eq!(
        list.items[0].to_text(),
        r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"},"spec":{}}"#
    );
    // A list of any objects says nothing of theirs.
    let list = r#"{"kind": "List", "apiVersion": "v1", "metadata": {}, "items": [{"metadata": {"name": "a"}}]}"#;
    let list: List<DynamicObject> = json::from_str(list).unwrap();
    assert_eq!(list.items[0].group_version_kind(), None);
}

#[test]
fn what_is_not_an_object_is_refused() {
    for text in ["[]", "1", r#""text""#, r#"{"metadata": 1}"#, r#"{"kind": {}}"#, "{"] {
        assert!(json::from_str::<DynamicObject>(text).is_err(), "{text}");
    }
    let empty: DynamicObject = json::from_str("null").unwrap();
    assert_eq!(empty.to_text(), "{}");
    assert_eq!(empty, DynamicObject::default());
    let twice: DynamicObject = json::from_str(r#"{"kind": "A", "spec": 1, "kind": "B", "spec": {"a": 2}}"#).unwrap();
    assert_eq!(twice.kind(), "B", "the last counts, as in Go");
    assert_eq!(twice.tree(), json::from_str::<Tree>(r#"{"kind": "B", "spec": {"a": 2}}"#).unwrap());
}

#[test]
fn the_metadata_of_dynamic_objects_counts_towards_the_budget() {
    let owners = vec!["{}"; 100].join(",");
    let item = format!(r#"{{"metadata":{{"ownerReferences":[{owners}]}}}}"#);
    let text = format!(r#"{{"items":[{}]}}"#, vec![item; 100].join(","));
    let owners = 100 * 100 * size_of::<OwnerReference>();
    let decode = |bytes| List::<DynamicObject>::decode(&mut Reader::new(&text).with_budget(Budget::new(0, bytes)));
    assert!(decode(owners).unwrap_err().is_over_budget());
    assert_eq!(decode(2 * owners).unwrap().items.len(), 100);
}
