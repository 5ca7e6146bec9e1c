use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use kubernetes_client::Backoff;
use kubernetes_core::{GroupVersionKind, ListRequest, Str};
use kubernetes_watch::{Change, Error, Reflector, StoreWriter, Watch};
use tokio::sync::watch;

use crate::{ApiResource, DynamicObject, MapError, Mapper, MapperWatch, clock};

/// The delays after errors that an immediate retry can't fix, the same as an informer's.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(800), LONGEST_DELAY).jitter(0.5, 1.0);

/// The time of successful watching after which the delays start over. A list alone does not count, as a user may be
/// allowed to list but not to watch.
const LONGEST_DELAY: Duration = Duration::from_secs(30);

/// The objects of the kind that are kept.
#[derive(Debug, Default)]
pub(super) struct Selection {
    pub(super) namespace: Option<Str>,
    pub(super) label_selector: Option<Str>,
    pub(super) field_selector: Option<Str>,
}

impl Selection {
    fn request(&self, resource: &ApiResource) -> ListRequest<DynamicObject> {
        let scope = match self.namespace.as_ref().filter(|_| resource.namespaced) {
            Some(namespace) => resource.in_namespace(namespace),
            None => resource.all_namespaces(),
        };
        let mut request = scope.list();
        if let Some(selector) = &self.label_selector {
            request = request.label_selector(selector);
        }
        if let Some(selector) = &self.field_selector {
            request = request.field_selector(selector);
        }
        request
    }
}

/// Follows a kind, whichever resource has it.
pub(super) struct Worker {
    pub(super) mapper: Mapper,
    pub(super) of_type: GroupVersionKind,
    pub(super) selection: Selection,
    pub(super) writer: StoreWriter<DynamicObject>,
    pub(super) watch: Watch,
    pub(super) announce: watch::Sender<Option<ApiResource>>,
    pub(super) _definitions: MapperWatch,
}

/// The reason why a resource is no longer followed.
enum Ended {
    /// The kind now belongs to another resource, or to none.
    Changed,
    /// The server does not know the path.
    Unknown,
    Failed(Error),
}

impl Worker {
    pub(super) async fn run(mut self) {
        let mut delays = BACKOFF.delays();
        loop {
            let resource = match self.mapper.wait_for(&self.of_type).await {
                Ok(resource) => resource,
                Err(error) => {
                    tracing::warn!(%error, "the resource of a kind can't be found for now");
                    self.pause(delays.next_delay()).await;
                    continue;
                }
            };
            self.announce.send_replace(Some(resource.clone()));
            let begun = clock::now();
            let ended = self.follow(&resource).await;
            if clock::now().saturating_duration_since(begun) >= LONGEST_DELAY {
                delays.reset();
            }
            match ended {
                Ended::Changed => self.clear(),
                Ended::Unknown => {
                    self.clear();
                    self.mapper.invalidate();
                    // The server may still list a kind whose definition is being deleted.
                    clock::sleep(delays.next_delay()).await;
                }
                Ended::Failed(error) => {
                    tracing::warn!(%error, %resource, "the objects of a resource can't be kept up to date for now");
                    self.pause(delays.next_delay()).await;
                }
            }
        }
    }

    /// Keeps the store up to date as long as the kind belongs to this resource.
    async fn follow(&mut self, resource: &ApiResource) -> Ended {
        let changes = Reflector::from(self.watch.clone()).stream(self.selection.request(resource));
        let following = pin!(self.writer.follow(changes));
        let changed = pin!(changed(&self.mapper, &self.of_type, resource));
        match select(following, changed).await {
            Either::Left((Err(error), _)) if error.is_not_found() => Ended::Unknown,
            Either::Left((Err(error), _)) => Ended::Failed(error),
            Either::Left((Ok(()), _)) | Either::Right(_) => Ended::Changed,
        }
    }

    /// Waits before another attempt. A removal of the kind is not noticed during that time.
    async fn pause(&mut self, delay: Duration) {
        clock::sleep(delay).await;
        if self.mapper.kind(&self.of_type).await.is_err_and(|error| is_gone(&error)) {
            self.clear();
        }
    }

    /// Empties the store, for a kind that the server does not have.
    fn clear(&mut self) {
        if self.writer.store().is_ready() {
            self.writer.apply(Change::RestartBegin);
            self.writer.apply(Change::RestartEnd);
        }
        self.announce.send_if_modified(|resource| resource.take().is_some());
    }
}

/// Whether the server does not have the kind. It may have it in a version whose resources are not known.
fn is_gone(error: &MapError) -> bool {
    error.is_no_match() && error.failures().is_empty()
}

/// Waits until the kind belongs to another resource, or to none.
async fn changed(mapper: &Mapper, of_type: &GroupVersionKind, resource: &ApiResource) {
    let mut changes = mapper.changes();
    loop {
        let is_same = match mapper.kind(of_type).await {
            Ok(current) => {
                current.group_version_resource() == resource.group_version_resource()
                    && current.namespaced == resource.namespaced
            }
            Err(error) => !is_gone(&error),
        };
        if !is_same {
            return;
        }
        // The server may report a change before it takes effect.
        if let Some(Err(_)) = clock::timeout(mapper.longest_wait(), changes.changed()).await {
            return;
        }
    }
}
