use std::task::Waker;

use bytes::Bytes;

use super::received::Received;
use crate::clock::Instant;
use crate::error::{Error, ForwardError};

/// One connection to a port of the pod: a stream of data, and one for the text of an error.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) port: u16,
    /// Which streams the server has accepted.
    data_accepted: bool,
    error_accepted: bool,
    pub(super) received: Received,
    /// Whether the server has ended each stream.
    data_ended: bool,
    error_ended: bool,
    error_text: Vec<u8>,
    /// Whether this side has ended the stream of data.
    pub(super) local_ended: bool,
    /// Whether one of the sides has given the stream of data up.
    pub(super) is_reset: bool,
    pub(super) failure: Option<Error>,
    /// The bytes in the batch that is written next.
    pub(super) unsent: usize,
    /// When this side dropped the connection, which is kept until the pod has ended it too.
    pub(super) abandoned: Option<Instant>,
    pub(super) reader_gone: bool,
    pub(super) reader: Option<Waker>,
    pub(super) writer: Option<Waker>,
}

/// The text of an error is cut off here.
const MAX_ERROR_BYTES: usize = 4 * 1024;

/// The outcome of a read.
#[derive(Debug)]
pub(super) enum Read {
    Bytes(Bytes),
    /// The pod has ended the stream.
    End,
    Failed(Error),
    Pending,
    /// The pod has ended the stream of data, but an error may still come.
    PendingError,
    /// The connection has failed, but data that was sent before may still come.
    PendingData,
}

impl Connection {
    pub(super) fn new(port: u16) -> Self {
        Self {
            port,
            data_accepted: false,
            error_accepted: false,
            received: Received::default(),
            data_ended: false,
            error_ended: false,
            error_text: Vec::new(),
            local_ended: false,
            is_reset: false,
            failure: None,
            unsent: 0,
            abandoned: None,
            reader_gone: false,
            reader: None,
            writer: None,
        }
    }

    /// Whether the server has accepted both streams.
    pub(super) fn is_accepted(&self) -> bool {
        self.data_accepted && self.error_accepted
    }

    /// Whether nothing more will come from the server, and nothing more reach the pod.
    pub(super) fn is_over(&self) -> bool {
        self.failure.is_some() || (self.data_ended && self.error_ended)
    }

    /// Whether the pod has ended its side of the data.
    pub(super) fn data_ended(&self) -> bool {
        self.data_ended
    }

    /// The server has accepted a stream; returns false if it had before.
    pub(super) fn accept(&mut self, stream: Stream) -> bool {
        let accepted = match stream {
            Stream::Data => &mut self.data_accepted,
            Stream::Error => &mut self.error_accepted,
        };
        !std::mem::replace(accepted, true)
    }

    /// Takes bytes of the stream of data in. Those that nobody will read are dropped, and end a connection that nobody
    /// uses, as TCP does with a closed socket.
    pub(super) fn push(&mut self, bytes: Bytes) {
        if !self.reader_gone {
            self.received.push(bytes);
        } else if self.abandoned.is_some() && !bytes.is_empty() {
            self.fail(|port| ForwardError::Ended { port }.into());
        }
    }

    pub(super) fn push_error(&mut self, text: &[u8]) {
        let room = MAX_ERROR_BYTES.saturating_sub(self.error_text.len());
        self.error_text.extend_from_slice(&text[..text.len().min(room)]);
    }

    /// The server has ended a stream.
    pub(super) fn end(&mut self, stream: Stream) {
        match stream {
            Stream::Data => self.data_ended = true,
            Stream::Error => self.error_ended = true,
        }
        // The text of an error may overtake data that was sent before.
        if self.data_ended && self.error_ended {
            self.fail_with_text();
        }
    }

    /// The server has given a stream up.
    pub(super) fn reset(&mut self, stream: Stream, status: u32) {
        self.is_reset |= stream == Stream::Data;
        match stream {
            // Both sides were done with it.
            Stream::Error if self.data_ended => self.end(Stream::Error),
            _ => {
                self.fail_with_text();
                self.fail(|port| ForwardError::Reset { port, status }.into());
            }
        }
    }

    /// The tunnel is lost.
    pub(super) fn lose(&mut self, error: &Error) {
        if !self.is_over() {
            self.fail_with_text();
            self.fail(|_| error.clone());
        }
        self.wake();
    }

    /// Any text of an error is a failure, as for client-go.
    pub(super) fn fail_with_text(&mut self) {
        if !self.error_text.is_empty() && self.failure.is_none() {
            let message = String::from_utf8_lossy(&std::mem::take(&mut self.error_text)).into_owned();
            self.failure = Some(ForwardError::Refused { port: self.port, message }.into());
        }
    }

    /// Fails, unless it is over; the first failure stays.
    pub(super) fn fail(&mut self, error: impl FnOnce(u16) -> Error) {
        if !self.is_over() {
            self.failure = Some(error(self.port));
        }
    }

    pub(super) fn read(&mut self) -> Read {
        if let Some(bytes) = self.received.pop() {
            return Read::Bytes(bytes);
        }
        match (&self.failure, self.data_ended, self.error_ended) {
            (Some(error), ..) => Read::Failed(error.clone()),
            (None, true, true) => Read::End,
            (None, true, false) => Read::PendingError,
            (None, false, true) if !self.error_text.is_empty() => Read::PendingData,
            (None, false, _) => Read::Pending,
        }
    }

    pub(super) fn wake(&mut self) {
        for waker in [self.reader.take(), self.writer.take()].into_iter().flatten() {
            waker.wake();
        }
    }
}

/// The two streams of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Error,
    Data,
}
