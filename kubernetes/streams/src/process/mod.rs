//! The process at the other end of an exec or attach.

mod detach_keys;
mod driver;
mod exit_status;
mod output;
mod output_stream;
mod outputs;
mod protocol;
mod session;
mod stdin;
mod terminal;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use tokio::io::AsyncRead;

pub use detach_keys::DetachKeys;
pub use exit_status::ExitStatus;
pub use output::Output;
pub use output_stream::OutputStream;
pub use stdin::Stdin;
pub use terminal::TerminalSize;

pub(crate) use protocol::Version;

use crate::error::Error;
use crate::websocket::Connection;
use detach_keys::DetachFilter;
use protocol::Channel;
use session::Session;
use stdin::Input;

/// A process in a container, started by [`Exec`](crate::Exec) or joined by [`Attach`](crate::Attach).
///
/// ```no_run
/// use kubernetes_client::Client;
/// use kubernetes_streams::Exec;
/// use tokio::io::{AsyncBufReadExt, AsyncWriteExt};
///
/// # async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
/// let mut process = Exec::new("shop", "web", ["sort"]).stdin(true).start(client).await?;
/// let mut stdin = process.stdin().ok_or("stdin was requested")?;
/// stdin.write_all(b"pear\napple\n").await?;
/// stdin.shutdown().await?;
/// let mut lines = process.stdout().ok_or("stdout is there by default")?.lines();
/// while let Some(line) = lines.next_line().await? {
///     println!("{line}");
/// }
/// assert!(process.wait().await?.success());
/// # Ok(())
/// # }
/// ```
///
/// # Streams
///
/// [`stdin`](Self::stdin), [`stdout`](Self::stdout) and [`stderr`](Self::stderr) can each be taken once, and used in different tasks. All share one connection, and each output has its own buffer
/// ([`Exec::buffer`](crate::Exec::buffer)):
///
/// - A stream that was **dropped** is discarded, and affects neither the process nor the other streams.
/// - A stream that was **taken** loses nothing. Once its buffer is full, it blocks the connection until it is read,
///   including the other output and the exit status. So read both outputs concurrently, or drop one.
/// - A stream that was **not taken** keeps as many bytes as fit its buffer. It does not block waiting for the other
///   output or for the end: its further bytes are then discarded, and reading it later ends with an error that says how
///   many.
///
/// # End
///
/// The connection is closed when the process and all of its streams are dropped, or by [`close`](Self::close). The
/// process in the container may keep running, since Kubernetes can't stop it: with a terminal it gets a hangup,
/// otherwise the end of its input and a broken pipe.
pub struct Process {
    session: Arc<Session>,
    input: Arc<Input>,
    has_terminal: bool,
    stdin: Option<Stdin>,
    /// The outputs that can still be taken.
    stdout: Option<Channel>,
    stderr: Option<Channel>,
}

/// The streams that a process was asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) stdin: bool,
    pub(crate) stdout: bool,
    pub(crate) stderr: bool,
    pub(crate) tty: bool,
    pub(crate) detach_keys: Option<DetachKeys>,
    /// The bytes that each output holds.
    pub(crate) buffer: usize,
}

impl Process {
    /// Takes over a connection. `place` tells in errors which process this is.
    pub(crate) fn new(connection: Connection, settings: Settings, place: Arc<str>) -> Self {
        let Connection { protocol, sender, receiver } = connection;
        let session = Session::start(sender, receiver, settings.buffer, place);
        let input = Arc::new(Input::new(Version::of(protocol)));
        let stdin = settings.stdin.then(|| {
            let detach = settings.detach_keys.map(DetachFilter::new);
            Stdin::new(Arc::clone(&session), Arc::clone(&input), detach)
        });
        Self {
            session,
            input,
            has_terminal: settings.tty,
            stdin,
            stdout: settings.stdout.then_some(Channel::Stdout),
            stderr: settings.stderr.then_some(Channel::Stderr),
        }
    }

    /// Takes the input; `None` if it was not requested, or was taken.
    pub fn stdin(&mut self) -> Option<Stdin> {
        self.stdin.take()
    }

