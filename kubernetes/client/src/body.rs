//! Bodies of requests and responses.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_core::Stream;
use futures_util::StreamExt as _;
use http_body::{Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::task::coop;

use crate::buffer::LimitedBuffer;
use crate::error::{BoxError, Error, Kind, RequestLine};

/// The body of a request or response: bytes in memory, or a stream of them.
///
/// As a [`Stream`] it yields non-empty chunks as they arrive. It ends with `None`, or after its first error, which
/// names the request. It is also an [`http_body::Body`], for services.
///
/// ```
/// use kubernetes_client::Body;
///
/// let body = Body::from("{}");
/// assert_eq!(http_body::Body::size_hint(&body).exact(), Some(2));
/// ```
///
/// # Drop behavior
///
/// Dropping a body before its end abandons the response: an HTTP/2 stream is reset, an HTTP/1.1 connection is closed.
pub struct Body(Content);

enum Content {
    /// Not yet read, and not empty.
    Whole(Bytes),
    Streamed {
        body: Pin<Box<dyn http_body::Body<Data = Bytes, Error = BoxError> + Send>>,
        request: Option<Arc<RequestLine>>,
    },
    Done,
}

impl Body {
    /// An empty body.
    pub fn empty() -> Self {
        Self(Content::Done)
    }

    /// Wraps any other body.
    pub fn new<B>(body: B) -> Self
    where
        B: http_body::Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError>,
    {
        Self(Content::Streamed { body: Box::pin(BytesBody { body }), request: None })
    }

    /// A copy of the body, unless it can be read only once.
    pub(crate) fn try_clone(&self) -> Option<Self> {
        match &self.0 {
            Content::Whole(bytes) => Some(Self(Content::Whole(bytes.clone()))),
            Content::Done => Some(Self::empty()),
            Content::Streamed { .. } => None,
        }
    }

    /// The bytes of a body in memory; `None` if they arrive as a stream.
    pub(crate) fn bytes(&self) -> Bytes {
        match &self.0 {
            Content::Whole(bytes) => bytes.clone(),
            Content::Streamed { .. } | Content::Done => Bytes::new(),
        }
    }

    /// Names the request in errors of a body that doesn't know one.
    pub(crate) fn of_request(mut self, line: &Arc<RequestLine>) -> Self {
        if let Content::Streamed { request: request @ None, .. } = &mut self.0 {
            *request = Some(Arc::clone(line));
        }
        self
    }

    /// Reads the whole body, unless it is larger than `limit`.
    pub(crate) async fn collect(mut self, limit: usize) -> Result<Bytes, Error> {
        let too_large = || Error::new(Kind::TooLarge { limit });
        let announced = http_body::Body::size_hint(&self).lower();
        if announced > limit as u64 {
            return Err(too_large());
        }
        let Some(first) = self.next().await.transpose()? else { return Ok(Bytes::new()) };
        if first.len() > limit {
            return Err(too_large());
        }
        let Some(mut chunk) = self.next().await.transpose()? else { return Ok(first) };
        let mut whole = LimitedBuffer::new(limit);
        whole.extend(&first).map_err(|_| too_large())?;
        drop(first);
        loop {
            whole.extend(&chunk).map_err(|_| too_large())?;
            match self.next().await.transpose()? {
                Some(more) => chunk = more,
                None => return Ok(whole.finish()),
            }
        }
    }

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            let frame = match &mut self.0 {
                Content::Done => return Poll::Ready(None),
                Content::Whole(bytes) => {
                    let bytes = std::mem::take(bytes);
                    self.0 = Content::Done;
                    return Poll::Ready(Some(Ok(bytes)));
                }
                Content::Streamed { body, .. } => {
                    // Chunks that are always ready, one byte each or none, would keep a timeout from being looked at.
                    let budget = ready!(coop::poll_proceed(cx));
                    let frame = ready!(body.as_mut().poll_frame(cx));
                    budget.made_progress();
                    frame
                }
            };
            match frame {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if !data.is_empty() => return Poll::Ready(Some(Ok(data))),
                    // Trailers, which Kubernetes doesn't use.
                    Ok(_) | Err(_) => {}
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(self.fail(error)))),
                None => self.0 = Content::Done,
            }
        }
    }

    /// Ends the body, since polling it on after an error is not defined.
    fn fail(&mut self, error: BoxError) -> Error {
        let error = error.downcast::<Error>().map_or_else(|source| Error::new(Kind::Body(source)), |error| *error);
        match std::mem::replace(&mut self.0, Content::Done) {
            Content::Streamed { request: Some(line), .. } => error.or_request(&line),
            _ => error,
        }
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(if bytes.is_empty() { Content::Done } else { Content::Whole(bytes) })
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl Stream for Body {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_data(cx)
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.get_mut().poll_data(cx).map(|data| data.map(|data| data.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Content::Done => true,
            Content::Whole(_) => false,
            Content::Streamed { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Content::Done => SizeHint::with_exact(0),
            Content::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Content::Streamed { body, .. } => body.size_hint(),
        }
    }
}

impl fmt::Debug for Body {
    /// Omits the bytes, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Body").field(&http_body::Body::size_hint(self)).finish()
    }
}

pin_project! {
    /// A body with the data and error types that [`Content`] asks for.
    struct BytesBody<B> {
        #[pin]
        body: B,
    }
}

impl<B> http_body::Body for BytesBody<B>
where
    B: http_body::Body,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(self.project().body.poll_frame(cx));
        // For `Bytes`, which hyper yields, this copies nothing.
        Poll::Ready(frame.map(|frame| match frame {
            Ok(frame) => Ok(frame.map_data(|mut data| data.copy_to_bytes(data.remaining()))),
            Err(error) => Err(error.into()),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
