use std::future::{Future, pending};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::BodyExt;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::upgrade::{Parts, downcast};
use kubernetes_client::UpgradedIo;
use tokio::net::TcpStream;
use tower_service::Service;

use super::body::{ResponseBody, reset};
use super::shared::Shared;
use crate::clock;
use crate::faults::{Action, Damage, FrameFaults};
use crate::reply::{JSON, Reply};
use crate::request::ApiRequest;
use crate::semantics::Answer;
use crate::status::Status;
use crate::streams::{Connection, LogRequest, LogScript, Output, Upgrade, in_process};
use crate::watch::gone_line;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The server as a `tower` service, for transports and your own layers.
///
/// It needs no port. An error means a lost connection.
#[derive(Clone, Debug)]
pub struct TestService {
    pub(super) shared: Arc<Shared>,
}

/// The API server's limit, 3 MiB (`MaxRequestBodyBytes`).
const MAX_BODY_BYTES: usize = 3 * 1024 * 1024;

impl<B> Service<Request<B>> for TestService
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response<ResponseBody>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Response<ResponseBody>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let (mut head, body) = request.into_parts();
            let on_upgrade = head.extensions.remove::<OnUpgrade>();
            let body = read(body).await?;
            let is_too_large = body.is_none();
            let (path, query) = (head.uri.path().to_owned(), head.uri.query().unwrap_or_default().to_owned());
            let request = ApiRequest::new(head.method, &head.uri, head.headers, body.unwrap_or_default());
            if shared.with(|inner| inner.is_stopped) {
                return Err(reset());
            }
            let (id, actions) = shared.receive(&request, &path, &query);
            let refusal = is_too_large.then(|| Reply::from(&Status::too_large("limit is 3145728")));
            let response = respond(&shared, &request, refusal, actions, on_upgrade).await?;
            shared.with(|inner| inner.record.note_status(id, response.status()));
            Ok(response)
        })
    }
}

/// Reads the whole body; `None` if it is too large.
async fn read<B>(body: B) -> io::Result<Option<Bytes>>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    let mut body = std::pin::pin!(body);
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| io::Error::other(error.into()))?;
        let Ok(mut data) = frame.into_data() else { continue };
        if whole.len() + data.remaining() > MAX_BODY_BYTES {
            return Ok(None);
        }
        whole.extend_from_slice(&data.copy_to_bytes(data.remaining()));
    }
    Ok(Some(whole.freeze()))
}

/// Carries out a request with its faults.
async fn respond(
    shared: &Arc<Shared>,
    request: &ApiRequest,
    refusal: Option<Reply>,
    actions: Vec<Action>,
    on_upgrade: Option<OnUpgrade>,
) -> io::Result<Response<ResponseBody>> {
    let mut damages = Vec::new();
    let mut frame_faults = FrameFaults::default();
    let mut replacement = refusal;
    let mut disconnects = false;
    for action in actions {
        frame_faults.add(&action);
        match action {
            Action::Delay(by) => clock::sleep(by).await,
            Action::Silence => pending().await,
            Action::Status { code, retry_after } => {
                replacement.get_or_insert_with(|| Reply::from(&Status::injected(code, retry_after)));
            }
            Action::GoneEvent => {
                replacement.get_or_insert_with(|| Reply::new(http::StatusCode::OK, JSON, gone_line()));
            }
            Action::Compact => shared.with(|inner| inner.state.store.compact()),
            Action::Disconnect => disconnects = true,
            Action::Damage(damage) => damages.push(damage),
            Action::Frames(_) => {}
        }
    }
    let response = match replacement {
        Some(reply) => whole(reply, request),
        None => match shared.answer(request).await {
            Answer::Whole(reply) => whole(reply, request),
            Answer::Upgrade(_) if disconnects => return Err(reset()),
            Answer::Upgrade(upgrade) => return Ok(switch(shared, *upgrade, frame_faults, on_upgrade)),
            Answer::Log(log, script) => log_response(shared, *log, &script),
            Answer::Watch(watch) => {
                let mut response = Response::new(ResponseBody::watch(shared, *watch));
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
                response
            }
        },
    };
    if disconnects {
        return Err(reset());
    }
    Ok(response.map(|body| damages.into_iter().fold(body, |body: ResponseBody, damage: Damage| body.damage(damage))))
}

/// Switches protocols: hands the connection, from the port or in memory, to the session.
fn switch(
    shared: &Shared,
    mut upgrade: Upgrade,
    faults: FrameFaults,
    on_upgrade: Option<OnUpgrade>,
) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::whole(Bytes::new()));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    *response.headers_mut() = std::mem::take(&mut upgrade.headers);
    match on_upgrade {
        Some(on_upgrade) => shared.spawn(async move {
            // A disconnected client needs no session.
            let Ok(upgraded) = on_upgrade.await else { return };
            if let Ok(Parts { io, read_buf, .. }) = downcast::<TokioIo<TcpStream>>(upgraded) {
                let io = io.into_inner();
                if faults.reset_after.is_some() {
                    // Closing such a socket resets the connection.
                    let _ = io.set_zero_linger();
                }
                upgrade.serve(Connection::new(io, read_buf, faults)).await;
            }
        }),
        None => {
            let (client, server) = in_process(&faults);
            response.extensions_mut().insert(UpgradedIo::new(client));
            shared.spawn(upgrade.serve(Connection::new(server, Bytes::new(), faults)));
        }
    }
    response
}

/// A log consists of the script's output.
fn log_response(shared: &Shared, log: LogRequest, script: &LogScript) -> Response<ResponseBody> {
    let (reader, writer) = tokio::io::duplex(64 * 1024);
    let limit = log.limit_bytes.unwrap_or(u64::MAX);
    shared.spawn(script.run(log, Output::new(Some(writer))));
    let mut response = Response::new(ResponseBody::stream(reader, limit));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

fn whole(reply: Reply, request: &ApiRequest) -> Response<ResponseBody> {
    let Reply { status, content_type, headers, body } = reply;
    let body = if request.method == http::Method::HEAD { Bytes::new() } else { body };
    let mut response = Response::new(ResponseBody::whole(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    for (name, value) in headers {
        response.headers_mut().append(name, value);
    }
    response
}
