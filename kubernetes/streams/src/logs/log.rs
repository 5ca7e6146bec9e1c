use jiff::Timestamp;
use kubernetes_client::{Body, Client, Error};
use kubernetes_core::{ListRequest, LogLines, LogRequest, Path, Str, Time};

use super::Options;
use super::containers::Started;
use crate::clock::{self, Instant};
use crate::pod::{ContainerStatus, Pod};

/// The log of a container on the server, where it has no name but that of its pod: what answers may be another run than
/// the one that is asked for, or even the log of another pod.
pub(super) struct Log {
    client: Client,
    pub(super) namespace: String,
    pub(super) options: Options,
    pub(super) pod: Str,
    pub(super) uid: Str,
    pub(super) container: Str,
    /// Whether the container was there when the stream began, so that old lines may be left out.
    pub(super) is_initial: bool,
    began: Instant,
}

/// One of several requests for a log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    /// The run that was seen last, counted from 0.
    pub(super) run: usize,
    pub(super) is_again: bool,
    /// The second of the last line that has come.
    pub(super) since: Option<Timestamp>,
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
    pub(super) fn new(
        client: &Client,
        namespace: &str,
        options: &Options,
        container: &Started,
        is_initial: bool,
    ) -> Self {
        Self {
            client: client.clone(),
            namespace: namespace.to_owned(),
            options: options.clone(),
            pod: container.pod.clone(),
            uid: container.uid.clone(),
            container: container.container.clone(),
            is_initial,
            began: clock::now(),
        }
    }

    /// Opens the log of the container's last run, for the first time or again; `None` if the pod is gone.
    pub(super) async fn open(&self, attempt: Attempt) -> Result<Option<Opened>, Error> {
        let mut request = self.request();
        if self.options.follow {
            request = request.follow(true);
        }
        let is_without_old_lines = self.options.tail_lines == Some(0);
        match self.options.tail_lines {
            // What was written since the first request is new.
            Some(_) if attempt.is_again && (attempt.run > 0 || is_without_old_lines) => {}
            Some(lines) if self.is_initial && attempt.since.is_none() => request = request.tail_lines(lines),
            Some(_) | None => {}
        }
        let is_narrow = self.options.since_seconds.is_some() || (attempt.is_again && is_without_old_lines);
        self.read(self.from(request, is_narrow, attempt.since)).await
    }

    /// Opens the log of the run before the last one; `None` if the pod is gone.
    pub(super) async fn open_previous(&self, since: Option<Timestamp>) -> Result<Option<Opened>, Error> {
        self.read(self.from(self.request().previous(true), true, since)).await
    }

    fn request(&self) -> LogRequest {
        let path = Path::new("/api/v1/namespaces/{namespace}/pods/{name}/log", &[&self.namespace, &self.pod]);
        LogRequest::at(path).container(self.container.clone()).timestamps(true)
    }

    /// Leaves out what has come, or, if nothing has and `is_narrow`, what was written before the first request.
    fn from(&self, request: LogRequest, is_narrow: bool, since: Option<Timestamp>) -> LogRequest {
        match since {
            Some(since) => request.since_time(Time::from(since)),
            None if self.is_initial && is_narrow => {
                let passed = i64::try_from(self.began.elapsed().as_millis().div_ceil(1000)).unwrap_or(i64::MAX);
                let seconds = self.options.since_seconds.unwrap_or(0).saturating_add(passed);
                request.since_seconds(seconds.max(1))
            }
            None => match self.options.since_time {
                Some(time) => request.since_time(Time::from(time)),
                None => request,
            },
        }
    }

    async fn read(&self, request: LogRequest) -> Result<Option<Opened>, Error> {
        let opened = request.lines(&self.client).await;
        // Afterwards, as a name never goes back to a pod that had it before.
        let pod = match self.pod_of_the_name().await {
            Ok(pod) => pod,
            Err(error) => return Err(opened.err().unwrap_or(error)),
        };
        let is_same = pod.as_ref().is_some_and(|pod| *pod.uid() == *self.uid);
        let lines = match opened {
            Ok(lines) => lines,
            Err(error) if is_same => return Err(error),
            Err(_) => return Ok(None),
        };
        let created = |pod: &Pod| pod.metadata.creation_timestamp.as_ref().map_or(Timestamp::MIN, Time::timestamp);
        let end = pod.as_ref().filter(|_| !is_same).map(created);
        let is_this = |status: &&ContainerStatus| status.name == self.container;
        let status = pod.iter().flat_map(|pod| pod.status.all_containers()).find(is_this);
        Ok(Some(Opened { lines, end, has_restarted: status.is_some_and(ContainerStatus::has_restarted) }))
    }

    async fn pod_of_the_name(&self) -> Result<Option<Pod>, Error> {
        let request = ListRequest::<Pod>::namespaced(&self.namespace);
        let request = request.field_selector(format!("metadata.name={}", self.pod));
        Ok(request.send(&self.client).await?.items.pop())
    }
}
