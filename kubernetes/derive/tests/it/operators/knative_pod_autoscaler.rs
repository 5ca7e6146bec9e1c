//! Knative Serving v0.51.0.

use kubernetes_core::schema::{CustomResource as _, Definition, InvalidSchema};
use kubernetes_core::{Map, ObjectMeta, Str};
use kubernetes_derive::{CustomResource, Schema};

pub(super) fn definition() -> Result<Definition, InvalidSchema> {
    PodAutoscaler::definition()
}

#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(crate = kubernetes_core, group = "autoscaling.internal.knative.dev", version = "v1alpha1", namespaced, short_name("kpa", "pa"), category("knative-internal", "autoscaling"), column(name = "DesiredScale", type = "integer", json_path = ".status.desiredScale"), column(name = "ActualScale", type = "integer", json_path = ".status.actualScale"), column(name = "Ready", type = "string", json_path = ".status.conditions[?(@.type=='Ready')].status"), column(name = "Reason", type = "string", json_path = ".status.conditions[?(@.type=='Ready')].reason"))]
struct PodAutoscaler {
    metadata: ObjectMeta,
    spec: Option<Spec>,
    status: Option<Status>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Spec {
    container_concurrency: Option<i64>,
    protocol_type: Str,
    reachability: Option<Str>,
    scale_target_ref: ScaleTargetRef,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase", map_type = "atomic")]
struct ScaleTargetRef {
    api_version: Option<Str>,
    kind: Option<Str>,
    name: Option<Str>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Status {
    actual_scale: Option<i32>,
    annotations: Option<Map<Str>>,
    conditions: Option<Vec<Conditions>>,
    desired_scale: Option<i32>,
    metrics_service_name: Str,
    observed_generation: Option<i64>,
    service_name: Str,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Conditions {
    last_transition_time: Option<Str>,
    message: Option<Str>,
    reason: Option<Str>,
    severity: Option<Str>,
    status: Str,
    r#type: Str,
}
