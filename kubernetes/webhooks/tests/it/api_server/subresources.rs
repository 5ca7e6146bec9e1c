//! Requests to subresources that have a type of their own.

use http::{HeaderValue, Method};
use kubernetes_core::json::Tree;
use kubernetes_core::{CreateRequest, Encoded, Execute as _, Json, Path, Request};
use kubernetes_models::admissionregistration::v1::RuleWithOperations;
use kubernetes_models::core::v1::Pod;
use kubernetes_testing::TestServer;
use kubernetes_webhooks::{AdmissionRequest, Webhook, Webhooks};
use serde_json::{Value, json};

use super::install;
use crate::support::Notes;

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec: {replicas: 1, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: []}}}
";

/// A server that refuses everything about subresources, and notes it.
async fn refusing(notes: &Notes) -> TestServer {
    let noted = notes.clone();
    let rule = RuleWithOperations {
        api_groups: vec!["*".into()],
        api_versions: vec!["*".into()],
        operations: vec!["*".into()],
        resources: vec!["*/exec", "*/attach", "*/portforward", "*/eviction", "*/binding", "*/scale"]
            .into_iter()
            .map(Into::into)
            .collect(),
        scope: None,
    };
    let webhook = Webhook::validating_at("/all", move |request: AdmissionRequest<Tree>| {
        let text = |tree: &Option<Tree>| tree.as_ref().map_or_else(|| "none".to_owned(), Tree::to_text);
        let object: Value = serde_json::from_str(&text(&request.object)).unwrap_or_default();
        assert_eq!(object["kind"], request.kind.kind.as_str(), "the object has the type of the request");
        let resource = format!("{}/{}", request.resource.resource, request.subresource);
        noted.add(format!("{} {resource} {} {}", request.operation.as_str(), request.kind.kind, request.name));
        async { Err::<(), _>("no") }
    });
    let webhooks = Webhooks::new().with(webhook.name("all.example.com").rule(rule));
    let server = TestServer::in_process();
    server.load_yaml(DEPLOYMENT).expect("a deployment");
    CreateRequest::namespaced("default", &Pod::named("web")).send(&server.client()).await.expect("a pod");
    install(&server.client(), "lights", &webhooks).await;
    server.serve_webhooks("lights.default.svc", webhooks);
    server
}

#[tokio::test(start_paused = true)]
async fn requests_to_subresources_are_reviewed() {
    let notes = Notes::default();
    let server = refusing(&notes).await;
    let client = server.client();
    let ask = async |method: Method, path: &'static str, query: &[(&'static str, &'static str)], body: Value| {
        let mut request = Request::new(method, Path::new(path, &[]));
        query.iter().for_each(|(key, value)| request.query.set(key, *value));
        if !body.is_null() {
            let json = HeaderValue::from_static("application/json");
            request.body = Some((json, Ok(body.to_string().into())));
        }
        let answer: Result<Json, _> = client.execute(request, Encoded::decode).await;
        let error = answer.expect_err("it is refused");
        assert!(error.to_string().contains("denied the request: no"), "{error}");
    };
    let metadata = json!({"name": "web", "namespace": "default"});
    let stream = [("stdout", "true"), ("command", "ls")];
    ask(Method::GET, "/api/v1/namespaces/default/pods/web/exec", &stream, Value::Null).await;
    ask(Method::GET, "/api/v1/namespaces/default/pods/web/attach", &stream[..1], Value::Null).await;
    ask(Method::GET, "/api/v1/namespaces/default/pods/web/portforward", &[], Value::Null).await;
    let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata});
    ask(Method::POST, "/api/v1/namespaces/default/pods/web/eviction", &[], eviction).await;
    let binding = json!({"apiVersion": "v1", "kind": "Binding", "metadata": metadata, "target": {"name": "node"}});
    ask(Method::POST, "/api/v1/namespaces/default/pods/web/binding", &[], binding).await;
    let scale = json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": {"replicas": 2}});
    ask(Method::PUT, "/apis/apps/v1/namespaces/default/deployments/web/scale", &[], scale).await;
    let expected = [
        "CONNECT pods/exec PodExecOptions web",
        "CONNECT pods/attach PodAttachOptions web",
        "CONNECT pods/portforward PodPortForwardOptions web",
        "CREATE pods/eviction Eviction web",
        "CREATE pods/binding Binding web",
        "UPDATE deployments/scale Scale web",
    ];
    assert_eq!(notes.all(), expected);
}
