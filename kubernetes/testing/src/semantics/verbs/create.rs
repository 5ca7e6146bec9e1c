use http::StatusCode;
use kubernetes_core::GroupVersion;
use serde_json::Value;

use super::binding::bind;
use super::reviews::review;
use crate::object::Object;
use crate::reply::Reply;
use crate::request::ApiRequest;
use crate::resources::ServedResource;
use crate::semantics::decoding::read_object;
use crate::semantics::options::WriteOptions;
use crate::semantics::target::Target;
use crate::semantics::writes::{Tracking, Writer, create_object, respond};
use crate::state::State;
use crate::status::{Result, Status};

pub(in crate::semantics) fn create(state: &mut State, request: &ApiRequest, target: &Target) -> Result<Reply> {
    let options = WriteOptions::read(request, "CreateOptions")?;
    let (object, warnings) = read_object(request, target)?;
    if target.served.is("", "bindings") {
        return bind_by_name(state, request, target, object);
    }
    if is_review(&target.served) {
        return review(state, request, target, object);
    }
    let writer = Writer::of(request, target, options);
    let created = create_object(state, &writer, object, Tracking::Update)?;
    Ok(respond(&target.served, created, StatusCode::CREATED).with_warnings(&warnings))
}

/// Binds a pod through the older path, which does not contain its name.
fn bind_by_name(state: &mut State, request: &ApiRequest, target: &Target, binding: Object) -> Result<Reply> {
    let pods = state.registry.get(&GroupVersion::new("", target.served.version()), "pods").cloned();
    let pods = pods.ok_or_else(Status::no_resource)?;
    let target = Target { served: pods, name: Some(binding.text("name").to_owned()), ..target.clone() };
    bind(state, request, &target, &Value::Object(binding.0))
}

/// Whether objects are computed and never stored.
fn is_review(served: &ServedResource) -> bool {
    !served.verbs.contains(&"get")
}
