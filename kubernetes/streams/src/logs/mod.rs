//! The logs of several containers, in one stream.

mod containers;
mod driver;
mod follower;
mod log;
mod position;
mod progress;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;
use jiff::Timestamp;
use kubernetes_client::Client;
use kubernetes_core::{ListRequest, ObjectKey, Str};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::error::Error;
use crate::pod::Pod;
use driver::Driver;

/// Reads the logs of several containers as one stream: those of a pod, or of all pods with certain labels, like
/// `kubectl logs --selector` and `stern`.
///
/// ```no_run
/// use futures_util::StreamExt;
/// use kubernetes_client::Client;
/// use kubernetes_streams::PodLogs;
///
/// # async fn example(client: &Client) {
/// let mut lines = PodLogs::labelled("shop", "app=web").tail_lines(10).stream(client);
/// while let Some(line) = lines.next().await {
///     match line {
///         Ok(line) => println!("{}/{}: {}", line.pod, line.container, line.text),
///         Err(error) => eprintln!("{error}"),
///     }
/// }
/// # }
/// ```
///
/// It follows restarted containers, and pods that are created and deleted. The log of a pod whose labels no longer match
/// ends, and is continued if the pod comes back. The user needs `get` on `pods/log`, and
/// `list` and `watch` on `pods`. The lines of a container are in order; those of different containers are interleaved
/// as they arrive.
///
/// Each line of a container is yielded once, even if the watch of pods lags behind, misses a run of the container, or
/// is late to report a pod with the same name as an earlier one. A kubelet keeps only the logs of the last two runs, so
/// earlier ones may be lost. Runs are distinguished by the times of their lines, so lines may be skipped if a node's
/// clock is set back.
#[derive(Clone, Debug)]
#[must_use = "nothing is read before a stream is made"]
pub struct PodLogs {
    /// All namespaces if it is `None`.
    namespace: Option<String>,
    name: Option<String>,
    labels: String,
    fields: Vec<String>,
    options: Options,
}

/// How logs are read.
#[derive(Clone, Debug)]
struct Options {
    /// The names of containers; all if it is empty.
    containers: Vec<Str>,
    excluded: Vec<Str>,
    follow: bool,
    previous: bool,
    tail_lines: Option<i64>,
    since_seconds: Option<i64>,
    since_time: Option<Timestamp>,
    limit_bytes: Option<u64>,
    reconnect: bool,
    max_containers: usize,
}

impl Options {
    /// Whether the log of a container is asked for.
    fn wants(&self, container: &str) -> bool {
        let is_in = |names: &[Str]| names.iter().any(|name| &**name == container);
        (self.containers.is_empty() || is_in(&self.containers)) && !is_in(&self.excluded)
    }
}

impl PodLogs {
    /// Creates a request for the logs of the pod `name`. The stream ends with the pod.
    pub fn of_pod(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self::new(Some(namespace.into()), Some(name.into()), String::new())
    }

    /// Creates a request for the logs of all current and future pods that match a label selector. The stream does not
    /// end by itself.
    pub fn labelled(namespace: impl Into<String>, selector: impl Into<String>) -> Self {
        Self::new(Some(namespace.into()), None, selector.into())
    }

    /// Like [`labelled`](Self::labelled), for the pods of all namespaces. [`LogLine::namespace`] distinguishes them.
    pub fn all_namespaces(selector: impl Into<String>) -> Self {
        Self::new(None, None, selector.into())
    }

    fn new(namespace: Option<String>, name: Option<String>, labels: String) -> Self {
        let options = Options {
            containers: Vec::new(),
            excluded: Vec::new(),
            follow: true,
            previous: false,
            tail_lines: None,
            since_seconds: None,
            since_time: None,
            limit_bytes: None,
            reconnect: false,
            max_containers: 50,
        };
        Self { namespace, name, labels, fields: Vec::new(), options }
    }

    /// Reads only the logs of pods that also match a field selector, such as `spec.nodeName=node-1`; several calls add
    /// conditions.
    pub fn field_selector(mut self, selector: impl Into<String>) -> Self {
        self.fields.push(selector.into());
        self
    }

    /// Reads only the logs of containers with this name; several calls add names. By default, the logs of all
    /// containers are read, including init containers and ephemeral containers.
    pub fn container(mut self, name: impl Into<Str>) -> Self {
        self.options.containers.push(name.into());
        self
    }

    /// Skips the logs of containers with this name, such as a sidecar; several calls add names.
    pub fn exclude_container(mut self, name: impl Into<Str>) -> Self {
        self.options.excluded.push(name.into());
        self
    }

