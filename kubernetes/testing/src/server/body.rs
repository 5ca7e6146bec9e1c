use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, DuplexStream, ReadBuf};

use super::shared::Shared;
use crate::clock::Timer;
use crate::conversion::Conversion;
use crate::faults::{Damage, DamageFilter, Piece};
use crate::object::Object;
use crate::resources::ServedResource;
use crate::semantics::expire;
use crate::status::Status;
use crate::store::{Stored, WaiterId};
use crate::watch::{Progress, Watch};
use crate::webhooks::reach;

/// The body of a response of a test server.
///
/// A lost connection is an error of the kind [`ConnectionReset`](io::ErrorKind::ConnectionReset).
pub struct ResponseBody {
    source: Source,
    filters: Vec<DamageFilter>,
    ready: VecDeque<Piece>,
    has_begun: bool,
}

enum Source {
    Whole(Bytes),
    Watch(Box<WatchStream>),
    /// Bytes of a script, and the number that may still follow.
    Stream(DuplexStream, u64),
    Done,
}

type Converting = Pin<Box<dyn Future<Output = Result<(), Status>> + Send>>;

/// A watch that is being sent.
struct WatchStream {
    shared: Arc<Shared>,
    watch: Watch,
    waiter: WaiterId,
    /// Completes when there is next something to do.
    timer: Timer,
    /// Converts the next objects.
    converting: Option<Converting>,
}

impl ResponseBody {
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self::new(if bytes.is_empty() { Source::Done } else { Source::Whole(bytes) })
    }

    pub(super) fn watch(shared: &Arc<Shared>, watch: Watch) -> Self {
        let waiter = shared.with(|inner| inner.state.store.add_waiter());
        let (shared, timer) = (Arc::clone(shared), Timer::default());
        Self::new(Source::Watch(Box::new(WatchStream { shared, watch, waiter, timer, converting: None })))
    }

    /// The bytes that a script writes, at most `limit`.
    pub(super) fn stream(io: DuplexStream, limit: u64) -> Self {
        Self::new(Source::Stream(io, limit))
    }

    fn new(source: Source) -> Self {
        Self { source, filters: Vec::new(), ready: VecDeque::new(), has_begun: false }
    }

    pub(super) fn damage(mut self, damage: Damage) -> Self {
        self.filters.push(DamageFilter::new(damage));
        self
    }

    /// Sends chunks through all filters.
    fn take_in(&mut self, chunks: Vec<Bytes>) {
        let mut chunks = chunks;
        let mut end = None;
        for filter in &mut self.filters {
            let mut passed = Vec::new();
            for piece in filter.pass(chunks) {
                match piece {
                    Piece::Data(bytes) => passed.push(bytes),
                    other => end = Some(other),
                }
            }
            chunks = passed;
        }
        self.ready.extend(chunks.into_iter().map(Piece::Data));
        self.ready.extend(end);
    }

    fn finish(&mut self, piece: Piece) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match piece {
            Piece::Data(bytes) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
            Piece::End | Piece::Reset => {
                self.source = Source::Done;
                self.ready.clear();
            }
        }
        match piece {
            Piece::Reset => Poll::Ready(Some(Err(reset()))),
            _ => Poll::Ready(None),
        }
    }
}

