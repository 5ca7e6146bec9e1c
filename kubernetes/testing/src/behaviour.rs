//! What differs from resource to resource and stands in no description.
//!
//! From the strategies in <https://github.com/kubernetes/kubernetes/tree/v1.37.2/pkg/registry>.

use crate::schema::Resource;

/// What the API server does for one resource and not for another.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Behaviour {
    /// Whether an update needs no resourceVersion (`AllowUnconditionalUpdate`).
    pub(crate) unconditional_update: bool,
    /// Whether an update of what does not exist creates it (`AllowCreateOnUpdate`).
    pub(crate) create_on_update: bool,
    /// Whether a deletion is answered with the object (`ReturnDeletedObject`).
    pub(crate) returns_deleted: bool,
    /// Whether `metadata.generation` counts the changes of the specification.
    pub(crate) generation: bool,
    /// The metadata whose changes it counts, too.
    pub(crate) generation_metadata: &'static [&'static str],
    /// Whether a deletion waits for the grace period (`RESTGracefulDeleteStrategy`).
    pub(crate) graceful: bool,
    /// Whether a creation keeps the status that is sent.
    pub(crate) keeps_status: bool,
}

const CONDITIONAL_UPDATE: &[(&str, &str)] = &[
    ("admissionregistration.k8s.io", "*"),
    ("apiextensions.k8s.io", "*"),
    ("apiregistration.k8s.io", "*"),
    ("certificates.k8s.io", "clustertrustbundles"),
    ("certificates.k8s.io", "podcertificaterequests"),
    ("coordination.k8s.io", "*"),
    ("internal.apiserver.k8s.io", "*"),
    ("lifecycle.k8s.io", "*"),
    ("node.k8s.io", "runtimeclasses"),
    ("policy", "poddisruptionbudgets"),
    ("resource.k8s.io", "resourcepoolstatusrequests"),
    ("scheduling.k8s.io", "compositepodgroups"),
    ("scheduling.k8s.io", "podgroups"),
    ("scheduling.k8s.io", "workloads"),
    ("storage.k8s.io", "csidrivers"),
    ("storage.k8s.io", "csinodes"),
    ("storage.k8s.io", "csistoragecapacities"),
    ("storage.k8s.io", "volumeattachments"),
    ("storagemigration.k8s.io", "*"),
];

const CREATE_ON_UPDATE: &[(&str, &str)] = &[
    ("", "endpoints"),
    ("", "events"),
    ("", "limitranges"),
    ("", "services"),
    ("coordination.k8s.io", "*"),
    ("events.k8s.io", "events"),
    ("node.k8s.io", "runtimeclasses"),
    ("rbac.authorization.k8s.io", "*"),
];

const RETURNS_DELETED: &[(&str, &str)] = &[
    ("", "namespaces"),
    ("", "persistentvolumeclaims"),
    ("", "persistentvolumes"),
    ("", "pods"),
    ("", "podtemplates"),
    ("", "resourcequotas"),
    ("", "serviceaccounts"),
    ("", "services"),
    ("resource.k8s.io", "*"),
    ("storage.k8s.io", "csidrivers"),
    ("storage.k8s.io", "csinodes"),
    ("storage.k8s.io", "storageclasses"),
    ("storage.k8s.io", "volumeattachments"),
    ("storage.k8s.io", "volumeattributesclasses"),
];

const GENERATION: &[(&str, &str)] = &[
    ("", "pods"),
    ("", "podtemplates"),
    ("", "replicationcontrollers"),
    ("admissionregistration.k8s.io", "*"),
    ("apiextensions.k8s.io", "customresourcedefinitions"),
    ("apps", "daemonsets"),
    ("apps", "deployments"),
    ("apps", "replicasets"),
    ("apps", "statefulsets"),
    ("autoscaling", "horizontalpodautoscalers"),
    ("batch", "*"),
    ("discovery.k8s.io", "endpointslices"),
    ("flowcontrol.apiserver.k8s.io", "*"),
    ("lifecycle.k8s.io", "*"),
    ("networking.k8s.io", "ingressclasses"),
    ("networking.k8s.io", "ingresses"),
    ("networking.k8s.io", "networkpolicies"),
    ("policy", "poddisruptionbudgets"),
    ("resource.k8s.io", "deviceclasses"),
    ("resource.k8s.io", "devicetaintrules"),
    ("resource.k8s.io", "resourceslices"),
    ("scheduling.k8s.io", "priorityclasses"),
];

impl Behaviour {
    pub(crate) fn of(resource: &Resource) -> Self {
        let is_in = |table: &[(&str, &str)]| {
            table
                .iter()
                .any(|(group, plural)| *group == resource.group && (*plural == "*" || *plural == resource.plural))
        };
        Self {
            unconditional_update: !is_in(CONDITIONAL_UPDATE),
            create_on_update: is_in(CREATE_ON_UPDATE),
            returns_deleted: is_in(RETURNS_DELETED),
            generation: is_in(GENERATION),
            generation_metadata: match (resource.group, resource.plural) {
                ("discovery.k8s.io", _) => &["labels"],
                ("apps", "deployments") => &["annotations"],
                _ => &[],
            },
            graceful: resource.group.is_empty() && resource.plural == "pods",
            keeps_status: resource.group.is_empty() && resource.plural == "nodes",
        }
    }

    /// That of custom resources (`apiextensions-apiserver/pkg/registry/customresource/strategy.go`).
    pub(crate) fn of_custom() -> Self {
        Self { generation: true, ..Self::default() }
    }
}

/// The fields that field selectors can name, beside those of every object.
///
/// From the `AddFieldLabelConversionFunc` calls in <https://github.com/kubernetes/kubernetes/tree/v1.37.2/pkg/apis>.
pub(crate) fn selectable_fields(group: &str, plural: &str) -> &'static [&'static str] {
    match (group, plural) {
        ("", "pods") => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
        ("", "nodes") => &["spec.unschedulable"],
        ("", "namespaces") => &["status.phase"],
        ("", "secrets") => &["type"],
        ("", "services") => &["spec.clusterIP", "spec.type"],
        ("", "replicationcontrollers") | ("apps", "replicasets") => &["status.replicas"],
        ("batch", "jobs") => &["status.successful"],
        ("certificates.k8s.io", "certificatesigningrequests") => &["spec.signerName"],
        ("resource.k8s.io", "resourceslices") => &["spec.nodeName", "spec.driver"],
        ("", "events") => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        ("events.k8s.io", "events") => &[
            "regarding.kind",
            "regarding.namespace",
            "regarding.name",
            "regarding.uid",
            "regarding.apiVersion",
            "regarding.resourceVersion",
            "regarding.fieldPath",
            "reason",
            "reportingController",
            "type",
        ],
        _ => &[],
    }
}
