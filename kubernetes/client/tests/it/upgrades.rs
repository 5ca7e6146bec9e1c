//! Requests that turn their connection into a stream of bytes.

use std::time::Duration;

use http::header::{CONNECTION, UPGRADE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use kubernetes_client::{Body, Client, Error, Upgraded, UpgradedIo};
use kubernetes_config::Credentials;
use kubernetes_core::{Path, Request as CoreRequest};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::certificates::Authority;
use crate::proxies::{Kind, Proxy};
use crate::server::{Answer, Server, answer, tls_config};
use crate::{chain, config, fakes, fetch};

fn exec() -> CoreRequest {
    CoreRequest::new(Method::GET, Path::new("/api/v1/namespaces/{namespace}/pods/{name}/exec", &["shop", "web"]))
}

async fn upgrade(client: &Client) -> Result<Upgraded, Error> {
    let mut headers = HeaderMap::new();
    headers.insert("sec-websocket-protocol", HeaderValue::from_static("v5.channel.k8s.io"));
    client.upgrade(exec(), HeaderValue::from_static("websocket"), headers).await
}

/// Repeats in capitals what it reads, and ends when its peer does.
async fn shout(mut io: impl AsyncRead + AsyncWrite + Unpin) {
    let mut buffer = [0; 1024];
    while let Ok(length @ 1..) = io.read(&mut buffer).await {
        buffer[..length].make_ascii_uppercase();
        if io.write_all(&buffer[..length]).await.is_err() || io.flush().await.is_err() {
            return;
        }
    }
    let _ = io.shutdown().await;
}

/// Switches protocols for whoever asks for it.
async fn switching(mut request: Request<Incoming>) -> Answer {
    if request.headers().get(UPGRADE).is_none_or(|protocol| protocol != "websocket") {
        return answer(200, "hello");
    }
    assert_eq!(request.headers()[CONNECTION], "Upgrade");
    assert_eq!(request.version(), Version::HTTP_11);
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move { shout(TokioIo::new(upgraded.await.unwrap())).await });
    let mut response = Response::new(Empty::new().boxed_unsync());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    response.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
    let protocol = request.headers()["sec-websocket-protocol"].clone();
    response.headers_mut().insert("sec-websocket-protocol", protocol);
    response
}

async fn check(mut stream: Upgraded) {
    assert_eq!(stream.headers()["sec-websocket-protocol"], "v5.channel.k8s.io");
    for text in ["date\n", "uname\n"] {
        stream.write_all(text.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        let mut echo = vec![0; text.len()];
        stream.read_exact(&mut echo).await.unwrap();
        assert_eq!(echo, text.to_ascii_uppercase().as_bytes());
    }
    stream.shutdown().await.unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"");
}

#[tokio::test]
async fn an_upgrade_is_a_stream_of_bytes_on_a_connection_of_its_own() {
    let server = Server::plain(switching).await;
    let client = Client::new(config(&server.url("http"))).unwrap();
    assert_eq!(fetch(&client).await.unwrap(), "hello");
    let first = upgrade(&client).await.unwrap();
    let second = upgrade(&client).await.unwrap();
    assert_eq!(fetch(&client).await.unwrap(), "hello");
    assert_eq!(server.connections(), 3, "two for the upgrades, and one for all other requests");
    check(first).await;
    check(second).await;
    let seen = &server.requests()[1];
    assert!(seen.header("user-agent").is_some() && seen.header("host").is_some(), "{seen:?}");
    assert_eq!(seen.target, "/api/v1/namespaces/shop/pods/web/exec");
    assert_eq!(client.counts().attempts(), 4);
}

#[tokio::test]
async fn an_upgrade_uses_tls_and_credentials_and_http_1_where_the_pool_has_http_2() {
    let authority = Authority::new();
    let signed = authority.server(&["127.0.0.1"]);
    let server = Server::tls(tls_config(&signed, &["h2", "http/1.1"], None), switching).await;
    let mut config = config(&server.url("https"));
    config.certificate_authority = Some(authority.pem.clone().into_bytes());
    config.credentials = Credentials::Token("s3cret".into());
    let client = Client::new(config).unwrap();
    fetch(&client).await.unwrap();
    check(upgrade(&client).await.unwrap()).await;
    let requests = server.requests();
    assert_eq!(requests.iter().map(|seen| seen.version).collect::<Vec<_>>(), [Version::HTTP_2, Version::HTTP_11]);
    assert_eq!(requests[1].header("authorization"), Some("Bearer s3cret"));
}

