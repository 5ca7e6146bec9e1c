//! The bodies of requests: read within limits, of one request and of all together.

use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http_body::Body;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::BoxError;
use super::budget::{KIBIBYTE, Room, Share};
use crate::clock::{self, Instant};

pub(super) const JSON: &str = "application/json";

/// Like Go's server, for a client that is still writing: it would get a reset in place of the response.
const DRAIN_TIME: Duration = Duration::from_millis(500);
const DRAIN_BYTES: usize = 8 << 20;

/// A body in memory, with its share of the budget.
pub(super) struct Buffered {
    pub(super) bytes: Bytes,
    _share: Share,
}

/// The reason why a body was not read.
pub(super) enum BodyError {
    /// The request is at fault, or took too long.
    Refused { code: i32, message: String },
    /// Other requests have used up the budget.
    NoRoom,
}

/// Reads the whole body of a request, which must be JSON. It takes room as its bytes arrive, whatever it declares.
pub(super) async fn read<B>(
    head: &Parts,
    mut body: Pin<&mut B>,
    limit: usize,
    room: Room<'_>,
    deadline: Instant,
) -> Result<Buffered, BodyError>
where
    B: Body<Error: Into<BoxError>>,
{
    let result = read_whole(head, body.as_mut(), limit, room, deadline).await;
    if result.is_err() {
        drain(body, deadline).await;
    }
    result
}

async fn read_whole<B>(
    head: &Parts,
    body: Pin<&mut B>,
    limit: usize,
    room: Room<'_>,
    deadline: Instant,
) -> Result<Buffered, BodyError>
where
    B: Body<Error: Into<BoxError>>,
{
    let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case(JSON) {
        return Err(refused(400, format!("contentType={content_type}, expected application/json")));
    }
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large(limit));
    }
    let timed_out = |_| Err(refused(408, "timed out reading the request body"));
    clock::timeout_at(deadline, pin!(collect(body, limit, &room))).await.unwrap_or_else(timed_out)
}

async fn collect<B>(body: Pin<&mut B>, limit: usize, room: &Room<'_>) -> Result<Buffered, BodyError>
where
    B: Body<Error: Into<BoxError>>,
{
    let (mut bytes, mut share) = (BytesMut::new(), room.take(0).ok_or(BodyError::NoRoom)?);
    let mut body = pin!(Limited::new(body, limit));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| match error.is::<LengthLimitError>() {
            true => too_large(limit),
            false => refused(400, format!("can't read the request body: {error}")),
        })?;
        let Ok(data) = frame.into_data() else { continue };
        let needed = bytes.len().saturating_add(data.remaining()).div_ceil(KIBIBYTE);
        let more = room.take(needed.saturating_sub(share.kibibytes()));
        share.merge(more.ok_or(BodyError::NoRoom)?);
        bytes.put(data);
    }
    if bytes.is_empty() {
        return Err(refused(400, "request body is empty"));
    }
    Ok(Buffered { bytes: bytes.freeze(), _share: share })
}

fn refused(code: i32, message: impl Into<String>) -> BodyError {
    BodyError::Refused { code, message: message.into() }
}

fn too_large(limit: usize) -> BodyError {
    refused(413, format!("request entity is too large; limit is {limit} bytes"))
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
