use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::limit::RequestGuard;

/// hyper takes a frame at once, however long it is, and only waits with the next one until the client has read. So shorter
/// ones show how far the response was written, except for the last two or so.
const MAX_FRAME: usize = 64 * 1024;

pin_project! {
    /// The body of a response, with which its request ends.
    pub(super) struct ResponseBody<B: Body> {
        #[pin]
        body: B,
        // The rest of the body's last frame.
        rest: Option<B::Data>,
        request: RequestGuard,
    }
}

impl<B: Body> ResponseBody<B> {
    pub(super) fn new(body: B, request: RequestGuard) -> Self {
        Self { body, rest: None, request }
    }

    fn rest(&self) -> usize {
        self.rest.as_ref().map_or(0, Buf::remaining)
    }
}

impl<B: Body> Body for ResponseBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let mut this = self.project();
        loop {
            if let Some(rest) = this.rest.as_mut().filter(|rest| rest.has_remaining()) {
                return Poll::Ready(Some(Ok(Frame::data(rest.copy_to_bytes(rest.remaining().min(MAX_FRAME))))));
            }
            match ready!(this.body.as_mut().poll_frame(context)?) {
                None => return Poll::Ready(None),
                Some(frame) => match frame.into_data() {
                    Ok(data) => *this.rest = Some(data),
                    Err(trailers) => {
                        let trailers = trailers.map_data(|mut data| data.copy_to_bytes(data.remaining()));
                        return Poll::Ready(Some(Ok(trailers)));
                    }
                },
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest() == 0 && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, of_body) = (self.rest() as u64, self.body.size_hint());
        let mut hint = SizeHint::new();
        if let Some(upper) = of_body.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint.set_lower(of_body.lower().saturating_add(rest));
        hint
    }
}
