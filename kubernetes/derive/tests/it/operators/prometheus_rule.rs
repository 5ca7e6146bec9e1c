//! Prometheus Operator v0.85.0.

use kubernetes_core::schema::{CustomResource as _, Definition, InvalidSchema};
use kubernetes_core::{IntOrText, Map, ObjectMeta, Str};
use kubernetes_derive::{CustomResource, Schema};

pub(super) fn definition() -> Result<Definition, InvalidSchema> {
    PrometheusRule::definition()
}

#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(crate = kubernetes_core, group = "monitoring.coreos.com", version = "v1", namespaced, short_name("promrule"), category("prometheus-operator"))]
struct PrometheusRule {
    metadata: ObjectMeta,
    spec: Spec,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Spec {
    #[kubernetes(list_map_keys("name"))]
    groups: Option<Vec<Groups>>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Groups {
    #[kubernetes(
        pattern = "^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$"
    )]
    interval: Option<Str>,
    labels: Option<Map<Str>>,
    #[kubernetes(format = "")]
    limit: Option<i64>,
    #[kubernetes(min_length = 1)]
    name: Str,
    #[kubernetes(rename = "partial_response_strategy", pattern = "^(?i)(abort|warn)?$")]
    partial_response_strategy: Option<Str>,
    #[kubernetes(
        rename = "query_offset",
        pattern = "^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$"
    )]
    query_offset: Option<Str>,
    rules: Option<Vec<Rules>>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Rules {
    alert: Option<Str>,
    annotations: Option<Map<Str>>,
    expr: IntOrText,
    #[kubernetes(
        pattern = "^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$"
    )]
    r#for: Option<Str>,
    #[kubernetes(
        rename = "keep_firing_for",
        min_length = 1,
        pattern = "^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$"
    )]
    keep_firing_for: Option<Str>,
    labels: Option<Map<Str>>,
    record: Option<Str>,
}
