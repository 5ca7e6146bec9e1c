use std::sync::Arc;

use http::Method;
use kubernetes_client::Client;
use kubernetes_core::{Path, Request};

use crate::container;
use crate::error::Error;
use crate::process::{DetachKeys, Process, Settings, Version};
use crate::websocket::Connection;

/// The bytes that each output of a process holds, unless a request says otherwise.
const BUFFER_BYTES: usize = 1024 * 1024;

/// A request for a process and its streams: the common part of exec and attach.
#[derive(Clone)]
pub(crate) struct ProcessRequest {
    pub(crate) request: Request,
    pub(crate) takes_default_container: bool,
    pub(crate) detach_keys: Option<DetachKeys>,
    pub(crate) buffer: usize,
}

impl ProcessRequest {
    /// A request for a subresource of a pod.
    pub(crate) fn new(path: Path) -> Self {
        Self::of(Request::new(Method::GET, path))
    }

    pub(crate) fn of(mut request: Request) -> Self {
        // A WebSocket begins with GET, whatever the operation.
        request.method = Method::GET;
        Self { request, takes_default_container: false, detach_keys: None, buffer: BUFFER_BYTES }
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.request.query.get(name).map(|value| value == "true")
    }

    /// Checks which streams are asked for, and completes the request.
    fn settings(&mut self) -> Result<Settings, Error> {
        let tty = self.flag("tty").unwrap_or(false);
        let settings = Settings {
            stdin: self.flag("stdin").unwrap_or(false),
            stdout: self.flag("stdout").unwrap_or(true),
            stderr: self.flag("stderr").unwrap_or(!tty),
            tty,
            detach_keys: self.detach_keys.take(),
            buffer: self.buffer,
        };
        if settings.tty && settings.stderr {
            return Err(Error::invalid("a process with a terminal has no separate stderr: it writes both to stdout"));
        }
        if !settings.stdin && !settings.stdout && !settings.stderr {
            return Err(Error::invalid("none of stdin, stdout and stderr is requested"));
        }
        if settings.detach_keys.is_some() && !(settings.tty && settings.stdin) {
            return Err(Error::invalid("detach keys need stdin(true) and tty(true)"));
        }
        let Settings { stdin, stdout, stderr, .. } = settings;
        for (name, flag) in [("stdin", stdin), ("stdout", stdout), ("stderr", stderr), ("tty", tty)] {
            self.request.query.set(name, flag);
        }
        Ok(settings)
    }

    /// Sends the request.
    pub(crate) async fn start(mut self, client: &Client) -> Result<Process, Error> {
        let settings = self.settings()?;
        let path = self.request.path.as_str().map_err(|error| Error::invalid(error.to_string()))?.to_owned();
        if self.takes_default_container && self.request.query.get("container").is_none() {
            let container = container::default_of(client, &path).await?;
            self.request.query.set("container", container);
        }
        let connection = Connection::open(client, self.request, Version::NAMES).await?;
        Ok(Process::new(connection, settings, Arc::from(path)))
    }
}

/// The setters of exec and attach, which are the same.
macro_rules! setters {
    () => {
        /// Sets the container. Without it, the server uses the only one, and refuses a pod with several.
        pub fn container(mut self, container: impl Into<Str>) -> Self {
            self.process.request.query.set("container", container.into());
            self
        }

        /// Uses kubectl's default container if none is set: that of the annotation
        /// `kubectl.kubernetes.io/default-container`, or else the first. This reads the pod first, for which the role
        /// needs the verb `get` on `pods`.
        pub fn default_container(mut self) -> Self {
            self.process.takes_default_container = true;
            self
        }

        /// Sets whether the process gets input. Defaults to false.
        pub fn stdin(mut self, stdin: bool) -> Self {
            self.process.request.query.set("stdin", stdin);
            self
        }

        /// Sets whether to receive the output. Defaults to true.
        pub fn stdout(mut self, stdout: bool) -> Self {
            self.process.request.query.set("stdout", stdout);
            self
        }

        /// Sets whether to receive the error output. Defaults to true without a terminal; with one, there is none.
        pub fn stderr(mut self, stderr: bool) -> Self {
            self.process.request.query.set("stderr", stderr);
            self
        }

        /// Sets whether the process has a terminal, which merges stderr into stdout. Defaults to false.
        ///
        /// [`Process::resize`] sets its size.
        pub fn tty(mut self, tty: bool) -> Self {
            self.process.request.query.set("tty", tty);
            self
        }

        /// Sets the number of bytes of each output that are buffered for its reader, in addition to one message.
        /// Defaults to 1 MiB.
        pub fn buffer(mut self, bytes: usize) -> Self {
            self.process.buffer = bytes;
            self
        }
    };
}
pub(crate) use setters;

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(flags: &[(&'static str, bool)]) -> Result<String, String> {
        let mut request = ProcessRequest::new(Path::new("/exec", &[]));
        for (name, flag) in flags {
            request.request.query.set(name, *flag);
        }
        request.settings().map(|_| request.request.query.encode()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_streams_of_a_request_fit_together() {
        assert_eq!(settings(&[]).unwrap(), "stdin=false&stdout=true&stderr=true&tty=false");
        assert_eq!(settings(&[("tty", true)]).unwrap(), "tty=true&stdin=false&stdout=true&stderr=false");
        let flags = [("stdin", true), ("stdout", false), ("stderr", false)];
        assert_eq!(settings(&flags).unwrap(), "stdin=true&stdout=false&stderr=false&tty=false");
        for (flags, expected) in [
            (&[("tty", true), ("stderr", true)][..], "a process with a terminal has no separate stderr"),
            (&[("stdout", false), ("stderr", false)], "none of stdin, stdout and stderr"),
        ] {
            let error = settings(flags).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn detach_keys_need_a_terminal() {
        for (stdin, tty) in [(false, true), (true, false), (true, true)] {
            let mut request = ProcessRequest::new(Path::new("/attach", &[]));
            request.request.query.set("stdin", stdin);
            request.request.query.set("tty", tty);
            request.detach_keys = Some(DetachKeys::default());
            assert_eq!(request.settings().is_ok(), stdin && tty);
        }
    }
}
