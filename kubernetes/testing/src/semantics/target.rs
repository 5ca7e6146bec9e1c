use std::sync::Arc;

use kubernetes_core::ObjectKey;

use super::conversion::one_from_storage;
use crate::request::ApiRequest;
use crate::resources::ServedResource;
use crate::selection::Selection;
use crate::state::State;
use crate::status::{Result, Status};
use crate::store::Stored;

/// The target of a path: a resource, an object, or a subresource.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) served: Arc<ServedResource>,
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
    pub(super) subresource: Option<String>,
}

impl Target {
    pub(super) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    pub(super) fn subresource(&self) -> &str {
        self.subresource.as_deref().unwrap_or_default()
    }

    /// The stored object.
    pub(super) fn stored<'a>(&self, state: &'a State) -> Option<&'a Arc<Stored>> {
        let key = ObjectKey::new(self.namespace.as_deref(), self.name());
        state.store.get(self.served.collection, &key)
    }

    /// The object in the version of the path, if it exists.
    pub(super) fn find(&self, state: &State) -> Result<Option<Arc<Stored>>> {
        let Some(stored) = self.stored(state) else { return Ok(None) };
        one_from_storage(state, &self.served, stored).map(Some)
    }

    /// The selection of a list or watch.
    pub(super) fn selection(&self, state: &State, request: &ApiRequest) -> Result<Selection> {
        Selection::read(&request.query, &self.served, self.namespace.as_deref(), state.settings.sharding)
    }

    /// The object at the path.
    pub(super) fn get(&self, state: &State) -> Result<Arc<Stored>> {
        self.find(state)?.ok_or_else(|| self.not_found())
    }

    pub(super) fn not_found(&self) -> Status {
        Status::not_found(self.served.group(), &self.served.plural, self.name())
    }
}
