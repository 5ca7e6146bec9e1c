use std::collections::HashMap;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::BytesMut;

use super::connection::{Connection, Read, Stream};
use crate::clock::Instant;
use crate::error::{Error, ForwardError};
use crate::spdy::{CANCEL, Encoder, Frame, MAX_STREAM_ID, REFUSED_STREAM};

/// How many bytes of one connection wait to be sent: further ones wait with their writer, so that connections take
/// turns.
pub(super) const SEND_BYTES: usize = 64 * 1024;

/// The answers to frames of the server that may wait to be sent; until then nothing more is read.
const MAX_ANSWER_BYTES: usize = 16 * 1024;

/// The connections of a tunnel: decides without I/O and without a clock.
#[derive(Debug)]
pub(super) struct Connections {
    /// The bytes that a connection may have unread.
    receive_bytes: usize,
    encoder: Encoder,
    next: u32,
    open: HashMap<u32, Connection>,
    /// The frames that are written next.
    batch: BytesMut,
    /// The connections with data in the batch.
    senders: Vec<u32>,
    /// The bytes in the batch that answer frames of the server.
    answers: usize,
    next_ping: u32,
    /// Whether a connection has failed since it was last asked.
    has_failed: bool,
    state: State,
    /// The connection that is not read, for which nothing more is read from the server.
    blocked_by: Option<u32>,
    /// The tasks that read from the server and write to it.
    pub(super) reader: Option<Waker>,
    pub(super) writer: Option<Waker>,
}

#[derive(Debug)]
enum State {
    Open,
    /// No connection is added any more: nobody can, or the server wants none.
    Draining,
    Lost(Error),
}

/// The ids of a connection's streams: of errors, which comes first, and of data.
fn ids(key: u32) -> [u32; 2] {
    [4 * key + 1, 4 * key + 3]
}

fn stream(id: u32) -> Option<(u32, Stream)> {
    match id & 3 {
        1 => Some((id >> 2, Stream::Error)),
        3 => Some((id >> 2, Stream::Data)),
        _ => None,
    }
}

fn data_id(key: u32) -> u32 {
    ids(key)[1]
}

impl Connections {
    pub(super) fn new(receive_bytes: usize) -> Self {
        Self {
            receive_bytes,
            encoder: Encoder::default(),
            next: 0,
            open: HashMap::new(),
            batch: BytesMut::new(),
            senders: Vec::new(),
            answers: 0,
            next_ping: 1,
            has_failed: false,
            state: State::Open,
            blocked_by: None,
            reader: None,
            writer: None,
        }
    }

    /// Whether a connection can be added.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// Begins a connection; returns its key.
    pub(super) fn open(&mut self, port: u16) -> Result<u32, Error> {
        match &self.state {
            State::Open => {}
            State::Draining => return Err(ForwardError::GoingAway.into()),
            State::Lost(error) => return Err(error.clone()),
        }
        let key = self.next;
        self.next += 1;
        if data_id(self.next) >= MAX_STREAM_ID - 4 {
            self.state = State::Draining;
        }
        let (port_text, request) = (port.to_string(), key.to_string());
        for (id, kind) in ids(key).into_iter().zip(["error", "data"]) {
            let headers = [("streamtype", kind), ("port", &port_text), ("requestid", &request)];
            self.encoder.open(&mut self.batch, id, &headers);
        }
        self.open.insert(key, Connection::new(port));
        self.wake_writer();
        Ok(key)
    }

    /// Takes a frame of the server in; returns false if nothing more may be taken in before
    /// [`poll_may_read`](Self::poll_may_read) says so.
    pub(super) fn receive(&mut self, frame: Frame) -> bool {
        match frame {
            Frame::Reply { id, fin } => self.with(id, |connection, stream, batch| {
                if connection.accept(stream) && stream == Stream::Error {
                    // Nothing is ever written to it. A server drops what comes before its reply.
                    Encoder::end(batch, id);
                }
                if fin {
                    connection.end(stream);
                }
            }),
            Frame::Data { id, bytes, fin } => self.with(id, |connection, stream, _| {
                match stream {
                    Stream::Data => connection.push(bytes),
                    Stream::Error => connection.push_error(&bytes),
                }
                if fin {
                    connection.end(stream);
                }
            }),
            Frame::Headers { id, fin: true } => self.with(id, |connection, stream, _| connection.end(stream)),
            Frame::Headers { .. } => {}
            Frame::Reset { id, status } => self.with(id, |connection, stream, _| connection.reset(stream, status)),
            Frame::Ping { id } if id % 2 == 0 => self.answer(|batch| Encoder::ping(batch, id)),
            // The answer to one of ours.
            Frame::Ping { .. } => {}
            Frame::GoAway => {
                if self.is_open() {
                    self.state = State::Draining;
                }
            }
            Frame::Open { id } => self.answer(|batch| Encoder::reset(batch, id, REFUSED_STREAM)),
        }
        self.blocked_by.is_none() && self.answers <= MAX_ANSWER_BYTES
    }

