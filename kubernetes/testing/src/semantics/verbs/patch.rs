use http::StatusCode;
use serde_json::Value;

use super::apply::apply;
use crate::object::Object;
use crate::reply::Reply;
use crate::request::ApiRequest;
use crate::semantics::decoding::decode_object;
use crate::semantics::options::WriteOptions;
use crate::semantics::target::Target;
use crate::semantics::writes::{Writer, check_name, replace, respond};
use crate::semantics::{json_patch, strategic_merge};
use crate::state::State;
use crate::status::{Cause, Result, Status};

const JSON_PATCH: &str = "application/json-patch+json";
const MERGE_PATCH: &str = "application/merge-patch+json";
const STRATEGIC_MERGE_PATCH: &str = "application/strategic-merge-patch+json";
const APPLY_PATCH: [&str; 2] = ["application/apply-patch+yaml", "application/apply-patch+json"];

pub(in crate::semantics) fn patch(state: &mut State, request: &ApiRequest, target: &Target) -> Result<Reply> {
    let options = WriteOptions::read(request, "PatchOptions")?;
    let content_type = request.content_type();
    if APPLY_PATCH.contains(&content_type) {
        return apply(state, request, target, options);
    }
    if request.query.flag("force") == Some(true) {
        let cause = Cause::forbidden("force", "may not be specified for non-apply patch");
        return Err(Status::invalid_options("PatchOptions", cause));
    }
    let is_known = [JSON_PATCH, MERGE_PATCH].contains(&content_type)
        || (content_type == STRATEGIC_MERGE_PATCH && !target.served.is_custom());
    if !is_known && target.served.is_custom() {
        let accepted = [JSON_PATCH, MERGE_PATCH, APPLY_PATCH[0], "application/apply-patch+cbor"];
        return Err(Status::unsupported_media_type(&accepted.join(", ")));
    }
    if !is_known {
        return Err(Status::unsupported_patch());
    }
    let old = target.get(state)?;
    let before = Object::of(&old).with_type(&target.served.api_version(), target.served.kind());
    let patched = patched(request, target, Value::Object(before.0))?;
    let (object, warnings) = decode_object(request, &target.served, patched)?;
    let writer = Writer::of(request, target, options);
    check_name(&writer, &object)?;
    let object = replace(state, &writer, &old, object)?;
    Ok(respond(&target.served, object, StatusCode::OK).with_warnings(&warnings))
}

/// Applies a patch of the request's media type to an object.
pub(super) fn patched(request: &ApiRequest, target: &Target, mut object: Value) -> Result<Value> {
    if request.content_type() == JSON_PATCH {
        json_patch::apply(&mut object, &request.body)?;
        return Ok(object);
    }
    let patch: Value = serde_json::from_slice(&request.body).map_err(|_| Status::bad_request("invalid JSON patch"))?;
    if request.content_type() == MERGE_PATCH {
        ::json_patch::merge(&mut object, &patch);
        return Ok(object);
    }
    strategic_merge::merge(target.served.shape(), object, patch).map_err(Status::bad_request)
}
