//! Caches responses by URL, so that a later request can ask whether they have changed.
//!
//! Equivalent to `third_party/forked/httpcache` of client-go with kubectl's `sumDiskCache`: the name of a file is the
//! SHA-256 sum of the URL, and its content is the SHA-256 sum of the response followed by the response.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::future::{Future, poll_fn};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, ETAG, IF_NONE_MATCH, RANGE};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use kubernetes_client::{Body, Client, Error};
use sha2::{Digest, Sha256};
use tower_service::Service;

use super::files;
use super::response::{self, Cached};

/// The number of bytes of a SHA-256 sum.
const SUM: usize = 32;

/// Sends requests through a cache in a folder.
#[derive(Clone)]
pub(super) struct HttpCache {
    client: Client,
    server: Arc<str>,
    folder: Arc<Path>,
}

impl HttpCache {
    pub(super) fn new(client: Client, server: &str, folder: PathBuf) -> Self {
        Self { client, server: server.into(), folder: folder.into() }
    }

    async fn send(mut self, mut request: Request<Body>) -> Result<Response<Body>, Error> {
        if request.method() != Method::GET || request.headers().contains_key(RANGE) {
            return self.client.call(request).await;
        }
        // Cached responses are not compressed, as in kubectl.
        request.headers_mut().remove(ACCEPT_ENCODING);
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let path = self.folder.join(hex(&Sha256::digest(format!("{}{target}", self.server))));
        let asked = request.headers().clone();
        let cached = blocking({
            let path = path.clone();
            move || read(&path)
        })
        .await
        .flatten()
        .filter(|cached| cached.varies_as(&asked));
        if let Some(etag) = cached.as_ref().and_then(|cached| cached.headers.get(ETAG)) {
            request.headers_mut().insert(IF_NONE_MATCH, etag.clone());
        }
        let response = self.client.call(request).await?;
        match (response.status(), cached) {
            (StatusCode::NOT_MODIFIED, Some(cached)) => Ok(cached.into_response(response.headers())),
            (StatusCode::OK, _) if is_kept(response.headers()) => self.keep(path, &asked, response).await,
            (_, cached) => {
                if cached.is_some() {
                    blocking(move || drop(fs::remove_file(path))).await;
                }
                Ok(response)
            }
        }
    }

    async fn keep(&self, path: PathBuf, asked: &HeaderMap, response: Response<Body>) -> Result<Response<Body>, Error> {
        let (head, body) = response.into_parts();
        let body = collect(body).await?;
        let text = response::write(&head.headers, asked, &body);
        let temporary = self.folder.join(".diskv-temp");
        blocking(move || {
            let written = files::write(&path, &temporary, &[&Sha256::digest(&text), &text]);
            if let Err(error) = written {
                tracing::warn!(path = %path.display(), %error, "can't write the cache of responses");
            }
        })
        .await;
        Ok(Response::from_parts(head, Body::from(body)))
    }
}

/// A response that a later request can revalidate.
fn is_kept(headers: &HeaderMap) -> bool {
    let forbidden = |value: &http::HeaderValue| value.to_str().is_ok_and(|value| value.contains("no-store"));
    headers.contains_key(ETAG) && !headers.get_all(CACHE_CONTROL).iter().any(forbidden)
}

fn read(path: &Path) -> Option<Cached> {
    let bytes = Bytes::from(files::read(File::open(path).ok()?).ok()?);
    let sum = bytes.get(..SUM)?;
    let response = bytes.slice(SUM..);
    (Sha256::digest(&response).as_slice() == sum).then(|| response::read(&response)).flatten()
}

async fn collect(mut body: Body) -> Result<Bytes, Error> {
    let mut whole = BytesMut::new();
    while let Some(chunk) = poll_fn(|cx| Pin::new(&mut body).poll_next(cx)).await {
        whole.extend_from_slice(&chunk?);
        if whole.len() as u64 > files::MAX_BYTES {
            return Err(Error::from_transport("the response is larger than any discovery document"));
        }
    }
    Ok(whole.freeze())
}

/// Runs blocking disk access on a thread for it; `None` if the runtime ends in the meantime.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}

fn hex(sum: &[u8]) -> String {
    let mut text = String::with_capacity(2 * sum.len());
    for byte in sum {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

impl Service<Request<Body>> for HttpCache {
    type Response = Response<Body>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.clone().send(request))
    }
}