    /// Calls a function for the connection of a stream, unless it is over or unknown.
    fn with(&mut self, id: u32, change: impl FnOnce(&mut Connection, Stream, &mut BytesMut)) {
        let Some((key, stream)) = stream(id) else { return };
        let Some(connection) = self.open.get_mut(&key).filter(|connection| !connection.is_over()) else { return };
        let (had, was_accepted) = (connection.received.len(), connection.is_accepted());
        change(connection, stream, &mut self.batch);
        if connection.received.len() > self.receive_bytes {
            self.blocked_by = Some(key);
        }
        self.has_failed |= connection.failure.is_some();
        let has_news = connection.received.len() > had || connection.is_accepted() != was_accepted;
        if has_news || connection.data_ended() || connection.is_over() {
            connection.wake();
        }
        self.settle(key);
        self.wake_writer();
    }

    fn answer(&mut self, write: impl FnOnce(&mut BytesMut)) {
        let before = self.batch.len();
        write(&mut self.batch);
        self.answers += self.batch.len() - before;
        self.wake_writer();
    }

    /// Tells the server that a connection is over, and forgets it if this side has dropped it.
    fn settle(&mut self, key: u32) {
        let Some(connection) = self.open.get_mut(&key) else { return };
        let is_lost = matches!(self.state, State::Lost(_));
        if connection.is_over() && !connection.is_reset && !is_lost {
            // Bytes that the server still gets would stop the others: it has five queues for all streams.
            let is_complete = connection.local_ended && connection.data_ended();
            if !is_complete {
                Encoder::reset(&mut self.batch, data_id(key), CANCEL);
            }
            connection.is_reset = true;
        }
        if connection.abandoned.is_some() && connection.is_over() {
            self.open.remove(&key);
        }
        self.unblock();
    }

    /// Lets the reading task go on if the connection that it waits for has room again.
    fn unblock(&mut self) {
        let Some(key) = self.blocked_by else { return };
        // With some room, so that it does not stop again at once.
        if self.open.get(&key).is_none_or(|connection| connection.received.len() <= self.receive_bytes / 2) {
            self.blocked_by = None;
            if let Some(reader) = self.reader.take() {
                reader.wake();
            }
        }
    }

