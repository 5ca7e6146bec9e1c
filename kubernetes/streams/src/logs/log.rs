use jiff::Timestamp;
use kubernetes_client::{Body, Client, Error};
use kubernetes_core::{ListRequest, LogLines, LogRequest, Path, Time};

use super::Options;
use super::containers::ContainerKey;
use super::progress::Progress;
use crate::pod::{ContainerStatus, Pod};

/// The log of a container on the server, where it has no name but that of its pod: what answers may be another run than
/// the one that is asked for, or even the log of another pod.
#[derive(Clone)]
pub(super) struct Log {
    pub(super) client: Client,
    pub(super) options: Options,
    pub(super) key: ContainerKey,
}

/// A log that is open.
pub(super) struct Opened {
    pub(super) lines: LogLines<Body>,
    /// Lines from here on are those of another pod.
    pub(super) end: Option<Timestamp>,
    /// Whether the container had another run before its last one.
    pub(super) has_restarted: bool,
}

impl Log {
    /// Opens the log of the container's last run, for the first time or again; `run` is the one that was seen last,
    /// counted from 0. `None` if the pod is gone.
    pub(super) async fn open(&self, run: usize, is_again: bool, progress: &Progress) -> Result<Option<Opened>, Error> {
        let mut request = self.request(self.options.previous);
        if self.options.follow {
            request = request.follow(true);
        }
        let is_without_old_lines = self.options.tail_lines == Some(0);
        // Lines written since the first request are new.
        let is_new = is_again && (run > 0 || is_without_old_lines);
        if let Some(lines) = self.options.tail_lines
            && progress.is_initial
            && progress.position.second().is_none()
            && !is_new
        {
            request = request.tail_lines(lines);
        }
        let since_start = self.options.since_seconds.is_some() || (is_again && is_without_old_lines);
        self.read(self.from(request, since_start, progress), is_again, progress).await
    }

    /// Opens the log of the run before the last one; `None` if the pod is gone.
    pub(super) async fn open_previous(&self, progress: &Progress) -> Result<Option<Opened>, Error> {
        self.read(self.from(self.request(true), true, progress), true, progress).await
    }

    /// Whether the pod is there, and is not being deleted.
    pub(super) async fn has_pod(&self) -> Result<bool, Error> {
        let pod = self.pod_of_the_name().await?;
        Ok(pod.is_some_and(|pod| *pod.uid() == *self.key.uid && !pod.is_terminating()))
    }

    fn request(&self, previous: bool) -> LogRequest {
        let ContainerKey { namespace, pod, container, .. } = &self.key;
        let path = Path::new("/api/v1/namespaces/{namespace}/pods/{name}/log", &[namespace, pod]);
        let request = LogRequest::at(path).container(container.clone()).timestamps(true);
        if previous { request.previous(true) } else { request }
    }

    /// Leaves out what has come, or, if nothing has and `since_start`, what was written before the first request.
    fn from(&self, request: LogRequest, since_start: bool, progress: &Progress) -> LogRequest {
        match progress.position.second() {
            Some(since) => request.since_time(Time::from(since)),
            None if progress.is_initial && since_start => {
                let passed = i64::try_from(progress.began.elapsed().as_millis().div_ceil(1000)).unwrap_or(i64::MAX);
                let seconds = self.options.since_seconds.unwrap_or(0).saturating_add(passed);
                request.since_seconds(seconds.max(1))
            }
            None => match self.options.since_time {
                Some(time) => request.since_time(Time::from(time)),
                None => request,
            },
        }
    }

    async fn read(&self, request: LogRequest, is_again: bool, progress: &Progress) -> Result<Option<Opened>, Error> {
        let opened = request.lines(&self.client).await.map(|lines| Opened { lines, end: None, has_restarted: false });
        if opened.is_ok() && !is_again && progress.is_initial && self.key.has_unique_name {
            // Nothing that the pod would tell matters.
            return opened.map(Some);
        }
        // Afterwards, as a name never goes back to a pod that had it before.
        let pod = match (self.pod_of_the_name().await, opened.is_ok()) {
            (Ok(pod), _) => pod,
            // The state of the watch, which has just reported the container, is all that is known.
            (Err(_), true) if !is_again => return opened.map(Some),
            (Err(error), _) => return Err(opened.err().unwrap_or(error)),
        };
        let is_same = pod.as_ref().is_some_and(|pod| *pod.uid() == *self.key.uid);
        let Opened { lines, .. } = match opened {
            Ok(opened) => opened,
            Err(error) if is_same => return Err(error),
            Err(_) => return Ok(None),
        };
        let created = |pod: &Pod| pod.metadata.creation_timestamp.as_ref().map_or(Timestamp::MIN, Time::timestamp);
        let end = pod.as_ref().filter(|_| !is_same).map(created);
        let is_this = |status: &&ContainerStatus| status.name == self.key.container;
        let status = pod.iter().flat_map(|pod| pod.status.all_containers()).find(is_this);
        Ok(Some(Opened { lines, end, has_restarted: status.is_some_and(ContainerStatus::has_restarted) }))
    }

    async fn pod_of_the_name(&self) -> Result<Option<Pod>, Error> {
        let request = ListRequest::<Pod>::namespaced(&self.key.namespace);
        let request = request.field_selector(format!("metadata.name={}", self.key.pod));
        Ok(request.send(&self.client).await?.items.pop())
    }
}