#[tokio::test]
async fn a_token_that_was_renewed_is_used_after_a_401() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "old").unwrap();
    let server = Server::plain(|request| async {
        match request.headers().get("authorization") {
            Some(value) if value == "Bearer new" => switching(request).await,
            _ => answer(401, "who are you?"),
        }
    })
    .await;
    let mut config = config(&server.url("http"));
    config.credentials = Credentials::TokenFile(token.clone());
    let client = Client::new(config).unwrap();
    assert!(upgrade(&client).await.unwrap_err().is_unauthorized());
    std::fs::write(&token, "new").unwrap();
    check(upgrade(&client).await.unwrap()).await;
}

#[tokio::test]
async fn a_proxy_is_asked_for_a_tunnel_also_without_tls() {
    let server = Server::plain(switching).await;
    let proxy = Proxy::start(Kind::Http, &server).await;
    let mut config = config("http://api.example.invalid:8080");
    config.proxy_url = Some(format!("http://{}", proxy.address).parse().unwrap());
    let client = Client::new(config).unwrap();
    check(upgrade(&client).await.unwrap()).await;
    assert!(proxy.seen()[0].starts_with("CONNECT api.example.invalid:8080 HTTP/1.1\r\n"), "{:?}", proxy.seen());
}

#[tokio::test]
async fn every_kind_of_proxy_carries_upgrades() {
    let authority = Authority::new();
    let tls = tls_config(&authority.server(&["api.example.invalid"]), &["h2", "http/1.1"], None);
    let server = Server::tls(tls, switching).await;
    for (scheme, kind) in [("http", Kind::Http), ("https", Kind::Https), ("socks5", Kind::Socks)] {
        let proxy = Proxy::start(kind, &server).await;
        let mut config = config("https://api.example.invalid:6443");
        config.certificate_authority = Some(format!("{}{}", authority.pem, proxy.authority.pem).into_bytes());
        config.proxy_url = Some(format!("{scheme}://{}", proxy.address).parse().unwrap());
        check(upgrade(&Client::new(config).unwrap()).await.unwrap()).await;
        assert_eq!(proxy.seen().len(), 1, "{scheme}");
    }
}

#[tokio::test]
async fn a_refusal_is_the_error_of_any_request() {
    let status = r#"{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403,
        "message": "pods \"web\" is forbidden: User \"jane\" cannot create resource \"pods/exec\""}"#;
    let server = Server::plain(move |_| async move { answer(403, status) }).await;
    let client = Client::new(config(&server.url("http"))).unwrap();
    for client in [client, fakes::answering(403, status)] {
        let error = upgrade(&client).await.unwrap_err();
        assert!(error.is_forbidden(), "{error:?}");
        let expected = "GET /api/v1/namespaces/shop/pods/web/exec failed: 403 Forbidden: pods \"web\" is forbidden: \
                        User \"jane\" cannot create resource \"pods/exec\"";
        assert_eq!(error.to_string(), expected);
    }
}

#[tokio::test]
async fn a_server_that_does_not_switch_is_told_of() {
    let server = Server::plain(|_| async { answer(200, "hello") }).await;
    let client = Client::new(config(&server.url("http"))).unwrap();
    let error = upgrade(&client).await.unwrap_err();
    assert!(!error.is_retryable() && error.to_string().contains("200 OK instead of switching protocols"), "{error}");

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let client = Client::new(config(&format!("http://{address}"))).unwrap();
    assert!(upgrade(&client).await.unwrap_err().is_connect());
}

#[tokio::test]
async fn the_handshake_has_the_time_of_a_request() {
    let server = Server::plain(|_| std::future::pending()).await;
    let builder = Client::builder(config(&server.url("http"))).request_timeout(Duration::from_millis(50));
    let error = upgrade(&builder.build().unwrap()).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert!(chain(&error).contains("timed out after 50ms"), "{error:?}");
}

fn accept(request: Request<Body>) -> Response<Body> {
    assert_eq!(request.headers()[UPGRADE], "websocket");
    let (client, server) = tokio::io::duplex(1024);
    tokio::spawn(shout(server));
    let mut response = UpgradedIo::new(client).into_response(request.headers()[UPGRADE].clone());
    let protocol = request.headers()["sec-websocket-protocol"].clone();
    response.headers_mut().insert("sec-websocket-protocol", protocol);
    response
}

#[tokio::test]
async fn an_injected_service_upgrades_in_process() {
    let client = fakes::client(|request| async { accept(request) });
    check(upgrade(&client).await.unwrap()).await;
    let wrapped = Client::with_service(client, "default");
    check(upgrade(&wrapped).await.unwrap()).await;
    let server = Server::plain(switching).await;
    let wrapped = Client::with_service(Client::new(config(&server.url("http"))).unwrap(), "default");
    check(upgrade(&wrapped).await.unwrap()).await;
}

#[tokio::test]
async fn a_101_without_a_stream_is_an_error() {
    let error = upgrade(&fakes::answering(101, "")).await.unwrap_err();
    assert!(error.to_string().contains("101"), "{error}");
}
