//! Reading responses: status first, then bytes, within limits.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, Response};
use kubernetes_core::Encoded;

use crate::error::{Answer, Kind};
use crate::gunzip::Gunzip;
use crate::{Body, Error};

/// How much of an error response is read. A `Status` has a cause for each wrong field, so it can be long.
const MAX_ERROR_BYTES: usize = 1024 * 1024;

/// How long an error response is read: one that stalls must not hide its status.
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// The most that is reserved at once on the word of a `Content-Length`.
const MAX_RESERVED_BYTES: usize = 1024 * 1024;

/// The response, if it says that the request succeeded.
pub(crate) async fn check_status(method: &Method, response: Response<Body>) -> Result<Response<Body>, Error> {
    if response.status().is_success() {
        return Ok(response);
    }
    let (head, body) = response.into_parts();
    let (mut bytes, complete) = read_beginning(body).await;
    if let Ok(Some(mut gunzip)) = Gunzip::of(&head.headers, MAX_ERROR_BYTES)
        && gunzip.write(&bytes).is_ok()
        && let Ok(plain) = gunzip.finish()
    {
        bytes = plain.into();
    }
    let body = Encoded::new(head.headers.get(CONTENT_TYPE).cloned(), bytes);
    Err(Error::new(Kind::Status(Answer::read(method, head.status, &head.headers, &body, complete))))
}

/// What tells that the answer is not from an API server, such as the page of a proxy.
pub(crate) fn foreign_media_type(answer: &Encoded) -> Option<String> {
    let media_type = answer.media_type();
    let expected = media_type.is_empty() || media_type.ends_with("json") || media_type.ends_with("cbor");
    (!expected).then(|| format!("it is {media_type}: is the address that of an API server?"))
}

/// All of a body, decompressed, unless it is larger than `limit`.
pub(crate) async fn read_whole(headers: &HeaderMap, mut body: Body, limit: usize) -> Result<Bytes, Error> {
    let gunzip = Gunzip::of(headers, limit)?;
    let Some(mut gunzip) = gunzip else { return read_plain(body, limit).await };
    while let Some(chunk) = next(&mut body).await.transpose()? {
        gunzip.write(&chunk)?;
    }
    gunzip.finish().map(Bytes::from)
}

/// All of a body as it is, unless it is larger than `limit`.
pub(crate) async fn read_plain(mut body: Body, limit: usize) -> Result<Bytes, Error> {
    let announced = http_body::Body::size_hint(&body).lower();
    if announced > limit as u64 {
        return Err(Error::new(Kind::TooLarge { limit }));
    }
    let Some(first) = next(&mut body).await.transpose()? else { return Ok(Bytes::new()) };
    if first.len() > limit {
        return Err(Error::new(Kind::TooLarge { limit }));
    }
    let Some(mut chunk) = next(&mut body).await.transpose()? else { return Ok(first) };

    let announced = usize::try_from(announced).unwrap_or(usize::MAX).min(MAX_RESERVED_BYTES);
    let mut whole = BytesMut::with_capacity(announced.max(first.len() + chunk.len()));
    whole.extend_from_slice(&first);
    loop {
        if whole.len() + chunk.len() > limit {
            return Err(Error::new(Kind::TooLarge { limit }));
        }
        whole.extend_from_slice(&chunk);
        match next(&mut body).await.transpose()? {
            Some(more) => chunk = more,
            None => return Ok(whole.freeze()),
        }
    }
}

/// What can be had of an error response, and whether that is all: a body that breaks off must not hide the status.
async fn read_beginning(mut body: Body) -> (Bytes, bool) {
    let mut beginning = BytesMut::new();
    let reading = async {
        while beginning.len() <= MAX_ERROR_BYTES {
            match next(&mut body).await {
                Some(Ok(chunk)) => beginning.extend_from_slice(&chunk),
                Some(Err(_)) => return false,
                None => return true,
            }
        }
        false
    };
    let complete = tokio::time::timeout(ERROR_BODY_TIMEOUT, reading).await.unwrap_or(false);
    (beginning.freeze(), complete)
}

async fn next(body: &mut Body) -> Option<Result<Bytes, Error>> {
    poll_fn(|cx| Pin::new(&mut *body).poll_next(cx)).await
}
