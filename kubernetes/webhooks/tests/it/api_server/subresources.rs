//! Requests to subresources that have a type of their own.

use http::{HeaderValue, Method};
use kubernetes_client::Client;
use kubernetes_core::json::Tree;
use kubernetes_core::{CreateRequest, Encoded, Execute as _, Json, Path, ReadRequest, Request};
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

/// A server that asks a webhook about all subresources, which it notes. Those of the object `web` are refused.
async fn asking(notes: &Notes) -> TestServer {
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
        async move {
            match request.name.as_str() {
                "free" => Ok(()),
                _ => Err("no"),
            }
        }
    });
    let webhooks = Webhooks::new().with(webhook.name("all.example.com").rule(rule));
    let server = TestServer::in_process();
    for name in ["web", "free"] {
        server.load_yaml(&DEPLOYMENT.replace("web", name)).expect("a deployment");
        CreateRequest::namespaced("default", &Pod::named(name)).send(&server.client()).await.expect("a pod");
    }
    install(&server.client(), "lights", &webhooks).await;
    server.serve_webhooks("lights.default.svc", webhooks);
    server
}

/// Sends a request to a subresource.
async fn ask(
    client: &Client,
    method: Method,
    path: &str,
    query: Query,
    body: Value,
) -> Result<Json, kubernetes_client::Error> {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let template = if path.starts_with("/apis/") { "/{}/{}/{}/{}/{}/{}/{}/{}" } else { "/{}/{}/{}/{}/{}/{}/{}" };
    let mut request = Request::new(method, Path::new(template, &segments));
    query.iter().for_each(|(key, value)| request.query.set(key, *value));
    if !body.is_null() {
        let json = HeaderValue::from_static("application/json");
        request.body = Some((json, Ok(body.to_string().into())));
    }
    client.execute(request, Encoded::decode).await
}

type Query = &'static [(&'static str, &'static str)];

/// The requests about the pod or deployment of a name: method, path, query and body.
fn requests(name: &str) -> [(Method, String, Query, Value); 6] {
    const STREAM: Query = &[("stdout", "true"), ("command", "ls")];
    let pod = |subresource: &str| format!("/api/v1/namespaces/default/pods/{name}/{subresource}");
    let metadata = json!({"name": name, "namespace": "default"});
    let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata});
    let binding = json!({"apiVersion": "v1", "kind": "Binding", "metadata": metadata, "target": {"name": "node"}});
    let scale = json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": {"replicas": 2}});
    [
        (Method::GET, pod("exec"), STREAM, Value::Null),
        (Method::GET, pod("attach"), &STREAM[..1], Value::Null),
        (Method::GET, pod("portforward"), &[], Value::Null),
        (Method::POST, pod("binding"), &[], binding),
        (Method::PUT, format!("/apis/apps/v1/namespaces/default/deployments/{name}/scale"), &[], scale),
        (Method::POST, pod("eviction"), &[], eviction),
    ]
}

fn reviews(name: &str) -> [String; 6] {
    [
        "CONNECT pods/exec PodExecOptions",
        "CONNECT pods/attach PodAttachOptions",
        "CONNECT pods/portforward PodPortForwardOptions",
        "CREATE pods/binding Binding",
        "UPDATE deployments/scale Scale",
        "CREATE pods/eviction Eviction",
    ]
    .map(|review| format!("{review} {name}"))
}

#[tokio::test(start_paused = true)]
async fn requests_to_subresources_are_reviewed() {
    let notes = Notes::default();
    let server = asking(&notes).await;
    for (method, path, query, body) in requests("web") {
        let error = ask(&server.client(), method, &path, query, body).await.expect_err("it is refused");
        assert!(error.to_string().contains("denied the request: no"), "{error}");
    }
    assert_eq!(notes.all(), reviews("web"));
}

