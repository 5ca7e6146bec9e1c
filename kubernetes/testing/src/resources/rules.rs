//! Rules of individual resources that the API description does not contain.
//!
//! From the strategies in <https://github.com/kubernetes/kubernetes/tree/v1.37.2/pkg/registry>, the
//! `AddFieldLabelConversionFunc` calls in `pkg/apis`, and the discovery documents of a 1.37 server.

use std::time::Duration;

use serde_json::{Value, json};

use super::names::NameFormat;
use super::strategy;
use crate::object::Object;
use crate::printing::{self, Layout};

/// The rules of one resource.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) short_names: &'static [&'static str],
    pub(crate) categories: &'static [&'static str],
    /// The fields for field selectors, in addition to those of every object.
    pub(crate) selectable_fields: &'static [&'static str],
    pub(crate) name_format: NameFormat,
    /// Whether the server names an object without a name.
    pub(crate) names_objects: bool,
    /// Whether an update needs a resourceVersion (not `AllowUnconditionalUpdate`).
    pub(crate) conditional_update: bool,
    /// Whether an update creates a missing object (`AllowCreateOnUpdate`).
    pub(crate) create_on_update: bool,
    /// Whether the response to a deletion is the object (`ReturnDeletedObject`).
    pub(crate) returns_deleted: bool,
    /// Whether `metadata.generation` counts the changes of the specification.
    pub(crate) generation: bool,
    /// The metadata whose changes it counts as well.
    pub(crate) generation_metadata: &'static [&'static str],
    pub(crate) deletion: Deletion,
    /// Whether a creation keeps the status of the request.
    pub(crate) keeps_status: bool,
    /// The status of a new object.
    pub(crate) initial_status: fn(&Object) -> Value,
    /// Converts an object from a request to its stored form.
    pub(crate) convert: fn(&mut Object),
    /// Fills in a new object (`PrepareForCreate`); the fields get owners.
    pub(crate) prepare: fn(&mut Object),
    /// Like `prepare`, but for fields without owners.
    pub(crate) complete: fn(&mut Object),
    /// Whether an update does not change the specification, which only subresources change.
    pub(crate) fixed_spec: bool,
    /// The metadata that a write to the status does not change, in addition to that which no write changes.
    pub(crate) fixed_by_status: &'static [&'static str],
    /// Whether only the subresource `approval` writes the conditions `Approved` and `Denied`.
    pub(crate) approval: bool,
    /// The time for which objects are kept after their last change.
    pub(crate) time_to_live: Option<Duration>,
    pub(crate) layout: Layout,
}

/// The way in which the objects of a resource are deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deletion {
    AtOnce,
    /// After a grace period (`RESTGracefulDeleteStrategy`).
    Graceful,
    /// After everything in the namespace is gone.
    Namespace,
}

/// The metadata that a write to the status does not change, for most newer resources.
pub(crate) const METADATA: &[&str] = &["labels", "annotations", "finalizers", "ownerReferences"];

impl Rules {
    pub(crate) fn of(group: &str, plural: &str) -> Self {
        let rules = Self::of_group(group);
        match group {
            "" => rules.of_core(plural),
            "apps" | "autoscaling" | "batch" | "policy" => rules.of_workload(plural),
            _ => rules.of_other(group, plural),
        }
    }

    /// The rules of custom resources (`apiextensions-apiserver/pkg/registry/customresource/strategy.go`).
    pub(crate) fn of_custom() -> Self {
        NONE.conditional_update().generation(&[]).fixed_by_status(METADATA)
    }

    /// The rules common to the resources of a group.
    fn of_group(group: &str) -> Self {
        match group {
            "admissionregistration.k8s.io" => NONE.categories(&["api-extensions"]).conditional_update().generation(&[]),
            "apiextensions.k8s.io" => NONE.conditional_update(),
            "apiregistration.k8s.io" => NONE.categories(&["api-extensions"]).conditional_update(),
            "batch" => NONE.generation(&[]),
            "coordination.k8s.io" => NONE.conditional_update().create_on_update(),
            "discovery.k8s.io" => NONE.generation(&["labels"]),
            "flowcontrol.apiserver.k8s.io" => NONE.generation(&[]).fixed_by_status(METADATA),
            "internal.apiserver.k8s.io" | "storagemigration.k8s.io" => {
                NONE.conditional_update().fixed_by_status(METADATA)
            }
            "lifecycle.k8s.io" => NONE.conditional_update().generation(&[]).fixed_by_status(METADATA),
            "rbac.authorization.k8s.io" => NONE.named(NameFormat::PathSegment).create_on_update(),
            "resource.k8s.io" => NONE.returns_deleted().fixed_by_status(METADATA),
            _ => NONE,
        }
    }

