use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::printing::Rendering;
use crate::reply::Reply;
use crate::request::ApiRequest;
use crate::resources::{ServedResource, head};
use crate::selection::Selection;
use crate::semantics::conversion::from_storage;
use crate::semantics::options::ListOptions;
use crate::semantics::paging::Continue;
use crate::semantics::target::Target;
use crate::state::State;
use crate::status::{Result, Status};
use crate::store::Stored;

pub(in crate::semantics) fn get(state: &State, request: &ApiRequest, target: &Target) -> Result<Reply> {
    let options = ListOptions::read(&request.query, false)?;
    refuse_future(state, options.resource_version)?;
    let object = target.get(state)?;
    let rendering = Rendering::of(request)?;
    match rendering.render(target.served.printer(), std::slice::from_ref(&object), state.clock.now(), None) {
        Some(value) => Ok(Reply::ok(value.to_string())),
        None => Ok(Reply::ok(object.text(&target.served.head))),
    }
}

/// Refuses a version that does not exist yet. The real server waits three seconds for it first.
fn refuse_future(state: &State, version: Option<u64>) -> Result<()> {
    let current = state.store.revision();
    match version {
        Some(asked) if asked > current => Err(Status::too_large_version(asked, current)),
        _ => Ok(()),
    }
}

/// A complete list or a page of it.
///
/// The meaning of the resourceVersion:
/// <https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-get-and-list>
pub(in crate::semantics) fn list(state: &State, request: &ApiRequest, target: &Target) -> Result<Reply> {
    let options = ListOptions::read(&request.query, false)?;
    let selection = target.selection(state, request)?;
    let mut page = page(state, target, &options, &selection)?;
    let served = &target.served;
    page.objects = from_storage(state, served, page.objects)?;
    match Rendering::of(request)?.render(served.printer(), &page.objects, state.clock.now(), Some(page.metadata())) {
        Some(value) => Ok(Reply::ok(value.to_string())),
        None => Ok(Reply::ok(write_list(served, &page))),
    }
}

/// A part of a list.
pub(super) struct Page {
    pub(super) objects: Vec<Arc<Stored>>,
    pub(super) revision: u64,
    pub(super) next: Option<String>,
    pub(super) remaining: Option<usize>,
    /// The shard.
    shard: Option<String>,
}

impl Page {
    /// The `ListMeta`.
    fn metadata(&self) -> Map<String, Value> {
        let mut metadata = Map::new();
        metadata.insert("resourceVersion".to_owned(), self.revision.to_string().into());
        if let Some(next) = &self.next {
            metadata.insert("continue".to_owned(), next.as_str().into());
        }
        if let Some(remaining) = self.remaining {
            metadata.insert("remainingItemCount".to_owned(), remaining.into());
        }
        metadata
    }

    /// The `ListMeta` of a list of whole objects; only such a list has its shard.
    fn whole_metadata(&self, served: &ServedResource) -> Map<String, Value> {
        let mut metadata = self.metadata();
        if served.is_custom() {
            // A list without a type in Go always has it.
            metadata.entry("continue").or_insert_with(|| "".into());
        }
        if let Some(shard) = &self.shard {
            metadata.insert("shardInfo".to_owned(), json!({"selector": shard}));
        }
        metadata
    }
}

pub(super) fn page(state: &State, target: &Target, options: &ListOptions, selection: &Selection) -> Result<Page> {
    let store = &state.store;
    let collection = store.collection(target.served.collection);
    let oldest = store.oldest(target.served.collection);
    let from = options.continue_token.as_deref().map(Continue::decode).transpose()?;
    let (revision, after) = match &from {
        Some(from) => {
            refuse_future(state, from.revision)?;
            (from.revision, Some(from.after.as_str()))
        }
        None => {
            refuse_future(state, options.resource_version)?;
            (options.resource_version.filter(|_| options.exact), None)
        }
    };
    // For version 0, a server answers with the whole list in its cache.
    let limit = if options.resource_version == Some(0) && from.is_none() { 0 } else { options.limit };
    if let Some(revision) = revision.filter(|revision| *revision < oldest) {
        return Err(match after {
            Some(after) => expired_token(after),
            None if revision > 0 => Status::expired("The resourceVersion for the provided list is too old."),
            None => Status::bad_request("the resourceVersion 0 is not an exact version"),
        });
    }
    let shown = revision.unwrap_or(store.revision());
    let found = if shown < store.revision() {
        let objects = collection.objects_at(shown, selection.namespace.as_deref(), after);
        cut(objects, limit, shown, selection)
    } else {
        cut(collection.objects_after(selection.namespace.as_deref(), after), limit, shown, selection)
    };
    Ok(found)
}

/// Takes the first `limit` selected objects, or all of them if `limit` is 0.
fn cut<'a>(objects: impl Iterator<Item = &'a Arc<Stored>>, limit: usize, revision: u64, selection: &Selection) -> Page {
    let shard = selection.shard().map(ToString::to_string);
    let mut objects = objects.filter(|object| selection.matches(object));
    let taken: Vec<Arc<Stored>> = objects.by_ref().take(if limit == 0 { usize::MAX } else { limit }).cloned().collect();
    if objects.next().is_none() {
        return Page { objects: taken, revision, next: None, remaining: None, shard };
    }
    let next = taken.last().map(|last| Continue { revision: Some(revision), after: last.key.to_string() }.encode());
    // The number of remaining objects is only known without filters.
    let remaining = (!selection.has_selectors()).then(|| 1 + objects.count());
    Page { objects: taken, revision, next, remaining, shard }
}

/// From `handleCompactedErrorForPaging` in
/// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/storage/etcd3/errors.go>.
fn expired_token(after: &str) -> Status {
    const MESSAGE: &str = "The provided continue parameter is too old to display a consistent list result. You can \
                           start a new list without the continue parameter, or use the continue token in this response \
                           to retrieve the remainder of the results. Continuing with the provided token results in an \
                           inconsistent list - objects that were created, modified, or deleted between the time the \
                           first chunk was returned and now may show up in the list.";
    let token = Continue { revision: None, after: after.to_owned() }.encode();
    Status::expired(MESSAGE).with_continue(token)
}

/// Writes a list of stored objects.
pub(super) fn write_list(served: &ServedResource, page: &Page) -> Vec<u8> {
    let head = head(&served.api_version(), &served.list_kind);
    let item_head = served.item_head();
    let size: usize = page.objects.iter().map(|object| object.json.len() + item_head.len() + 1).sum();
    let mut text = Vec::with_capacity(size + head.len() + 256);
    text.extend_from_slice(head.as_bytes());
    text.extend_from_slice(b"\"metadata\":");
    text.extend_from_slice(Value::Object(page.whole_metadata(served)).to_string().as_bytes());
    text.extend_from_slice(b",\"items\":[");
    for (index, object) in page.objects.iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        object.write_with_head(item_head, &mut text);
    }
    text.extend_from_slice(b"]}");
    text
}
