//! Admission by webhooks, as in the API server's plugins.
//!
//! From <https://github.com/kubernetes/apiserver/tree/v0.37.2/pkg/admission/plugin/webhook>.

mod calls;
mod hook;
mod matching;
mod review;

use super::writer::Writer;
use crate::object::Object;
use crate::state::State;
use crate::status::{Result, Status};
use calls::{Answer, call};
use hook::{Hook, Kind};

/// An operation on an object.
#[derive(Clone, Copy, Debug)]
pub(in crate::semantics) struct Attributes<'a> {
    pub(in crate::semantics) writer: &'a Writer<'a>,
    /// `CREATE`, `UPDATE` or `DELETE`.
    pub(in crate::semantics) operation: &'static str,
    pub(in crate::semantics) old: Option<&'a Object>,
}

/// The object after mutating webhooks. Each sees the changes of the preceding ones; those that request reinvocation are
/// called again if others have changed the object afterwards.
pub(in crate::semantics) fn mutate(state: &State, attributes: Attributes<'_>, object: Object) -> Result<Object> {
    let hooks = hooks(state, attributes, Kind::Mutating);
    let mut object = object;
    let (mut called, mut again) = (Vec::new(), Vec::new());
    for (index, hook) in hooks.iter().enumerate() {
        if change(state, attributes, hook, &mut object)? {
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

/// Calls a webhook; returns whether it has changed the object.
fn change(state: &State, attributes: Attributes<'_>, hook: &Hook, object: &mut Object) -> Result<bool> {
    let present = (attributes.operation != "DELETE").then_some(&*object);
    let Some(review) = matching::matches(state, attributes, hook, present)? else { return Ok(false) };
    let Answer::Allowed(Some(patch)) = call(state, attributes, hook, &review)? else { return Ok(false) };
    let Some(present) = present else {
        let name = hook.name();
        return Err(Status::internal_error(&format!(
            "admission webhook {name:?} attempted to modify the object, which is not supported for this operation"
        )));
    };
    let changed = review.patched(attributes.writer.served, &patch)?;
    let is_changed = changed != *present;
    *object = changed;
    Ok(is_changed)
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
    match state.exchange.borrow().is_waiting() {
        true => Err(Status::waiting()),
        false => first,
    }
}

/// The webhooks of all configurations by name; empty for requests that are not sent to webhooks.
fn hooks(state: &State, attributes: Attributes<'_>, kind: Kind) -> Vec<Hook> {
    let served = attributes.writer.served;
    let is_exempt = served.group() == "admissionregistration.k8s.io";
    if attributes.writer.user.is_none() || is_exempt { Vec::new() } else { Hook::all(state, kind) }
}
