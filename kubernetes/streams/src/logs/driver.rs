use std::sync::Arc;

use futures_util::StreamExt;
use kubernetes_client::Client;
use kubernetes_core::ListRequest;
use kubernetes_watch::{Change, Reflector};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::containers::Containers;
use super::follower::Follower;
use super::{LogLine, Options};
use crate::error::{Error, Kind};
use crate::pod::Pod;

/// Watches pods, and follows the logs of their containers.
pub(super) struct Driver {
    client: Client,
    namespace: String,
    options: Options,
    lines: mpsc::Sender<Result<LogLine, Error>>,
    permits: Arc<Semaphore>,
    containers: Containers,
    followers: JoinSet<()>,
    /// Whether the first list is complete.
    is_listed: bool,
    has_seen_pod: bool,
}

impl Driver {
    pub(super) fn new(
        client: Client,
        namespace: String,
        options: Options,
        lines: mpsc::Sender<Result<LogLine, Error>>,
    ) -> Self {
        Self {
            client,
            namespace,
            permits: Arc::new(Semaphore::new(options.max_containers)),
            options,
            lines,
            containers: Containers::default(),
            followers: JoinSet::new(),
            is_listed: false,
            has_seen_pod: false,
        }
    }

    /// Runs until there is nothing to follow any more; of a pod with a name, until it has ended.
    pub(super) async fn run(mut self, request: ListRequest<Pod>, name: Option<String>) {
        let is_named = name.is_some();
        let watched = if self.options.follow { self.watch(request, is_named).await } else { self.list(request).await };
        let missing = name
            .filter(|_| !self.has_seen_pod)
            .map(|name| Error::new(Kind::NoPod { name, namespace: self.namespace.clone() }));
        if let Some(error) = watched.err().or(missing) {
            // Nobody reads it if the stream is gone.
            let _ = self.lines.send(Err(error)).await;
            return;
        }
        while self.followers.join_next().await.is_some() {}
    }

    async fn list(&mut self, request: ListRequest<Pod>) -> Result<(), Error> {
        for pod in &request.send(&self.client).await?.items {
            self.apply(pod);
        }
        Ok(())
    }

    async fn watch(&mut self, request: ListRequest<Pod>, is_named: bool) -> Result<(), Error> {
        let mut changes = Reflector::new(&self.client).stream(request);
        let mut has_finished = false;
        loop {
            tokio::select! {
                change = changes.next() => match change {
                    Some(Ok(change)) => has_finished = self.take(change, has_finished),
                    Some(Err(error)) => return Err(Error::watch(error)),
                    None => return Ok(()),
                },
                Some(_) = self.followers.join_next() => {}
            }
            let is_over = self.is_listed && (has_finished || self.containers.is_empty());
            if is_named && is_over {
                return Ok(());
            }
        }
    }

    /// Takes a change in; returns whether the last pod that was seen has finished.
    fn take(&mut self, change: Change<Pod>, had_finished: bool) -> bool {
        match change {
            Change::Applied(pod) => {
                self.apply(&pod);
                return pod.has_finished();
            }
            Change::Deleted(pod) => {
                // Its last state may have containers that were started at the end.
                self.apply(&pod);
                self.containers.remove(pod.uid());
            }
            Change::RestartBegin => self.containers.begin_list(),
            Change::RestartEnd => {
                self.containers.end_list();
                self.is_listed = true;
            }
            Change::Bookmark(_) => {}
        }
        had_finished
    }

    fn apply(&mut self, pod: &Pod) {
        self.has_seen_pod = true;
        for container in self.containers.apply(pod, &self.options.containers) {
            let follower = Follower {
                client: self.client.clone(),
                namespace: self.namespace.clone(),
                options: self.options.clone(),
                lines: self.lines.clone(),
                permits: Arc::clone(&self.permits),
                container,
                is_initial: !self.is_listed,
            };
            self.followers.spawn(follower.run());
        }
    }
}
