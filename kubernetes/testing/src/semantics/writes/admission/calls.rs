use kubernetes_core::{ByteString, json};
use serde_json::Value;

use super::Attributes;
use super::hook::{Hook, Kind};
use super::review::Review;
use crate::state::State;
use crate::status::{Result, Status};
use crate::webhooks::Call;

/// The decision of a webhook.
pub(super) enum Answer {
    /// The webhook allows the request, with a JSON Patch if it is a mutating one.
    Allowed(Option<Vec<u8>>),
    /// The webhook could not be called, which is ignored.
    Ignored,
}

/// Calls a webhook.
pub(super) fn call(state: &State, attributes: Attributes<'_>, hook: &Hook, review: &Review) -> Result<Answer> {
    let name = hook.name();
    if attributes.writer.options.dry_run && !hook.allows_dry_run() {
        return Err(Status::bad_request(format!("admission webhook {name:?} does not support dry run")));
    }
    let response = match ask(state, hook, review)? {
        Ok(response) => response,
        Err(_) if hook.ignores_failures() => return Ok(Answer::Ignored),
        Err(why) => return Err(Status::internal_error(&format!("failed calling webhook {name:?}: {why}"))),
    };
    for warning in response.get("warnings").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        state.exchange.borrow_mut().warn(warning);
    }
    if response.get("allowed").and_then(Value::as_bool) != Some(true) {
        return Err(Status::denied(name, response.get("status").unwrap_or(&Value::Null)));
    }
    let patch = response.get("patch").and_then(|patch| json::from_str::<ByteString>(&patch.to_string()).ok());
    Ok(Answer::Allowed(patch.map(|patch| patch.0).filter(|patch| !matches!(&**patch, b"" | b"[]"))))
}

/// The response of a webhook, or the reason why there is none; an error if the request must wait.
fn ask(state: &State, hook: &Hook, review: &Review) -> Result<std::result::Result<Value, String>> {
    let Some(version) = &review.version else {
        let why = "webhook does not accept known AdmissionReview versions (v1, v1beta1)";
        return Ok(Err(format!("could not create admission objects: {why}")));
    };
    let client = hook.get("clientConfig").cloned().unwrap_or_default();
    let call = Call { client, timeout: hook.timeout(), body: review.body(version) };
    match state.exchange.borrow_mut().ask(call) {
        None => Err(Status::waiting()),
        Some(Err(why)) => Ok(Err(format!("failed to call webhook: {why}"))),
        Some(Ok(answer)) => Ok(verify(&answer, version, review.uid(), hook.kind)
            .map_err(|why| format!("received invalid webhook response: {why}"))),
    }
}

/// Like `VerifyAdmissionResponse` in `request/admissionreview.go`.
fn verify(review: &Value, version: &str, uid: &str, kind: Kind) -> std::result::Result<Value, String> {
    let text = |value: &Value, field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let response = review.get("response").filter(|response| response.is_object());
    let response = response.ok_or("webhook response was absent")?;
    if version != "v1" {
        return Ok(response.clone());
    }
    let found = text(response, "uid");
    if found != uid {
        return Err(format!("expected response.uid={uid:?}, got {found:?}"));
    }
    let (api_version, found) = (text(review, "apiVersion"), text(review, "kind"));
    if (api_version.as_str(), found.as_str()) != ("admission.k8s.io/v1", "AdmissionReview") {
        let expected = "admission.k8s.io/v1, Kind=AdmissionReview";
        return Err(format!("expected webhook response of {expected}, got {api_version}, Kind={found}"));
    }
    match (kind, text(response, "patch").is_empty(), response.get("patchType").is_none_or(Value::is_null)) {
        (Kind::Mutating, false, true) => Err("webhook returned response.patch but not response.patchType".to_owned()),
        (Kind::Mutating, true, false) => Err("webhook returned response.patchType but not response.patch".to_owned()),
        (Kind::Validating, false, _) => Err("validating webhook may not return response.patch".to_owned()),
        (Kind::Validating, _, false) => Err("validating webhook may not return response.patchType".to_owned()),
        _ => Ok(response.clone()),
    }
}
