//! Compressed responses.
//!
//! An API server compresses answers of more than 128 KiB, and since Kubernetes 1.37 streaming lists (KEP-6060), for
//! those who ask, as Go's clients do by default. Watches that resume, and logs, are not compressed.

mod member;

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use http_body::Frame;

use crate::body::Body;
use crate::error::{Error, Kind};
use member::Members;

/// The most that a chunk has when it is decompressed: a small one may be large then.
const MAX_CHUNK: usize = 64 * 1024;

const MIN_CHUNK: usize = 4 * 1024;

/// The body of a response with these headers, decompressed as it arrives.
pub(super) fn decompressed(headers: &HeaderMap, body: Body) -> Result<Body, Error> {
    let encoding = headers.get(CONTENT_ENCODING).map_or(&b"identity"[..], |value| value.as_bytes());
    if encoding.eq_ignore_ascii_case(b"identity") {
        return Ok(body);
    }
    if !encoding.eq_ignore_ascii_case(b"gzip") {
        let encoding = String::from_utf8_lossy(encoding);
        let message = format!("it has the Content-Encoding {encoding:?}, which the client does not accept");
        return Err(Error::new(Kind::Compression(message.into())));
    }
    Ok(Body::new(Decompressed { body, compressed: Bytes::new(), members: Members::default(), is_pending: false }))
}

struct Decompressed {
    body: Body,
    /// The rest of the last chunk.
    compressed: Bytes,
    members: Members,
    /// Whether more may come of what was taken in.
    is_pending: bool,
}

impl Decompressed {
    /// A chunk of what has arrived; an empty one when more must arrive first.
    fn next_chunk(&mut self) -> Result<Vec<u8>, Error> {
        let space = self.compressed.len().saturating_mul(8).clamp(MIN_CHUNK, MAX_CHUNK);
        let mut chunk = Vec::with_capacity(space);
        let advanced = self.members.advance(&mut self.compressed, &mut chunk);
        advanced.map_err(|error| Error::new(Kind::Compression(error.into())))?;
        self.is_pending = chunk.len() == chunk.capacity();
        Ok(chunk)
    }
}

impl http_body::Body for Decompressed {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        loop {
            if self.is_pending || !self.compressed.is_empty() {
                let chunk = self.next_chunk()?;
                if !chunk.is_empty() {
                    return Poll::Ready(Some(Ok(Frame::data(chunk.into()))));
                }
            }
            match ready!(Pin::new(&mut self.body).poll_frame(cx)?) {
                Some(frame) => self.compressed = frame.into_data().unwrap_or_default(),
                None if self.members.is_between() => return Poll::Ready(None),
                None => return Poll::Ready(Some(Err(Error::new(Kind::Body("the compressed data breaks off".into()))))),
            }
        }
    }
}
