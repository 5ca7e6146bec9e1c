//! Velero v1.18.3.

use kubernetes_core::meta::v1::LabelSelector;
use kubernetes_core::schema::{CustomResource as _, Definition, InvalidSchema};
use kubernetes_core::{Map, ObjectMeta, Str, Time};
use kubernetes_derive::{CustomResource, Schema};

pub(super) fn definition() -> Result<Definition, InvalidSchema> {
    Backup::definition()
}

#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(crate = kubernetes_core, group = "velero.io", version = "v1", namespaced, status = false)]
struct Backup {
    metadata: ObjectMeta,
    spec: Option<Spec>,
    status: Option<Status>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Spec {
    csi_snapshot_timeout: Option<Str>,
    datamover: Option<Str>,
    #[kubernetes(nullable)]
    default_volumes_to_fs_backup: Option<bool>,
    #[kubernetes(nullable)]
    default_volumes_to_restic: Option<bool>,
    #[kubernetes(nullable)]
    excluded_cluster_scoped_resources: Option<Vec<Str>>,
    #[kubernetes(nullable)]
    excluded_namespace_scoped_resources: Option<Vec<Str>>,
    #[kubernetes(nullable)]
    excluded_namespaces: Option<Vec<Str>>,
    #[kubernetes(nullable)]
    excluded_resources: Option<Vec<Str>>,
    hooks: Option<Hooks>,
    #[kubernetes(nullable)]
    include_cluster_resources: Option<bool>,
    #[kubernetes(nullable)]
    included_cluster_scoped_resources: Option<Vec<Str>>,
    #[kubernetes(nullable)]
    included_namespace_scoped_resources: Option<Vec<Str>>,
    #[kubernetes(nullable)]
    included_namespaces: Option<Vec<Str>>,
    #[kubernetes(nullable)]
    included_resources: Option<Vec<Str>>,
    item_operation_timeout: Option<Str>,
    label_selector: Option<ResourcesLabelSelector>,
    metadata: Option<Metadata>,
    #[kubernetes(nullable)]
    or_label_selectors: Option<Vec<LabelSelector>>,
    #[kubernetes(nullable)]
    ordered_resources: Option<Map<Str>>,
    resource_policy: Option<ResourcePolicy>,
    #[kubernetes(nullable)]
    snapshot_move_data: Option<bool>,
    #[kubernetes(nullable)]
    snapshot_volumes: Option<bool>,
    storage_location: Option<Str>,
    ttl: Option<Str>,
    uploader_config: Option<UploaderConfig>,
    volume_group_snapshot_label_key: Option<Str>,
    volume_snapshot_locations: Option<Vec<Str>>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Hooks {
    #[kubernetes(nullable)]
    resources: Option<Vec<Resources>>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Resources {
    #[kubernetes(nullable)]
    excluded_namespaces: Option<Vec<Str>>,
    #[kubernetes(nullable)]
    excluded_resources: Option<Vec<Str>>,
    #[kubernetes(nullable)]
    included_namespaces: Option<Vec<Str>>,
    #[kubernetes(nullable)]
    included_resources: Option<Vec<Str>>,
    label_selector: Option<ResourcesLabelSelector>,
    name: Str,
    post: Option<Vec<Post>>,
    pre: Option<Vec<Post>>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase", nullable, map_type = "atomic")]
struct ResourcesLabelSelector {
    #[kubernetes(list_type = "atomic")]
    match_expressions: Option<Vec<MatchExpressions>>,
    match_labels: Option<Map<Str>>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct MatchExpressions {
    key: Str,
    operator: Str,
    #[kubernetes(list_type = "atomic")]
    values: Option<Vec<Str>>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Post {
    exec: Exec,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Exec {
    #[kubernetes(min_items = 1)]
    command: Vec<Str>,
    container: Option<Str>,
    on_error: Option<OnError>,
    timeout: Option<Str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
enum OnError {
    Continue,
    Fail,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Metadata {
    labels: Option<Map<Str>>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase", map_type = "atomic")]
struct ResourcePolicy {
    api_group: Option<Str>,
    kind: Str,
    name: Str,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase", nullable)]
struct UploaderConfig {
    #[kubernetes(format = "")]
    parallel_files_upload: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Status {
    #[kubernetes(format = "")]
    backup_item_operations_attempted: Option<i64>,
    #[kubernetes(format = "")]
    backup_item_operations_completed: Option<i64>,
    #[kubernetes(format = "")]
    backup_item_operations_failed: Option<i64>,
    #[kubernetes(nullable)]
    completion_timestamp: Option<Time>,
    #[kubernetes(format = "")]
    csi_volume_snapshots_attempted: Option<i64>,
    #[kubernetes(format = "")]
    csi_volume_snapshots_completed: Option<i64>,
    #[kubernetes(format = "")]
    errors: Option<i64>,
    #[kubernetes(nullable)]
    expiration: Option<Time>,
    failure_reason: Option<Str>,
    format_version: Option<Str>,
    hook_status: Option<HookStatus>,
    phase: Option<Phase>,
    progress: Option<Progress>,
    #[kubernetes(format = "")]
    queue_position: Option<i64>,
    #[kubernetes(nullable)]
    start_timestamp: Option<Time>,
    #[kubernetes(nullable)]
    validation_errors: Option<Vec<Str>>,
    #[kubernetes(format = "")]
    version: Option<i64>,
    #[kubernetes(format = "")]
    volume_snapshots_attempted: Option<i64>,
    #[kubernetes(format = "")]
    volume_snapshots_completed: Option<i64>,
    #[kubernetes(format = "")]
    warnings: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase", nullable)]
struct HookStatus {
    #[kubernetes(format = "")]
    hooks_attempted: Option<i64>,
    #[kubernetes(format = "")]
    hooks_failed: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
enum Phase {
    New,
    Queued,
    ReadyToStart,
    FailedValidation,
    InProgress,
    WaitingForPluginOperations,
    WaitingForPluginOperationsPartiallyFailed,
    Finalizing,
    FinalizingPartiallyFailed,
    Completed,
    PartiallyFailed,
    Failed,
    Deleting,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase", nullable)]
struct Progress {
    #[kubernetes(format = "")]
    items_backed_up: Option<i64>,
    #[kubernetes(format = "")]
    total_items: Option<i64>,
}
