use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use kubernetes_client::sync::lock;

use futures_util::StreamExt;
use kubernetes_core::{GroupVersionKind, ListRequest, PartialObjectMetadata};
use kubernetes_watch::{Change, Reflector};
use tokio::task::JoinHandle;

use super::snapshots::Snapshots;
use crate::{ApiResource, DynamicObject, clock};

/// Watches the definitions of kinds for a [`Mapper`](super::Mapper); dropping the last of its clones ends that.
#[derive(Clone, Debug)]
#[must_use = "dropping it ends the watch"]
pub struct MapperWatch {
    _tasks: Arc<Tasks>,
}

/// The tasks that watch, shared by all handles.
#[derive(Debug)]
pub(super) struct Tasks(Vec<JoinHandle<()>>);

/// The resources that define what the server has.
const DEFINITIONS: &[(&str, &str, &str)] = &[
    ("apiextensions.k8s.io", "CustomResourceDefinition", "customresourcedefinitions"),
    ("apiregistration.k8s.io", "APIService", "apiservices"),
];

/// The delay after an error that an immediate retry can't fix.
const PAUSE: Duration = Duration::from_secs(30);

impl MapperWatch {
    pub(super) fn start(snapshots: &Arc<Snapshots>, shared: &Mutex<Weak<Tasks>>) -> Self {
        let mut shared = lock(shared);
        if let Some(tasks) = shared.upgrade() {
            return Self { _tasks: tasks };
        }
        let spawn = |&(group, kind, plural): &(&str, &str, &str)| {
            let resource = ApiResource::new(&GroupVersionKind::new(group, "v1", kind), plural, false);
            let request = resource.cluster().list().metadata_only();
            tokio::spawn(watch(Arc::downgrade(snapshots), snapshots.client.clone(), request))
        };
        let tasks = Arc::new(Tasks(DEFINITIONS.iter().map(spawn).collect()));
        *shared = Arc::downgrade(&tasks);
        Self { _tasks: tasks }
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

async fn watch(
    snapshots: Weak<Snapshots>,
    client: kubernetes_client::Client,
    request: ListRequest<PartialObjectMetadata<DynamicObject>>,
) {
    loop {
        let mut changes = Reflector::new(&client).stream(request.clone());
        let mut is_listing = true;
        while let Some(change) = changes.next().await {
            let Some(snapshots) = snapshots.upgrade() else { return };
            match change {
                Ok(Change::RestartBegin) => is_listing = true,
                // Covers changes since the last discovery, and those while the watch was interrupted.
                Ok(Change::RestartEnd) => {
                    is_listing = false;
                    snapshots.invalidate();
                }
                Ok(Change::Applied(_) | Change::Deleted(_)) if !is_listing => snapshots.invalidate_for_a_while(),
                Ok(Change::Applied(_) | Change::Deleted(_) | Change::Bookmark(_)) => {}
                Err(error) => {
                    tracing::warn!(%error, request = ?request.request(), "definitions are not watched for now");
                }
            }
        }
        clock::sleep(PAUSE).await;
    }
}
