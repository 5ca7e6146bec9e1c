use kubernetes_core::ObjectKey;

use crate::request::ApiRequest;

/// A request to run a command in a container, or to attach to its process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExecRequest {
    /// The namespace of the pod.
    pub namespace: String,
    /// The name of the pod.
    pub pod: String,
    /// The name of the container; the default container if the client named none.
    pub container: String,
    /// The command and its arguments; empty for attach.
    pub command: Vec<String>,
    /// Whether the client sends input.
    pub stdin: bool,
    /// Whether the client reads the output.
    pub stdout: bool,
    /// Whether the client reads the error output.
    pub stderr: bool,
    /// Whether the process has a terminal.
    pub tty: bool,
}

impl ExecRequest {
    pub(crate) fn of(request: &ApiRequest, pod: &ObjectKey, container: String) -> Self {
        let flag = |name: &str| request.query.flag(name) == Some(true);
        Self {
            namespace: pod.namespace().unwrap_or_default().to_owned(),
            pod: pod.name().to_owned(),
            container,
            command: request.query.all("command").map(str::to_owned).collect(),
            stdin: flag("stdin"),
            stdout: flag("stdout"),
            stderr: flag("stderr"),
            tty: flag("tty"),
        }
    }
}

/// The end of a container's process.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exit {
    /// The process ended with this code.
    Code(i32),
    /// The runtime could not run the process, for this reason.
    Error(String),
}

impl From<i32> for Exit {
    fn from(code: i32) -> Self {
        Self::Code(code)
    }
}

impl From<()> for Exit {
    fn from((): ()) -> Self {
        Self::Code(0)
    }
}

/// A process whose streams fail has failed, like one that gets a signal when its pipe is closed.
impl From<std::io::Result<()>> for Exit {
    fn from(result: std::io::Result<()>) -> Self {
        match result {
            Ok(()) => Self::Code(0),
            Err(_) => Self::Code(141),
        }
    }
}

/// A connection to a port of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PortForwardRequest {
    /// The namespace of the pod.
    pub namespace: String,
    /// The name of the pod.
    pub pod: String,
    /// The port.
    pub port: u16,
}

impl PortForwardRequest {
    pub(super) fn new(pod: &ObjectKey, port: u16) -> Self {
        Self { namespace: pod.namespace().unwrap_or_default().to_owned(), pod: pod.name().to_owned(), port }
    }
}

/// A request for the log of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogRequest {
    /// The namespace of the pod.
    pub namespace: String,
    /// The name of the pod.
    pub pod: String,
    /// The name of the container; the default container if the client named none.
    pub container: String,
    /// Whether the client waits for further lines.
    pub follow: bool,
    /// Whether to return the log of the container's previous instance.
    pub previous: bool,
    /// Whether each line should start with its time.
    pub timestamps: bool,
    /// The number of lines to return from the end.
    pub tail_lines: Option<u64>,
    /// The maximum age of lines in seconds.
    pub since_seconds: Option<u64>,
    /// The earliest time of lines, in RFC 3339 format.
    pub since_time: Option<String>,
    /// The maximum number of bytes.
    pub limit_bytes: Option<u64>,
}

impl LogRequest {
    pub(crate) fn of(request: &ApiRequest, pod: &ObjectKey, container: String) -> Self {
        let flag = |name: &str| request.query.flag(name) == Some(true);
        let number = |name: &str| request.query.text(name).and_then(|value| value.parse().ok());
        Self {
            namespace: pod.namespace().unwrap_or_default().to_owned(),
            pod: pod.name().to_owned(),
            container,
            follow: flag("follow"),
            previous: flag("previous"),
            timestamps: flag("timestamps"),
            tail_lines: number("tailLines"),
            since_seconds: number("sinceSeconds"),
            since_time: request.query.text("sinceTime").map(str::to_owned),
            limit_bytes: number("limitBytes"),
        }
    }
}
