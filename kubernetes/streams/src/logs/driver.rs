use std::sync::Arc;

use futures_util::StreamExt;
use kubernetes_client::Client;
use kubernetes_core::{ListRequest, ObjectKey, Str};
use kubernetes_watch::{Change, Reflector};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::containers::{ContainerKey, Containers, Ended, Started};
use super::follower::Follower;
use super::log::Log;
use super::progress::Progress;
use super::{LogLine, Options};
use crate::error::{Error, Kind};
use crate::pod::Pod;

/// Watches pods, and follows the logs of their containers.
pub(super) struct Driver {
    client: Client,
    options: Options,
    lines: mpsc::Sender<Result<LogLine, Error>>,
    permits: Arc<Semaphore>,
    containers: Containers,
    followers: JoinSet<Ended>,
    /// Whether the first list is complete.
    is_listed: bool,
    /// The first pod that was seen.
    first_pod: Option<Str>,
}

impl Driver {
    pub(super) fn new(client: Client, options: Options, lines: mpsc::Sender<Result<LogLine, Error>>) -> Self {
        Self {
            client,
            permits: Arc::new(Semaphore::new(options.max_containers)),
            options,
            lines,
            containers: Containers::default(),
            followers: JoinSet::new(),
            is_listed: false,
            first_pod: None,
        }
    }

    /// Runs until there is nothing to follow any more; of a pod with a name, until it has ended.
    pub(super) async fn run(mut self, request: ListRequest<Pod>, name: Option<ObjectKey>) {
        let is_named = name.is_some();
        let watched = if self.options.follow { self.watch(request, is_named).await } else { self.list(request).await };
        let missing = name.filter(|_| self.first_pod.is_none()).map(|pod| Error::new(Kind::NoPod(pod)));
        if let Some(error) = watched.err().or(missing) {
            self.report(error).await;
            return;
        }
        while self.followers.join_next().await.is_some() {}
    }

    /// Reads the logs that are there, and reports each container that has none.
    async fn list(&mut self, request: ListRequest<Pod>) -> Result<(), Error> {
        let pods = request.send(&self.client).await?.items;
        pods.iter().for_each(|pod| self.apply(pod));
        for pod in &pods {
            for (container, reason) in pod.unstarted_containers() {
                if self.options.wants(container) {
                    let place = ContainerKey::of(pod, container).place();
                    self.report(Error::new(Kind::NotStarted { reason: reason.clone() }).at(&place)).await;
                }
            }
        }
        Ok(())
    }

    async fn report(&self, error: Error) {
        // Nobody reads it if the stream is gone.
        let _ = self.lines.send(Err(error)).await;
    }

    async fn watch(&mut self, request: ListRequest<Pod>, is_named: bool) -> Result<(), Error> {
        let mut changes = Reflector::new(&self.client).stream(request);
        let mut has_finished = false;
        loop {
            tokio::select! {
                change = changes.next() => match change {
                    // A name is that of one pod: another one may follow it.
                    Some(Ok(Change::Applied(pod) | Change::Deleted(pod))) if is_named && self.is_other(&pod) => {}
                    Some(Ok(change)) => has_finished = self.take(change, has_finished),
                    Some(Err(error)) => return Err(Error::watch(error)),
                    None => return Ok(()),
                },
                Some(Ok(ended)) = self.followers.join_next() => {
                    if let Some(started) = self.containers.end(ended) {
                        self.follow(started);
                    }
                }
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
            Change::Deleted(pod) => self.containers.remove(pod.uid()),
            Change::RestartBegin => self.containers.begin_list(),
            Change::RestartEnd => {
                self.containers.end_list();
                self.is_listed = true;
            }
            Change::Bookmark(_) => {}
        }
        had_finished
    }

    fn is_other(&self, pod: &Pod) -> bool {
        self.first_pod.as_ref().is_some_and(|first| **first != *pod.uid())
    }

    fn apply(&mut self, pod: &Pod) {
        self.first_pod.get_or_insert_with(|| pod.uid().into());
        for started in self.containers.apply(pod, |container| self.options.wants(container)) {
            self.follow(started);
        }
    }

    fn follow(&mut self, container: Started) {
        let Started { key, state, progress } = container;
        let progress = progress.unwrap_or_else(|| Progress::new(!self.is_listed, self.options.limit_bytes));
        let log = Log { client: self.client.clone(), options: self.options.clone(), key };
        let (lines, permits) = (self.lines.clone(), Arc::clone(&self.permits));
        self.followers.spawn(Follower::new(log, lines, permits, state, progress).run());
    }
}
