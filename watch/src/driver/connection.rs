use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use kubernetes_client::Body;

use super::watchdog::Watchdog;
use crate::error::Cause;
use crate::wire::{EventKind, EventReader, ReadError, Slot, WatchEvent};

/// The number of chunks without an event after which the task yields.
const BUDGET: u32 = 128;

/// The body of a watch, as events.
pub(super) struct Connection {
    body: Body,
    reader: EventReader,
    watchdog: Watchdog,
    /// Whether a streaming list has started to send changes, so that its end is near.
    has_changes: bool,
}

impl Connection {
    pub(super) fn new(body: Body, watchdog: Watchdog) -> Self {
        Self { body, reader: EventReader::default(), watchdog, has_changes: false }
    }

    /// Records a sign of life: from now on, the watch may be silent for this long.
    pub(super) fn heard(&mut self, silence: Option<Duration>) {
        self.watchdog.heard(silence);
    }

    /// Records an object of a streaming list, or a change mixed into it.
    pub(super) fn heard_listed(&mut self, kind: EventKind, silence: Duration) {
        self.has_changes |= kind != EventKind::Added;
        if !self.has_changes {
            self.heard(Some(silence));
        }
    }

    /// The next event, whose object is put into the slot, or the reason why there is none.
    pub(super) fn poll_event(
        &mut self,
        context: &mut Context<'_>,
        slot: &mut dyn Slot,
    ) -> Poll<Result<WatchEvent, Cause>> {
        for _ in 0..BUDGET {
            if let Some(event) = self.reader.next(slot).map_err(cause)? {
                return Poll::Ready(Ok(event));
            }
            match Pin::new(&mut self.body).poll_next(context) {
                Poll::Ready(Some(Ok(chunk))) => self.reader.push(chunk),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(Cause::Client(error))),
                // After a last event without a line feed, the next poll finds the end of the body again.
                Poll::Ready(None) => {
                    let last = self.reader.next_at_end(slot).map_err(cause)?;
                    return Poll::Ready(last.ok_or(Cause::Ended));
                }
                Poll::Pending => {
                    if let Some(event) = self.reader.next_unterminated(slot).map_err(cause)? {
                        return Poll::Ready(Ok(event));
                    }
                    return self.watchdog.poll(context).map(Err);
                }
            }
        }
        let given_up = self.watchdog.poll(context).map(Err);
        if given_up.is_pending() {
            context.waker().wake_by_ref();
        }
        given_up
    }
}

fn cause(error: ReadError) -> Cause {
    match error {
        ReadError::Undecodable(error) => Cause::Undecodable(error),
        ReadError::TooLong(error) => Cause::EventTooLong(error),
        ReadError::Truncated => Cause::Truncated,
    }
}
