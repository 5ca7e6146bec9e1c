//! Tokens of service accounts.
//!
//! From `pkg/registry/core/serviceaccount/storage/token.go` in <https://github.com/kubernetes/kubernetes/tree/v1.37.2>.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::seconds;
use crate::reply::Reply;
use crate::semantics::target::Target;
use crate::state::{State, Token};
use crate::status::{Cause, Result, Status};
use crate::store::Stored;

const ISSUER: &str = "https://kubernetes.default.svc";
const DEFAULT_SECONDS: i64 = 3600;
const MIN_SECONDS: i64 = 600;
const MAX_SECONDS: i64 = 1 << 32;

/// Issues a token: a JWT with the same claims as a real one. Only this server can verify its signature.
pub(super) fn issue(state: &mut State, target: &Target, request: &Value) -> Result<Reply> {
    let account = target.get(state)?;
    let expiration = request.pointer("/spec/expirationSeconds").and_then(Value::as_i64).unwrap_or(DEFAULT_SECONDS);
    check_expiration(expiration)?;
    let audiences = request.pointer("/spec/audiences").and_then(Value::as_array).into_iter().flatten();
    let mut audiences: Vec<String> = audiences.filter_map(Value::as_str).map(str::to_owned).collect();
    if audiences.is_empty() {
        audiences.push(ISSUER.to_owned());
    }
    let now = state.clock.now();
    let duration = Duration::from_secs(u64::try_from(expiration).unwrap_or_default());
    let expires = now.checked_add(duration).unwrap_or(Timestamp::MAX);
    let text = token(state, &account, &audiences, now, expires);
    state.tokens.add(Token {
        text: text.clone(),
        namespace: account.key.namespace().unwrap_or_default().to_owned(),
        name: account.key.name().to_owned(),
        uid: account.uid.to_string(),
        audiences: audiences.clone(),
        expires,
    });
    let mut spec = json!({"audiences": audiences, "expirationSeconds": expiration, "boundObjectRef": null});
    if let Some(bound) = request.pointer("/spec/boundObjectRef") {
        spec["boundObjectRef"] = bound.clone();
    }
    let metadata = json!({
        "name": account.key.name(), "namespace": account.key.namespace(), "uid": &*account.uid,
        "creationTimestamp": seconds(now),
    });
    let reply = json!({
        "kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "metadata": metadata, "spec": spec,
        "status": {"token": text, "expirationTimestamp": seconds(expires)},
    });
    Ok(Reply::json(StatusCode::CREATED, reply.to_string()))
}

fn check_expiration(expiration: i64) -> Result<()> {
    let why = match expiration {
        ..MIN_SECONDS => "may not specify a duration less than 10 minutes",
        MIN_SECONDS..=MAX_SECONDS => return Ok(()),
        _ => "may not specify a duration larger than 2^32 seconds",
    };
    let cause = Cause::invalid("spec.expirationSeconds", &expiration.into(), why);
    Err(Status::invalid("authentication.k8s.io", "TokenRequest", "", &[cause]))
}

fn token(state: &mut State, account: &Stored, audiences: &[String], now: Timestamp, expires: Timestamp) -> String {
    let (namespace, name) = (account.key.namespace().unwrap_or_default(), account.key.name());
    let claims = json!({
        "aud": audiences, "exp": expires.as_second(), "iat": now.as_second(), "iss": ISSUER, "jti": state.new_uid(),
        "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": name, "uid": &*account.uid}},
        "nbf": now.as_second(), "sub": format!("system:serviceaccount:{namespace}:{name}"),
    });
    let header = json!({"alg": "RS256", "kid": "kubernetes-testing"});
    let signature: Vec<u8> = (0..32).map(|_| state.random.u8(..)).collect();
    let parts = [header.to_string().as_bytes(), claims.to_string().as_bytes(), &signature]
        .map(|part| URL_SAFE_NO_PAD.encode(part));
    parts.join(".")
}
