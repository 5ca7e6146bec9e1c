//! The logs of several containers, in one stream.

mod containers;
mod driver;
mod follower;
mod log;
mod position;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;
use jiff::Timestamp;
use kubernetes_client::Client;
use kubernetes_core::{ListRequest, Str};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::error::Error;
use crate::pod::Pod;
use driver::Driver;

/// Reads the logs of several containers as one stream: those of a pod, or of all pods with certain labels, as
/// `kubectl logs --selector` and `stern` do.
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
/// It follows the logs, as long as there is something to follow: containers that are started again, and pods that come
/// and go. So the user needs `get` on `pods/log`, and `list` and `watch` on `pods`. The lines of a container are in order;
/// those of different containers come as they arrive.
///
/// A container's lines come once, even if the watch of pods lags behind, misses a run of the container, or reports a pod
/// late that has taken the name of another. A kubelet keeps the logs of the last two runs only, so that earlier ones may be
/// lost; and runs are told apart by the times of their lines, so that lines may be left out if a node's clock is set back.
#[derive(Clone, Debug)]
#[must_use = "nothing is read before a stream is made"]
pub struct PodLogs {
    namespace: String,
    pods: Pods,
    options: Options,
}

#[derive(Clone, Debug)]
enum Pods {
    Named(String),
    Labelled(String),
}

/// How logs are read.
#[derive(Clone, Debug)]
struct Options {
    /// The names of containers; all if it is empty.
    containers: Vec<Str>,
    follow: bool,
    tail_lines: Option<i64>,
    since_seconds: Option<i64>,
    reconnect: bool,
    max_containers: usize,
}

impl PodLogs {
    /// Reads the logs of the pod `name`. The stream ends with the pod.
    pub fn of_pod(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self::new(namespace.into(), Pods::Named(name.into()))
    }

    /// Reads the logs of all pods that a label selector matches, at present and later. The stream does not end by itself.
    pub fn labelled(namespace: impl Into<String>, selector: impl Into<String>) -> Self {
        Self::new(namespace.into(), Pods::Labelled(selector.into()))
    }

    fn new(namespace: String, pods: Pods) -> Self {
        let options = Options {
            containers: Vec::new(),
            follow: true,
            tail_lines: None,
            since_seconds: None,
            reconnect: false,
            max_containers: 50,
        };
        Self { namespace, pods, options }
    }

    /// Reads the logs of containers of this name only; several calls add names. By default, all are read: those of init
    /// containers and ephemeral containers too.
    pub fn container(mut self, name: impl Into<Str>) -> Self {
        self.options.containers.push(name.into());
        self
    }

    /// Reads at most this many lines that each container has already written.
    pub fn tail_lines(mut self, lines: u32) -> Self {
        self.options.tail_lines = Some(lines.into());
        self
    }

    /// Leaves lines out that are older than this.
    pub fn since_seconds(mut self, seconds: u32) -> Self {
        self.options.since_seconds = Some(seconds.into());
        self
    }

    /// Whether to wait for further lines, which is the default. If not, the stream ends once the lines are read that
    /// have been written so far.
    pub fn follow(mut self, follow: bool) -> Self {
        self.options.follow = follow;
        self
    }

    /// Continues a log whose connection broke, or ended while its container runs; by default, that is an error, or the
    /// end of that log until its container is started again.
    ///
    /// The log is asked for again from the last line on (`sinceTime`), with a backoff, and lines that have come already are
    /// left out. What was lost with a log that was rotated away meanwhile stays lost.
    pub fn reconnect(mut self) -> Self {
        self.options.reconnect = true;
        self
    }

    /// Limits the containers whose logs are read at one time; 50 by default. Others wait for one to end, and an error says
    /// so.
    pub fn max_containers(mut self, limit: usize) -> Self {
        self.options.max_containers = limit.max(1);
        self
    }

    /// Starts to read, in a task of the current tokio runtime.
    ///
    /// # Panics
    /// If it is not called in a tokio runtime.
    pub fn stream(self, client: &Client) -> PodLogStream {
        let request = ListRequest::<Pod>::namespaced(&self.namespace);
        let (request, name) = match self.pods {
            Pods::Named(name) => (request.field_selector(format!("metadata.name={name}")), Some(name)),
            Pods::Labelled(selector) => (request.label_selector(selector), None),
        };
        // Few, as one may have a mebibyte.
        let (sender, lines) = mpsc::channel(16);
        let driver = Driver::new(client.clone(), self.namespace, self.options, sender);
        let mut tasks = JoinSet::new();
        tasks.spawn(driver.run(request, name));
        PodLogStream { lines, _tasks: tasks }
    }
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogLine {
    /// The name of the pod.
    pub pod: Str,
    /// The name of the container.
    pub container: Str,
    /// When the line was written, as the container runtime saw it. A line of more than a mebibyte comes in pieces, of
    /// which only the first has a time.
    pub timestamp: Option<Timestamp>,
    /// The line, without its end. It may hold any characters, those of terminals included.
    pub text: String,
}

/// The lines of several logs: made by [`PodLogs::stream`].
///
/// An error concerns one container, which it names, and the others continue; if pods can't be watched, it is the last item.
/// Dropping the stream ends everything.
///
/// # Cancel safety
/// No line is lost when a future that waits for the next one is dropped.
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
