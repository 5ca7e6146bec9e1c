//! Protocols, reuse of connections, and runtimes.

use std::net::TcpListener;
use std::thread;

use futures_util::FutureExt;
use futures_util::future::join_all;
use http::Version;
use kubernetes_client::{Body, Client};
use kubernetes_config::Config;
use kubernetes_core::Execute;
use rustls::ServerConfig;
use tokio::runtime;
use tower_service::Service;

use crate::certificates::Authority;
use crate::server::{Server, hello, tls_config};
use crate::{chain, config, fetch, get};

fn trusting(authority: &Authority, server: &Server) -> Config {
    let mut config = config(&server.url("https"));
    config.certificate_authority = Some(authority.pem.clone().into_bytes());
    config
}

#[tokio::test]
async fn speaks_http_2_where_the_server_does() {
    let authority = Authority::new();
    let tls = tls_config(&authority.server(&["127.0.0.1"]), &["h2", "http/1.1"], None);
    let server = Server::tls(tls, hello).await;
    let client = Client::new(trusting(&authority, &server)).unwrap();

    assert_eq!(fetch(&client).await.unwrap(), "hello");
    let clone = client.clone();
    let (first, second, third) = tokio::join!(fetch(&client), fetch(&client), fetch(&clone));
    assert_eq!([first.unwrap(), second.unwrap(), third.unwrap()], ["hello"; 3]);

    let versions = server.requests().iter().map(|request| request.version).collect::<Vec<_>>();
    assert_eq!(versions, [Version::HTTP_2; 4]);
    assert_eq!(server.connections(), 1, "all share one connection, also at the same time");
}

#[tokio::test]
async fn many_requests_at_once_settle_on_one_connection() {
    let authority = Authority::new();
    let tls = tls_config(&authority.server(&["127.0.0.1"]), &["h2", "http/1.1"], None);
    let server = Server::tls(tls, hello).await;
    let client = Client::new(trusting(&authority, &server)).unwrap();

    // Before the first connection, it is not known that one will do.
    let answers = join_all((0..64).map(|_| fetch(&client))).await;
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap() == "hello"));
    let connections = server.connections();
    for answer in join_all((0..64).map(|_| fetch(&client))).await {
        answer.unwrap();
    }
    assert_eq!(server.connections(), connections, "no more are opened");
}

#[tokio::test]
async fn falls_back_to_http_1_over_tls() {
    let authority = Authority::new();
    for alpn in [&["http/1.1"][..], &[]] {
        let server = Server::tls(tls_config(&authority.server(&["127.0.0.1"]), alpn, None), hello).await;
        let client = Client::new(trusting(&authority, &server)).unwrap();

        for _ in 0..3 {
            assert_eq!(fetch(&client).await.unwrap(), "hello");
        }
        assert!(server.requests().iter().all(|request| request.version == Version::HTTP_11));
        assert_eq!(server.connections(), 1, "a connection serves one request after the other");
    }
}

#[tokio::test]
async fn puts_requests_behind_the_servers_path() {
    let server = Server::plain(hello).await;
    let client = Client::new(config(&format!("{}/k8s/clusters/c-1", server.url("http")))).unwrap();
    fetch(&client).await.unwrap();

    let requests = server.requests();
    assert_eq!(requests[0].target, "/k8s/clusters/c-1/version");
    assert_eq!(requests[0].header("host"), Some(server.address.to_string().as_str()));
    assert_eq!(requests[0].header("accept"), Some("application/json"));
    assert_eq!(requests[0].header("authorization"), None);
    assert!(requests[0].header("user-agent").unwrap().starts_with("kubernetes-sdk-rust/"), "{requests:?}");
}

#[tokio::test]
async fn takes_the_given_user_agent() {
    let server = Server::plain(hello).await;
    let client = Client::builder(config(&server.url("http"))).user_agent("shop-operator/1.2").build().unwrap();
    fetch(&client).await.unwrap();
    assert_eq!(server.requests()[0].header("user-agent"), Some("shop-operator/1.2"));

    let error = Client::builder(config("http://127.0.0.1")).user_agent("two\nlines").build().unwrap_err();
    assert!(error.to_string().contains("two\\nlines"), "{error}");
}

