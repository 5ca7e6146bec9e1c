//! Reading responses: status first, then bytes, within limits.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::header::CONTENT_TYPE;
use http::{Method, Response};
use kubernetes_core::{Encoded, Status};
use memchr::memmem;

use super::gunzip::decompressed;
use super::redirect::Redirect;
use crate::body::Body;
use crate::buffer::LimitedBuffer;
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

/// The error of a redirect that is not followed.
pub(super) async fn redirected(method: &Method, response: Response<Body>, redirect: &Redirect) -> Error {
    let advice = match redirect {
        Redirect::SameOrigin(_) if method.is_safe() => ", again and again",
        Redirect::SameOrigin(_) => ", where only a read is sent again",
        Redirect::OtherOrigin(_) => ": if that is the API server, configure it as the server",
    };
    let hint = format!("it redirects to {}{advice}", redirect.display());
    error_of(method, response).await.with_hint(|| Some(hint))
}

async fn error_of(method: &Method, response: Response<Body>) -> Error {
    let (head, body) = response.into_parts();
    // A body that can't be read must not hide the status.
    let (bytes, complete) = match decompressed(&head.headers, body) {
        Ok(body) => read_beginning(body).await,
        Err(_) => (Bytes::new(), false),
    };
    let body = Encoded::new(head.headers.get(CONTENT_TYPE).cloned(), bytes);
    Error::new(Kind::Status(ErrorResponse::read(method, head.status, &head.headers, &body, complete)))
}

/// A hint if the answer is not from an API server, such as the page of a proxy.
pub(crate) fn foreign_media_type(answer: &Encoded) -> Option<String> {
    let media_type = answer.media_type();
    let expected = media_type.is_empty() || media_type.ends_with("json") || media_type.ends_with("cbor");
    (!expected).then(|| format!("it is {media_type}: check that the address is that of an API server"))
}

/// The `Status` of a failure that came as a success, as some gateways send it.
pub(super) fn failure(answer: &Encoded) -> Option<Status> {
    let is_there = |word: &[u8]| memmem::find(answer.bytes(), word).is_some();
    if answer.bytes().len() > MAX_ERROR_BYTES || !is_there(b"Failure") || !is_there(b"Status") {
        return None;
    }
    answer.decode::<Status>().ok().filter(|status| status.status.as_deref() == Some("Failure"))
}

/// The beginning of an error response, and whether that is all: a body that breaks off must not hide the status.
async fn read_beginning(mut body: Body) -> (Bytes, bool) {
    let mut beginning = LimitedBuffer::new(MAX_ERROR_BYTES);
    let reading = async {
        loop {
            match body.next().await {
                Some(Ok(chunk)) => {
                    let kept = chunk.slice(..chunk.len().min(MAX_ERROR_BYTES - beginning.len()));
                    if beginning.extend(&kept).is_err() || kept.len() < chunk.len() {
                        return false;
                    }
                }
                Some(Err(_)) => return false,
                None => return true,
            }
        }
    };
    let complete = tokio::time::timeout(ERROR_BODY_TIMEOUT, reading).await.unwrap_or(false);
    (beginning.finish(), complete)
}