    /// Ready when the next frame of the server may be taken in.
    pub(super) fn poll_may_read(&mut self, cx: &Context<'_>) -> Poll<()> {
        if self.blocked_by.is_none() && self.answers <= MAX_ANSWER_BYTES {
            return Poll::Ready(());
        }
        self.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Resets the connection that has stopped the reading task for `limit`, if there are others that wait for it.
    pub(super) fn reset_slow_reader(&mut self, limit: Duration) {
        let Some(key) = self.blocked_by.filter(|_| self.open.len() > 1) else { return };
        if let Some(connection) = self.open.get_mut(&key) {
            connection.received.clear();
            connection.fail(|port| ForwardError::SlowReader { port, limit }.into());
            connection.wake();
        }
        self.settle(key);
        self.wake_writer();
    }

    /// The frames to write next; `None` when there is nothing to do any more.
    pub(super) fn poll_batch(&mut self, cx: &Context<'_>) -> Poll<Option<BytesMut>> {
        if self.batch.is_empty() {
            if self.open.is_empty() && !self.is_open() {
                return Poll::Ready(None);
            }
            self.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        for key in std::mem::take(&mut self.senders) {
            if let Some(connection) = self.open.get_mut(&key) {
                connection.unsent = 0;
                if let Some(writer) = connection.writer.take() {
                    writer.wake();
                }
            }
        }
        if std::mem::take(&mut self.answers) > 0
            && let Some(reader) = self.reader.take()
        {
            reader.wake();
        }
        // Room for as much again, so that it does not grow, and copy itself, with each write.
        let next = BytesMut::with_capacity(self.batch.len().min(2 * SEND_BYTES));
        Poll::Ready(Some(std::mem::replace(&mut self.batch, next)))
    }

    fn wake_writer(&mut self) {
        let has_work = !self.batch.is_empty() || !self.is_open();
        if has_work && let Some(writer) = self.writer.take() {
            writer.wake();
        }
    }

    /// Sends a ping, and gives up the dropped connections that the pod has not ended for `linger`.
    pub(super) fn tick(&mut self, now: Instant, linger: Duration) {
        Encoder::ping(&mut self.batch, self.next_ping);
        self.next_ping = (self.next_ping + 2) & MAX_STREAM_ID;
        let is_late = |connection: &Connection| connection.abandoned.is_some_and(|since| now - since >= linger);
        for (key, connection) in self.open.extract_if(|_, connection| is_late(connection)) {
            if !connection.is_reset {
                Encoder::reset(&mut self.batch, data_id(key), CANCEL);
            }
        }
        self.unblock();
        self.wake_writer();
    }

    /// Adds no connection any more; those that are open go on.
    pub(super) fn drain(&mut self) {
        if self.is_open() {
            self.state = State::Draining;
        }
        self.wake_writer();
    }

    /// The tunnel is lost, and with it the connections.
    pub(super) fn lose(&mut self, error: &Error) {
        if matches!(self.state, State::Lost(_)) {
            return;
        }
        self.state = State::Lost(error.clone());
        for connection in self.open.values_mut() {
            connection.lose(error);
        }
        self.open.retain(|_, connection| connection.abandoned.is_none());
        self.batch = BytesMut::new();
    }

    /// Ready when the server has accepted a connection.
    pub(super) fn poll_accepted(&mut self, key: u32, cx: &Context<'_>) -> Poll<Result<(), Error>> {
        let Some(connection) = self.open.get_mut(&key) else { return Poll::Ready(Err(self.gone())) };
        // A failure that has followed already is one of the reader, whatever the moment.
        if connection.is_accepted() {
            return Poll::Ready(Ok(()));
        }
        if let Some(error) = &connection.failure {
            return Poll::Ready(Err(error.clone()));
        }
        connection.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    pub(super) fn read(&mut self, key: u32, cx: &Context<'_>) -> Read {
        let Some(connection) = self.open.get_mut(&key) else { return Read::Failed(self.gone()) };
        let read = connection.read();
        if matches!(read, Read::Pending | Read::PendingError | Read::PendingData) {
            connection.reader = Some(cx.waker().clone());
        }
        if self.blocked_by == Some(key) {
            self.unblock();
        }
        read
    }

    pub(super) fn poll_write(&mut self, key: u32, slices: &[&[u8]], cx: &Context<'_>) -> Poll<Result<usize, Error>> {
        let Some(connection) = self.open.get_mut(&key) else { return Poll::Ready(Err(self.gone())) };
        if let Some(error) = &connection.failure {
            return Poll::Ready(Err(error.clone()));
        }
        if connection.local_ended || connection.is_over() {
            return Poll::Ready(Err(ForwardError::Ended { port: connection.port }.into()));
        }
        let mut written = 0;
        for slice in slices {
            let room = SEND_BYTES - connection.unsent;
            let slice = &slice[..slice.len().min(room)];
            if slice.is_empty() {
                continue;
            }
            if connection.unsent == 0 {
                self.senders.push(key);
            }
            connection.unsent += slice.len();
            written += slice.len();
            Encoder::data(&mut self.batch, data_id(key), slice);
        }
        if written == 0 && slices.iter().any(|slice| !slice.is_empty()) {
            connection.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        self.wake_writer();
        Poll::Ready(Ok(written))
    }

    /// Ends this side of a connection, after the bytes written before.
    pub(super) fn end(&mut self, key: u32) -> Result<(), Error> {
        let Some(connection) = self.open.get_mut(&key) else { return Err(self.gone()) };
        if let Some(error) = &connection.failure {
            return Err(error.clone());
        }
        if !connection.local_ended && !connection.is_over() {
            connection.local_ended = true;
            Encoder::end(&mut self.batch, data_id(key));
            self.wake_writer();
        }
        Ok(())
    }

    /// No data has come for a while after the text of an error.
    pub(super) fn end_data(&mut self, key: u32) {
        self.with(data_id(key), |connection, stream, _| connection.end(stream));
    }

    /// The end of errors has not come for a while after that of the data; returns whether there is the text of one.
    pub(super) fn end_error(&mut self, key: u32) -> bool {
        self.with(data_id(key), |connection, _, _| connection.fail_with_text());
        self.open.get(&key).is_some_and(|connection| connection.failure.is_some())
    }

    /// Whether nothing is read from the server because a connection is not read.
    pub(super) fn is_blocked(&self) -> bool {
        self.blocked_by.is_some()
    }

    /// Gives a connection up, so that the pod does not take its end for that of the input.
    pub(super) fn reset(&mut self, key: u32) {
        if let Some(connection) = self.open.get_mut(&key) {
            connection.fail(|_| Error::closed());
            connection.wake();
        }
        self.settle(key);
        self.wake_writer();
    }

    /// Nobody reads the connection any more: its bytes are dropped.
    pub(super) fn drop_reader(&mut self, key: u32) {
        if let Some(connection) = self.open.get_mut(&key) {
            connection.reader_gone = true;
            // As TCP does when a socket is closed with unread bytes.
            if connection.received.clear() && connection.local_ended {
                connection.fail(|port| ForwardError::Ended { port }.into());
            }
        }
        self.settle(key);
        self.wake_writer();
    }

    /// Nobody uses the connection any more: what was written is still sent.
    pub(super) fn abandon(&mut self, key: u32, now: Instant) {
        let Some(connection) = self.open.get_mut(&key) else { return };
        connection.abandoned = Some(now);
        if !connection.is_accepted() && !connection.is_over() {
            for id in ids(key) {
                Encoder::reset(&mut self.batch, id, CANCEL);
            }
            connection.is_reset = true;
            connection.fail(|port| ForwardError::Ended { port }.into());
        }
        self.settle(key);
        self.wake_writer();
    }

    /// The error of a connection that was given up.
    fn gone(&self) -> Error {
        match &self.state {
            State::Lost(error) => error.clone(),
            State::Open | State::Draining => Error::closed(),
        }
    }

    /// Whether the pod's side has failed a connection since the last call.
    pub(super) fn take_failed(&mut self) -> bool {
        std::mem::take(&mut self.has_failed)
    }
}
