//! The requests for resources that are known at run time.

use kubernetes_core::{GroupVersionKind, Json, Object, Patch, Request};
use kubernetes_dynamic::{ApiResource, DynamicObject};
use serde_json::json;

fn line(request: &Request) -> String {
    format!("{request:?}")
}

fn deployments() -> ApiResource {
    ApiResource::new(&GroupVersionKind::new("apps", "v1", "Deployment"), "deployments", true)
}

#[test]
fn every_operation_has_its_path() {
    let shop = deployments().in_namespace("shop");
    let web = deployments().object("web");
    let patch = Patch::merge(&json!({}));
    let at = "/apis/apps/v1/namespaces/shop/deployments";
    assert_eq!(line(shop.list().label_selector("app=web").request()), format!("GET {at}?labelSelector=app%3Dweb"));
    assert_eq!(line(shop.read("web").request()), format!("GET {at}/web"));
    assert_eq!(line(shop.read("web").subresource("status").request()), format!("GET {at}/web/status"));
    assert_eq!(line(shop.create(&web).request()), format!("POST {at}"));
    assert_eq!(line(shop.replace(&web).request()), format!("PUT {at}/web"));
    assert_eq!(line(shop.patch("web", &patch).request()), format!("PATCH {at}/web"));
    assert_eq!(line(shop.apply(&web, "me").request()), format!("PATCH {at}/web?fieldManager=me"));
    assert_eq!(line(shop.delete("web").request()), format!("DELETE {at}/web"));
    assert_eq!(line(shop.delete_collection().request()), format!("DELETE {at}"));
    let scale = Json::default();
    assert_eq!(line(shop.read_subresource::<Json>("web", "scale").request()), format!("GET {at}/web/scale"));
    assert_eq!(line(shop.replace_subresource("web", "scale", &scale).request()), format!("PUT {at}/web/scale"));
    let eviction = shop.create_subresource::<Json, Json>("web", "eviction", &scale);
    assert_eq!(line(eviction.request()), format!("POST {at}/web/eviction"));
    assert_eq!(line(deployments().all_namespaces().list().request()), "GET /apis/apps/v1/deployments");
    assert_eq!(shop.namespace(), Some("shop"));

    let accept = |request: &Request| request.accept.to_str().unwrap().to_owned();
    assert!(accept(shop.list().metadata_only().request()).contains("as=PartialObjectMetadataList"));
    assert!(accept(shop.read("web").table().request()).contains("as=Table"));
    let watch = shop.list().metadata_only().into_watch();
    assert_eq!(line(watch.request()), format!("GET {at}?watch=true"));

    let nodes = ApiResource::new(&GroupVersionKind::new("", "v1", "Node"), "nodes", false);
    assert_eq!(line(nodes.cluster().read("a").request()), "GET /api/v1/nodes/a");
    assert_eq!(line(nodes.all_namespaces().read("a").request()), "GET /api/v1/nodes/a");
    assert_eq!(nodes.to_string(), "nodes.v1.");
}

#[test]
fn an_object_says_where_it_lives() {
    let mut web = deployments().object("web");
    assert_eq!(
        line(deployments().scope_of(&web, "here").read("web").request()),
        "GET /apis/apps/v1/namespaces/here/deployments/web"
    );
    web.metadata_mut().namespace = Some("shop".into());
    assert_eq!(deployments().scope_of(&web, "here").namespace(), Some("shop"));
    let nodes = ApiResource::new(&GroupVersionKind::new("", "v1", "Node"), "nodes", false);
    assert_eq!(line(nodes.scope_of(&web, "here").read("a").request()), "GET /api/v1/nodes/a");
}

#[test]
fn a_scope_that_the_resource_does_not_have_is_reported_when_the_request_is_sent() {
    let fault = |request: &Request| request.path.as_str().unwrap_err().to_string();
    let nodes = ApiResource::new(&GroupVersionKind::new("", "v1", "Node"), "nodes", false);
    assert_eq!(fault(nodes.in_namespace("shop").list().request()), "nodes.v1. is cluster-scoped: use `cluster()`");
    let wrong = deployments().cluster();
    assert!(fault(wrong.list().request()).contains("deployments.v1.apps is namespaced: use `in_namespace(namespace)`"));
    let all = deployments().all_namespaces();
    assert!(fault(all.read("web").request()).contains("deployments/web: an object of a namespaced resource needs a"));
    let empty = DynamicObject::default();
    assert_eq!(fault(deployments().in_namespace("shop").replace(&empty).request()), "the argument `name` is empty");
    let odd = ApiResource::new(&GroupVersionKind::new("a/b", "v1", "X"), "../secrets", true);
    assert!(fault(odd.in_namespace("shop").list().request()).contains("must not contain \"/\""));
    let odd = ApiResource::new(&GroupVersionKind::new("a", "v1", "X"), "../secrets", true);
    assert!(fault(odd.all_namespaces().list().request()).contains("must not contain \"/\""));
}
