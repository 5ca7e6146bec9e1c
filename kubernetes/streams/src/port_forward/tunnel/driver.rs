use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::shared::Shared;
use crate::clock;
use crate::error::Error;
use crate::spdy::Decoder;
use crate::websocket::{Connection, Receiver, Sender};

/// How often a ping is sent: as client-go does.
const PING_PERIOD: Duration = Duration::from_secs(10);

/// Messages are cut anywhere, and hold no more than this.
const MAX_MESSAGE_BYTES: usize = 128 * 1024;

/// Moves the frames of a tunnel between its connections and the server, to the end of all.
pub(super) struct Driver {
    pub(super) shared: Arc<Shared>,
    pub(super) stall_limit: Duration,
    pub(super) linger: Duration,
}

impl Driver {
    /// Runs until the tunnel is lost, which is the error, or until nobody uses it any more.
    pub(super) async fn run(self, connection: Connection) -> Result<(), Error> {
        let Connection { sender, mut receiver, .. } = connection;
        let ended = tokio::select! {
            error = self.read(&mut receiver) => Err(error),
            written = self.write(&sender) => written,
            () = self.tick() => Ok(()),
        };
        let error = ended.as_ref().err().cloned().unwrap_or_else(Error::closed);
        self.shared.lose(&error);
        ended
    }

    /// Reads until the tunnel is lost.
    async fn read(&self, receiver: &mut Receiver) -> Error {
        let mut decoder = Decoder::default();
        loop {
            match receiver.next().await {
                Ok(Some(part)) => {
                    if let Err(error) = self.take_in(&mut decoder, part.bytes).await {
                        return error;
                    }
                }
                Ok(None) => return Error::cut_short(),
                Err(error) => return error,
            }
        }
    }

    async fn take_in(&self, decoder: &mut Decoder, mut message: Bytes) -> Result<(), Error> {
        loop {
            {
                let mut connections = self.shared.lock();
                loop {
                    let frame = decoder.next(&mut message).map_err(|error| Error::protocol(error.to_string()))?;
                    let Some(frame) = frame else { return Ok(()) };
                    if !connections.receive(frame) {
                        break;
                    }
                }
            }
            self.wait_for_room().await;
        }
    }

    /// Waits until more may be read: for the reader of a connection at most as long as the others can bear.
    async fn wait_for_room(&self) {
        loop {
            let room = poll_fn(|cx| self.shared.lock().poll_may_read(cx));
            if clock::timeout(self.stall_limit, room).await.is_ok() {
                return;
            }
            self.shared.lock().reset_slow_reader(self.stall_limit);
        }
    }

    /// Writes until the tunnel is lost, or nobody uses it.
    async fn write(&self, sender: &Sender) -> Result<(), Error> {
        while let Some(mut batch) = poll_fn(|cx| self.shared.lock().poll_batch(cx)).await {
            while !batch.is_empty() {
                sender.send(batch.split_to(batch.len().min(MAX_MESSAGE_BYTES))).await?;
            }
        }
        Ok(())
    }

    async fn tick(&self) {
        let mut ticks = clock::interval(PING_PERIOD);
        loop {
            let now = ticks.tick().await;
            self.shared.lock().tick(now, self.linger);
        }
    }
}

impl Drop for Driver {
    /// A runtime that ends drops its tasks.
    fn drop(&mut self) {
        self.shared.lose(&Error::closed());
    }
}
