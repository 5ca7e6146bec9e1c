//! The structural schemas of models, as custom resources contain them.

use kubernetes_core::schema::Schema;
use serde_json::{Value, json};

fn schema<T: Schema>() -> Value {
    let tree = T::SCHEMA.to_tree().unwrap_or_else(|error| panic!("{error}"));
    serde_json::from_str(&tree.to_text()).expect("it is JSON")
}

#[test]
#[cfg(all(feature = "apps-v1", feature = "batch-v1", feature = "core-v1", feature = "networking-v1"))]
fn models_are_structural() {
    use kubernetes_models::{apps, batch, core, networking};

    let pod = schema::<core::v1::PodSpec>();
    let ports = &pod["properties"]["containers"]["items"]["properties"]["ports"];
    // The server refuses the keys of a map list that are neither required nor have a default value.
    assert_eq!(ports["x-kubernetes-list-map-keys"], json!(["containerPort", "protocol"]));
    assert_eq!(ports["items"]["properties"]["protocol"], json!({"type": "string", "default": "TCP"}));
    assert_eq!(pod["properties"]["containers"]["x-kubernetes-list-type"], "map");
    assert_eq!(pod["required"], json!(["containers"]));
    let template = schema::<apps::v1::Deployment>();
    assert_eq!(template["properties"]["spec"]["properties"]["template"]["properties"]["spec"], pod);
    assert_eq!(schema::<apps::v1::DeploymentStrategyType>(), json!({"type": "string"}));
    schema::<core::v1::Service>();
    schema::<core::v1::ServiceAccount>();
    schema::<core::v1::PersistentVolumeClaim>();
    schema::<batch::v1::CronJob>();
    schema::<networking::v1::NetworkPolicy>();
}

#[test]
#[cfg(feature = "apiextensions-v1")]
fn a_model_that_contains_itself_keeps_any_value_within() {
    use kubernetes_models::apiextensions::v1::CustomResourceDefinition;

    let definition = schema::<CustomResourceDefinition>();
    let version = &definition["properties"]["spec"]["properties"]["versions"]["items"]["properties"];
    let schema = &version["schema"]["properties"]["openAPIV3Schema"]["properties"];
    assert_eq!(schema["not"], json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true}));
}
