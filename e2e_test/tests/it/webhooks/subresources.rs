//! Requests to subresources are reviewed by the server in memory as by the real one.

use std::sync::{Arc, Mutex};

use http::Method;
use http::header::HeaderValue;
use kubernetes_sdk::Client;
use kubernetes_sdk::api;
use kubernetes_sdk::core::json::Tree;
use kubernetes_sdk::core::meta::v1::LabelSelector;
use kubernetes_sdk::core::{CreateRequest, Encoded, Execute as _, Json, Path, Request};
use kubernetes_sdk::models::admissionregistration::v1::RuleWithOperations;
use kubernetes_sdk::models::apps::v1::Deployment;
use kubernetes_sdk::models::core::v1::Pod;
use kubernetes_sdk::webhooks::{
    AdmissionRequest, CaBundle, Certificates, Configuration, Endpoint, Webhook, WebhookServer, Webhooks,
};
use kubernetes_testing::TestServer;
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::cluster;

const CONFIGURATION: &str = "e2e-subresources";

/// The reviews that a webhook got.
type Reviews = Arc<Mutex<Vec<Value>>>;

/// Webhooks for every request to a subresource in a namespace, which note it: a mutating one that changes nothing, and a
/// validating one that refuses.
fn refusing(namespace: &str, reviews: &Reviews) -> Webhooks {
    let noted = Arc::clone(reviews);
    let subresources = ["exec", "attach", "portforward", "eviction", "binding", "scale"];
    let rule = RuleWithOperations {
        api_groups: vec!["*".into()],
        api_versions: vec!["*".into()],
        operations: vec!["*".into()],
        resources: subresources.map(|subresource| format!("*/{subresource}").into()).into(),
        scope: None,
    };
    let selector =
        LabelSelector { match_labels: [("kubernetes.io/metadata.name", namespace)].into(), ..LabelSelector::default() };
    let webhook = Webhook::validating_at("/all", move |request: AdmissionRequest<Tree>| {
        noted.lock().expect("no test panics with it").push(json!({
            "operation": request.operation.as_str(),
            "kind": request.kind.to_string(),
            "resource": format!("{}/{}", request.resource.resource, request.subresource),
            "name": &*request.name,
            "object": fields(request.object),
            "old": fields(request.old_object),
            "options": request.options.decode::<Value>().unwrap_or_default()["kind"],
        }));
        async { Err::<(), _>("no") }
    });
    let noted = Arc::clone(reviews);
    let mutating = Webhook::mutating_at("/mutate", move |object: Tree, request: AdmissionRequest<Tree>| {
        let mutated = format!("{} {}", request.subresource, &*request.name);
        noted.lock().expect("no test panics with it").push(json!({"mutated": mutated}));
        async { Ok::<_, String>(object) }
    });
    let mutating = mutating.name("mutate.example.com").rule(rule.clone()).namespace_selector(selector.clone());
    let validating = webhook.name("all.example.com").rule(rule).namespace_selector(selector);
    Webhooks::new().with(mutating).with(validating)
}

/// An object without the metadata that only one server has.
fn fields(object: Option<Tree>) -> Value {
    let text = object.map_or_else(|| "null".to_owned(), |object| object.to_text());
    let mut object: Value = serde_json::from_str(&text).expect("a tree is JSON");
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|field, value| field == "name" && !value.is_null());
    }
    object
}

/// Sends all requests; each is refused by the webhook, also about a pod that does not exist, unless it is not valid.
async fn ask_all(client: &Client, namespace: &str) {
    ask_about(client, namespace, "web").await;
    ask_about(client, namespace, "missing").await;
    let metadata = |name: &str| json!({"name": name, "namespace": namespace});
    let binding = |metadata: Value, target: Value| json!({"apiVersion": "v1", "kind": "Binding", "metadata": metadata, "target": target});
    let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata("other")});
    for (subresource, body, expected) in [
        ("binding", binding(metadata("web"), json!({"kind": "Node"})), "target.name: Required value"),
        ("binding", binding(metadata("other"), json!({"name": "node"})), "name in URL does not match name in Binding"),
        ("eviction", eviction, "name in URL does not match name in Eviction"),
    ] {
        let path = format!("api/v1/namespaces/{namespace}/pods/web/{subresource}");
        let error = ask(client, Method::POST, &path, &[], body).await.expect_err("it is not valid");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

async fn ask(
    client: &Client,
    method: Method,
    path: &str,
    query: &[(&'static str, &'static str)],
    body: Value,
) -> Result<Json, kubernetes_sdk::Error> {
    let segments: Vec<&str> = path.split('/').collect();
    let template = "/{}".repeat(segments.len());
    let mut request = Request::new(method, Path::new(Box::leak(template.into_boxed_str()), &segments));
    query.iter().for_each(|(key, value)| request.query.set(key, *value));
    if !body.is_null() {
        request.body = Some((HeaderValue::from_static("application/json"), Ok(body.to_string().into())));
    }
    client.execute(request, Encoded::decode).await
}

async fn ask_about(client: &Client, namespace: &str, name: &str) {
    let metadata = json!({"name": name, "namespace": namespace});
    let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata});
    let target = json!({"kind": "Node", "name": "node"});
    let binding = json!({"apiVersion": "v1", "kind": "Binding", "metadata": metadata, "target": target});
    let scale = json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": {"replicas": 2}});
    let pod = |subresource: &str| format!("api/v1/namespaces/{namespace}/pods/{name}/{subresource}");
    let deployment = format!("apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale");
    for (method, path, query, body) in [
        (Method::POST, pod("exec"), &[("stdout", "true"), ("container", "web"), ("command", "ls")][..], Value::Null),
        (Method::POST, pod("attach"), &[("stdout", "true"), ("container", "web")], Value::Null),
        (Method::POST, pod("portforward"), &[], Value::Null),
        (Method::POST, pod("eviction"), &[], eviction),
        (Method::POST, pod("binding"), &[], binding),
        (Method::PUT, deployment, &[], scale),
    ] {
        let error = ask(client, method, &path, query, body).await.expect_err("it is refused");
        if name == "missing" && path.ends_with("scale") {
            assert!(error.is_not_found(), "what is to be scaled is read first: {error}");
            continue;
        }
        let error = error.to_string();
        assert!(error.contains("admission webhook \"all.example.com\" denied the request: no"), "{path}: {error}");
    }
}

