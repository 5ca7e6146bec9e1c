//! Every extension, read from a description and from the lifted document.

use kubernetes_swagger::extension::{
    self, Action, GroupVersionKind, ListType, MapType, PatchStrategy, SchemaExtensions, Union,
};
use kubernetes_swagger::{Method, ReferenceOr};
use openapiv3::{Operation, SchemaData};
use serde_json::json;

use crate::support::{parse, with_definitions, with_operation};

#[test]
fn of_schemas() {
    let swagger = parse(&with_definitions(json!({ "A": {
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
    } })));
    let kind = GroupVersionKind { group: "apps".into(), version: "v1".into(), kind: "Deployment".into() };
    let expected = SchemaExtensions {
        group_version_kinds: vec![kind.clone()],
        list_type: Some(ListType::Map),
        list_map_keys: vec!["name".into(), "port".into()],
        map_type: Some(MapType::Granular),
        patch_strategy: vec![PatchStrategy::Merge, PatchStrategy::RetainKeys],
        patch_merge_key: Some("name".into()),
        unions: vec![Union {
            discriminator: Some("type".into()),
            fields_to_discriminate_by: [("a".to_owned(), "A".to_owned())].into(),
        }],
        selectable_fields: vec![".spec.color".into()],
        preserve_unknown_fields: true,
        int_or_string: true,
        embedded_resource: true,
        validations: Some(json!([{ "rule": "self > 0" }])),
    };
    assert_eq!(swagger.definitions["A"].extensions, expected);

    let components = swagger.lift().components.expect("there are components");
    let data = &components.schemas["A"].as_item().expect("an inline schema").schema_data;
    assert_eq!(extension::schema(data).expect("known extensions").kubernetes, expected);
    assert_eq!(extension::group_version_kinds(data).expect("known extensions"), [kind]);
    assert_eq!(extension::list_type(data).expect("known extensions"), Some(ListType::Map));
}

#[test]
fn of_operations() {
    let swagger = parse(&with_operation(json!({
        "x-kubernetes-action": "deletecollection",
        "x-kubernetes-group-version-kind": { "group": "", "version": "v1", "kind": "Pod" },
        "consumes": ["*/*"], "schemes": ["https"],
    })));
    let operation = &swagger.paths["/things"].operations[&Method::Post];
    let kind = GroupVersionKind { group: String::new(), version: "v1".into(), kind: "Pod".into() };
    assert_eq!(operation.action, Some(Action::DeleteCollection));
    assert_eq!(operation.group_version_kind, Some(kind.clone()));

    let lifted = swagger.lift();
    let (_, _, operation) = lifted.operations().next().expect("one operation");
    let extensions = extension::operation(operation).expect("known extensions");
    assert_eq!(extensions.action, Some(Action::DeleteCollection));
    assert_eq!(extensions.group_version_kind, Some(kind));
    assert_eq!(extensions.consumes, Some(vec!["*/*".to_owned()]));
    assert_eq!(extensions.schemes, Some(vec!["https".to_owned()]));
    assert_eq!(extensions.produces, None);
}

#[test]
fn of_bodies_and_parameters() {
    let mut description = with_operation(json!({ "parameters": [
        { "$ref": "#/parameters/body-1" },
        { "name": "a", "in": "query", "type": "array", "items": { "type": "string" }, "collectionFormat": "multi" },
        { "name": "b", "in": "query", "type": "string", "uniqueItems": true },
    ] }));
    description["parameters"] = json!({ "body-1": { "name": "body", "in": "body", "schema": {} } });
    let lifted = parse(&description).lift();
    let (_, _, operation) = lifted.operations().next().expect("one operation");
    let body = operation.request_body.as_ref().and_then(ReferenceOr::as_item).expect("an inline body");
    assert_eq!(extension::body_parameter(body).expect("a string").as_deref(), Some("#/parameters/body-1"));
    let data = |index: usize| operation.parameters[index].as_item().expect("inline").parameter_data_ref();
    let format = extension::collection_format(data(0)).expect("a known format");
    assert_eq!(format, Some(kubernetes_swagger::CollectionFormat::Multi));
    let openapiv3::ParameterSchemaOrContent::Schema(ReferenceOr::Item(schema)) = &data(1).format else {
        panic!("an inline schema")
    };
    assert!(extension::unique_items(&schema.schema_data).expect("known extensions"));
}

#[test]
fn a_wrong_one_is_an_error() {
    let data =
        SchemaData { extensions: [("x-kubernetes-list-type".to_owned(), json!("bag"))].into(), ..Default::default() };
    let error = extension::list_type(&data).expect_err("no such list type");
    assert_eq!(error.problems()[0].pointer, "/x-kubernetes-list-type");
    let operation = Operation { extensions: [("x-new".to_owned(), json!(1))].into(), ..Default::default() };
    let error = extension::action(&operation).expect_err("no such extension");
    assert_eq!(error.problems()[0].pointer, "/x-new");
}
