use http::{Method, StatusCode};
use kubernetes_core::ObjectKey;
use serde_json::Value;

use crate::definitions;
use crate::fields;
use crate::object::{MAX_BYTES, MAX_DEPTH, Object, depth};
use crate::reply::Reply;
use crate::request::ApiRequest;
use crate::resources::{Form, ServedResource};
use crate::semantics::options::WriteOptions;
use crate::semantics::target::Target;
use crate::shape::validate;
use crate::state::State;
use crate::status::{Cause, Result, Status};

/// The author, target and options of a write.
#[derive(Clone, Debug)]
pub(in crate::semantics) struct Writer<'a> {
    pub(in crate::semantics) served: &'a ServedResource,
    pub(in crate::semantics) namespace: Option<&'a str>,
    pub(in crate::semantics) name: &'a str,
    pub(in crate::semantics) subresource: &'a str,
    pub(in crate::semantics) manager: String,
    pub(in crate::semantics) options: WriteOptions,
    /// The user whose request it is; `None` for the server itself.
    pub(in crate::semantics) user: Option<String>,
    /// Whether webhooks are not to see this write: it is the server's own, or they have seen the request already.
    pub(in crate::semantics) skips_webhooks: bool,
    is_patch: bool,
}

/// Whether the ownership of fields must still be determined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::semantics) enum Tracking {
    Update,
    /// `metadata.managedFields` is final.
    Done,
}

impl<'a> Writer<'a> {
    pub(in crate::semantics) fn of(request: &ApiRequest, target: &'a Target, options: WriteOptions) -> Self {
        Self {
            served: &target.served,
            namespace: target.namespace.as_deref(),
            name: target.name(),
            subresource: target.subresource(),
            manager: request.field_manager(),
            options,
            user: Some(request.user()),
            skips_webhooks: false,
            is_patch: request.method == Method::PATCH,
        }
    }

    /// The kind of the options of an operation, for webhooks.
    pub(in crate::semantics) fn options_kind(&self, operation: &str) -> &'static str {
        match operation {
            "CREATE" => "CreateOptions",
            "DELETE" => "DeleteOptions",
            _ if self.is_patch => "PatchOptions",
            _ => "UpdateOptions",
        }
    }

    /// The server itself, in the role of a controller.
    pub(in crate::semantics) fn controller(served: &'a ServedResource, key: &'a ObjectKey) -> Self {
        Self {
            served,
            namespace: key.namespace(),
            name: key.name(),
            subresource: "",
            manager: "kube-controller-manager".to_owned(),
            options: WriteOptions::default(),
            user: None,
            skips_webhooks: true,
            is_patch: false,
        }
    }

    pub(super) fn key_of(&self, name: &str) -> ObjectKey {
        ObjectKey::new(self.namespace, name)
    }

    /// The namespace is that of the path, and may be omitted.
    pub(in crate::semantics) fn check_namespace(&self, object: &mut Object) -> Result<()> {
        let (given, expected) = (object.text("namespace"), self.namespace.unwrap_or_default());
        if !given.is_empty() && given != expected {
            return Err(Status::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        if given.is_empty() && !expected.is_empty() {
            object.set("namespace", expected);
        }
        Ok(())
    }

    /// Checks the rules of the resource, and the schema of a custom resource.
    pub(in crate::semantics) fn check(&self, state: &State, object: &Object) -> Result<()> {
        if definitions::is_definition(self.served) {
            return definitions::check(state, object);
        }
        let Form::Custom(Some(schema)) = &self.served.form else { return Ok(()) };
        match validate(schema, &object.0) {
            causes if causes.is_empty() => Ok(()),
            causes => Err(Status::invalid(self.served.group(), self.served.kind(), object.text("name"), &causes)),
        }
    }

    /// Checks that an object can be stored and read again.
    pub(super) fn check_size(&self, object: &Object) -> Result<()> {
        // The object itself is one level.
        let depth = 1 + object.0.values().map(depth).max().unwrap_or(0);
        if depth > MAX_DEPTH {
            return Err(Status::rejected());
        }
        let size = serde_json::to_string(&object.0).map_or(0, |text| text.len());
        if size > MAX_BYTES { Err(Status::internal("etcdserver: request is too large")) } else { Ok(()) }
    }

    pub(in crate::semantics) fn invalid(&self, cause: Cause) -> Status {
        Status::invalid(self.served.group(), self.served.kind(), self.name, &[cause])
    }

    /// The object changed since the client read it.
    pub(in crate::semantics) fn modified(&self) -> Status {
        Status::modified(self.served.group(), &self.served.plural, self.name)
    }

    pub(in crate::semantics) fn conflict(&self, why: &str) -> Status {
        Status::conflict(self.served.group(), &self.served.plural, self.name, why)
    }

    /// Records the ownership of fields in `metadata.managedFields`.
    pub(in crate::semantics) fn track(&self, state: &State, old: Option<&Object>, new: &mut Object) {
        fields::track_update(self.served, &self.manager, self.subresource, &state.clock.timestamp(), old, new);
    }

    /// Like [`track`](Self::track), but changes by webhooks have no owner.
    pub(super) fn track_sent(&self, state: &State, old: Option<&Object>, sent: Option<Object>, new: &mut Object) {
        match sent {
            None => self.track(state, old, new),
            Some(mut sent) => {
                self.track(state, old, &mut sent);
                new.restore("managedFields", &sent);
            }
        }
    }

    /// Stores an object in another version than the request's, and returns it unchanged.
    pub(super) fn put_as(&self, state: &mut State, mut object: Object, stored: Object) -> Object {
        let stored = self.put(state, stored);
        object.restore("resourceVersion", &stored);
        object
    }

    /// Stores an object, which must be in the stored version.
    pub(in crate::semantics) fn put(&self, state: &mut State, object: Object) -> Object {
        let stored = self.served.stored(object, state.store.next_revision());
        Object::of(&state.store.put(self.served.collection, stored))
    }

    /// Removes an object. Watches see the last stored state, as in etcd.
    pub(in crate::semantics) fn remove(&self, state: &mut State, object: Object) -> Object {
        let stored = state.store.get(self.served.collection, &self.key_of(self.name)).cloned();
        let last = stored.as_deref().map_or_else(|| object.clone(), Object::of);
        state.store.remove(self.served.collection, self.served.stored(last, state.store.next_revision()));
        object
    }
}

/// A response with an object.
pub(in crate::semantics) fn respond(served: &ServedResource, object: Object, status: StatusCode) -> Reply {
    let object = object.with_type(&served.api_version(), served.kind());
    Reply::json(status, Value::Object(object.0).to_string())
}
