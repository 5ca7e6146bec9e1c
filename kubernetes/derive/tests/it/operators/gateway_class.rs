//! Gateway API v1.6.3.

use kubernetes_core::schema::{CustomResource as _, Definition, InvalidSchema};

pub(super) fn definition() -> Result<Definition, InvalidSchema> {
    v1::GatewayClass::definition()?.with_version::<v1beta1::GatewayClass>()
}

mod v1 {
    use kubernetes_core::meta::v1::Condition;
    use kubernetes_core::{ObjectMeta, Str};
    use kubernetes_derive::{CustomResource, Schema};

    #[derive(Clone, Debug, PartialEq, CustomResource)]
    #[kubernetes(crate = kubernetes_core, group = "gateway.networking.k8s.io", version = "v1", cluster, short_name("gc"), category("gateway-api"), column(name = "Controller", type = "string", json_path = ".spec.controllerName"), column(name = "Accepted", type = "string", json_path = r#".status.conditions[?(@.type=="Accepted")].status"#), column(name = "Age", type = "date", json_path = ".metadata.creationTimestamp"), column(name = "Description", type = "string", json_path = ".spec.description", priority = 1))]
    pub(super) struct GatewayClass {
        metadata: ObjectMeta,
        spec: Spec,
        #[kubernetes(default = {"conditions": [{"lastTransitionTime": "1970-01-01T00:00:00Z", "message": "Waiting for controller", "reason": "Pending", "status": "Unknown", "type": "Accepted"}]})]
        status: Status,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
    struct Spec {
        #[kubernetes(
            min_length = 1,
            max_length = 253,
            pattern = r#"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$"#,
            rule("self == oldSelf", message = "Value is immutable")
        )]
        controller_name: Str,
        #[kubernetes(max_length = 64)]
        description: Option<Str>,
        parameters_ref: Option<ParametersRef>,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core)]
    struct ParametersRef {
        #[kubernetes(
            max_length = 253,
            pattern = r#"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"#
        )]
        group: Str,
        #[kubernetes(min_length = 1, max_length = 63, pattern = "^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$")]
        kind: Str,
        #[kubernetes(min_length = 1, max_length = 253)]
        name: Str,
        #[kubernetes(min_length = 1, max_length = 63, pattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
        namespace: Option<Str>,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
    struct Status {
        #[kubernetes(default = [{"lastTransitionTime": "1970-01-01T00:00:00Z", "message": "Waiting for controller", "reason": "Pending", "status": "Unknown", "type": "Accepted"}], max_items = 8, list_map_keys("type"))]
        conditions: Vec<Condition>,
        #[kubernetes(max_items = 64, list_map_keys("name"))]
        supported_features: Option<Vec<SupportedFeatures>>,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core)]
    struct SupportedFeatures {
        name: Str,
    }
}

mod v1beta1 {
    use kubernetes_core::meta::v1::Condition;
    use kubernetes_core::{ObjectMeta, Str};
    use kubernetes_derive::{CustomResource, Schema};

    #[derive(Clone, Debug, PartialEq, CustomResource)]
    #[kubernetes(crate = kubernetes_core, group = "gateway.networking.k8s.io", version = "v1beta1", cluster, short_name("gc"), category("gateway-api"), column(name = "Controller", type = "string", json_path = ".spec.controllerName"), column(name = "Accepted", type = "string", json_path = r#".status.conditions[?(@.type=="Accepted")].status"#), column(name = "Age", type = "date", json_path = ".metadata.creationTimestamp"), column(name = "Description", type = "string", json_path = ".spec.description", priority = 1))]
    pub(super) struct GatewayClass {
        metadata: ObjectMeta,
        spec: Spec,
        #[kubernetes(default = {"conditions": [{"lastTransitionTime": "1970-01-01T00:00:00Z", "message": "Waiting for controller", "reason": "Pending", "status": "Unknown", "type": "Accepted"}]})]
        status: Status,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
    struct Spec {
        #[kubernetes(
            min_length = 1,
            max_length = 253,
            pattern = r#"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$"#,
            rule("self == oldSelf", message = "Value is immutable")
        )]
        controller_name: Str,
        #[kubernetes(max_length = 64)]
        description: Option<Str>,
        parameters_ref: Option<ParametersRef>,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core)]
    struct ParametersRef {
        #[kubernetes(
            max_length = 253,
            pattern = r#"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"#
        )]
        group: Str,
        #[kubernetes(min_length = 1, max_length = 63, pattern = "^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$")]
        kind: Str,
        #[kubernetes(min_length = 1, max_length = 253)]
        name: Str,
        #[kubernetes(min_length = 1, max_length = 63, pattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
        namespace: Option<Str>,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
    struct Status {
        #[kubernetes(default = [{"lastTransitionTime": "1970-01-01T00:00:00Z", "message": "Waiting for controller", "reason": "Pending", "status": "Unknown", "type": "Accepted"}], max_items = 8, list_map_keys("type"))]
        conditions: Vec<Condition>,
        #[kubernetes(max_items = 64, list_map_keys("name"))]
        supported_features: Option<Vec<SupportedFeatures>>,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core)]
    struct SupportedFeatures {
        name: Str,
    }
}
