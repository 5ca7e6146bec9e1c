use std::collections::BTreeMap;

use crate::ir::Definition;

/// Types by name, with the properties that are required in them.
type RequiredProperties = &'static [(&'static str, &'static [&'static str])];

/// The properties that are required in the types which hand-written code of this workspace uses, by package and type;
/// the other properties of these types are optional.
///
/// A description does not change that: which properties are required differs between versions of Kubernetes
/// (`Condition.message` became optional in 1.38), and would change the types that hand-written code, here and in programs,
/// reads and makes. A property that is required here is always written, and one that is optional only if it is set.
///
/// When hand-written code begins to use a type, add it: the test `the_workspace_compiles_whatever_is_required` finds out.
const REQUIRED: &[(&str, RequiredProperties)] = &[
    (
        "io.k8s.api.apps.v1",
        &[
            ("ControllerRevision", &["data"]),
            ("DaemonSet", &["spec"]),
            ("DaemonSetSpec", &["selector", "template"]),
            (
                "DaemonSetStatus",
                &["currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady"],
            ),
            ("DaemonSetUpdateStrategy", &[]),
            ("Deployment", &["spec"]),
            ("DeploymentCondition", &[]),
            ("DeploymentSpec", &["selector", "template"]),
            ("DeploymentStatus", &[]),
            ("DeploymentStrategy", &[]),
            ("ReplicaSet", &["spec"]),
            ("ReplicaSetSpec", &["selector"]),
            ("ReplicaSetStatus", &["replicas"]),
            ("RollingUpdateDeployment", &[]),
            ("RollingUpdateStatefulSetStrategy", &[]),
            ("StatefulSet", &["spec"]),
            ("StatefulSetSpec", &["selector", "template"]),
            ("StatefulSetStatus", &["replicas"]),
            ("StatefulSetUpdateStrategy", &[]),
        ],
    ),
    (
        "io.k8s.api.authentication.v1",
        &[
            ("SelfSubjectReview", &[]),
            ("SelfSubjectReviewStatus", &[]),
            ("TokenRequest", &[]),
            ("TokenRequestSpec", &[]),
            ("TokenRequestStatus", &[]),
            ("TokenReview", &["spec"]),
            ("TokenReviewSpec", &["token"]),
            ("TokenReviewStatus", &[]),
            ("UserInfo", &[]),
        ],
    ),
    ("io.k8s.api.autoscaling.v1", &[("Scale", &[]), ("ScaleSpec", &[]), ("ScaleStatus", &["replicas"])]),
    (
        "io.k8s.api.autoscaling.v2",
        &[
            ("ResourceMetricSource", &["name", "target"]),
            ("MetricSpec", &["type"]),
            ("HorizontalPodAutoscalerSpec", &["scaleTargetRef", "maxReplicas"]),
            ("HorizontalPodAutoscaler", &["spec"]),
        ],
    ),
    (
        "io.k8s.api.batch.v1",
        &[("Job", &[]), ("JobCondition", &["type", "status"]), ("JobSpec", &["template"]), ("JobStatus", &[])],
    ),
    ("io.k8s.api.coordination.v1", &[("Lease", &[]), ("LeaseSpec", &[])]),
    (
        "io.k8s.api.core.v1",
        &[
            ("PersistentVolumeSpec", &[]),
            ("PersistentVolume", &[]),
            ("ISCSIPersistentVolumeSource", &["targetPortal", "iqn", "lun"]),
            ("HostAlias", &["ip"]),
            ("Binding", &["target"]),
            ("ConfigMap", &[]),
            ("Container", &["name"]),
            ("ContainerPort", &["containerPort"]),
            ("ContainerState", &[]),
            ("ContainerStateRunning", &[]),
            ("ContainerStateTerminated", &["exitCode"]),
            ("ContainerStateWaiting", &[]),
            ("ContainerStatus", &["name", "ready", "restartCount", "image", "imageID"]),
            ("EnvVar", &["name"]),
            ("EphemeralContainer", &["name"]),
            ("Event", &["metadata", "involvedObject"]),
            ("LimitRange", &[]),
            ("Namespace", &[]),
            ("Node", &[]),
            ("NodeCondition", &["type", "status"]),
            ("NodeSpec", &[]),
            ("NodeStatus", &[]),
            ("ObjectReference", &[]),
            ("Pod", &[]),
            ("PodCondition", &["type", "status"]),
            ("PodSecurityContext", &[]),
            ("PodSpec", &["containers"]),
            ("PodStatus", &[]),
            ("PodTemplateSpec", &[]),
            ("Probe", &[]),
            ("ResourceRequirements", &[]),
            ("Secret", &[]),
            ("SecurityContext", &[]),
            ("Service", &[]),
            ("ServiceAccount", &[]),
            ("ServicePort", &["port"]),
            ("ServiceSpec", &[]),
            ("Volume", &["name"]),
            ("VolumeMount", &["name", "mountPath"]),
        ],
    ),
    ("io.k8s.api.discovery.v1", &[("EndpointSlice", &["addressType"])]),
    ("io.k8s.api.flowcontrol.v1", &[("FlowSchema", &["spec"]), ("PriorityLevelConfiguration", &["spec"])]),
    (
        "io.k8s.api.networking.v1",
        &[("NetworkPolicySpec", &[]), ("IngressSpec", &[]), ("Ingress", &[]), ("NetworkPolicy", &[])],
    ),
    (
        "io.k8s.api.policy.v1",
        &[
            ("Eviction", &[]),
            ("PodDisruptionBudget", &[]),
            ("PodDisruptionBudgetSpec", &[]),
            ("PodDisruptionBudgetStatus", &[]),
        ],
    ),
    (
        "io.k8s.api.rbac.v1",
        &[
            ("ClusterRole", &[]),
            ("ClusterRoleBinding", &["roleRef"]),
            ("PolicyRule", &["verbs"]),
            ("Role", &[]),
            ("RoleBinding", &["roleRef"]),
            ("RoleRef", &["kind", "name"]),
            ("Subject", &["kind", "name"]),
        ],
    ),
    ("io.k8s.api.scheduling.v1", &[("PriorityClass", &[])]),
    (
        "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1",
        &[
            ("CustomResourceDefinition", &["spec"]),
            ("CustomResourceDefinitionCondition", &["type", "status"]),
            ("CustomResourceDefinitionNames", &["plural", "kind"]),
            ("CustomResourceDefinitionSpec", &["group", "names", "scope", "versions"]),
            ("CustomResourceDefinitionStatus", &[]),
            ("CustomResourceDefinitionVersion", &["name", "served", "storage"]),
            ("JSONSchemaProps", &[]),
        ],
    ),
    (
        "io.k8s.apimachinery.pkg.apis.meta.v1",
        &[
            ("APIGroup", &["name", "versions"]),
            ("APIResource", &["name", "singularName", "namespaced", "kind", "verbs"]),
            ("APIVersions", &["versions", "serverAddressByClientCIDRs"]),
            ("Condition", &["type", "status", "lastTransitionTime", "reason", "message"]),
            ("DeleteOptions", &[]),
            ("FieldSelectorRequirement", &["key", "operator"]),
            ("GroupResource", &["group", "resource"]),
            ("GroupVersionForDiscovery", &["groupVersion", "version"]),
            ("LabelSelector", &[]),
            ("LabelSelectorRequirement", &["key", "operator"]),
            ("ListMeta", &[]),
            ("ManagedFieldsEntry", &[]),
            ("ObjectMeta", &[]),
            ("OwnerReference", &["apiVersion", "kind", "name", "uid"]),
            ("Preconditions", &[]),
            ("ServerAddressByClientCIDR", &["clientCIDR", "serverAddress"]),
            ("ShardInfo", &["selector"]),
            ("Status", &[]),
            ("StatusCause", &[]),
            ("StatusDetails", &[]),
            ("WatchEvent", &["type", "object"]),
        ],
    ),
    (
        "io.k8s.apimachinery.pkg.version",
        &[(
            "Info",
            &[
                "major",
                "minor",
                "gitVersion",
                "gitCommit",
                "gitTreeState",
                "buildDate",
                "goVersion",
                "compiler",
                "platform",
            ],
        )],
    ),
    ("io.k8s.kube-aggregator.pkg.apis.apiregistration.v1", &[("APIService", &[])]),
];

/// Decides which properties of the types that hand-written code uses are required.
pub(super) fn keep(definitions: &mut BTreeMap<String, Definition>) {
    for (package, types) in REQUIRED {
        for (name, required) in *types {
            let Some(definition) = definitions.get_mut(&format!("{package}.{name}")) else { continue };
            // Structs of inner properties have no definition of their own, and are as described.
            for field in definition.structs_mut().iter_mut().take(1).flat_map(|object| &mut object.fields) {
                field.stable_required = Some(required.contains(&field.wire.as_str()));
            }
        }
    }
}
