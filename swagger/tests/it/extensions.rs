//! Every extension, read from a description.

use kubernetes_swagger::extension::{self, Action, GroupVersionKind, ListType, MapType, PatchStrategy};
use openapiv3::SchemaData;
use serde_json::json;

use crate::lower::lower;
use crate::support::{parse, schema, with_definitions, with_operation};

#[test]
fn of_schemas() {
    let description = with_definitions(json!({ "A": {
        "x-kubernetes-group-version-kind": [{ "group": "apps", "version": "v1", "kind": "Deployment" }],
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name", "port"],
        "x-kubernetes-map-type": "granular",
        "x-kubernetes-patch-strategy": "merge,retainKeys",
        "x-kubernetes-patch-merge-key": "name",
        "x-kubernetes-unions": [{ "discriminator": "type", "fields-to-discriminateBy": { "a": "A" } }],
        "x-kubernetes-selectable-fields": [{ "fieldPath": ".spec.color" }],
        "x-kubernetes-preserve-unknown-fields": true,
        "x-kubernetes-int-or-string": true,
        "x-kubernetes-embedded-resource": true,
        "x-kubernetes-validations": [{ "rule": "self > 0" }],
    } }));
    let openapi = parse(&description);
    assert_eq!(lower(&openapi), description, "those that nothing reads are kept too");
    let data = &schema(&openapi, "A").schema_data;
    let kind = GroupVersionKind { group: "apps".into(), version: "v1".into(), kind: "Deployment".into() };
    assert_eq!(extension::group_version_kinds(data), [kind]);
    assert_eq!(extension::list_type(data), Some(ListType::Map));
    assert_eq!(extension::list_map_keys(data), ["name", "port"]);
    assert_eq!(extension::map_type(data), Some(MapType::Granular));
    assert_eq!(extension::patch_strategy(data), [PatchStrategy::Merge, PatchStrategy::RetainKeys]);
    assert_eq!(extension::patch_merge_key(data).as_deref(), Some("name"));
    assert!(extension::preserves_unknown_fields(data));
    assert!(extension::is_int_or_string(data));
    assert!(extension::is_embedded_resource(data));

    let none = SchemaData::default();
    assert_eq!(extension::group_version_kinds(&none), []);
    assert_eq!(extension::list_type(&none), None);
    assert!(!extension::is_int_or_string(&none));
}

#[test]
fn of_operations() {
    let openapi = parse(&with_operation(json!({
        "x-kubernetes-action": "deletecollection",
        "x-kubernetes-group-version-kind": { "group": "", "version": "v1", "kind": "Pod" },
        "produces": ["*/*"],
    })));
    let (_, _, operation) = openapi.operations().next().expect("one operation");
    let kind = GroupVersionKind { group: String::new(), version: "v1".into(), kind: "Pod".into() };
    assert_eq!(extension::action(operation), Some(Action::DeleteCollection));
    assert_eq!(extension::group_version_kind(operation), Some(kind));
    assert_eq!(extension::produces(operation), Some(vec!["*/*".to_owned()]));
}
