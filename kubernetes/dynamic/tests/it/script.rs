//! A server with scripted responses for each path.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use kubernetes_client::{Body, Client};
use serde_json::{Value, json};
use tower_service::Service;

type Answer = Box<dyn FnMut(&Request<Body>) -> Response<Full<bytes::Bytes>> + Send>;

/// The responses, and the received requests.
#[derive(Clone, Default)]
pub(crate) struct Script {
    answers: Arc<Mutex<HashMap<String, Answer>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Script {
    /// Scripts the response for a path.
    pub(crate) fn on(
        &self,
        path: &str,
        answer: impl FnMut(&Request<Body>) -> Response<Full<bytes::Bytes>> + Send + 'static,
    ) {
        self.answers.lock().unwrap().insert(path.to_owned(), Box::new(answer));
    }

    /// Scripts a document for a path.
    pub(crate) fn json(&self, path: &str, document: Value) {
        self.on(path, move |_| respond(200, &document));
    }

    /// Scripts a failure for a path.
    pub(crate) fn fail(&self, path: &str, code: u16, reason: &'static str) {
        self.on(path, move |_| respond(code, &status(code, reason)));
    }

    /// Both documents of a server with aggregated discovery.
    pub(crate) fn aggregated(&self, core: Value, groups: Value) {
        self.json("/api", aggregated(core));
        self.json("/apis", aggregated(groups));
    }

    pub(crate) fn client(&self) -> Client {
        Client::with_service(self.clone(), "default")
    }

    /// The requests since this was last called, in order of their text.
    pub(crate) fn take_requests(&self) -> Vec<String> {
        let mut requests = std::mem::take(&mut *self.requests.lock().unwrap());
        requests.sort();
        requests
    }
}

impl Service<Request<Body>> for Script {
    type Response = Response<Full<bytes::Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let path = request.uri().path().to_owned();
        self.requests.lock().unwrap().push(path.clone());
        let mut answers = self.answers.lock().unwrap();
        let response = match answers.get_mut(&path) {
            Some(answer) => answer(&request),
            None => respond(404, &status(404, "NotFound")),
        };
        // As over a network, others have their turn before the answer comes.
        Box::pin(async move {
            tokio::task::yield_now().await;
            Ok(response)
        })
    }
}

pub(crate) fn respond(code: u16, document: &Value) -> Response<Full<bytes::Bytes>> {
    let mut response = Response::new(Full::from(document.to_string()));
    *response.status_mut() = StatusCode::from_u16(code).unwrap();
    response.headers_mut().insert(CONTENT_TYPE, "application/json".parse().unwrap());
    response
}

pub(crate) fn status(code: u16, reason: &str) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code,
        "message": format!("the script says {reason}")})
}

/// The media types that a request accepts.
pub(crate) fn accept(request: &Request<Body>) -> &str {
    request.headers()[ACCEPT].to_str().unwrap()
}

pub(crate) fn aggregated(items: Value) -> Value {
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items})
}

/// A group in the aggregated form.
pub(crate) fn group(name: &str, versions: Value) -> Value {
    json!({"metadata": {"name": name, "creationTimestamp": null}, "versions": versions})
}

pub(crate) fn version(version: &str, resources: Value) -> Value {
    json!({"version": version, "resources": resources, "freshness": "Current"})
}

pub(crate) fn stale(name: &str, resources: Value) -> Value {
    let mut version = version(name, resources);
    version["freshness"] = "Stale".into();
    version
}

/// A namespaced resource in the aggregated form.
pub(crate) fn resource(kind: &str, plural: &str, short_names: &[&str]) -> Value {
    json!({"resource": plural, "responseKind": {"group": "", "version": "", "kind": kind}, "scope": "Namespaced",
        "singularResource": kind.to_lowercase(), "verbs": ["get", "list", "watch"], "shortNames": short_names})
}

/// The core group with pods.
pub(crate) fn core() -> Value {
    json!([group("", json!([version("v1", json!([resource("Pod", "pods", &["po"])]))]))])
}