    fn of_core(self, plural: &str) -> Self {
        match plural {
            "componentstatuses" => self.short_names(&["cs"]),
            "configmaps" => self.short_names(&["cm"]).layout(printing::CONFIG_MAP),
            "endpoints" => self.short_names(&["ep"]).create_on_update(),
            "events" => self
                .short_names(&["ev"])
                .create_on_update()
                .time_to_live(EVENT_TTL)
                .selectable_fields(EVENT_FIELDS)
                .layout(printing::EVENT),
            "limitranges" => self.short_names(&["limits"]).create_on_update().names_objects(),
            "namespaces" => Self { deletion: Deletion::Namespace, ..self }
                .short_names(&["ns"])
                .named(NameFormat::Label)
                .returns_deleted()
                .fixed_spec()
                .prepare(strategy::label_namespace)
                .complete(strategy::activate_namespace)
                .selectable_fields(&["status.phase"])
                .layout(printing::NAMESPACE),
            "nodes" => Self { keeps_status: true, ..self }
                .short_names(&["no"])
                .selectable_fields(&["spec.unschedulable"])
                .layout(printing::NODE),
            "persistentvolumeclaims" => self.short_names(&["pvc"]).returns_deleted().initial_status(pending),
            "persistentvolumes" => self.short_names(&["pv"]).returns_deleted().initial_status(pending),
            "pods" => Self { deletion: Deletion::Graceful, ..self }
                .short_names(&["po"])
                .categories(&["all"])
                .returns_deleted()
                .generation(&[])
                .initial_status(strategy::pod_status)
                .fixed_by_status(&["ownerReferences"])
                .selectable_fields(POD_FIELDS)
                .layout(printing::POD),
            "podtemplates" => self.returns_deleted().generation(&[]),
            "replicationcontrollers" => {
                self.short_names(&["rc"]).categories(&["all"]).generation(&[]).selectable_fields(&["status.replicas"])
            }
            "resourcequotas" => self.short_names(&["quota"]).returns_deleted(),
            "secrets" => Self { convert: strategy::encode_string_data, ..self }
                .selectable_fields(&["type"])
                .layout(printing::SECRET),
            "serviceaccounts" => self.short_names(&["sa"]).returns_deleted(),
            "services" => self
                .short_names(&["svc"])
                .categories(&["all"])
                .named(NameFormat::Label)
                .create_on_update()
                .returns_deleted()
                .initial_status(|_| json!({"loadBalancer": {}}))
                .selectable_fields(&["spec.clusterIP", "spec.type"])
                .layout(printing::SERVICE),
            _ => self,
        }
    }

    /// The rules of the groups apps, autoscaling, batch and policy.
    fn of_workload(self, plural: &str) -> Self {
        match plural {
            "cronjobs" => self.short_names(&["cj"]).categories(&["all"]),
            "daemonsets" => self.short_names(&["ds"]).categories(&["all"]).generation(&[]),
            "deployments" => self
                .short_names(&["deploy"])
                .categories(&["all"])
                .generation(&["annotations"])
                .fixed_by_status(&["labels"])
                .layout(printing::DEPLOYMENT),
            "horizontalpodautoscalers" => self.short_names(&["hpa"]).categories(&["all"]).generation(&[]),
            "jobs" => self.categories(&["all"]).selectable_fields(&["status.successful"]),
            "poddisruptionbudgets" => self.short_names(&["pdb"]).conditional_update().generation(&[]),
            "replicasets" => self
                .short_names(&["rs"])
                .categories(&["all"])
                .generation(&[])
                .selectable_fields(&["status.replicas"])
                .layout(printing::REPLICA_SET),
            "statefulsets" => {
                self.short_names(&["sts"]).categories(&["all"]).generation(&[]).layout(printing::STATEFUL_SET)
            }
            _ => self,
        }
    }

