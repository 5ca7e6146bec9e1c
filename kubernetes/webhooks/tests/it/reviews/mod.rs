//! Reviews of tokens and of access, as the API server asks for them.

mod access;
mod tokens;

use http::{Request, StatusCode};
use kubernetes_webhooks::Webhooks;
use serde_json::Value;

use crate::support::send;

/// Sends a body as JSON.
async fn post(webhooks: &Webhooks, path: &str, body: impl Into<bytes::Bytes>) -> (StatusCode, Value) {
    let request = Request::post(path).header("content-type", "application/json");
    let (status, body) = send(webhooks, request.body(body.into().into()).expect("a request")).await;
    (status, serde_json::from_slice(&body).unwrap_or_else(|_| String::from_utf8_lossy(&body).into_owned().into()))
}
