//! Karpenter v1.15.0.

use kubernetes_core::meta::v1::Condition;
use kubernetes_core::schema::{CustomResource as _, Definition, InvalidSchema};
use kubernetes_core::{Map, ObjectMeta, Quantity, Str, Time};
use kubernetes_derive::{CustomResource, Schema};

pub(super) fn definition() -> Result<Definition, InvalidSchema> {
    NodePool::definition()
}

#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(crate = kubernetes_core, group = "karpenter.sh", version = "v1", cluster, category("karpenter"), scale(spec_replicas_path = ".spec.replicas", status_replicas_path = ".status.nodes"), column(name = "NodeClass", type = "string", json_path = ".spec.template.spec.nodeClassRef.name"), column(name = "Nodes", type = "string", json_path = ".status.nodes"), column(name = "Ready", type = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#), column(name = "Age", type = "date", json_path = ".metadata.creationTimestamp"), column(name = "Weight", type = "integer", json_path = ".spec.weight", priority = 1), column(name = "CPU", type = "string", json_path = ".status.resources.cpu", priority = 1), column(name = "Memory", type = "string", json_path = ".status.resources.memory", priority = 1))]
struct NodePool {
    metadata: ObjectMeta,
    spec: Spec,
    status: Option<Status>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rule("has(self.replicas) == has(oldSelf.replicas)", message = "Cannot transition NodePool between static (replicas set) and dynamic (replicas unset) provisioning modes"), rule("!has(self.replicas) || (!has(self.limits) || size(self.limits) == 0 || (size(self.limits) == 1 && 'nodes' in self.limits))", message = "only 'limits.nodes' is supported on static NodePools"), rule("!has(self.replicas) || !has(self.weight)", message = "'weight' is not supported on static NodePools"))]
