use std::sync::Arc;

use futures_util::StreamExt;
use kubernetes_client::Client;
use kubernetes_core::{ListRequest, Str};
use kubernetes_watch::{Change, Reflector};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::containers::Containers;
use super::follower::Follower;
use super::log::Log;
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
    /// Each returns the uid of its pod.
    followers: JoinSet<Str>,
    /// Whether the first list is complete.
    is_listed: bool,
    /// The first pod that was seen.
    first_pod: Option<Str>,
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
            first_pod: None,
        }
    }

    /// Runs until there is nothing to follow any more; of a pod with a name, until it has ended.
    pub(super) async fn run(mut self, request: ListRequest<Pod>, name: Option<String>) {
        let is_named = name.is_some();
        let watched = if self.options.follow { self.watch(request, is_named).await } else { self.list(request).await };
        let missing = name
            .filter(|_| self.first_pod.is_none())
            .map(|name| Error::new(Kind::NoPod { name, namespace: self.namespace.clone() }));
        if let Some(error) = watched.err().or(missing) {
            // Nobody reads it if the stream is gone.
            let _ = self.lines.send(Err(error)).await;
            return;
        }
        while self.followers.join_next().await.is_some() {}
    }

    async fn list(&mut self, request: ListRequest<Pod>) -> Result<(), Error> {
        let pods = request.send(&self.client).await?.items;
        pods.iter().for_each(|pod| self.apply(pod));
        Ok(())
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
                Some(Ok(uid)) = self.followers.join_next() => self.containers.forget(&uid),
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
        for container in self.containers.apply(pod, &self.options.containers) {
            let log = Log::new(&self.client, &self.namespace, &self.options, &container, !self.is_listed);
            let (lines, permits) = (self.lines.clone(), Arc::clone(&self.permits));
            self.followers.spawn(Follower::new(log, lines, permits, container).run());
        }
    }
}
