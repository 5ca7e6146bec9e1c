use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use http::{HeaderMap, HeaderValue};
use kubernetes_core::ObjectKey;
use tungstenite::handshake::derive_accept_key;

use super::codec::channel::Version;
use super::connection::Connection;
use super::requests::{ExecRequest, PortForwardRequest};
use super::scripts::{ExecScript, PortForwardScript};
use super::{exec, port_forward, tunnel};
use crate::request::ApiRequest;
use crate::status::{Result, Status};

/// An accepted upgrade: the headers of its response, and the session that follows.
pub(crate) struct Upgrade {
    pub(crate) headers: HeaderMap,
    session: Session,
}

enum Session {
    Exec { version: Version, request: ExecRequest, script: ExecScript },
    Tunnel { pod: PortForwardRequest, script: PortForwardScript },
    PortForward { pod: PortForwardRequest, ports: Vec<u16>, script: PortForwardScript },
}

/// Port-forward over SPDY in a WebSocket.
const TUNNEL: &str = "SPDY/3.1+portforward.k8s.io";

/// Whether a request asks for a WebSocket.
pub(crate) fn is_upgrade(request: &ApiRequest) -> bool {
    let has = |name, token: &str| {
        let values = request.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(token))
    };
    has(CONNECTION, "upgrade") && has(UPGRADE, "websocket")
}

impl Upgrade {
    /// # Errors
    /// Returns an error if the client and the server have no protocol in common.
    pub(crate) fn exec(request: &ApiRequest, of: ExecRequest, script: ExecScript) -> Result<Self> {
        let version = Version::choose(protocols(request)).ok_or_else(|| no_protocol(request))?;
        Self::new(request, version.name(), Session::Exec { version, request: of, script })
    }

    /// # Errors
    /// See [`exec`](Self::exec); also fails if a port is not valid.
    pub(crate) fn port_forward(request: &ApiRequest, pod: &ObjectKey, script: PortForwardScript) -> Result<Self> {
        let pod = PortForwardRequest::new(pod, 0);
        if protocols(request).any(|protocol| protocol == TUNNEL) {
            return Self::new(request, TUNNEL, Session::Tunnel { pod, script });
        }
        // Version 5 adds nothing here, and the server does not have it.
        if !protocols(request).any(|protocol| protocol == Version::V4.name()) {
            return Err(no_protocol(request));
        }
        let ports = ports(request)?;
        Self::new(request, Version::V4.name(), Session::PortForward { pod, ports, script })
    }

    fn new(request: &ApiRequest, protocol: &'static str, session: Session) -> Result<Self> {
        let key = request.headers.get(SEC_WEBSOCKET_KEY).ok_or_else(|| Status::bad_request("no Sec-WebSocket-Key"))?;
        let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes()));
        let accept = accept.map_err(|_| Status::bad_request("an invalid Sec-WebSocket-Key"))?;
        let mut headers = HeaderMap::new();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
        Ok(Self { headers, session })
    }

    /// Serves the connection to its end.
    pub(crate) async fn serve(self, connection: Connection) {
        match self.session {
            Session::Exec { version, request, script } => exec::run(connection, version, request, script).await,
            Session::Tunnel { pod, script } => tunnel::run(connection, pod, script).await,
            Session::PortForward { pod, ports, script } => port_forward::run(connection, pod, ports, script).await,
        }
    }
}

impl std::fmt::Debug for Upgrade {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upgrade").field("headers", &self.headers).finish_non_exhaustive()
    }
}

fn protocols(request: &ApiRequest) -> impl Iterator<Item = &str> {
    let values = request.headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

fn no_protocol(request: &ApiRequest) -> Status {
    let offered: Vec<&str> = protocols(request).collect();
    Status::bad_request(format!("unable to upgrade: the server has none of the protocols {offered:?}"))
}

/// The ports of the older protocol, in order.
fn ports(request: &ApiRequest) -> Result<Vec<u16>> {
    let ports = request.query.all("ports").flat_map(|ports| ports.split(','));
    let parse = |port: &str| match port.parse() {
        Ok(0) | Err(_) => Err(Status::bad_request(format!("{port:?} is not a valid port"))),
        Ok(port) => Ok(port),
    };
    let ports = ports.map(parse).collect::<Result<Vec<u16>>>()?;
    match ports.len() {
        0 => Err(Status::bad_request("at least one port is required")),
        // Each has two channels, and a channel is one byte.
        1..=128 => Ok(ports),
        count => Err(Status::bad_request(format!("{count} ports are more than 128"))),
    }
}