struct Spec {
    #[kubernetes(default = {"consolidateAfter": "0s"})]
    disruption: Disruption,
    limits: Option<Map<Quantity>>,
    #[kubernetes(minimum = 0)]
    replicas: Option<i64>,
    template: Template,
    #[kubernetes(minimum = 1, maximum = 100)]
    weight: Option<i32>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Disruption {
    #[kubernetes(default = [{"nodes": "10%"}], max_items = 50, list_type = "atomic", rule("self.all(x, has(x.schedule) == has(x.duration))", message = "'schedule' must be set with 'duration'"))]
    budgets: Vec<Budgets>,
    #[kubernetes(default = "0s", pattern = "^(([0-9]+(s|m|h))+|Never)$")]
    consolidate_after: Str,
    #[kubernetes(default = "WhenEmptyOrUnderutilized")]
    consolidation_policy: ConsolidationPolicy,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Budgets {
    #[kubernetes(pattern = "^((([0-9]+(h|m))|([0-9]+h[0-9]+m))(0s)?)$")]
    duration: Option<Str>,
    #[kubernetes(default = "10%", required, pattern = "^((100|[0-9]{1,2})%|[0-9]+)$")]
    nodes: Str,
    #[kubernetes(max_items = 50, list_type = "set")]
    reasons: Option<Vec<Reasons>>,
    #[kubernetes(
        pattern = r#"^(@(annually|yearly|monthly|weekly|daily|midnight|hourly))|((.+)\s(.+)\s(.+)\s(.+)\s(.+))$"#
    )]
    schedule: Option<Str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
enum Reasons {
    Underutilized,
    Empty,
    Drifted,
    Unhealthy,
}

#[derive(Clone, Copy, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
enum ConsolidationPolicy {
    WhenEmpty,
    WhenEmptyOrUnderutilized,
    Balanced,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Template {
    metadata: Option<Metadata>,
    spec: TemplateSpec,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Metadata {
    #[kubernetes(map_type = "granular")]
    annotations: Option<Map<Str>>,
    #[kubernetes(max_properties = 100, map_type = "atomic", rule(r#"self.all(x, x in ["karpenter.sh/capacity-type", "karpenter.sh/nodepool"] || !x.find("^([^/]+)").endsWith("karpenter.sh"))"#, message = r#"label domain "karpenter.sh" is restricted"#), rule(r#"self.all(x, x != "karpenter.sh/nodepool")"#, message = r#"label "karpenter.sh/nodepool" is restricted"#), rule(r#"self.all(x, x != "kubernetes.io/hostname")"#, message = r#"label "kubernetes.io/hostname" is restricted"#), items(max_length = 63, pattern = "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$"))]
    labels: Option<Map<Str>>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct TemplateSpec {
    #[kubernetes(default = "720h", pattern = "^(([0-9]+(s|m|h))+|Never)$")]
    expire_after: Str,
    node_class_ref: NodeClassRef,
    #[kubernetes(
        max_items = 100,
        list_type = "atomic",
        rule(
            "self.all(x, x.operator == 'In' ? x.values.size() != 0 : true)",
            message = "requirements with operator 'In' must have a value defined"
        ),
        rule(
            "self.all(x, (x.operator == 'Gt' || x.operator == 'Lt' || x.operator == 'Gte' || x.operator == 'Lte') ? (x.values.size() == 1 && int(x.values[0]) >= 0) : true)",
            message = "requirements operator 'Gt', 'Lt', 'Gte', or 'Lte' must have a single positive integer value"
        ),
        rule(
            "self.all(x, (x.operator == 'In' && has(x.minValues)) ? x.values.size() >= x.minValues : true)",
            message = "requirements with 'minValues' must have at least that many values specified in the 'values' field"
        )
    )]
    requirements: Vec<Requirements>,
    #[kubernetes(list_type = "atomic")]
    startup_taints: Option<Vec<StartupTaints>>,
    #[kubernetes(list_type = "atomic")]
    taints: Option<Vec<StartupTaints>>,
    #[kubernetes(pattern = "^([0-9]+(s|m|h))+$")]
    termination_grace_period: Option<Str>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rule("self.group == oldSelf.group", message = "nodeClassRef.group is immutable"), rule("self.kind == oldSelf.kind", message = "nodeClassRef.kind is immutable"))]
struct NodeClassRef {
    #[kubernetes(pattern = "^[^/]*$", rule("self != ''", message = "group may not be empty"))]
    group: Str,
    #[kubernetes(rule("self != ''", message = "kind may not be empty"))]
    kind: Str,
    #[kubernetes(rule("self != ''", message = "name may not be empty"))]
    name: Str,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Requirements {
    #[kubernetes(max_length = 316, pattern = r#"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*(\/))?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$"#, rule(r#"self in ["karpenter.sh/capacity-type", "karpenter.sh/nodepool"] || !self.find("^([^/]+)").endsWith("karpenter.sh")"#, message = r#"label domain "karpenter.sh" is restricted"#), rule(r#"self != "karpenter.sh/nodepool""#, message = r#"label "karpenter.sh/nodepool" is restricted"#), rule(r#"self != "kubernetes.io/hostname""#, message = r#"label "kubernetes.io/hostname" is restricted"#))]
    key: Str,
    #[kubernetes(format = "", minimum = 1, maximum = 50)]
    min_values: Option<i64>,
    operator: Operator,
    #[kubernetes(list_type = "atomic")]
    values: Option<Vec<Str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
    Gt,
    Lt,
    Gte,
    Lte,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct StartupTaints {
    effect: Effect,
    #[kubernetes(
        min_length = 1,
        pattern = r#"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*(\/))?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$"#
    )]
    key: Str,
    time_added: Option<Time>,
    #[kubernetes(
        pattern = r#"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*(\/))?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$"#
    )]
    value: Option<Str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
enum Effect {
    NoSchedule,
    PreferNoSchedule,
    NoExecute,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Status {
    #[kubernetes(list_map_keys("type"))]
    conditions: Option<Vec<Condition>>,
    node_class_observed_generation: Option<i64>,
    #[kubernetes(default = 0)]
    nodes: i64,
    resources: Option<Map<Quantity>>,
}
