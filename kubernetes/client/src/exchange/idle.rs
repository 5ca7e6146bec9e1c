//! Streams that have fallen silent.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

use crate::error::BoxError;
use crate::{Body, ClientBuilder};

/// A body that fails when nothing comes for a time.
struct Watched {
    body: Body,
    limit: Duration,
    over: Pin<Box<Sleep>>,
}

/// What is longer is no limit: added to the time at any frame it might be beyond what the clock can tell.
const MAX_LIMIT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The body, which fails after this time of silence.
pub(crate) fn limited(body: Body, limit: Option<Duration>) -> Body {
    match limit.filter(|limit| *limit <= MAX_LIMIT) {
        Some(limit) => Body::new(Watched { body, limit, over: Box::pin(sleep(limit)) }),
        None => body,
    }
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            let next = Instant::now() + self.limit;
            self.over.as_mut().reset(next);
            return Poll::Ready(frame.map(|frame| frame.map_err(BoxError::from)));
        }
        self.over.as_mut().poll(cx).map(|()| Some(Err(Silent(self.limit).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        http_body::Body::size_hint(&self.body)
    }
}

/// Nothing came for a time.
#[derive(Debug)]
pub(crate) struct Silent(Duration);

impl fmt::Display for Silent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nothing came for {:?}", self.0)
    }
}

impl StdError for Silent {}

impl ClientBuilder {
    /// How long a stream that was opened, as a log that is followed, may be silent before it fails with
    /// [`is_timeout`](crate::Error::is_timeout). There is no limit by default, since a container may say nothing for
    /// hours; one of more than a year is none.
    ///
    /// That the server is gone is found within 45 s without it: by pings over HTTP/2, and by TCP's keep-alive over
    /// HTTP/1.1. What this finds beside is a connection that was lost behind the server, to the node, or behind a proxy.
    /// A watch of `kubernetes-watch` has a limit of its own, and reconnects.
    pub fn idle_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.idle_timeout = timeout.into();
        self
    }
}