#[tokio::test]
async fn tells_where_no_server_is() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = Client::new(config(&format!("http://{address}"))).unwrap();
    let error = fetch(&client).await.unwrap_err();

    assert!(error.is_connect() && error.is_retryable() && !error.is_timeout(), "{error:?}");
    let expected = format!("GET /version failed: can't connect to http://{address}: Connection refused (os error 111)");
    assert_eq!(error.to_string(), expected);
    assert_eq!(format!("{error:#}"), format!("{error:?}"));
    assert!(format!("{error:#}").starts_with(&format!("{expected}; caused by: ")), "{error:#}");
    assert!(chain(&error).contains("refused"), "{}", chain(&error));
    assert_eq!((error.method(), error.path()), (Some(&http::Method::GET), Some("/version")));
    assert!(error.status().is_none() && error.http_status().is_none());
}

#[test]
fn outlives_the_runtimes_that_use_it() {
    let authority = Authority::new();
    for alpn in ["h2", "http/1.1"] {
        let tls = tls_config(&authority.server(&["127.0.0.1"]), &[alpn], None);
        let (address, server) = server_on_its_own_thread(tls);
        let mut config = config(&format!("https://{address}"));
        config.certificate_authority = Some(authority.pem.clone().into_bytes());
        // Built in a runtime that ends without a request, and used in others, of another kind.
        let built = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let client = built.block_on(async { Client::new(config) }).unwrap();
        drop(built);
        for _ in 0..2 {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
            assert_eq!(runtime.block_on(fetch(&client)).unwrap(), "hello");
        }
        let (one, other) = (
            runtime::Builder::new_current_thread().enable_all().build().unwrap(),
            runtime::Builder::new_current_thread().enable_all().build().unwrap(),
        );
        assert_eq!(one.block_on(fetch(&client)).unwrap(), "hello");
        drop(one);
        assert_eq!(other.block_on(fetch(&client)).unwrap(), "hello", "the connection is gone with its runtime");
        drop(server);
    }
}

#[test]
fn without_a_runtime_a_request_is_an_error() {
    let client = Client::builder(config("http://127.0.0.1:1")).rate_limit(1.0, 1).build().unwrap();
    let expected = "GET /version failed: there is no tokio runtime to send it on: await it inside one, for example with #[tokio::main]";
    let error = fetch(&client).now_or_never().unwrap().unwrap_err();
    assert_eq!(error.to_string(), expected);
    assert!(!error.is_retryable() && std::error::Error::source(&error).is_none());

    assert_eq!(client.open(get("/version")).now_or_never().unwrap().unwrap_err().to_string(), expected);
    let request = http::Request::get("/version").body(Body::empty()).unwrap();
    let error = client.clone().call(request).now_or_never().unwrap().unwrap_err();
    assert_eq!(error.to_string(), expected);
}

/// Ends when the sender is dropped.
fn server_on_its_own_thread(tls: ServerConfig) -> (std::net::SocketAddr, tokio::sync::oneshot::Sender<()>) {
    let (address_sender, address) = std::sync::mpsc::channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = Server::tls(tls, hello).await;
            address_sender.send(server.address).unwrap();
            let _ = stopped.await;
        });
    });
    (address.recv().unwrap(), stop)
}

#[tokio::test]
async fn requests_that_were_dropped_leave_no_more_idle_connections_than_others() {
    let server = Server::plain(hello).await;
    let client = Client::new(config(&server.url("http"))).unwrap();
    fetch(&client).await.unwrap();
    const REQUESTS: usize = 250;
    let mut requests: Vec<_> = (0..REQUESTS).map(|_| Box::pin(fetch(&client))).collect();
    for request in &mut requests {
        assert!(request.as_mut().now_or_never().is_none(), "each asks for a connection");
    }
    drop(requests);
    // All connect, since connecting outlives the requests.
    let settled = async {
        while server.connections() < REQUESTS || server.open_connections() > 100 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let settled = tokio::time::timeout(std::time::Duration::from_secs(60), settled).await;
    assert!(settled.is_ok(), "{} of {} are open", server.open_connections(), server.connections());
    assert_eq!(fetch(&client).await.unwrap(), "hello");
    assert_eq!(server.connections(), REQUESTS, "those that remain are used");
}
