//! A limit on how long a stream may be silent.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::body::Body;
use crate::clock;
use crate::error::{BoxError, IdleTimeout};

/// A body that fails when nothing comes for a time.
struct IdleTimeoutBody {
    body: Body,
    limit: Duration,
    elapsed: Pin<Box<Sleep>>,
}

/// A longer limit is ignored, since the clock may not be able to count that far.
const MAX_LIMIT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The body, which fails after this time of silence.
pub(crate) fn limited(body: Body, limit: Option<Duration>) -> Body {
    match limit.filter(|limit| *limit <= MAX_LIMIT) {
        Some(limit) => Body::new(IdleTimeoutBody { body, limit, elapsed: Box::pin(sleep(limit)) }),
        None => body,
    }
}

impl http_body::Body for IdleTimeoutBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            let next = clock::now() + self.limit;
            self.elapsed.as_mut().reset(next);
            return Poll::Ready(frame.map(|frame| frame.map_err(BoxError::from)));
        }
        self.elapsed.as_mut().poll(cx).map(|()| Some(Err(IdleTimeout(self.limit).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        http_body::Body::size_hint(&self.body)
    }
}
