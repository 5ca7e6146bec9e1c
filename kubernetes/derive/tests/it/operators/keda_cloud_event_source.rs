//! KEDA v2.21.0.

use kubernetes_core::schema::{CustomResource as _, Definition, InvalidSchema};
use kubernetes_core::{ObjectMeta, Str};
use kubernetes_derive::{CustomResource, Schema};

pub(super) fn definition() -> Result<Definition, InvalidSchema> {
    CloudEventSource::definition()
}

#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(crate = kubernetes_core, group = "eventing.keda.sh", version = "v1alpha1", namespaced, column(name = "Active", type = "string", json_path = r#".status.conditions[?(@.type=="Active")].status"#))]
struct CloudEventSource {
    metadata: ObjectMeta,
    spec: Spec,
    status: Option<Status>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Spec {
    authentication_ref: Option<AuthenticationRef>,
    cluster_name: Option<Str>,
    destination: Destination,
    event_subscription: Option<EventSubscription>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct AuthenticationRef {
    kind: Option<Kind>,
    name: Str,
}

#[derive(Clone, Copy, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
enum Kind {
    TriggerAuthentication,
    ClusterTriggerAuthentication,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct Destination {
    azure_event_grid_topic: Option<AzureEventGridTopic>,
    http: Option<Http>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct AzureEventGridTopic {
    endpoint: Str,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Http {
    uri: Str,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
struct EventSubscription {
    #[kubernetes(items(enum(
        "keda.scaledobject.ready.v1",
        "keda.scaledobject.failed.v1",
        "keda.scaledobject.removed.v1",
        "keda.scaledobject.paused.v1",
        "keda.scaledobject.unpaused.v1",
        "keda.scaledjob.ready.v1",
        "keda.scaledjob.failed.v1",
        "keda.scaledjob.removed.v1",
        "keda.scaledjob.paused.v1",
        "keda.scaledjob.unpaused.v1",
        "keda.scaledjob.rolloutcleanup.started.v1",
        "keda.scaledjob.rolloutcleanup.completed.v1",
        "keda.scaledjob.rolloutcleanup.failed.v1",
        "keda.authentication.triggerauthentication.created.v1",
        "keda.authentication.triggerauthentication.updated.v1",
        "keda.authentication.triggerauthentication.removed.v1",
        "keda.authentication.clustertriggerauthentication.created.v1",
        "keda.authentication.clustertriggerauthentication.updated.v1",
        "keda.authentication.clustertriggerauthentication.removed.v1"
    )))]
    excluded_event_types: Option<Vec<Str>>,
    #[kubernetes(items(enum(
        "keda.scaledobject.ready.v1",
        "keda.scaledobject.failed.v1",
        "keda.scaledobject.removed.v1",
        "keda.scaledobject.paused.v1",
        "keda.scaledobject.unpaused.v1",
        "keda.scaledjob.ready.v1",
        "keda.scaledjob.failed.v1",
        "keda.scaledjob.removed.v1",
        "keda.scaledjob.paused.v1",
        "keda.scaledjob.unpaused.v1",
        "keda.scaledjob.rolloutcleanup.started.v1",
        "keda.scaledjob.rolloutcleanup.completed.v1",
        "keda.scaledjob.rolloutcleanup.failed.v1",
        "keda.authentication.triggerauthentication.created.v1",
        "keda.authentication.triggerauthentication.updated.v1",
        "keda.authentication.triggerauthentication.removed.v1",
        "keda.authentication.clustertriggerauthentication.created.v1",
        "keda.authentication.clustertriggerauthentication.updated.v1",
        "keda.authentication.clustertriggerauthentication.removed.v1"
    )))]
    included_event_types: Option<Vec<Str>>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Status {
    conditions: Option<Vec<Conditions>>,
}

#[derive(Clone, Debug, PartialEq, Schema)]
#[kubernetes(crate = kubernetes_core)]
struct Conditions {
    message: Option<Str>,
    reason: Option<Str>,
    status: Str,
    r#type: Str,
}
