//! The events of a watch.

mod events;
mod initial;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::{FusedStream, Stream};
use kubernetes_client::Client;
use kubernetes_core::{ListRequest, Object};

use crate::driver::Driver;
use crate::settings::Settings;
use crate::{Error, Event, StopHandle};
use events::Events;

/// The events of a watch, created by [`Watch::stream`](crate::Watch::stream).
///
/// It reconnects and resumes automatically. It ends with `None` when it is stopped, or after an error, which is final;
/// then it keeps returning `None`.
///
/// # Cancel safety
/// No event is lost if a future that waits for the next one is dropped, for example in `select!` or by a timeout.
/// Dropping the stream closes its connection.
pub struct WatchStream<K> {
    events: Events<K>,
    stop: StopHandle,
}

impl<K: Object> WatchStream<K> {
    pub(crate) fn new(client: Client, request: ListRequest<K>, settings: &Settings, stop: StopHandle) -> Self {
        Self { events: Events::new(Driver::new(client, request, settings)), stop }
    }
}

impl<K> WatchStream<K> {
    /// Ends the stream: no further event is yielded, and the connection is closed with the next poll, or drop.
    pub fn stop(&self) {
        self.stop.stop();
    }

    /// A handle that ends the stream from another task, even while it waits.
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// The version up to which everything has been yielded, so that a watch from it misses nothing.
    ///
    /// `None` until the existing objects have been yielded, for a watch without a starting version.
    pub fn resource_version(&self) -> Option<&str> {
        self.events.resource_version()
    }
}

/// No object is pinned: they only pass through.
impl<K> Unpin for WatchStream<K> {}

impl<K: Object> Stream for WatchStream<K> {
    type Item = Result<Event<K>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.stop.poll_stopped(context) {
            self.events.close();
            return Poll::Ready(None);
        }
        self.events.poll_event(context)
    }
}

impl<K: Object> FusedStream for WatchStream<K> {
    fn is_terminated(&self) -> bool {
        self.events.is_over()
    }
}

impl<K> fmt::Debug for WatchStream<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchStream")
            .field("request", self.events.request())
            .field("resource_version", &self.resource_version())
            .finish_non_exhaustive()
    }
}