/// The error for a client whose connection is lost.
pub(super) fn reset() -> io::Error {
    io::Error::new(
        io::ErrorKind::ConnectionReset,
        "the connection was lost, by an injected fault or because the server stopped",
    )
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        if !std::mem::replace(&mut this.has_begun, true)
            && let Some(piece) = this.filters.iter_mut().find_map(DamageFilter::begin)
        {
            return this.finish(piece);
        }
        loop {
            match this.ready.pop_front() {
                Some(Piece::Data(bytes)) if bytes.is_empty() => continue,
                Some(piece) => return this.finish(piece),
                None => {}
            }
            let chunks = match &mut this.source {
                Source::Done => return Poll::Ready(None),
                Source::Whole(bytes) => {
                    let bytes = std::mem::take(bytes);
                    this.source = Source::Done;
                    vec![bytes]
                }
                Source::Stream(io, limit) => {
                    let mut buffer = [0; 8 * 1024];
                    let size = buffer.len().min(usize::try_from(*limit).unwrap_or(usize::MAX));
                    let mut read = ReadBuf::new(&mut buffer[..size]);
                    // An in-memory pipe does not fail.
                    if Pin::new(&mut *io).poll_read(cx, &mut read).is_pending() {
                        return Poll::Pending;
                    }
                    let bytes = Bytes::copy_from_slice(read.filled());
                    *limit -= bytes.len() as u64;
                    if bytes.is_empty() {
                        this.source = Source::Done;
                    }
                    vec![bytes]
                }
                Source::Watch(watch) => match watch.poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Err(error)) => {
                        this.source = Source::Done;
                        return Poll::Ready(Some(Err(error)));
                    }
                    Poll::Ready(Ok(progress)) => {
                        if progress.has_ended {
                            this.source = Source::Done;
                        }
                        progress.lines
                    }
                },
            };
            this.take_in(chunks);
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.source, Source::Done) && self.ready.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Whole(bytes) if self.filters.is_empty() => SizeHint::with_exact(bytes.len() as u64),
            Source::Whole(_) | Source::Watch(_) | Source::Stream(..) => SizeHint::default(),
            Source::Done => SizeHint::with_exact(0),
        }
    }
}

impl Drop for WatchStream {
    fn drop(&mut self) {
        let (collection, waiter) = (self.watch.collection(), self.waiter);
        self.shared.with(|inner| inner.state.store.leave(collection, waiter));
    }
}

impl WatchStream {
    /// The next events; pending until there are any.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Progress>> {
        loop {
            if let Some(converting) = &mut self.converting {
                match converting.as_mut().poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Err(status)) => {
                        self.converting = None;
                        return Poll::Ready(Ok(self.watch.fail(&status)));
                    }
                    Poll::Ready(Ok(())) => self.converting = None,
                }
            }
            let watch = &mut self.watch;
            let outcome = self.shared.with(|inner| {
                if inner.is_stopped {
                    return Err(reset());
                }
                expire(&mut inner.state);
                let progress = watch.advance(&inner.state);
                if !progress.lines.is_empty() || progress.has_ended || !progress.wanted.is_empty() {
                    return Ok(Ok(progress));
                }
                inner.state.store.wait(watch.collection(), self.waiter, cx.waker());
                let deadline = inner.state.deadlines.next();
                let next = deadline.map_or(watch.next_time(), |deadline| deadline.min(watch.next_time()));
                Ok(Err(next.saturating_sub(inner.state.clock.elapsed())))
            });
            match outcome {
                Err(error) => return Poll::Ready(Err(error)),
                Ok(Ok(progress)) if !progress.wanted.is_empty() => {
                    let (shared, served) = (Arc::clone(&self.shared), Arc::clone(self.watch.served()));
                    self.converting = Some(Box::pin(convert(shared, served, progress.wanted)));
                }
                Ok(Ok(progress)) => return Poll::Ready(Ok(progress)),
                Ok(Err(wait)) => {
                    if self.timer.poll_after(wait, cx).is_pending() {
                        return Poll::Pending;
                    }
                }
            }
        }
    }
}

/// Converts objects, and keeps them for all watches.
async fn convert(shared: Arc<Shared>, to: Arc<ServedResource>, objects: Vec<Arc<Stored>>) -> Result<(), Status> {
    let Some(webhook) = to.webhook.clone() else { return Ok(()) };
    for object in objects {
        let conversion = Conversion::new(&to, &object.version, to.version(), Object::of(&object));
        let (services, uid) = shared.with(|inner| (inner.services.clone(), inner.state.new_uid()));
        let call = conversion.call(&webhook, |_| uid).map_err(Status::internal)?;
        let outcome = reach(&services, &call).await;
        let converted = conversion.read(&call, outcome).map_err(Status::internal)?;
        shared.with(|inner| drop(inner.state.conversions.borrow_mut().keep(&object, &to, converted)));
    }
    Ok(())
}

impl fmt::Debug for ResponseBody {
    /// Omits the bytes, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.source {
            Source::Whole(_) => "whole",
            Source::Watch(_) => "watch",
            Source::Stream(..) => "stream",
            Source::Done => "done",
        };
        f.debug_tuple("ResponseBody").field(&kind).finish()
    }
}
