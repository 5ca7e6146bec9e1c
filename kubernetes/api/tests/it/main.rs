//! The request of each function: method, path and parameters.
#![cfg(all(feature = "core-v1", feature = "apps-v1", feature = "rbac-v1"))]

use kubernetes_api::{apps::v1 as apps_v1, core::v1 as core_v1, openid, rbac::v1 as rbac_v1, version};
use kubernetes_core::{Patch, Request};
use kubernetes_models::core::v1::{ConfigMap, Node};
use kubernetes_models::policy::v1::Eviction;

/// The request line.
fn line(request: &Request) -> String {
    format!("{request:?}")
}

#[test]
fn verbs() {
    let settings = ConfigMap::named("settings");
    let node = Node::named("n1");
    let patch = Patch::merge(&());
    let lines = [
        line(core_v1::list_namespaced_config_map("shop").label_selector("a in (b)").limit(5).request()),
        line(core_v1::list_config_map_for_all_namespaces().continue_("x").request()),
        line(core_v1::read_namespaced_config_map("shop", "settings").request()),
        line(core_v1::create_namespaced_config_map("shop", &settings).field_manager("me").dry_run("All").request()),
        line(core_v1::create_node(&node).request()),
        line(core_v1::replace_namespaced_config_map("shop", "settings", &settings).request()),
        line(core_v1::patch_namespaced_config_map("shop", "settings", &patch).force(true).request()),
        line(core_v1::delete_namespaced_config_map("shop", "settings").grace_period_seconds(0).request()),
        line(core_v1::delete_collection_namespaced_config_map("shop").label_selector("a=b").request()),
        line(apps_v1::read_namespaced_deployment_scale("shop", "web").request()),
        line(rbac_v1::list_cluster_role().request()),
        line(version::get_code().request()),
        line(openid::get_service_account_issuer_open_id_keyset().request()),
    ];
    let expected = [
        "GET /api/v1/namespaces/shop/configmaps?labelSelector=a%20in%20%28b%29&limit=5",
        "GET /api/v1/configmaps?continue=x",
        "GET /api/v1/namespaces/shop/configmaps/settings",
        "POST /api/v1/namespaces/shop/configmaps?fieldManager=me&dryRun=All",
        "POST /api/v1/nodes",
        "PUT /api/v1/namespaces/shop/configmaps/settings",
        "PATCH /api/v1/namespaces/shop/configmaps/settings?force=true",
        "DELETE /api/v1/namespaces/shop/configmaps/settings?gracePeriodSeconds=0",
        "DELETE /api/v1/namespaces/shop/configmaps?labelSelector=a%3Db",
        "GET /apis/apps/v1/namespaces/shop/deployments/web/scale",
        "GET /apis/rbac.authorization.k8s.io/v1/clusterroles",
        "GET /version/",
        "GET /openid/v1/jwks",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn subresources_and_connections() {
    let eviction = Eviction::named("web");
    let lines = [
        line(core_v1::create_namespaced_pod_eviction("shop", "web", &eviction).request()),
        line(core_v1::read_namespaced_pod_log("shop", "web").follow(true).tail_lines(10).request()),
        line(core_v1::connect_post_namespaced_pod_exec("shop", "web").command(["ls", "-l"]).tty(false).request()),
        line(core_v1::connect_get_namespaced_pod_portforward("shop", "web").ports([80_u16, 443]).request()),
        line(core_v1::connect_delete_node_proxy_with_path("n1", "/logs/a b").request()),
    ];
    let expected = [
        "POST /api/v1/namespaces/shop/pods/web/eviction",
        "GET /api/v1/namespaces/shop/pods/web/log?follow=true&tailLines=10",
        "POST /api/v1/namespaces/shop/pods/web/exec?command=ls&command=-l&tty=false",
        "GET /api/v1/namespaces/shop/pods/web/portforward?ports=80&ports=443",
        "DELETE /api/v1/nodes/n1/proxy/logs/a%20b",
    ];
    assert_eq!(lines, expected);
}

/// The API server answers 406 to a request for plain JSON there.
#[test]
fn keys_are_asked_for_by_their_media_type() {
    let request = openid::get_service_account_issuer_open_id_keyset();
    assert_eq!(request.request().accept, "application/jwk-set+json");
}
