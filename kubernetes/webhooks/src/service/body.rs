//! The bodies of requests: read within limits, of one request and of all together.

use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use http::Version;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;

use super::BoxError;
use super::budget::{KIBIBYTE, Room, Share};
use crate::clock::{self, Instant};

pub(super) const JSON: &str = "application/json";

/// Like Go's server, for a client that is still writing: it would get a reset in place of the response.
const DRAIN_TIME: Duration = Duration::from_millis(500);
const DRAIN_BYTES: usize = 8 << 20;

/// The largest frame of a body: `SETTINGS_MAX_FRAME_SIZE` is left at its default with HTTP/2 (RFC 9113, section 6.5.2), and
/// the server's buffer with HTTP/1.
const HTTP2_FRAME: usize = 16 << 10;
const HTTP1_FRAME: usize = 64 << 10;

/// A body in memory, with its share of the budget.
pub(super) struct Buffered {
    pub(super) bytes: Bytes,
    _share: Share,
}

/// The reason why a body was not read.
pub(super) enum BodyError {
    /// The request is at fault, or took too long.
    Refused { code: u16, message: String },
    /// Other requests have used up the budget.
    NoRoom,
}

/// The body of a request, which must be JSON, while it is read. It takes room as its bytes arrive, whatever it declares.
pub(super) struct Incoming<'a, B> {
    body: Pin<&'a mut B>,
    largest_frame: usize,
    limit: usize,
    bytes: BytesMut,
    share: Option<Share>,
    is_complete: bool,
    error: Option<BodyError>,
}

impl<'a, B> Incoming<'a, B>
where
    B: Body<Error: Into<BoxError>>,
{
    pub(super) fn new(head: &Parts, body: Pin<&'a mut B>, limit: usize) -> Self {
        let error = refusal(head, body.size_hint().lower(), limit);
        let largest_frame = if head.version == Version::HTTP_2 { HTTP2_FRAME } else { HTTP1_FRAME };
        Self { body, largest_frame, limit, bytes: BytesMut::new(), share: None, is_complete: false, error }
    }

    /// Reads as much of the body as there is room for, for a request that may yet be refused. If it will be, whoever sent
    /// it, its bytes are read, and not kept.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub(super) async fn read_ahead(&mut self, room: Room<'_>) {
        if self.error.is_none() {
            // A frame that was read is in memory until there is a decision, also if it finds no room.
            match self.fill(&room, self.largest_frame.div_ceil(KIBIBYTE)).await {
                Err(error @ BodyError::Refused { .. }) => self.error = Some(error),
                Ok(()) | Err(BodyError::NoRoom) => return,
            }
            self.bytes = BytesMut::new();
            self.share = None;
        }
        drain_bytes(self.body.as_mut()).await;
    }

    /// Reads the rest of the body.
    pub(super) async fn read(mut self, room: Room<'_>, deadline: Instant) -> Result<Buffered, BodyError> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        let timed_out = |_| Err(refused(408, "timed out reading the request body"));
        clock::timeout_at(deadline, pin!(self.fill(&room, 0))).await.unwrap_or_else(timed_out)?;
        if self.bytes.is_empty() {
            return Err(refused(400, "request body is empty"));
        }
        let share = self.share.ok_or(BodyError::NoRoom)?;
        Ok(Buffered { bytes: self.bytes.freeze(), _share: share })
    }

    /// Reads to the end. The bytes that were read before take this room, too, in place of what they had.
    ///
    /// So many kibibytes are taken before each frame; it gives back those that it does not need.
    async fn fill(&mut self, room: &Room<'_>, ahead: usize) -> Result<(), BodyError> {
        let share = self.share.insert(room.take(kibibytes(&self.bytes)).ok_or(BodyError::NoRoom)?);
        while !self.is_complete {
            share.resize(room, kibibytes(&self.bytes) + ahead).ok_or(BodyError::NoRoom)?;
            let frame = self.body.frame().await;
            let error = |error: B::Error| refused(400, format!("can't read the request body: {}", error.into()));
            match frame.transpose().map_err(error)?.map(Frame::into_data) {
                Some(Ok(data)) if data.remaining() > self.limit.saturating_sub(self.bytes.len()) => {
                    return Err(refused(413, too_large(self.limit)));
                }
                Some(Ok(data)) => self.bytes.put(data),
                Some(Err(_)) => {} // Trailers.
                None => self.is_complete = true,
            }
            share.resize(room, kibibytes(&self.bytes)).ok_or(BodyError::NoRoom)?;
        }
        Ok(())
    }
}

fn kibibytes(bytes: &[u8]) -> usize {
    bytes.len().div_ceil(KIBIBYTE)
}

/// The error of a request that is refused without reading its body.
fn refusal(head: &Parts, declared: u64, limit: usize) -> Option<BodyError> {
    let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case(JSON) {
        return Some(refused(400, format!("contentType={content_type}, expected application/json")));
    }
    (declared > limit as u64).then(|| refused(413, too_large(limit)))
}

fn refused(code: u16, message: impl Into<String>) -> BodyError {
    BodyError::Refused { code, message: message.into() }
}

fn too_large(limit: usize) -> String {
    format!("request entity is too large; limit is {limit} bytes")
}

/// Reads and forgets the rest of a body, for a while, but no longer than until the caller has gone.
pub(super) async fn drain<B: Body<Error: Into<BoxError>>>(body: Pin<&mut B>, deadline: Instant) {
    let rest = pin!(drain_bytes(body));
    // The rest is unread if it takes longer.
    let _ = clock::timeout_at(deadline.min(clock::later(DRAIN_TIME)), rest).await;
}

async fn drain_bytes<B: Body<Error: Into<BoxError>>>(mut body: Pin<&mut B>) {
    let mut left = DRAIN_BYTES;
    while left > 0 && !body.is_end_stream() {
        let Some(Ok(frame)) = body.frame().await else { return };
        let length = frame.data_ref().map_or(0, |data| data.remaining());
        left = left.saturating_sub(length.max(1));
    }
}
