//! Custom resources and their definitions.

use kubernetes_core::json::{self, Tree};
use kubernetes_core::schema::CustomResource as _;
use kubernetes_core::{ApplyRequest, ListRequest, Object as _, ObjectMeta, Resource as _};
use kubernetes_derive::{CustomResource, Schema};
use serde_json::json;

use crate::{error, round_trip};

/// A light.
#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(
    crate = kubernetes_core,
    group = "light.example.com", version = "v1", namespaced,
    short_name = "ln", category("lights", "all"),
    scale(spec_replicas_path = ".spec.bulbs", status_replicas_path = ".status.lit", label_selector_path = ".status.selector"),
    column(name = "Color", type = "string", json_path = ".spec.color"),
    column(name = "Lit", type = "integer", json_path = ".status.lit", priority = 1, format = "int32", description = "How many are lit."),
    selectable_field = ".spec.color",
    annotation("example.com/note", "x"), label("app", "light"),
    rule = "self.metadata.name != 'sun'"
)]
struct Lantern {
    #[kubernetes(max_length = 20)]
    metadata: ObjectMeta,
    spec: LanternSpec,
    status: Option<LanternStatus>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct LanternSpec {
    color: String,
    #[kubernetes(default = 1)]
    bulbs: i32,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct LanternStatus {
    lit: i32,
    selector: Option<String>,
}

mod old {
    use super::*;

    #[derive(Clone, Debug, Default, PartialEq, CustomResource)]
    #[kubernetes(
        crate = kubernetes_core, has_default,
        group = "light.example.com", version = "v1beta1", namespaced, short_name = "ln", category("lights", "all"),
        deprecated = "use v1", served = false
    )]
    pub(super) struct Lantern {
        metadata: ObjectMeta,
        color: String,
    }
}

#[test]
fn a_resource_is_read_written_and_requested() {
    let text = r#"{"apiVersion":"light.example.com/v1","kind":"Lantern","metadata":{"name":"a"},"spec":{"color":"red","bulbs":2}}"#;
    let lantern: Lantern = round_trip(text);
    assert_eq!((lantern.name(), lantern.spec.bulbs, &lantern.status), ("a", 2, &None));
    assert_eq!(lantern.metadata().name.as_deref(), Some("a"));
    assert_eq!(error::<Lantern>(r#"{"kind":"Lamp"}"#), "kind: expected \"Lantern\", found \"Lamp\" at byte 14");
    let request = ListRequest::<Lantern>::namespaced("shop");
    assert_eq!(format!("{:?}", request.request()), "GET /apis/light.example.com/v1/namespaces/shop/lanterns");
    assert_eq!((Lantern::GROUP, Lantern::PLURAL), ("light.example.com", "lanterns"));
    assert_eq!(old::Lantern::named("b").name(), "b");
}

fn lantern_schema() -> serde_json::Value {
    json!({
        "type": "object",
        "description": "A light.",
        "required": ["spec"],
        "x-kubernetes-validations": [{"rule": "self.metadata.name != 'sun'"}],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 20}}},
            "spec": {
                "type": "object",
                "required": ["color"],
                "properties": {"color": {"type": "string"}, "bulbs": {"type": "integer", "format": "int32", "default": 1}},
            },
            "status": {
                "type": "object",
                "required": ["lit"],
                "properties": {"lit": {"type": "integer", "format": "int32"}, "selector": {"type": "string"}},
            },
        },
    })
}

#[test]
fn the_definition_says_all() {
    let definition = Lantern::definition().unwrap().with_version::<old::Lantern>().unwrap();
    let found: serde_json::Value = serde_json::from_str(&definition.to_json()).unwrap();
    let schema = lantern_schema();
    let old = json!({
        "type": "object",
        "required": ["color"],
        "properties": {
            "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"},
            "color": {"type": "string"},
        },
    });
    let scale = json!({"specReplicasPath": ".spec.bulbs", "statusReplicasPath": ".status.lit", "labelSelectorPath": ".status.selector"});
    let expected = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "lanterns.light.example.com", "annotations": {"example.com/note": "x"}, "labels": {"app": "light"}},
        "spec": {
            "group": "light.example.com",
            "scope": "Namespaced",
            "names": {
                "kind": "Lantern", "listKind": "LanternList", "plural": "lanterns", "singular": "lantern",
                "shortNames": ["ln"], "categories": ["lights", "all"],
            },
            "versions": [
                {
                    "name": "v1", "served": true, "storage": true,
                    "schema": {"openAPIV3Schema": schema},
                    "subresources": {"status": {}, "scale": scale},
                    "additionalPrinterColumns": [
                        {"name": "Color", "type": "string", "jsonPath": ".spec.color"},
                        {"name": "Lit", "type": "integer", "jsonPath": ".status.lit", "priority": 1, "format": "int32", "description": "How many are lit."},
                    ],
                    "selectableFields": [{"jsonPath": ".spec.color"}],
                },
                {
                    "name": "v1beta1", "served": false, "storage": false, "deprecated": true, "deprecationWarning": "use v1",
                    "schema": {"openAPIV3Schema": old},
                },
            ],
        },
    });
    assert_eq!(found, expected);
    assert_eq!(definition.to_value::<Tree>().unwrap(), json::from_str(&definition.to_json()).unwrap());
    assert!(
        definition
            .to_yaml()
            .unwrap()
            .starts_with("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n")
    );
    let apply = ApplyRequest::cluster(&definition, "operator");
    assert_eq!(
        format!("{:?}", apply.request()),
        "PATCH /apis/apiextensions.k8s.io/v1/customresourcedefinitions/lanterns.light.example.com?fieldManager=operator"
    );
}

#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(
    crate = kubernetes_core, group = "light.example.com", version = "v2", cluster, kind = "Lantern",
    scale(spec_replicas_path = ".bulbs", status_replicas_path = ".status.missing"),
    selectable_field(".metadata.name", ".spec.list"),
    at_least_one_of("spec"), status
)]
struct Wrong {
    metadata: ObjectMeta,
    spec: WrongSpec,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct WrongSpec {
    list: Vec<String>,
    #[kubernetes(default = -1, minimum = 0)]
    least: i32,
}

#[test]
fn a_definition_that_the_server_would_refuse_is_an_error() {
    assert_eq!(
        Wrong::definition().unwrap_err().to_string(),
        "the API server would refuse the definition of lanterns.light.example.com: spec.least: the default value does not fit: \
         -1 is less than the minimum; anyOf: must not be at the root of a resource whose status is a subresource; .bulbs: a path of the scale subresource must start with .spec.; .status.missing: the path of the scale subresource must lead to a field of type integer; \
         .metadata.name: a selectable field must not be in metadata; .metadata.name: a selectable field must be a string, a \
         boolean or an integer outside of lists; .spec.list: a selectable field must be a string, a boolean or an integer \
         outside of lists"
    );
    let error = Lantern::definition().unwrap().with_version::<Lantern>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the API server would refuse the definition of lanterns.light.example.com: v1: the version occurs twice"
    );
}
