//! Flux kustomize-controller v1.10.1.

use kubernetes_core::meta::v1::Condition;
use kubernetes_core::schema::{CustomResource as _, Definition, InvalidSchema};
use kubernetes_core::{Map, ObjectMeta, Str, Time};
use kubernetes_derive::{CustomResource, Schema};

pub(super) fn definition() -> Result<Definition, InvalidSchema> {
    Kustomization::definition()
}

#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(crate = kubernetes_core, group = "kustomize.toolkit.fluxcd.io", version = "v1", namespaced, short_name("ks"), category("all", "fluxcd", "fluxcd-appliers"), column(name = "Age", type = "date", json_path = ".metadata.creationTimestamp"), column(name = "Ready", type = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#), column(name = "Status", type = "string", json_path = r#".status.conditions[?(@.type=="Ready")].message"#))]
struct Kustomization {
    metadata: ObjectMeta,
    spec: Option<Spec>,
    #[kubernetes(default = {"observedGeneration": -1})]
    status: Status,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Spec {
    #[kubernetes(items(enum("originAnnotations", "transformerAnnotations")))]
    build_metadata: Option<Vec<Str>>,
    common_metadata: Option<CommonMetadata>,
    components: Option<Vec<Str>>,
    decryption: Option<Decryption>,
    deletion_policy: Option<DeletionPolicy>,
    depends_on: Option<Vec<DependsOn>>,
    #[kubernetes(default = false)]
    force: bool,
    health_check_exprs: Option<Vec<HealthCheckExprs>>,
    health_checks: Option<Vec<HealthChecks>>,
    ignore: Option<Vec<Ignore>>,
    ignore_missing_components: Option<bool>,
    images: Option<Vec<Images>>,
    #[kubernetes(pattern = r#"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$"#)]
    interval: Str,
    kube_config: Option<KubeConfig>,
    #[kubernetes(min_length = 1, max_length = 200)]
    name_prefix: Option<Str>,
    #[kubernetes(min_length = 1, max_length = 200)]
    name_suffix: Option<Str>,
    patches: Option<Vec<Patches>>,
    path: Option<Str>,
    post_build: Option<PostBuild>,
    prune: bool,
    #[kubernetes(pattern = r#"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$"#)]
    retry_interval: Option<Str>,
    service_account_name: Option<Str>,
    source_ref: SourceRef,
    suspend: Option<bool>,
    #[kubernetes(min_length = 1, max_length = 63)]
    target_namespace: Option<Str>,
    #[kubernetes(pattern = r#"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$"#)]
    timeout: Option<Str>,
    wait: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct CommonMetadata {
    annotations: Option<Map<Str>>,
    labels: Option<Map<Str>>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Decryption {
    #[kubernetes(enum("sops"))]
    provider: Str,
    secret_ref: Option<SecretRef>,
    service_account_name: Option<Str>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct SecretRef {
    name: Str,
}

#[derive(Clone, Copy, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
enum DeletionPolicy {
    MirrorPrune,
    Delete,
    WaitForTermination,
    Orphan,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct DependsOn {
    name: Str,
    namespace: Option<Str>,
    ready_expr: Option<Str>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct HealthCheckExprs {
    api_version: Str,
    current: Str,
    failed: Option<Str>,
    in_progress: Option<Str>,
    kind: Option<Str>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct HealthChecks {
    api_version: Option<Str>,
    kind: Str,
    name: Str,
    namespace: Option<Str>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Ignore {
    paths: Vec<Str>,
    target: Option<Target>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Target {
    annotation_selector: Option<Str>,
    group: Option<Str>,
    kind: Option<Str>,
    label_selector: Option<Str>,
    name: Option<Str>,
    namespace: Option<Str>,
    version: Option<Str>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Images {
    digest: Option<Str>,
    name: Str,
    new_name: Option<Str>,
    new_tag: Option<Str>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase", rule("has(self.configMapRef) != has(self.secretRef)", message = "exactly one of spec.kubeConfig.configMapRef or spec.kubeConfig.secretRef must be specified"))]
struct KubeConfig {
    config_map_ref: Option<SecretRef>,
    secret_ref: Option<KubeConfigSecretRef>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct KubeConfigSecretRef {
    key: Option<Str>,
    name: Str,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Patches {
    patch: Str,
    target: Option<Target>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct PostBuild {
    substitute: Option<Map<Str>>,
    substitute_from: Option<Vec<SubstituteFrom>>,
    substitute_strategy: Option<SubstituteStrategy>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct SubstituteFrom {
    kind: Kind,
    #[kubernetes(min_length = 1, max_length = 253)]
    name: Str,
    #[kubernetes(default = false)]
    optional: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
enum Kind {
    Secret,
    ConfigMap,
}

#[derive(Clone, Copy, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
enum SubstituteStrategy {
    WithVariables,
    Always,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct SourceRef {
    api_version: Option<Str>,
    kind: SourceRefKind,
    name: Str,
    namespace: Option<Str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
enum SourceRefKind {
    OCIRepository,
    GitRepository,
    Bucket,
    ExternalArtifact,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Status {
    conditions: Option<Vec<Condition>>,
    history: Option<Vec<History>>,
    inventory: Option<Inventory>,
    last_applied_origin_revision: Option<Str>,
    last_applied_revision: Option<Str>,
    last_attempted_revision: Option<Str>,
    last_handled_reconcile_at: Option<Str>,
    observed_generation: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct History {
    digest: Str,
    first_reconciled: Time,
    last_reconciled: Time,
    last_reconciled_duration: Str,
    last_reconciled_status: Str,
    metadata: Option<Map<Str>>,
    total_reconciliations: i64,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Inventory {
    entries: Vec<Entries>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Entries {
    id: Str,
    v: Str,
}