/// The storage of the API server validates these, between the two kinds of webhooks.
#[tokio::test(start_paused = true)]
async fn an_invalid_binding_or_eviction_is_seen_by_mutating_webhooks_alone() {
    let notes = Notes::default();
    let server = TestServer::in_process();
    let client = server.client();
    CreateRequest::namespaced("default", &Pod::named("web")).send(&client).await.expect("a pod");
    let rule = RuleWithOperations {
        api_groups: vec!["".into()],
        api_versions: vec!["v1".into()],
        operations: vec!["CREATE".into()],
        resources: vec!["pods/binding".into(), "pods/eviction".into()],
        scope: None,
    };
    let (mutating, validating) = (notes.clone(), notes.clone());
    let mutating = Webhook::mutating_at("/mutate", move |object: Tree, request: AdmissionRequest<Tree>| {
        mutating.add(format!("mutate {}", request.subresource));
        async { Ok::<_, String>(object) }
    });
    let validating = Webhook::validating_at("/validate", move |request: AdmissionRequest<Tree>| {
        validating.add(format!("validate {}", request.subresource));
        async { Ok::<_, String>(()) }
    });
    let mutating = mutating.name("mutate.example.com").rule(rule.clone());
    let webhooks = Webhooks::new().with(mutating).with(validating.name("validate.example.com").rule(rule));
    install(&client, "lights", &webhooks).await;
    server.serve_webhooks("lights.default.svc", webhooks);
    let (name, other) = (json!({"name": "web"}), json!({"name": "other"}));
    for (subresource, body, expected) in [
        ("binding", json!({"apiVersion": "v1", "kind": "Binding", "metadata": name}), "target.name: Required value"),
        ("binding", json!({"apiVersion": "v1", "kind": "Binding", "metadata": other}), "name in URL does not match"),
        ("eviction", json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": other}), "name in URL does not"),
    ] {
        let path = format!("/api/v1/namespaces/default/pods/web/{subresource}");
        let error = ask(&client, Method::POST, &path, &[], body).await.expect_err("it is not valid");
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert_eq!(notes.all(), ["mutate binding", "mutate binding", "mutate eviction"]);
}

/// Each is reviewed once, and then carried out.
#[tokio::test(start_paused = true)]
async fn allowed_requests_to_subresources_have_their_effect() {
    let notes = Notes::default();
    let server = asking(&notes).await;
    let client = server.client();
    for (method, path, query, body) in requests("free") {
        let answer = ask(&client, method.clone(), &path, query, body).await;
        // Without a script of the test, nothing is behind a connection.
        assert_eq!(answer.is_ok(), method != Method::GET, "{path}: {answer:?}");
        assert!(!answer.is_err_and(|error| error.to_string().contains("denied the request")), "{path}");
        if path.ends_with("binding") {
            let pod = ReadRequest::<Pod>::namespaced("default", "free").send(&client).await.expect("the pod");
            assert_eq!(pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref()), Some("node"));
        }
    }
    assert_eq!(notes.all(), reviews("free"));
    let scale = "/apis/apps/v1/namespaces/default/deployments/free/scale";
    let scale = ask(&client, Method::GET, scale, &[], Value::Null).await.expect("the scale");
    assert!(scale.as_str().contains("\"spec\":{\"replicas\":2}"), "{scale:?}");
    let pod = ReadRequest::<Pod>::namespaced("default", "free").send_opt(&client).await.expect("an answer");
    assert!(pod.is_none_or(|pod| pod.metadata.deletion_timestamp.is_some()), "it was evicted");
}

/// As by the real server, which asks webhooks before it looks for the pod; but it reads what is to be scaled.
#[tokio::test(start_paused = true)]
async fn requests_about_objects_that_do_not_exist_are_reviewed() {
    let notes = Notes::default();
    let server = asking(&notes).await;
    for (method, path, query, body) in requests("missing") {
        let error = ask(&server.client(), method, &path, query, body).await.expect_err("there is none");
        assert_eq!(error.is_not_found(), path.ends_with("scale"), "{path}: {error}");
    }
    let mut expected = reviews("missing").to_vec();
    expected.retain(|review| !review.contains("scale"));
    assert_eq!(notes.all(), expected);
}
