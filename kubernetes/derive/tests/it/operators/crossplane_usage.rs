//! Crossplane v1.20.0.

use kubernetes_core::schema::{CustomResource as _, Definition, InvalidSchema};

pub(super) fn definition() -> Result<Definition, InvalidSchema> {
    v1alpha1::Usage::definition()?.with_version::<v1beta1::Usage>()
}

mod v1alpha1 {
    use kubernetes_core::{Map, ObjectMeta, Str, Time};
    use kubernetes_derive::{CustomResource, Schema};

    #[derive(Clone, Debug, PartialEq, CustomResource)]
    #[kubernetes(crate = kubernetes_core, group = "apiextensions.crossplane.io", version = "v1alpha1", cluster, category("crossplane"), column(name = "DETAILS", type = "string", json_path = r#".metadata.annotations.crossplane\.io/usage-details"#), column(name = "READY", type = "string", json_path = ".status.conditions[?(@.type=='Ready')].status"), column(name = "AGE", type = "date", json_path = ".metadata.creationTimestamp"))]
    pub(super) struct Usage {
        metadata: ObjectMeta,
        spec: Spec,
        status: Option<Status>,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core, rename_all = "camelCase", rule("has(self.by) || has(self.reason)", message = r#"either "spec.by" or "spec.reason" must be specified."#))]
    struct Spec {
        by: Option<By>,
        of: By,
        reason: Option<Str>,
        replay_deletion: Option<bool>,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core, rename_all = "camelCase", rule("has(self.resourceRef) || has(self.resourceSelector)", message = "either a resource reference or a resource selector should be set."))]
    struct By {
        api_version: Option<Str>,
        kind: Option<Str>,
        resource_ref: Option<ResourceRef>,
        resource_selector: Option<ResourceSelector>,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core)]
    struct ResourceRef {
        name: Str,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
    struct ResourceSelector {
        match_controller_ref: Option<bool>,
        match_labels: Option<Map<Str>>,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core)]
    struct Status {
        #[kubernetes(list_map_keys("type"))]
        conditions: Option<Vec<Conditions>>,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
    struct Conditions {
        last_transition_time: Time,
        message: Option<Str>,
        observed_generation: Option<i64>,
        reason: Str,
        status: Str,
        r#type: Str,
    }
}

mod v1beta1 {
    use kubernetes_core::{Map, ObjectMeta, Str, Time};
    use kubernetes_derive::{CustomResource, Schema};

    #[derive(Clone, Debug, PartialEq, CustomResource)]
    #[kubernetes(crate = kubernetes_core, group = "apiextensions.crossplane.io", version = "v1beta1", cluster, category("crossplane"), column(name = "DETAILS", type = "string", json_path = r#".metadata.annotations.crossplane\.io/usage-details"#), column(name = "READY", type = "string", json_path = ".status.conditions[?(@.type=='Ready')].status"), column(name = "AGE", type = "date", json_path = ".metadata.creationTimestamp"))]
    pub(super) struct Usage {
        metadata: ObjectMeta,
        spec: Spec,
        status: Option<Status>,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core, rename_all = "camelCase", rule("has(self.by) || has(self.reason)", message = r#"either "spec.by" or "spec.reason" must be specified."#))]
    struct Spec {
        by: Option<By>,
        of: By,
        reason: Option<Str>,
        replay_deletion: Option<bool>,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core, rename_all = "camelCase", rule("has(self.resourceRef) || has(self.resourceSelector)", message = "either a resource reference or a resource selector should be set."))]
    struct By {
        api_version: Option<Str>,
        kind: Option<Str>,
        resource_ref: Option<ResourceRef>,
        resource_selector: Option<ResourceSelector>,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core)]
    struct ResourceRef {
        name: Str,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
    struct ResourceSelector {
        match_controller_ref: Option<bool>,
        match_labels: Option<Map<Str>>,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core)]
    struct Status {
        #[kubernetes(list_map_keys("type"))]
        conditions: Option<Vec<Conditions>>,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
    struct Conditions {
        last_transition_time: Time,
        message: Option<Str>,
        observed_generation: Option<i64>,
        reason: Str,
        status: Str,
        r#type: Str,
    }
}
