use json_patch::Patch;
use kubernetes_core::ByteString;
use serde_json::Value;

use super::Attributes;
use super::hook::{Hook, Kind};
use super::review::Review;
use crate::semantics::waiting;
use crate::state::State;
use crate::status::{Result, Status};
use crate::webhooks::{Call, Timeout};

/// The decision of a webhook.
pub(super) enum Answer {
    /// It allows the request, with a JSON Patch if it changes the object.
    Allowed(Option<Patch>),
    /// The webhook could not be called, which is ignored.
    Ignored,
}

/// Calls a webhook.
pub(super) fn call(state: &State, attributes: Attributes<'_>, hook: &Hook, review: &Review) -> Result<Answer> {
    let name = hook.name();
    if attributes.writer.options.dry_run && !hook.allows_dry_run() {
        return Err(Status::bad_request(format!("admission webhook {name:?} does not support dry run")));
    }
    let failed = |why: String| match hook.ignores_failures() {
        true => Ok(Answer::Ignored),
        false => Err(Status::internal_error(&format!("failed calling webhook {name:?}: {why}"))),
    };
    let response = match ask(state, hook, review)? {
        Ok(response) => response,
        Err(why) => return failed(why),
    };
    for warning in response.get("warnings").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        state.exchange.borrow_mut().warn(warning);
    }
    if response.get("allowed").and_then(Value::as_bool) != Some(true) {
        return Err(Status::denied(name, response.get("status").unwrap_or(&Value::Null)));
    }
    let patch = response.get("patch").and_then(Value::as_str).and_then(ByteString::from_base64).unwrap_or_default();
    if patch.is_empty() || hook.kind == Kind::Validating {
        return Ok(Answer::Allowed(None));
    }
    match serde_json::from_slice(&patch) {
        Ok(Patch(operations)) if operations.is_empty() => Ok(Answer::Allowed(None)),
        Ok(patch) => Ok(Answer::Allowed(Some(patch))),
        Err(error) => failed(format!("received undecodable patch in webhook response: {error}")),
    }
}

/// The response of a webhook, or the reason why there is none; an error if the request must wait.
fn ask(state: &State, hook: &Hook, review: &Review) -> Result<std::result::Result<Value, String>> {
    let Some(version) = &review.version else {
        let why = "webhook does not accept known AdmissionReview versions (v1, v1beta1)";
        return Ok(Err(format!("could not create admission objects: {why}")));
    };
    let client = hook.get("clientConfig").cloned().unwrap_or_default();
    let timeout = Timeout::Sent(hook.timeout());
    let call = Call { client, timeout, uid: review.uid().to_owned(), body: review.body(version) };
    match waiting::ask(state, call)?.and_then(decodable) {
        Err(why) => Ok(Err(format!("failed to call webhook: {why}"))),
        Ok(answer) => Ok(verify(&answer, version, review.uid(), hook.kind)
            .map_err(|why| format!("received invalid webhook response: {why}"))),
    }
}

/// A review whose patch is base64: Go decodes it with the rest.
fn decodable(review: Value) -> std::result::Result<Value, String> {
    match review.pointer("/response/patch") {
        None | Some(Value::Null) => Ok(review),
        Some(Value::String(patch)) if ByteString::from_base64(patch).is_some() => Ok(review),
        Some(_) => Err("json: response.patch is not base64".to_owned()),
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
