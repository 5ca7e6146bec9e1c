use http::StatusCode;
use serde_json::Value;

use super::Reply;
use super::context::{Target, decode_object};
use super::options::WriteOptions;
use super::update::{check_name, replace};
use super::write::{Writer, respond};
use crate::call::Call;
use crate::failure::{Failure, Result};
use crate::object::Object;
use crate::state::State;

const JSON_PATCH: &str = "application/json-patch+json";
const MERGE_PATCH: &str = "application/merge-patch+json";
const STRATEGIC_MERGE_PATCH: &str = "application/strategic-merge-patch+json";
const APPLY_PATCH: [&str; 2] = ["application/apply-patch+yaml", "application/apply-patch+json"];

pub(super) fn patch(state: &mut State, call: &Call, target: &Target) -> Result<Reply> {
    let options = WriteOptions::read(call, "PatchOptions")?;
    let content_type = call.content_type();
    if APPLY_PATCH.contains(&content_type) {
        return super::apply::apply(state, call, target, options);
    }
    if call.query.flag("force") == Some(true) {
        let cause = crate::failure::Cause::forbidden("force", "may not be specified for non-apply patch");
        return Err(Failure::invalid_options("PatchOptions", cause));
    }
    let is_known = [JSON_PATCH, MERGE_PATCH].contains(&content_type)
        || (content_type == STRATEGIC_MERGE_PATCH && !target.served.is_custom());
    if !is_known && target.served.is_custom() {
        let accepted = [JSON_PATCH, MERGE_PATCH, APPLY_PATCH[0], "application/apply-patch+cbor"];
        return Err(Failure::unsupported_media_type(&accepted.join(", ")));
    }
    if !is_known {
        return Err(Failure::unsupported_patch());
    }
    let old = target.get(state)?;
    let before = Object::of(&old).with_type(&target.served.api_version(), &target.served.kind);
    let patched = patched(call, target, Value::Object(before.0))?;
    let (object, warnings) = decode_object(call, &target.served, patched)?;
    let writer = Writer::of(call, target, options);
    check_name(&writer, &object)?;
    let object = replace(state, &writer, &old, object)?;
    Ok(respond(&target.served, object, StatusCode::OK).with_warnings(&warnings))
}

/// An object with a patch of the request's media type applied.
pub(super) fn patched(call: &Call, target: &Target, mut object: Value) -> Result<Value> {
    if call.content_type() == JSON_PATCH {
        let patch: json_patch::Patch = serde_json::from_slice(&call.body)
            .map_err(|error| Failure::bad_request(format!("error decoding patch: {error}")))?;
        json_patch::patch(&mut object, &patch).map_err(|_| Failure::rejected())?;
        return Ok(object);
    }
    let patch: Value = serde_json::from_slice(&call.body).map_err(|_| Failure::bad_request("invalid JSON patch"))?;
    if call.content_type() == MERGE_PATCH {
        json_patch::merge(&mut object, &patch);
        return Ok(object);
    }
    crate::strategic::merge(target.served.shape(), object, patch).map_err(Failure::bad_request)
}
