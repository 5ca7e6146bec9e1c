//! Values that the strategies of built-in resources set in new objects.

use base64::prelude::{BASE64_STANDARD, Engine};
use kubernetes_core::Quantity;
use serde_json::{Value, json};

use crate::object::Object;

pub(super) fn pod_status(pod: &Object) -> Value {
    json!({"phase": "Pending", "qosClass": quality_of_service(pod)})
}

/// Like `ComputePodQOS` in `pkg/apis/core/helper/qos/qos.go`, for the resources of containers.
fn quality_of_service(pod: &Object) -> &'static str {
    let containers = pod.list_at("spec.containers").iter().chain(pod.list_at("spec.initContainers"));
    let containers: Vec<&Value> = containers.collect();
    let amount = |container: &Value, kind: &str, resource: &str| {
        let amount = container.get("resources")?.get(kind)?.get(resource)?.clone();
        amount.as_str().map_or_else(|| amount.to_string(), str::to_owned).parse::<Quantity>().ok()
    };
    let resources = ["cpu", "memory"];
    let is_set = |container: &&Value, kind: &str| resources.iter().any(|name| amount(container, kind, name).is_some());
    if !containers.iter().any(|container| is_set(container, "requests") || is_set(container, "limits")) {
        return "BestEffort";
    }
    let is_guaranteed = |container: &&Value| {
        resources.iter().all(|name| match (amount(container, "limits", name), amount(container, "requests", name)) {
            (Some(limit), Some(request)) => limit == request,
            // The limit is the default of the request.
            (Some(_), None) => true,
            (None, _) => false,
        })
    };
    if containers.iter().all(is_guaranteed) { "Guaranteed" } else { "Burstable" }
}

/// Moves `stringData` into `data` (`Convert_v1_Secret_To_core_Secret` in `pkg/apis/core/v1/conversion.go`).
pub(super) fn encode_string_data(secret: &mut Object) {
    let Some(Value::Object(texts)) = secret.0.remove("stringData") else { return };
    let Some(data) = secret.field_mut("data") else { return };
    for (key, text) in texts {
        let text = text.as_str().unwrap_or_default();
        data.insert(key, BASE64_STANDARD.encode(text).into());
    }
}

/// The label of every namespace (`pkg/apis/core/v1/defaults.go`).
pub(super) fn label_namespace(namespace: &mut Object) {
    let name = namespace.text("name").to_owned();
    let labels = namespace.metadata_mut().entry("labels").or_insert_with(|| json!({}));
    if let Some(labels) = labels.as_object_mut() {
        labels.insert("kubernetes.io/metadata.name".to_owned(), name.into());
    }
}

/// Like `PrepareForCreate` in `pkg/registry/core/namespace/strategy.go`.
pub(super) fn activate_namespace(namespace: &mut Object) {
    namespace.0.insert("spec".to_owned(), json!({"finalizers": ["kubernetes"]}));
    namespace.0.insert("status".to_owned(), json!({"phase": "Active"}));
}
