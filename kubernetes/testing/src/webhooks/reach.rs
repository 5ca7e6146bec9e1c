//! Reaches a webhook through an in-process service or a connection.

use bytes::Bytes;
use http::header::HeaderValue;
use http::{Method, Request, StatusCode, Uri};
use http_body_util::Full;
use kubernetes_client::Client;
use kubernetes_config::Config;
use kubernetes_core::{ByteString, Encoded, Execute as _, Json, Path};
use serde_json::Value;

use super::exchange::{Call, Outcome, Timeout};
use super::service::Services;
use crate::clock;

/// Makes a call. Error messages are those of client-go.
pub(crate) async fn reach(services: &Services, call: &Call) -> Outcome {
    let url = url(call)?;
    let post = |error: &str| format!("Post \"{url}\": {error}");
    let calling = async {
        let authority = url.authority().map(ToString::to_string).unwrap_or_default();
        match services.find(&authority) {
            Some(service) => {
                let request = Request::post(url.clone()).header("content-type", "application/json");
                let body = Full::new(Bytes::from(call.body.to_string()));
                let request = request.body(body).map_err(|error| post(&error.to_string()))?;
                let (status, body) = service(request).await.map_err(|error| post(&error))?;
                read(status, &body)
            }
            None if call.client.get("service").is_some_and(|service| !service.is_null()) => {
                let name = call.client.pointer("/service/name").cloned().unwrap_or_default();
                Err(post(&format!("service {name} not found")))
            }
            None => send(&url, call).await,
        }
    };
    match clock::timeout(call.timeout.duration(), calling).await {
        Some(outcome) => outcome,
        None => Err(post("context deadline exceeded")),
    }
}

/// The outcome of a call of a service that has panicked: a real server's connection would end.
pub(crate) fn broken_off(call: &Call) -> Outcome {
    Err(format!("Post \"{}\": EOF", url(call)?))
}

/// The URL, with the time that the server waits as a parameter.
fn url(call: &Call) -> Result<Uri, String> {
    let text = |pointer: &str| call.client.pointer(pointer).and_then(Value::as_str);
    let base = match (text("/url"), text("/service/name"), text("/service/namespace")) {
        (Some(url), ..) => url.to_owned(),
        (None, Some(name), Some(namespace)) => {
            let port = call.client.pointer("/service/port").and_then(Value::as_u64).unwrap_or(443);
            let path = text("/service/path").unwrap_or_default();
            format!("https://{name}.{namespace}.svc:{port}/{}", path.trim_start_matches('/'))
        }
        _ => return Err("webhook configuration must have either service or URL".to_owned()),
    };
    let url = match call.timeout {
        Timeout::Sent(timeout) => format!("{base}?timeout={}s", timeout.as_secs()),
        Timeout::Guard => base.clone(),
    };
    url.parse().map_err(|error| format!("parse {base:?}: {error}"))
}

fn read(status: StatusCode, body: &[u8]) -> Outcome {
    match status {
        status if status.is_success() => serde_json::from_slice(body)
            .map_err(|error| format!("couldn't get version/kind; json parse error: {error}")),
        StatusCode::NOT_FOUND => Err("the server could not find the requested resource".to_owned()),
        StatusCode::UNAUTHORIZED => Err("Unauthorized".to_owned()),
        status if status.is_server_error() => {
            let body = String::from_utf8_lossy(body);
            Err(format!("an error on the server ({body:?}) has prevented the request from succeeding"))
        }
        _ => Err("the server rejected our request for an unknown reason".to_owned()),
    }
}

/// Sends a call over the network, to a server with a certificate from the configuration's CAs.
async fn send(url: &Uri, call: &Call) -> Outcome {
    let failed = |error: &dyn std::fmt::Display| format!("Post \"{url}\": {error}");
    let mut parts = url.clone().into_parts();
    parts.path_and_query = Some("/".parse().map_err(|error: http::uri::InvalidUri| failed(&error))?);
    let mut config = Config::new(Uri::from_parts(parts).map_err(|error| failed(&error))?);
    let bundle = call.client.get("caBundle").filter(|bundle| !bundle.is_null());
    let bundle = bundle.and_then(Value::as_str).and_then(ByteString::from_base64);
    config.certificate_authority = bundle.map(|bundle| bundle.0);
    let client = Client::new(config).map_err(|error| failed(&error))?;
    let mut request = kubernetes_core::Request::new(Method::POST, Path::new(url.path(), &[]));
    if let Timeout::Sent(timeout) = call.timeout {
        request.query.set("timeout", format!("{}s", timeout.as_secs()));
    }
    request.body = Some((HeaderValue::from_static("application/json"), Ok(call.body.to_string().into())));
    let answer: Result<Json, _> = client.execute(request, Encoded::decode).await;
    match answer {
        Ok(answer) => read(StatusCode::OK, answer.as_str().as_bytes()),
        Err(error) => match error.http_status() {
            Some(status) => read(status, error.to_string().as_bytes()),
            None => Err(failed(&causes(&error))),
        },
    }
}

/// An error with its sources.
fn causes(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", causes(source)),
        None => error.to_string(),
    }
}
