use std::sync::Arc;

use bytes::BytesMut;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::driver::{Driver, End};
use super::exit_status::ExitStatus;
use super::outputs::Outputs;
use super::protocol::Messages;
use crate::error::Error;
use crate::websocket::{Receiver, Sender};

/// The connection of a process, which its handles share. It is closed when all of them are dropped.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) outputs: Arc<Outputs>,
    /// The connection is closed when there is no sender left.
    pub(super) sender: Sender,
    end: watch::Sender<End>,
    driver: AbortHandle,
    place: Arc<str>,
}

impl Session {
    /// Starts to read from a connection.
    pub(super) fn start(sender: Sender, receiver: Receiver, buffer: usize, place: Arc<str>) -> Arc<Self> {
        let outputs = Arc::new(Outputs::new(buffer));
        let end = watch::Sender::new(None);
        let driver = Driver {
            receiver,
            messages: Messages::default(),
            outputs: Arc::clone(&outputs),
            end: end.clone(),
            place: Arc::clone(&place),
        };
        let driver = tokio::spawn(driver.run()).abort_handle();
        Arc::new(Self { outputs, sender, end, driver, place })
    }

    /// The end of the process.
    pub(super) async fn wait(&self) -> Result<ExitStatus, Error> {
        let waiter = self.outputs.wait_for_end();
        let mut ends = self.end.subscribe();
        let end = ends.wait_for(Option::is_some).await;
        waiter.end();
        // The sender is this session's.
        end.ok().and_then(|end| end.clone()).unwrap_or_else(|| Err(Error::closed()))
    }

    /// Closes the connection. The outputs end after the bytes that have come.
    pub(super) fn close(&self, reason: Error, outputs: Result<(), Error>) {
        let reason = self.locate(reason);
        self.end.send_if_modified(|end| end.is_none() && end.insert(Err(reason)).is_err());
        self.outputs.end(outputs.map_err(|error| self.locate(error)));
        self.driver.abort();
    }

    /// Sends a message.
    pub(super) async fn send(&self, message: BytesMut) -> Result<(), Error> {
        self.sender.send(message).await.map_err(|error| self.locate(error))
    }

    /// The error with the process that it is about.
    pub(super) fn locate(&self, error: Error) -> Error {
        error.at(&self.place)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.driver.abort();
    }
}
