//! The bodies of requests: read within limits, of one request and of all together.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http_body::Body;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::BoxError;
use crate::clock::{self, Instant};

pub(super) const JSON: &str = "application/json";

/// Like Go's server, for a client that is still writing: it would get a reset in place of the response.
const DRAIN_TIME: Duration = Duration::from_millis(500);
const DRAIN_BYTES: usize = 8 << 20;

/// How many bytes of bodies may be in memory at a time, for all requests together.
#[derive(Clone)]
pub(super) struct Budget {
    kibibytes: u32,
    free: Arc<Semaphore>,
}

/// A body in memory, which has a share of the budget until it is dropped.
pub(super) struct Buffered {
    pub(super) bytes: Bytes,
    _share: Option<OwnedSemaphorePermit>,
}

/// The reason why a body was not read.
pub(super) enum BodyError {
    /// The request is at fault.
    Invalid { code: i32, message: String },
    /// Other requests have used up the budget.
    NoRoom,
}

impl Budget {
    pub(super) fn new(bytes: usize) -> Self {
        let kibibytes = kibibytes(bytes);
        Self { kibibytes, free: Arc::new(Semaphore::new(kibibytes as usize)) }
    }

    /// Waits for room for so many bytes. A request that alone needs more than everything gets everything.
    async fn reserve(&self, bytes: usize, deadline: Instant) -> Result<Option<OwnedSemaphorePermit>, BodyError> {
        let permit = Arc::clone(&self.free).acquire_many_owned(kibibytes(bytes).min(self.kibibytes));
        match clock::timeout_at(deadline, permit).await {
            // It is never closed.
            Ok(permit) => Ok(permit.ok()),
            Err(_) => Err(BodyError::NoRoom),
        }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(256 << 20)
    }
}

fn kibibytes(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX).max(1)
}

/// Reads the whole body of a request, which must be JSON.
///
/// Room is reserved for the length that the request declares, or for the most that it may have: a request that waited
/// for more room while it holds some could wait for another one that does the same.
pub(super) async fn read<B>(
    head: &Parts,
    mut body: Pin<&mut B>,
    limit: usize,
    budget: &Budget,
    deadline: Instant,
) -> Result<Buffered, BodyError>
where
    B: Body<Error: Into<BoxError>>,
{
    let result = read_whole(head, body.as_mut(), limit, budget, deadline).await;
    if result.is_err() {
        drain(body).await;
    }
    result
}

async fn read_whole<B>(
    head: &Parts,
    body: Pin<&mut B>,
    limit: usize,
    budget: &Budget,
    deadline: Instant,
) -> Result<Buffered, BodyError>
where
    B: Body<Error: Into<BoxError>>,
{
    let invalid = |code, message: String| BodyError::Invalid { code, message };
    let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case(JSON) {
        return Err(invalid(400, format!("contentType={content_type}, expected application/json")));
    }
    let too_large = || invalid(413, format!("request entity is too large; limit is {limit} bytes"));
    let size = body.size_hint();
    if size.lower() > limit as u64 {
        return Err(too_large());
    }
    let declared = size.upper().and_then(|upper| usize::try_from(upper).ok()).unwrap_or(limit);
    let share = budget.reserve(declared.min(limit), deadline).await?;
    match clock::timeout_at(deadline, pin!(Limited::new(body, limit).collect())).await {
        Ok(Ok(body)) => match body.to_bytes() {
            bytes if bytes.is_empty() => Err(invalid(400, "request body is empty".to_owned())),
            bytes => Ok(Buffered { bytes, _share: share }),
        },
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(error)) => Err(invalid(400, format!("can't read the request body: {error}"))),
        Err(_) => Err(invalid(408, "timed out reading the request body".to_owned())),
    }
}

/// Reads and forgets the rest of a body, for a while.
pub(super) async fn drain<B: Body<Error: Into<BoxError>>>(body: Pin<&mut B>) {
    let rest = pin!(drain_bytes(body));
    // The rest is unread if it takes longer.
    let _ = clock::timeout_at(clock::later(DRAIN_TIME), rest).await;
}

async fn drain_bytes<B: Body<Error: Into<BoxError>>>(mut body: Pin<&mut B>) {
    let mut left = DRAIN_BYTES;
    while left > 0 && !body.is_end_stream() {
        let Some(Ok(frame)) = body.frame().await else { return };
        let length = frame.data_ref().map_or(0, bytes::Buf::remaining);
        left = left.saturating_sub(length.max(1));
    }
}
