//! Reading responses: status first, then bytes, within limits.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, Response};
use kubernetes_core::Encoded;

use super::gunzip::Gunzip;
use crate::body::Body;
use crate::error::{Error, ErrorResponse, Kind};

/// How much of an error response is read. A `Status` has a cause for each wrong field, so it can be long.
const MAX_ERROR_BYTES: usize = 1024 * 1024;

/// How long an error response is read: one that stalls must not hide its status.
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// The response, if it says that the request succeeded.
pub(super) async fn successful(method: &Method, response: Response<Body>) -> Result<Response<Body>, Error> {
    if response.status().is_success() { Ok(response) } else { Err(error_of(method, response).await) }
}

/// The error of a request that was refused, by an answer or before.
pub(super) async fn into_error(method: &Method, sent: Result<Response<Body>, Error>) -> Error {
    match sent {
        Ok(response) => error_of(method, response).await,
        Err(error) => error,
    }
}

async fn error_of(method: &Method, response: Response<Body>) -> Error {
    let (head, body) = response.into_parts();
    let (mut bytes, complete) = read_beginning(body).await;
    if let Ok(Some(mut gunzip)) = Gunzip::of(&head.headers, MAX_ERROR_BYTES)
        && gunzip.write(&bytes).is_ok()
        && let Ok(plain) = gunzip.finish()
    {
        bytes = plain.into();
    }
    let body = Encoded::new(head.headers.get(CONTENT_TYPE).cloned(), bytes);
    Error::new(Kind::Status(ErrorResponse::read(method, head.status, &head.headers, &body, complete)))
}

/// A hint if the answer is not from an API server, such as the page of a proxy.
pub(crate) fn foreign_media_type(answer: &Encoded) -> Option<String> {
    let media_type = answer.media_type();
    let expected = media_type.is_empty() || media_type.ends_with("json") || media_type.ends_with("cbor");
    (!expected).then(|| format!("it is {media_type}: is the address that of an API server?"))
}

/// All of a body, decompressed, unless it is larger than `limit`.
pub(super) async fn read_whole(headers: &HeaderMap, mut body: Body, limit: usize) -> Result<Bytes, Error> {
    let gunzip = Gunzip::of(headers, limit)?;
    let Some(mut gunzip) = gunzip else { return body.collect(limit).await };
    while let Some(chunk) = body.next().await.transpose()? {
        gunzip.write(&chunk)?;
    }
    gunzip.finish().map(Bytes::from)
}

/// The beginning of an error response, and whether that is all: a body that breaks off must not hide the status.
async fn read_beginning(mut body: Body) -> (Bytes, bool) {
    let mut beginning = BytesMut::new();
    let reading = async {
        while beginning.len() <= MAX_ERROR_BYTES {
            match body.next().await {
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
