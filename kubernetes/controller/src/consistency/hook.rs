use std::future::ready;
use std::sync::{Arc, Mutex};

use http::Method;
use kubernetes_client::sync::lock;
use kubernetes_client::{Write, WriteAdmission, WriteHook, WriteOutcome, WritePermit, WrittenObject};
use kubernetes_core::{GroupVersionResource, ObjectKey};

use super::Writes;
use super::own::End;
use super::requirements::Requirement;
use crate::informers::WatchedStore;

/// Notes the writes of one run: the hook of the client that a reconcile function is given.
pub(super) struct NoteWrites {
    writes: Arc<Writes>,
    /// The object that the run is for.
    key: ObjectKey,
    /// The controller's own objects with writes under way, each as often as it is written: an object may be created or
    /// deleted meanwhile.
    begun: Mutex<Vec<ObjectKey>>,
}

impl WriteHook for NoteWrites {
    fn before<'a>(&'a self, write: &'a Write) -> WriteAdmission<'a> {
        if let Some(key) = self.own_object(write) {
            self.writes.begun(&key);
            lock(&self.begun).push(key);
        }
        Box::pin(ready(Ok(WritePermit::unlimited())))
    }

    fn after(&self, write: &Write, outcome: &WriteOutcome<'_>) {
        let Some(resource) = write.resource().filter(|_| !write.is_upgrade()) else { return };
        if let Some(key) = self.take_begun(write) {
            self.writes.ended(&key, &end_of(outcome));
        }
        match outcome {
            WriteOutcome::Rejected(_) | WriteOutcome::NotSent => {}
            // It is answered with the objects as they were before: some may have finalizers, and stay.
            WriteOutcome::Done(objects) if write.is_collection_delete() && !objects.is_empty() => {
                objects.iter().for_each(|object| {
                    self.unknown(resource, object.metadata.namespace.as_deref(), Some(&object.key()))
                });
            }
            WriteOutcome::Done(objects) if is_answer(write, objects) => {
                objects.iter().for_each(|object| self.written(write, resource, object));
            }
            _ => self.unknown(resource, write.namespace(), write.key()),
        }
    }
}

/// Whether the objects of a response tell all that was written: an eviction, say, is answered with none, and an object of
/// another type than the one that is written to may have no version.
fn is_answer(write: &Write, objects: &[WrittenObject]) -> bool {
    if *write.method() == Method::DELETE {
        return !write.is_collection_delete() && !objects.is_empty();
    }
    !objects.is_empty() && objects.iter().all(|object| version(object).is_some())
}

fn version(object: &WrittenObject) -> Option<&kubernetes_core::Str> {
    object.metadata.resource_version.as_ref().filter(|version| !version.is_empty())
}

/// Whether an object does not exist any more: that with which a deletion is answered if nothing holds it up, or that of
/// which a write has removed the last finalizer.
fn has_gone(write: &Write, object: &WrittenObject) -> bool {
    let metadata = &object.metadata;
    match metadata.deletion_timestamp {
        None => *write.method() == Method::DELETE,
        Some(_) => metadata.finalizers.is_empty() && metadata.deletion_grace_period_seconds.unwrap_or_default() == 0,
    }
}

/// The end of a write of one object.
fn end_of<'a>(outcome: &'a WriteOutcome<'_>) -> End<'a> {
    match outcome {
        WriteOutcome::Rejected(_) | WriteOutcome::NotSent => End::NotWritten,
        WriteOutcome::Done(objects) => objects.iter().find_map(version).map_or(End::NotWritten, End::Written),
        // Also those of later versions of the crate.
        _ => End::Unknown,
    }
}

impl NoteWrites {
    /// The hook of a run for `key`.
    pub(super) fn new(writes: &Arc<Writes>, key: &ObjectKey) -> Self {
        Self { writes: Arc::clone(writes), key: key.clone(), begun: Mutex::default() }
    }

    /// The object of a write that was noted when it began.
    fn take_begun(&self, write: &Write) -> Option<ObjectKey> {
        let mut begun = lock(&self.begun);
        if begun.is_empty() {
            return None;
        }
        let resource = write.resource()?;
        let key = write.key().filter(|_| self.writes.is_of_primary(resource))?;
        let place = begun.iter().position(|begun| begun == key)?;
        Some(begun.swap_remove(place))
    }

    /// The controller's own object that is written.
    fn own_object(&self, write: &Write) -> Option<ObjectKey> {
        let resource = write.resource().filter(|_| !write.is_upgrade())?;
        write.key().filter(|key| self.writes.is_own_object(resource, key)).cloned()
    }

    fn written(&self, write: &Write, resource: &GroupVersionResource, object: &WrittenObject) {
        // The path counts: a response may leave the namespace out.
        let key = write.key().cloned().unwrap_or_else(|| object.key());
        let is_deleted = has_gone(write, object);
        self.writes.require(&self.key, |store| {
            let scope = store.scope();
            if !scope.is_of(resource) || !scope.has_namespace(key.namespace()) {
                return None;
            }
            let uid = store.uid_of(&key);
            let is_covered = scope.may_select(&key, &object.metadata) || store.has_selected(&key);
            let gone = object.metadata.uid.clone().or_else(|| uid.clone()).filter(|_| is_deleted);
            if is_covered && uid.is_none() && scope.is_known_to_server_only() {
                return Some(Requirement::Unknown(key.clone()));
            }
            is_covered.then(|| Requirement::Written { key: key.clone(), version: version(object).cloned(), gone })
        });
    }

    fn unknown(&self, resource: &GroupVersionResource, namespace: Option<&str>, key: Option<&ObjectKey>) {
        self.writes.require(&self.key, |store: &dyn WatchedStore| {
            let scope = store.scope();
            if !scope.is_of(resource) {
                return None;
            }
            match key {
                Some(key) => scope.has_namespace(key.namespace()).then(|| Requirement::Unknown(key.clone())),
                None => {
                    (namespace.is_none() || scope.has_namespace(namespace)).then_some(Requirement::UnknownCollection)
                }
            }
        });
    }
}
