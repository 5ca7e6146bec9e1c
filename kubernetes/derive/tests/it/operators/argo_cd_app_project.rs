//! Argo CD v3.0.0.

use kubernetes_core::schema::{CustomResource as _, Definition, InvalidSchema};
use kubernetes_core::{Map, ObjectMeta, Str};
use kubernetes_derive::{CustomResource, Schema};

pub(super) fn definition() -> Result<Definition, InvalidSchema> {
    AppProject::definition()
}

#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(crate = kubernetes_core, group = "argoproj.io", version = "v1alpha1", namespaced, short_name("appproj", "appprojs"), status = false)]
struct AppProject {
    #[kubernetes(required)]
    metadata: ObjectMeta,
    spec: Spec,
    status: Option<Status>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Spec {
    cluster_resource_blacklist: Option<Vec<ClusterResourceBlacklist>>,
    cluster_resource_whitelist: Option<Vec<ClusterResourceBlacklist>>,
    description: Option<Str>,
    destination_service_accounts: Option<Vec<DestinationServiceAccounts>>,
    destinations: Option<Vec<Destinations>>,
    namespace_resource_blacklist: Option<Vec<ClusterResourceBlacklist>>,
    namespace_resource_whitelist: Option<Vec<ClusterResourceBlacklist>>,
    orphaned_resources: Option<OrphanedResources>,
    permit_only_project_scoped_clusters: Option<bool>,
    roles: Option<Vec<Roles>>,
    signature_keys: Option<Vec<SignatureKeys>>,
    source_namespaces: Option<Vec<Str>>,
    source_repos: Option<Vec<Str>>,
    sync_windows: Option<Vec<SyncWindows>>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct ClusterResourceBlacklist {
    group: Str,
    kind: Str,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct DestinationServiceAccounts {
    default_service_account: Str,
    namespace: Option<Str>,
    server: Str,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Destinations {
    name: Option<Str>,
    namespace: Option<Str>,
    server: Option<Str>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct OrphanedResources {
    ignore: Option<Vec<Ignore>>,
    warn: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Ignore {
    group: Option<Str>,
    kind: Option<Str>,
    name: Option<Str>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Roles {
    description: Option<Str>,
    groups: Option<Vec<Str>>,
    jwt_tokens: Option<Vec<JwtTokens>>,
    name: Str,
    policies: Option<Vec<Str>>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct JwtTokens {
    exp: Option<i64>,
    iat: i64,
    id: Option<Str>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct SignatureKeys {
    #[kubernetes(rename = "keyID")]
    key_id: Str,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct SyncWindows {
    and_operator: Option<bool>,
    applications: Option<Vec<Str>>,
    clusters: Option<Vec<Str>>,
    duration: Option<Str>,
    kind: Option<Str>,
    manual_sync: Option<bool>,
    namespaces: Option<Vec<Str>>,
    schedule: Option<Str>,
    time_zone: Option<Str>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Status {
    jwt_tokens_by_role: Option<Map<JwtTokensByRole>>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct JwtTokensByRole {
    items: Option<Vec<JwtTokens>>,
}
