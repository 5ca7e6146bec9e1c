//! Admission by webhooks, as in the API server's plugins.
//!
//! From <https://github.com/kubernetes/apiserver/tree/v0.37.2/pkg/admission/plugin/webhook>.

mod calls;
mod hook;
mod matching;
mod review;

use kubernetes_core::GroupVersionKind;
use serde_json::Value;

use super::writer::Writer;
use crate::object::Object;
use crate::semantics::waiting::wait;
use crate::state::State;
use crate::status::{Result, Status};
use calls::{Answer, call};
use hook::{Hook, Kind};

/// An operation on an object.
#[derive(Clone, Copy, Debug)]
pub(in crate::semantics) struct Attributes<'a> {
    pub(in crate::semantics) writer: &'a Writer<'a>,
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    pub(in crate::semantics) operation: &'static str,
    pub(in crate::semantics) old: Option<&'a Object>,
    /// The type of the object where it is not that of the resource, as for an eviction.
    pub(in crate::semantics) kind: Option<&'a GroupVersionKind>,
}

/// Asks the webhooks about a request to a subresource that has a type of its own, whose object `check` validates.
///
/// The API server's storage validates the object, so mutating webhooks are called before, and validating ones after.
///
/// # Errors
///
/// Returns an error if one refuses, or changes the object: that is not implemented.
pub(in crate::semantics) fn review(
    state: &State,
    writer: &Writer<'_>,
    operation: &'static str,
    kind: &GroupVersionKind,
    object: &Value,
    old: Option<&Value>,
    check: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let fields = |value: &Value| Object(value.as_object().cloned().unwrap_or_default()).without_type();
    let (object, old) = (fields(object), old.map(fields));
    let attributes = Attributes { writer, operation, old: old.as_ref(), kind: Some(kind) };
    let object = mutate(state, attributes, object)?;
    check()?;
    validate(state, attributes, Some(&object))
}

/// The object after mutating webhooks. Each sees the changes of the preceding ones; those that request reinvocation are
/// called again if others have changed the object afterwards.
pub(in crate::semantics) fn mutate(state: &State, attributes: Attributes<'_>, object: Object) -> Result<Object> {
    let hooks = hooks(state, attributes, Kind::Mutating);
    let mut object = object;
    let (mut called, mut again) = (Vec::new(), Vec::new());
    for (index, hook) in hooks.iter().enumerate() {
        let Some(is_changed) = change(state, attributes, hook, &mut object)? else { continue };
        if is_changed {
            again.append(&mut called);
        }
        if hook.is_reinvoked() {
            called.push(index);
        }
    }
    for (index, hook) in hooks.iter().enumerate() {
        if again.contains(&index) {
            change(state, attributes, hook, &mut object)?;
        }
    }
    Ok(object)
}

/// Calls one webhook; returns whether it has changed the object, or `None` if the request does not concern it.
fn change(state: &State, attributes: Attributes<'_>, hook: &Hook, object: &mut Object) -> Result<Option<bool>> {
    let present = (attributes.operation != "DELETE").then_some(&*object);
    let Some(review) = matching::matches(state, attributes, hook, present)? else { return Ok(None) };
    let Answer::Allowed(Some(patch)) = call(state, attributes, hook, &review)? else { return Ok(Some(false)) };
    let Some(present) = present else {
        let name = hook.name();
        return Err(Status::internal_error(&format!(
            "admission webhook {name:?} attempted to modify the object, which is not supported for this operation"
        )));
    };
    let changed = review.patched(attributes, &patch)?;
    let is_changed = changed != *present;
    *object = changed;
    Ok(Some(is_changed))
}

/// Calls all validating webhooks. The first refusal in their order wins.
pub(in crate::semantics) fn validate(state: &State, attributes: Attributes<'_>, object: Option<&Object>) -> Result<()> {
    let mut first = Ok(());
    for hook in hooks(state, attributes, Kind::Validating) {
        let Some(review) = matching::matches(state, attributes, &hook, object)? else { continue };
        let answer = call(state, attributes, &hook, &review).map(drop);
        // Further webhooks are called while the request waits for one.
        first = first.and(answer);
    }
    wait(state)?;
    first
}

/// The webhooks of all configurations by name; empty for requests that are not sent to webhooks.
fn hooks(state: &State, attributes: Attributes<'_>, kind: Kind) -> Vec<Hook> {
    let served = attributes.writer.served;
    let is_exempt = served.group() == "admissionregistration.k8s.io";
    if attributes.writer.skips_webhooks || is_exempt { Vec::new() } else { Hook::all(state, kind) }
}
