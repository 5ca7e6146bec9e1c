use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;

use super::exit_status::ExitStatus;
use super::outputs::Outputs;
use super::protocol::{Messages, ServerMessage};
use crate::clock;
use crate::error::Error;
use crate::websocket::{Part, Receiver};

/// How long the server has to close the connection once the process has ended.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// How a process has ended; `None` while it runs.
pub(super) type End = Option<Result<ExitStatus, Error>>;

/// Reads the messages of a connection, and hands them to the readers of a process.
pub(super) struct Driver {
    pub(super) receiver: Receiver,
    pub(super) messages: Messages,
    pub(super) outputs: Arc<Outputs>,
    pub(super) end: watch::Sender<End>,
    /// For errors: which process it is.
    pub(super) place: Arc<str>,
}

impl Driver {
    pub(super) async fn run(mut self) {
        let end = self.read_to_end().await;
        self.finish(end);
    }

    /// Ends the outputs and the process. The first end stays.
    fn finish(&self, end: Result<(), Error>) {
        let end = end.map_err(|error| error.at(&self.place));
        self.outputs.end(end.clone());
        if let Err(error) = end {
            self.end.send_if_modified(|end| end.is_none() && end.insert(Err(error)).is_err());
        }
    }

    /// Reads messages until the connection ends.
    ///
    /// # Errors
    /// Returns an error if the connection ends before the process does.
    async fn read_to_end(&mut self) -> Result<(), Error> {
        while let Some(part) = self.receiver.next().await? {
            if let Some(status) = self.handle(part).await? {
                let end = ExitStatus::decode(&status).map_err(|error| error.at(&self.place));
                self.end.send_replace(Some(end));
                self.read_rest().await;
                return Ok(());
            }
        }
        Err(Error::without_status())
    }

    /// Reads what comes after the exit status, until the connection ends in any way.
    async fn read_rest(&mut self) {
        while let Ok(Ok(Some(part))) = clock::timeout(CLOSE_TIMEOUT, self.receiver.next()).await {
            if self.handle(part).await.is_err() {
                return;
            }
        }
    }

    /// Hands on the output in a part of a message; returns an exit status.
    async fn handle(&mut self, part: Part) -> Result<Option<Bytes>, Error> {
        match self.messages.receive(part)? {
            Some(ServerMessage::Output(channel, mut bytes)) => {
                poll_fn(|cx| self.outputs.poll_push(channel, &mut bytes, cx)).await;
                Ok(None)
            }
            Some(ServerMessage::Status(status)) => Ok(Some(status)),
            None => Ok(None),
        }
    }
}

impl Drop for Driver {
    /// A runtime that ends drops its tasks.
    fn drop(&mut self) {
        self.finish(Err(Error::closed()));
    }
}
