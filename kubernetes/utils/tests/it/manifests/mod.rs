//! Reading, applying, comparing, deleting and pruning what manifests describe.

mod apply;
mod delete;
mod diff;
mod plan;
mod prune;
mod read;

use kubernetes_core::{GroupVersionKind, Object, ReadRequest};
use kubernetes_dynamic::{ApiResource, DynamicObject};
use kubernetes_testing::TestServer;
use kubernetes_utils::manifests::{Manifests, Report};

/// A server that has the namespace `shop`, and refuses objects in namespaces that do not exist.
pub(crate) fn server() -> TestServer {
    let server = TestServer::builder().require_namespaces(true).namespace("shop").in_process();
    server.forget_requests();
    server
}

pub(crate) fn read(text: &str) -> Manifests {
    Manifests::from_text("test.yaml", text).unwrap()
}

pub(crate) fn resource(group: &str, kind: &str, plural: &str, namespaced: bool) -> ApiResource {
    ApiResource::new(&GroupVersionKind::new(group, "v1", kind), plural, namespaced)
}

pub(crate) fn config_maps() -> ApiResource {
    resource("", "ConfigMap", "configmaps", true)
}

/// A report without failures.
pub(crate) trait Succeeded {
    fn succeeded(self) -> Report;
}

impl Succeeded for Report {
    fn succeeded(self) -> Report {
        self.check().unwrap();
        self
    }
}

/// The object of the server, if there is one.
pub(crate) async fn get(
    server: &TestServer,
    resource: &ApiResource,
    namespace: &str,
    name: &str,
) -> Option<DynamicObject> {
    let scope = if resource.namespaced { resource.in_namespace(namespace) } else { resource.cluster() };
    let request: ReadRequest<DynamicObject> = scope.read(name);
    match request.send(&server.client()).await {
        Ok(object) => Some(object),
        Err(error) if error.is_not_found() => None,
        Err(error) => panic!("{error:?}"),
    }
}

/// The writes that the server has received, such as `patch configmaps/settings`.
pub(crate) fn writes(server: &TestServer) -> Vec<String> {
    let writes = server.requests().into_iter().filter(|request| !matches!(request.verb(), "get" | "list" | "watch"));
    let writes = writes.map(|request| {
        let of_collection = if request.name().is_none() { "" } else { "/" };
        format!("{} {}{of_collection}{}", request.verb(), request.resource(), request.name().unwrap_or_default())
    });
    let writes = writes.collect();
    server.forget_requests();
    writes
}

pub(crate) fn config_map(name: &str, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: shop}}\ndata: {{key: '{value}'}}\n---\n"
    )
}

pub(crate) const WIDGETS: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, kind: Widget}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
---
";

#[tokio::test]
async fn operations_can_be_spawned() {
    let server = server();
    let client = server.client();
    let task = tokio::spawn(async move {
        let manifests = read(&config_map("a", "1"));
        let report = manifests.apply("test").send(&client).await.unwrap();
        assert_eq!(report.iter().next().unwrap().object.as_ref().unwrap().metadata().name.as_deref(), Some("a"));
        manifests.diff("test").send(&client).await.unwrap();
        manifests.delete().send(&client).await.unwrap().check().unwrap();
    });
    task.await.unwrap();
}
