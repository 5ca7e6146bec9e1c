//! A server of WebSockets for unit tests, which sends any message that a test thinks of.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use http::header::{ACCEPT, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL};
use http::{HeaderValue, Request, Response};
use kubernetes_client::sync::lock;
use kubernetes_client::{Body, Client, UpgradedIo};
use tokio::io::DuplexStream;
use tokio::sync::oneshot;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tower_service::Service;

/// The server's side of a connection.
pub(crate) type Socket = WebSocketStream<DuplexStream>;

/// A client whose first request becomes a WebSocket with `protocol`, and the server's side of that. No other request is
/// answered.
pub(crate) fn server(protocol: Option<&'static str>) -> (Client, oneshot::Receiver<Socket>) {
    let (sender, receiver) = oneshot::channel();
    let accept = Accept { protocol, socket: Arc::new(Mutex::new(Some(sender))) };
    (Client::with_service(accept, "default"), receiver)
}

#[derive(Clone)]
struct Accept {
    protocol: Option<&'static str>,
    socket: Arc<Mutex<Option<oneshot::Sender<Socket>>>>,
}

impl Service<Request<Body>> for Accept {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let Some(socket) = lock(&self.socket).take() else { return Box::pin(std::future::pending()) };
        // As the API server demands.
        assert_eq!(request.headers()[ACCEPT], "*/*");
        let (client, server) = tokio::io::duplex(64 * 1024);
        let mut response = UpgradedIo::new(client).into_response(HeaderValue::from_static("websocket"));
        let accept = derive_accept_key(request.headers()[SEC_WEBSOCKET_KEY].as_bytes());
        response.headers_mut().insert(SEC_WEBSOCKET_ACCEPT, HeaderValue::from_str(&accept).expect("a header"));
        if let Some(protocol) = self.protocol {
            response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
        }
        Box::pin(async move {
            let server = WebSocketStream::from_raw_socket(server, Role::Server, None).await;
            drop(socket.send(server));
            Ok(response)
        })
    }
}