    fn of_other(self, group: &str, plural: &str) -> Self {
        match (group, plural) {
            ("admissionregistration.k8s.io", "validatingadmissionpolicies") => self.fixed_by_status(METADATA),
            ("apiextensions.k8s.io", "customresourcedefinitions") => {
                self.short_names(&["crd", "crds"]).categories(&["api-extensions"]).generation(&[])
            }
            ("certificates.k8s.io", "certificatesigningrequests") => Self { approval: true, ..self }
                .short_names(&["csr"])
                .fixed_spec()
                .selectable_fields(&["spec.signerName"]),
            ("certificates.k8s.io", "clustertrustbundles") => self.conditional_update(),
            ("certificates.k8s.io", "podcertificaterequests") => self.conditional_update().fixed_by_status(METADATA),
            ("coordination.k8s.io", "leases") => self.layout(printing::LEASE),
            ("events.k8s.io", "events") => {
                self.short_names(&["ev"]).create_on_update().time_to_live(EVENT_TTL).selectable_fields(NEW_EVENT_FIELDS)
            }
            ("networking.k8s.io", "ingressclasses") => self.generation(&[]),
            ("networking.k8s.io", "ingresses") => self.short_names(&["ing"]).generation(&[]),
            ("networking.k8s.io", "ipaddresses") => self.short_names(&["ip"]),
            ("networking.k8s.io", "networkpolicies") => self.short_names(&["netpol"]).generation(&[]),
            ("networking.k8s.io", "servicecidrs") => self.fixed_by_status(METADATA),
            ("node.k8s.io", "runtimeclasses") => self.conditional_update().create_on_update(),
            ("resource.k8s.io", "deviceclasses" | "devicetaintrules") => self.generation(&[]),
            ("resource.k8s.io", "resourcepoolstatusrequests") => self.conditional_update(),
            ("resource.k8s.io", "resourceslices") => {
                self.generation(&[]).selectable_fields(&["spec.nodeName", "spec.driver"])
            }
            ("scheduling.k8s.io", "compositepodgroups" | "podgroups") => {
                self.conditional_update().fixed_by_status(METADATA)
            }
            ("scheduling.k8s.io", "priorityclasses") => self.short_names(&["pc"]).generation(&[]),
            ("scheduling.k8s.io", "workloads") => self.conditional_update(),
            ("storage.k8s.io", "csidrivers") => self.conditional_update().returns_deleted(),
            ("storage.k8s.io", "csinodes") => self.conditional_update().returns_deleted().fixed_by_status(METADATA),
            ("storage.k8s.io", "csistoragecapacities") => self.conditional_update(),
            ("storage.k8s.io", "storageclasses") => self.short_names(&["sc"]).returns_deleted(),
            ("storage.k8s.io", "volumeattachments") => {
                self.conditional_update().returns_deleted().fixed_by_status(METADATA)
            }
            ("storage.k8s.io", "volumeattributesclasses") => self.short_names(&["vac"]).returns_deleted(),
            _ => self,
        }
    }
}

const NONE: Rules = Rules {
    short_names: &[],
    categories: &[],
    selectable_fields: &[],
    name_format: NameFormat::Subdomain,
    names_objects: false,
    conditional_update: false,
    create_on_update: false,
    returns_deleted: false,
    generation: false,
    generation_metadata: &[],
    deletion: Deletion::AtOnce,
    keeps_status: false,
    initial_status: |_| json!({}),
    convert: |_| {},
    prepare: |_| {},
    complete: |_| {},
    fixed_spec: false,
    fixed_by_status: &[],
    approval: false,
    time_to_live: None,
    layout: printing::OTHER,
};

/// The default of `--event-ttl`.
const EVENT_TTL: Duration = Duration::from_secs(3600);

const POD_FIELDS: &[&str] = &[
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
];

const EVENT_FIELDS: &[&str] = &[
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
];

const NEW_EVENT_FIELDS: &[&str] = &[
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
];

fn pending(_: &Object) -> Value {
    json!({"phase": "Pending"})
}

/// One setter for each rule.
impl Rules {
    fn short_names(self, short_names: &'static [&'static str]) -> Self {
        Self { short_names, ..self }
    }

    fn categories(self, categories: &'static [&'static str]) -> Self {
        Self { categories, ..self }
    }

    fn selectable_fields(self, selectable_fields: &'static [&'static str]) -> Self {
        Self { selectable_fields, ..self }
    }

    fn named(self, name_format: NameFormat) -> Self {
        Self { name_format, ..self }
    }

    fn names_objects(self) -> Self {
        Self { names_objects: true, ..self }
    }

    fn conditional_update(self) -> Self {
        Self { conditional_update: true, ..self }
    }

    fn create_on_update(self) -> Self {
        Self { create_on_update: true, ..self }
    }

    fn returns_deleted(self) -> Self {
        Self { returns_deleted: true, ..self }
    }

    fn generation(self, generation_metadata: &'static [&'static str]) -> Self {
        Self { generation: true, generation_metadata, ..self }
    }

    fn initial_status(self, initial_status: fn(&Object) -> Value) -> Self {
        Self { initial_status, ..self }
    }

    fn prepare(self, prepare: fn(&mut Object)) -> Self {
        Self { prepare, ..self }
    }

    fn complete(self, complete: fn(&mut Object)) -> Self {
        Self { complete, ..self }
    }

    fn fixed_spec(self) -> Self {
        Self { fixed_spec: true, ..self }
    }

    fn fixed_by_status(self, fixed_by_status: &'static [&'static str]) -> Self {
        Self { fixed_by_status, ..self }
    }

    fn time_to_live(self, time_to_live: Duration) -> Self {
        Self { time_to_live: Some(time_to_live), ..self }
    }

    fn layout(self, layout: Layout) -> Self {
        Self { layout, ..self }
    }
}
