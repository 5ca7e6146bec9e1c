use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::{echo_servers, forwarder};

#[tokio::test]
async fn an_http_client_talks_to_a_pod() {
    for server in echo_servers().await {
        server.on_port_forward(|request, io| async move {
            let port = request.port;
            let answer = service_fn(move |request: Request<Incoming>| async move {
                let text = format!("{port} {} {:?}", request.uri(), request.headers()["host"]);
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(text))))
            });
            let serving = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(io), answer);
            serving.await.map_err(|error| error.to_string())
        });
        let forwarder = forwarder(&server);
        let client = Client::builder(TokioExecutor::new()).build::<_, Empty<Bytes>>(forwarder.connector());
        for (uri, expected) in [
            ("http://web:8080/healthz", "8080 /healthz \"web:8080\""),
            ("http://web:8080/again", "8080 /again \"web:8080\""),
            ("http://other/", "80 / \"other\""),
        ] {
            let response = client.get(uri.parse().unwrap()).await.unwrap();
            let body = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(String::from_utf8_lossy(&body), expected);
        }
        let counts = forwarder.state().counts();
        assert_eq!((counts.opened, counts.tunnels), (2, 1), "the second request has the connection of the first");
    }
}
