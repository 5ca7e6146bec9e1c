use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::task::JoinError;

use super::container_io::{ContainerIo, Output, PortIo};
use super::requests::{ExecRequest, Exit, LogRequest, PortForwardRequest};

/// A function that simulates a part of a container.
pub(crate) struct Script<Request, Io, End>(Arc<dyn Fn(Request, Io) -> BoxFuture<End> + Send + Sync>);

pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl<Request, Io, End> Script<Request, Io, End> {
    pub(crate) fn new<F>(script: impl Fn(Request, Io) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output: Into<End>> + Send + 'static,
    {
        Self(Arc::new(move |request, io| {
            let running = script(request, io);
            Box::pin(async move { running.await.into() })
        }))
    }

    pub(crate) fn run(&self, request: Request, io: Io) -> BoxFuture<End> {
        (self.0)(request, io)
    }
}

impl<Request, Io, End> Clone for Script<Request, Io, End> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// The result of a task that runs a script; `None` if it was aborted.
///
/// # Panics
/// Panics if the script panicked. This ends the client's connection, so that the client does not wait for a response.
pub(super) fn result<T>(ended: Result<T, JoinError>) -> Option<T> {
    match ended {
        Ok(result) => Some(result),
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => None,
    }
}

pub(crate) type ExecScript = Script<ExecRequest, ContainerIo, Exit>;
pub(crate) type PortForwardScript = Script<PortForwardRequest, PortIo, Result<(), String>>;
pub(crate) type LogScript = Script<LogRequest, Output, ()>;

/// The scripts of a test.
#[derive(Clone, Default)]
pub(crate) struct Scripts {
    pub(crate) exec: Option<ExecScript>,
    pub(crate) attach: Option<ExecScript>,
    pub(crate) port_forward: Option<PortForwardScript>,
    pub(crate) log: Option<LogScript>,
}

impl fmt::Debug for Scripts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scripts")
            .field("exec", &self.exec.is_some())
            .field("attach", &self.attach.is_some())
            .field("port_forward", &self.port_forward.is_some())
            .field("log", &self.log.is_some())
            .finish()
    }
}