    /// Takes the output; `None` if it was not requested, or was taken.
    pub fn stdout(&mut self) -> Option<OutputStream> {
        self.stdout.take().map(|channel| OutputStream::new(Arc::clone(&self.session), channel))
    }

    /// Takes the error output; `None` if it was not requested, or was taken. A process with a terminal has none: it
    /// writes everything to stdout.
    pub fn stderr(&mut self) -> Option<OutputStream> {
        self.stderr.take().map(|channel| OutputStream::new(Arc::clone(&self.session), channel))
    }

    /// Ends the input after the written bytes, so that the process sees the end of its stdin. Everything else
    /// continues.
    ///
    /// This is the same as shutting down or dropping [`Stdin`], but does not require taking it.
    ///
    /// # Errors
    /// Returns an error if the connection is lost, or if the server uses version 4 of the protocol (before Kubernetes
    /// 1.30), which can't end an input ([`Error::is_unsupported`]).
    ///
    /// # Cancel safety
    /// If the future is dropped, the input may stay open, and [`Stdin`] can no longer be written.
    pub async fn close_stdin(&self) -> Result<(), Error> {
        match self.input.close().map_err(|error| self.locate(error))? {
            Some(close) => self.session.send(close).await,
            None => Ok(()),
        }
    }

    /// Sets the size of the process's terminal: call it at the start and after each change.
    ///
    /// # Errors
    /// Returns an error if the process has no terminal, or the connection is lost.
    ///
    /// # Cancel safety
    /// If the future is dropped, the size may or may not have been sent.
    pub async fn resize(&self, size: TerminalSize) -> Result<(), Error> {
        if !self.has_terminal {
            return Err(self.locate(Error::invalid("the process has no terminal; ask for one with tty(true)")));
        }
        self.session.send(protocol::resize(size)).await
    }

    /// Waits for the end of the process. It can be called again, and returns the same result.
    ///
    /// Outputs that were not taken are discarded if they don't fit their buffers; those that were taken must be read
    /// concurrently.
    ///
    /// # Errors
    /// Returns an error if the command could not be run ([`Error::status`]), if the connection was lost or closed
    /// before the end, or if the [`DetachKeys`] were typed ([`Error::is_detached`]). An exit code is not an error.
    ///
    /// # Cancel safety
    /// Nothing is lost if the future is dropped.
    pub async fn wait(&self) -> Result<ExitStatus, Error> {
        self.session.wait().await
    }

    /// Ends the input, and collects the outputs that have not been taken until the process ends.
    ///
    /// # Errors
    /// See [`wait`](Self::wait); also fails, and closes the connection, if an output exceeds `limit` bytes
    /// ([`Error::is_too_much_output`]), or if stdin was requested, is not taken, and the server uses version 4 of the
    /// protocol, which can't end an input ([`Error::is_unsupported`]).
    ///
    /// # Cancel safety
    /// If the future is dropped, the connection is closed and the collected output is lost.
    pub async fn output(self, limit: usize) -> Result<Output, Error> {
        output::collect(self, limit).await
    }

    /// Like [`output`](Self::output), but with `input` for the process.
    ///
    /// A process may end before it has read everything, which is not an error.
    ///
    /// # Errors
    /// See [`output`](Self::output); also fails if `input` can't be read ([`Error::is_input`]).
    ///
    /// # Cancel safety
    /// Like [`output`](Self::output).
    pub async fn output_with_input(self, input: impl AsyncRead, limit: usize) -> Result<Output, Error> {
        output::collect_with_input(self, input, limit).await
    }

    /// Closes the connection, even if streams are in use: readers get an error, and so does [`wait`](Self::wait).
    pub fn close(&self) {
        self.session.close(Error::closed(), Err(Error::closed()));
    }

    /// Fails if the input can't be ended.
    pub(crate) fn check_close(&self) -> Result<(), Error> {
        self.input.check_close().map_err(|error| self.locate(error))
    }

    fn locate(&self, error: Error) -> Error {
        self.session.locate(error)
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("session", &self.session).finish_non_exhaustive()
    }
}
