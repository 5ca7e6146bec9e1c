use crate::printing::Rendering;
use crate::request::ApiRequest;
use crate::semantics::options::ListOptions;
use crate::semantics::target::Target;
use crate::state::State;
use crate::status::{Result, Status};
use crate::watch::{Options, Start, Watch};

/// A watch: from a version, or from the existing objects.
///
/// <https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-watch>
pub(in crate::semantics) fn watch(state: &State, request: &ApiRequest, target: &Target) -> Result<Watch> {
    let options = ListOptions::read(&request.query, true)?;
    let selection = target.selection(state, request)?;
    let current = state.store.revision();
    let start = match (options.initial_events, options.resource_version) {
        (Some(true), Some(asked)) if asked > current => Start::Failed(Status::too_large_version(asked, current)),
        (Some(true), _) => Start::Initial { announces_end: options.bookmarks },
        (None, None | Some(0)) => Start::Initial { announces_end: options.bookmarks },
        (Some(false), None | Some(0)) => Start::After(current),
        (_, Some(asked)) => Start::After(asked),
    };
    let interval = options.bookmarks.then_some(state.settings.bookmark_interval);
    let rendering = Rendering::of(request)?;
    let options = Options { interval, timeout_seconds: options.timeout_seconds };
    Ok(Watch::new(state, &target.served, selection, start, rendering, options))
}
