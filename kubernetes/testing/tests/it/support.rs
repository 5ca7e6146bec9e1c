//! Requests without a client, so that every byte of an answer is seen.

use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use kubernetes_testing::{ResponseBody, TestServer};
use serde_json::{Value, json};
use tower_service::Service;

pub(crate) const MAPS: &str = "/api/v1/namespaces/default/configmaps";
pub(crate) const JSON: &str = "application/json";
pub(crate) const APPLY: &str = "application/apply-patch+yaml";
pub(crate) const MERGE: &str = "application/merge-patch+json";

/// An answer that was read as a whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn reason(&self) -> &str {
        self.body["reason"].as_str().unwrap_or_default()
    }

    pub(crate) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }

    pub(crate) fn version(&self) -> String {
        self.body["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned()
    }

    /// The names of a list's items.
    pub(crate) fn names(&self) -> Vec<&str> {
        let items = self.body["items"].as_array().expect("a list has items");
        items.iter().filter_map(|item| item["metadata"]["name"].as_str()).collect()
    }
}

/// Sends a request and leaves the body to be read.
pub(crate) async fn open(
    server: &TestServer,
    method: &str,
    path: &str,
    content_type: &str,
    body: String,
) -> std::io::Result<http::Response<ResponseBody>> {
    let request = Request::builder().method(method).uri(path).header("content-type", content_type);
    let request = request.header("user-agent", "tester/1.0").body(Full::<bytes::Bytes>::from(body)).expect("a request");
    server.service().call(request).await
}

pub(crate) async fn send(server: &TestServer, method: &str, path: &str, content_type: &str, body: Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let response = open(server, method, path, content_type, body).await.expect("an answer");
    let (head, body) = response.into_parts();
    let bytes = body.collect().await.expect("a whole body").to_bytes();
    let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&bytes)));
    Answer { status: head.status.as_u16(), headers: head.headers, body }
}

pub(crate) async fn get(server: &TestServer, path: &str) -> Answer {
    send(server, "GET", path, JSON, Value::Null).await
}

pub(crate) async fn post(server: &TestServer, path: &str, body: Value) -> Answer {
    send(server, "POST", path, JSON, body).await
}

pub(crate) async fn put(server: &TestServer, path: &str, body: Value) -> Answer {
    send(server, "PUT", path, JSON, body).await
}

pub(crate) async fn delete(server: &TestServer, path: &str, body: Value) -> Answer {
    send(server, "DELETE", path, JSON, body).await
}

/// Creates a config map; tells its version.
pub(crate) async fn create(server: &TestServer, name: &str) -> String {
    let answer = post(server, MAPS, json!({"metadata": {"name": name}})).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.version()
}

/// A watch, event by event.
pub(crate) struct Events {
    body: ResponseBody,
    text: Vec<u8>,
}

impl Events {
    pub(crate) async fn open(server: &TestServer, path: &str) -> Self {
        let response = open(server, "GET", path, JSON, String::new()).await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK);
        Self { body: response.into_body(), text: Vec::new() }
    }

    /// The next event: its type, the name of its object, and its version.
    pub(crate) async fn next(&mut self) -> Option<(String, String, String)> {
        let event = self.next_event().await?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let metadata = &event["object"]["metadata"];
        Some((text(&event["type"]), text(&metadata["name"]), text(&metadata["resourceVersion"])))
    }

    pub(crate) async fn next_event(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.text.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).expect("an event is JSON"));
            }
            let frame = self.body.frame().await?.expect("no reset");
            self.text.extend_from_slice(&frame.into_data().expect("data"));
        }
    }

    /// Types and names of the next events.
    pub(crate) async fn take(&mut self, count: usize) -> Vec<String> {
        let mut events = Vec::new();
        for _ in 0..count {
            let (kind, name, _) = self.next().await.expect("another event");
            events.push(format!("{kind} {name}"));
        }
        events
    }

    /// Whether there is nothing to read now.
    pub(crate) async fn is_quiet(&mut self) -> bool {
        let soon = std::time::Duration::from_millis(1);
        tokio::time::timeout(soon, self.next()).await.is_err()
    }
}
