//! MetalLB v0.16.2.

use kubernetes_core::schema::{CustomResource as _, Definition, InvalidSchema};

pub(super) fn definition() -> Result<Definition, InvalidSchema> {
    v1beta2::BGPPeer::definition()?.with_version::<v1beta1::BGPPeer>()
}

mod v1beta1 {
    use kubernetes_core::{Map, ObjectMeta, Str};
    use kubernetes_derive::{CustomResource, Schema};

    #[derive(Clone, Debug, PartialEq, CustomResource)]
    #[kubernetes(crate = kubernetes_core, group = "metallb.io", version = "v1beta1", namespaced, deprecated = "v1beta1 is deprecated, please use v1beta2", column(name = "Address", type = "string", json_path = ".spec.peerAddress"), column(name = "ASN", type = "string", json_path = ".spec.peerASN"), column(name = "BFD Profile", type = "string", json_path = ".spec.bfdProfile"), column(name = "Multi Hops", type = "string", json_path = ".spec.ebgpMultiHop"))]
    pub(super) struct BGPPeer {
        metadata: ObjectMeta,
        spec: Option<Spec>,
        status: Option<Status>,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
    struct Spec {
        bfd_profile: Option<Str>,
        ebgp_multi_hop: Option<bool>,
        hold_time: Option<Str>,
        keepalive_time: Option<Str>,
        #[kubernetes(rename = "myASN", minimum = 0, maximum = 4294967295)]
        my_asn: i64,
        node_selectors: Option<Vec<NodeSelectors>>,
        password: Option<Str>,
        #[kubernetes(rename = "peerASN", minimum = 0, maximum = 4294967295)]
        peer_asn: i64,
        peer_address: Str,
        #[kubernetes(format = "", minimum = 0, maximum = 16384)]
        peer_port: Option<i64>,
        #[kubernetes(rename = "routerID")]
        router_id: Option<Str>,
        source_address: Option<Str>,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
    struct NodeSelectors {
        match_expressions: Option<Vec<MatchExpressions>>,
        match_labels: Option<Map<Str>>,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core)]
    struct MatchExpressions {
        key: Str,
        operator: Str,
        #[kubernetes(min_items = 1)]
        values: Vec<Str>,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core)]
    struct Status {}
}

mod v1beta2 {
    use kubernetes_core::meta::v1::LabelSelector;
    use kubernetes_core::{ObjectMeta, Str};
    use kubernetes_derive::{CustomResource, Schema};

    #[derive(Clone, Debug, PartialEq, CustomResource)]
    #[kubernetes(crate = kubernetes_core, group = "metallb.io", version = "v1beta2", namespaced, column(name = "Address", type = "string", json_path = ".spec.peerAddress"), column(name = "ASN", type = "string", json_path = ".spec.peerASN"), column(name = "BFD Profile", type = "string", json_path = ".spec.bfdProfile"), column(name = "Multi Hops", type = "string", json_path = ".spec.ebgpMultiHop"))]
    pub(super) struct BGPPeer {
        metadata: ObjectMeta,
        spec: Option<Spec>,
        status: Option<Status>,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core, rename_all = "camelCase")]
    struct Spec {
        bfd_profile: Option<Str>,
        #[kubernetes(
            rule(
                "duration(self).getSeconds() >= 1 && duration(self).getSeconds() <= 65535",
                message = "connect time should be between 1 seconds to 65535"
            ),
            rule(
                "duration(self).getMilliseconds() % 1000 == 0",
                message = "connect time should contain a whole number of seconds"
            )
        )]
        connect_time: Option<Str>,
        #[kubernetes(default = false, rename = "disableMP")]
        disable_mp: bool,
        #[kubernetes(default = false)]
        dual_stack_address_family: bool,
        #[kubernetes(rename = "dynamicASN", enum("internal", "external"))]
        dynamic_asn: Option<Str>,
        ebgp_multi_hop: Option<bool>,
        #[kubernetes(rule("self == oldSelf", message = "EnableGracefulRestart cannot be changed after creation"))]
        enable_graceful_restart: Option<bool>,
        hold_time: Option<Str>,
        interface: Option<Str>,
        keepalive_time: Option<Str>,
        #[kubernetes(rename = "localASN", minimum = 1, maximum = 4294967295)]
        local_asn: Option<i64>,
        #[kubernetes(rename = "myASN", minimum = 0, maximum = 4294967295)]
        my_asn: i64,
        node_selectors: Option<Vec<LabelSelector>>,
        password: Option<Str>,
        password_secret: Option<PasswordSecret>,
        #[kubernetes(rename = "peerASN", minimum = 0, maximum = 4294967295)]
        peer_asn: Option<i64>,
        peer_address: Option<Str>,
        #[kubernetes(default = 179, format = "", minimum = 1, maximum = 16384)]
        peer_port: i64,
        #[kubernetes(rename = "routerID")]
        router_id: Option<Str>,
        source_address: Option<Str>,
        vrf: Option<Str>,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core, map_type = "atomic")]
    struct PasswordSecret {
        name: Option<Str>,
        namespace: Option<Str>,
    }

    #[derive(Clone, Debug, PartialEq, Schema)]
    #[kubernetes(crate = kubernetes_core)]
    struct Status {}
}