async fn create_objects(client: &Client, namespace: &str) {
    let pod: Pod = serde_json::from_value::<Json>(json!({
        "metadata": {"name": "web"},
        "spec": {"containers": [{"name": "web", "image": "web"}], "schedulingGates": [{"name": "never"}]},
    }))
    .ok()
    .and_then(|json| kubernetes_sdk::core::json::from_str(json.as_str()).ok())
    .expect("a pod");
    CreateRequest::namespaced(namespace, &pod).send(client).await.expect("a pod");
    let deployment: Deployment = kubernetes_sdk::core::json::from_str(
        &json!({
            "metadata": {"name": "web"},
            "spec": {
                "replicas": 0,
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {"containers": [{"name": "web", "image": "web"}]},
                },
            },
        })
        .to_string(),
    )
    .expect("a deployment");
    CreateRequest::namespaced(namespace, &deployment).send(client).await.expect("a deployment");
}

/// The reviews of the server in memory.
async fn of_memory(namespace: &str) -> Vec<Value> {
    let (server, reviews) = (TestServer::builder().namespace(namespace).in_process(), Reviews::default());
    let (client, webhooks) = (server.client(), refusing(namespace, &reviews));
    create_objects(&client, namespace).await;
    let endpoint = Endpoint::service(namespace, "webhooks");
    let configuration = Configuration::new(CONFIGURATION, &webhooks, &endpoint, &CaBundle::Unset);
    configuration.apply(&client, "e2e").await.expect("it is applied");
    server.serve_webhooks(&endpoint.host(), webhooks);
    ask_all(&client, namespace).await;
    std::mem::take(&mut *reviews.lock().expect("no test panics with it"))
}

#[tokio::test]
async fn requests_to_subresources_are_reviewed_as_by_the_real_server() {
    let (client, namespace) = cluster::namespace("subresources").await;
    let reviews = Reviews::default();
    let webhooks = refusing(&namespace, &reviews);
    create_objects(&client, &namespace).await;
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name").self_signed(&key);
    let pem = certificate.expect("a certificate").pem();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint = Endpoint::url(&format!("https://{}", listener.local_addr().expect("an address")));
    let certificates = Certificates::pem(pem.as_bytes(), key.serialize_pem().as_bytes()).expect("a certificate");
    let server = WebhookServer::new(webhooks.clone(), certificates);
    let serving = tokio::spawn(async move { server.serve(listener, std::future::pending()).await });
    let configuration = Configuration::new(CONFIGURATION, &webhooks, &endpoint, &CaBundle::Pem(pem.into_bytes()));
    configuration.apply(&client, "e2e").await.expect("it is applied");
    // The API server learns about it by a watch.
    let patch = kubernetes_sdk::Patch::merge(&json!({"spec": {"replicas": 0}}));
    let is_mutated =
        || reviews.lock().expect("no test panics with it").iter().any(|review| review["mutated"].is_string());
    let learned = async {
        let scale = || api::apps::v1::patch_namespaced_deployment_scale(&namespace, "web", &patch);
        while scale().send(&client).await.is_ok() || !is_mutated() {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(cluster::LIMIT, learned).await.expect("the webhooks are called");
    reviews.lock().expect("no test panics with it").clear();

    ask_all(&client, &namespace).await;
    let real = std::mem::take(&mut *reviews.lock().expect("no test panics with it"));
    assert_eq!(of_memory(&namespace).await, real);
    assert_eq!(real.len(), 25, "{real:?}");
    api::admissionregistration::v1::delete_validating_webhook_configuration(CONFIGURATION)
        .send(&client)
        .await
        .expect("the configuration is deleted");
    api::admissionregistration::v1::delete_mutating_webhook_configuration(CONFIGURATION)
        .send(&client)
        .await
        .expect("the configuration is deleted");
    serving.abort();
    api::core::v1::delete_namespace(&namespace).send(&client).await.expect("the namespace is deleted");
}
