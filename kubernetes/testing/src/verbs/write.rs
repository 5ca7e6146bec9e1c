use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use super::context::Target;
use super::options::WriteOptions;
use super::{Reply, garbage, namespaces};
use crate::call::Call;
use crate::custom;
use crate::custom_schema;
use crate::failure::{Cause, Failure, Result};
use crate::fields;
use crate::object::Object;
use crate::registry::{Form, Served};
use crate::state::{Deadline, State};
use crate::store::{Key, Stored};

/// Who writes what, and how.
#[derive(Clone, Debug)]
pub(crate) struct Writer<'a> {
    pub(super) served: &'a Served,
    pub(super) namespace: Option<&'a str>,
    pub(super) name: &'a str,
    pub(super) subresource: &'a str,
    pub(super) manager: String,
    pub(super) options: WriteOptions,
}

impl<'a> Writer<'a> {
    pub(super) fn of(call: &Call, target: &'a Target, options: WriteOptions) -> Self {
        Self {
            served: &target.served,
            namespace: target.namespace.as_deref(),
            name: target.name(),
            subresource: target.subresource.as_deref().unwrap_or_default(),
            manager: call.field_manager(),
            options,
        }
    }

    /// The server itself, as a controller would act.
    pub(super) fn controller(served: &'a Served, key: &'a Key) -> Self {
        Self {
            served,
            namespace: key.namespace(),
            name: key.name(),
            subresource: "",
            manager: "kube-controller-manager".to_owned(),
            options: WriteOptions::default(),
        }
    }

    pub(super) fn key_of(&self, name: &str) -> Key {
        Key::new(self.namespace, name)
    }

    /// The namespace is that of the path, and may be left out.
    pub(super) fn check_namespace(&self, object: &mut Object) -> Result<()> {
        let (given, expected) = (object.text("namespace"), self.namespace.unwrap_or_default());
        if !given.is_empty() && given != expected {
            return Err(Failure::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        if given.is_empty() && !expected.is_empty() {
            object.set("namespace", expected);
        }
        Ok(())
    }

    /// Rules of single resources, and the schema of a custom one.
    pub(super) fn check(&self, state: &State, object: &Object) -> Result<()> {
        if custom::is_definition(self.served) {
            return custom::check(state, object);
        }
        let Form::Custom(Some(schema)) = &self.served.form else { return Ok(()) };
        match custom_schema::check(schema, &object.0) {
            causes if causes.is_empty() => Ok(()),
            causes => Err(Failure::invalid(&self.served.group, &self.served.kind, object.text("name"), &causes)),
        }
    }

    pub(super) fn invalid(&self, cause: Cause) -> Failure {
        Failure::invalid(&self.served.group, &self.served.kind, self.name, &[cause])
    }

    /// Notes in `metadata.managedFields` who set what.
    pub(super) fn track(&self, state: &State, old: Option<&Object>, new: &mut Object) {
        fields::track_update(self.served, &self.manager, self.subresource, &state.clock.timestamp(), old, new);
    }

    /// Stores an object, and does what controllers do about it.
    pub(super) fn put(&self, state: &mut State, object: Object) -> Result<Object> {
        let revision = state.store.next_revision();
        let stored = state.store.put(self.served.collection, object.into_stored(self.served, revision));
        if custom::is_definition(self.served) {
            custom::register(state, &stored);
        }
        if self.served.plural == "events" && !self.served.is_custom() {
            forget_later(state, self.served, &stored);
        }
        // Those may change the object again, which the answer does not show, as in a cluster.
        garbage::after_put(state, self.served, &stored);
        Ok(Object::of(&stored))
    }

    /// Removes an object, and does what controllers do about that.
    pub(super) fn remove(&self, state: &mut State, object: Object) -> Object {
        let revision = state.store.next_revision();
        // Watches are shown the last state that was stored: etcd tells of no other.
        let stored = state.store.get(self.served.collection, &self.key_of(self.name)).cloned();
        let mut gone = stored.as_deref().map_or_else(|| object.clone(), Object::of);
        gone.set("resourceVersion", revision.to_string());
        if let Some(last) = state.store.remove(self.served.collection, gone.into_stored(self.served, revision)) {
            after_remove(state, self.served, &last);
        }
        object
    }
}

/// Events are kept for an hour after they were last written, as `--event-ttl` has it by default.
fn forget_later(state: &mut State, served: &Served, event: &Stored) {
    const EVENT_TTL: Duration = Duration::from_secs(3600);
    let at = state.clock.elapsed().saturating_add(EVENT_TTL);
    let (group, plural, key) = (served.group.clone(), served.plural.clone(), event.key.clone());
    let uid = event.uid.to_string();
    state.deadlines.set(at, Deadline { group, plural, key, uid, revision: Some(event.revision) });
}

fn after_remove(state: &mut State, served: &Served, last: &Stored) {
    if custom::is_definition(served) {
        custom::unregister(state, last);
    }
    garbage::after_remove(state, last);
    namespaces::after_remove(state, served, last);
}

/// An object as an answer.
pub(super) fn respond(served: &Served, object: Object, status: StatusCode) -> Reply {
    let object = object.with_type(&served.api_version(), &served.kind);
    Reply::json(status, Value::Object(object.0).to_string() + "\n")
}
