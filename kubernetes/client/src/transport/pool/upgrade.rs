//! Requests that leave HTTP: each on a connection of its own, which is not of the pool.

use http::header::UPGRADE;
use http::{Request, Response, StatusCode, Uri};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use super::lease::{for_http1, host};
use crate::body::Body;
use crate::error::{BoxError, ConnectFailed};
use crate::task;
use crate::transport::connect::Connector;
use crate::upgrade::UpgradedIo;

pub(super) fn is_requested(request: &Request<Body>) -> bool {
    request.headers().contains_key(UPGRADE)
}

/// Sends a request on a new connection. If the server switches protocols, the connection is an extension of the
/// response, otherwise it ends with the response.
pub(super) async fn send(
    connector: &Connector,
    server: Uri,
    request: Request<Body>,
) -> Result<Response<Body>, BoxError> {
    let host = host(&server);
    let io = connector.connect(server).await.map_err(ConnectFailed::new)?;
    let (mut sender, connection) = http1::handshake(io).await?;
    // Ends with the upgrade, or with the response.
    task::spawn(async { drop(connection.with_upgrades().await) });
    let mut response = sender.send_request(for_http1(request, host.as_ref(), None)).await?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(response.map(Body::new));
    }
    let io = TokioIo::new(hyper::upgrade::on(&mut response).await?);
    let mut response = response.map(|_| Body::empty());
    response.extensions_mut().insert(UpgradedIo::new(io));
    Ok(response)
}