    /// Sets whether to read the log of each container's previous run, and nothing else: the stream does not follow, and
    /// ends. A container that was not restarted is an error of the stream, with the server's message.
    pub fn previous(mut self, previous: bool) -> Self {
        self.options.previous = previous;
        self
    }

    /// Ends the log of each container after this many bytes, in which line ends count and times do not. The last line
    /// may be cut off.
    pub fn limit_bytes(mut self, bytes: u64) -> Self {
        self.options.limit_bytes = Some(bytes);
        self
    }

    /// Reads at most this many lines that each container has already written.
    pub fn tail_lines(mut self, lines: u32) -> Self {
        self.options.tail_lines = Some(lines.into());
        self
    }

    /// Skips lines that are older than this. Replaces [`since_time`](Self::since_time).
    pub fn since_seconds(mut self, seconds: u32) -> Self {
        self.options.since_seconds = Some(seconds.into());
        self.options.since_time = None;
        self
    }

    /// Skips lines from before this time, of which only whole seconds count. Replaces
    /// [`since_seconds`](Self::since_seconds).
    pub fn since_time(mut self, time: Timestamp) -> Self {
        self.options.since_time = Some(time);
        self.options.since_seconds = None;
        self
    }

    /// Sets whether to wait for further lines, which is the default. Otherwise the stream ends after the lines written
    /// so far, and a container that has not started is an error of the stream ([`Error::is_not_started`]).
    pub fn follow(mut self, follow: bool) -> Self {
        self.options.follow = follow;
        self
    }

    /// Sets whether to continue a log whose connection was lost, or ended while its container runs. By default, that is
    /// an error, or the end of the log until its container is restarted.
    ///
    /// The log is requested again from the last line on (`sinceTime`), with a backoff, and lines that have already been
    /// yielded are skipped. Lines that were lost because of log rotation stay lost.
    pub fn reconnect(mut self, reconnect: bool) -> Self {
        self.options.reconnect = reconnect;
        self
    }

    /// Limits the number of containers whose logs are read at the same time; 50 by default. Others wait, which is
    /// reported as an error.
    pub fn max_containers(mut self, limit: usize) -> Self {
        self.options.max_containers = limit.max(1);
        self
    }

    /// Starts to read, in a task of the current tokio runtime.
    ///
    /// # Panics
    /// Panics if it is not called in a tokio runtime.
    pub fn stream(self, client: &Client) -> PodLogStream {
        let Self { namespace, name, labels, mut fields, mut options } = self;
        options.follow &= !options.previous;
        fields.extend(name.iter().map(|name| format!("metadata.name={name}")));
        let mut request = match &namespace {
            Some(namespace) => ListRequest::<Pod>::namespaced(namespace),
            None => ListRequest::all_namespaces(),
        };
        if !fields.is_empty() {
            request = request.field_selector(fields.join(","));
        }
        if !labels.is_empty() {
            request = request.label_selector(labels);
        }
        let name = namespace.zip(name).map(|(namespace, name)| ObjectKey::new(&*namespace, &name));
        // Few, as one may have a mebibyte.
        let (sender, lines) = mpsc::channel(16);
        let driver = Driver::new(client.clone(), options, sender);
        let mut tasks = JoinSet::new();
        tasks.spawn(driver.run(request, name));
        PodLogStream { lines, _tasks: tasks }
    }
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogLine {
    /// The namespace of the pod.
    pub namespace: Str,
    /// The name of the pod.
    pub pod: Str,
    /// The name of the container.
    pub container: Str,
    /// The time at which the container runtime received the line. A line longer than 1 MiB is split, and only the first
    /// piece has a time.
    pub timestamp: Option<Timestamp>,
    /// The line, without its terminator. It may contain any characters, including terminal control characters. Bytes
    /// that are not UTF-8 are replaced by U+FFFD.
    pub text: String,
}

/// The lines of several logs; created by [`PodLogs::stream`].
///
/// An error concerns one container, which it names, while the others continue. If pods can't be watched, the error is
/// the last item. Dropping the stream ends everything.
///
/// # Cancel safety
/// No line is lost if a future that waits for the next one is dropped.
#[must_use = "streams do nothing unless polled"]
pub struct PodLogStream {
    lines: mpsc::Receiver<Result<LogLine, Error>>,
    /// Ended when dropped.
    _tasks: JoinSet<()>,
}

impl Stream for PodLogStream {
    type Item = Result<LogLine, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.lines.poll_recv(cx)
    }
}

impl fmt::Debug for PodLogStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PodLogStream").finish_non_exhaustive()
    }
}
