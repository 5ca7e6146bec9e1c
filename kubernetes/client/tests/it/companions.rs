//! The HTTP/1.1 connections of a busy client beside that of HTTP/2.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use http::Version;
use kubernetes_client::Client;
use kubernetes_core::Execute;

use crate::certificates::Authority;
use crate::server::{Server, hello, streaming, tls_config};
use crate::{config, fetch, get, pass};

async fn server_and_client() -> (Server, Client) {
    let authority = Authority::new();
    let tls = tls_config(&authority.server(&["127.0.0.1"]), &["h2", "http/1.1"], None);
    let server = Server::tls(tls, hello).await;
    let client = client_of(&server, &authority);
    (server, client)
}

fn client_of(server: &Server, authority: &Authority) -> Client {
    let mut config = config(&server.url("https"));
    config.certificate_authority = Some(authority.pem.clone().into_bytes());
    Client::new(config).unwrap()
}

/// Sends requests in turn until the last of them goes by HTTP/1.1.
async fn until_busy(server: &Server, client: &Client) {
    for _ in 0..1000 {
        assert_eq!(fetch(client).await.unwrap(), "hello");
        if last_version(server) == Version::HTTP_11 {
            return;
        }
    }
    panic!("no request of {} went by HTTP/1.1", server.requests().len());
}

fn last_version(server: &Server) -> Version {
    server.requests().last().expect("a request was sent").version
}

#[tokio::test]
async fn requests_in_turn_get_one_connection_of_their_own() {
    let (server, client) = server_and_client().await;
    until_busy(&server, &client).await;
    for _ in 0..200 {
        fetch(&client).await.unwrap();
    }
    assert_eq!(last_version(&server), Version::HTTP_11);
    assert_eq!(server.connections(), 2, "one beside that of HTTP/2");
}

#[tokio::test]
async fn a_few_requests_share_the_connection_of_http_2() {
    let (server, client) = server_and_client().await;
    for _ in 0..10 {
        for _ in 0..20 {
            fetch(&client).await.unwrap();
        }
        pass(Duration::from_secs(2)).await;
    }
    assert!(server.requests().iter().all(|request| request.version == Version::HTTP_2));
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn many_requests_at_a_time_go_by_http_2() {
    let (server, client) = server_and_client().await;
    for _ in 0..40 {
        join_all((0..8).map(|_| fetch(&client)))
            .await
            .into_iter()
            .for_each(|answer| assert_eq!(answer.unwrap(), "hello"));
    }
    let before = server.requests().len();
    for _ in 0..20 {
        join_all((0..64).map(|_| fetch(&client)))
            .await
            .into_iter()
            .for_each(|answer| assert_eq!(answer.unwrap(), "hello"));
    }
    assert!((2..=9).contains(&server.connections()), "{} connections", server.connections());
    let by_http_2 = server.requests().iter().skip(before).filter(|seen| seen.version == Version::HTTP_2).count();
    assert!(by_http_2 >= 20 * 56, "{by_http_2} of {} by HTTP/2", 20 * 64);
}

#[tokio::test]
async fn writes_go_by_http_2() {
    let (server, client) = server_and_client().await;
    until_busy(&server, &client).await;
    for _ in 0..50 {
        let request = kubernetes_core::Request::new(http::Method::POST, kubernetes_core::Path::new("/version", &[]));
        client.execute(request, crate::raw).await.unwrap();
        assert_eq!(last_version(&server), Version::HTTP_2);
    }
}

#[tokio::test]
async fn a_server_that_closes_each_connection_is_left_alone() {
    let authority = Authority::new();
    let tls = tls_config(&authority.server(&["127.0.0.1"]), &["h2", "http/1.1"], None);
    let server = Server::tls(tls, |request| async move {
        let version = request.version();
        let mut answer = hello(request).await;
        if version == Version::HTTP_11 {
            answer.headers_mut().insert("connection", http::HeaderValue::from_static("close"));
        }
        answer
    })
    .await;
    let client = client_of(&server, &authority);
    for _ in 0..1000 {
        assert_eq!(fetch(&client).await.unwrap(), "hello");
    }
    assert!(server.connections() <= 3, "{} connections", server.connections());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_request_of_many_threads_waits_for_ever() {
    let authority = Authority::new();
    for alpn in [&["h2", "http/1.1"][..], &["http/1.1"]] {
        let server = Server::tls(tls_config(&authority.server(&["127.0.0.1"]), alpn, None), hello).await;
        let client = client_of(&server, &authority);
        let tasks = (0..6).map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                for _ in 0..500 {
                    let answer = tokio::time::timeout(Duration::from_secs(20), fetch(&client)).await;
                    assert_eq!(answer.expect("it is answered").unwrap(), "hello");
                }
            })
        });
        for task in join_all(tasks).await {
            task.unwrap();
        }
    }
}

#[tokio::test]
async fn an_idle_client_has_the_connection_of_http_2_alone() {
    let (server, client) = server_and_client().await;
    until_busy(&server, &client).await;
    assert_eq!(server.open_connections(), 2);
    pass(Duration::from_secs(31)).await;
    for _ in 0..100 {
        if server.open_connections() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(server.open_connections(), 1);
    fetch(&client).await.unwrap();
    assert_eq!(last_version(&server), Version::HTTP_2);
}

#[tokio::test]
async fn watches_go_by_http_2() {
    let authority = Authority::new();
    let tls = tls_config(&authority.server(&["127.0.0.1"]), &["h2", "http/1.1"], None);
    let (mut opened, handler) = streaming();
    let server = Server::tls(tls, move |request| -> futures_util::future::BoxFuture<'static, _> {
        if request.uri().path() == "/watch" { handler(request) } else { Box::pin(hello(request)) }
    })
    .await;
    let client = client_of(&server, &authority);
    until_busy(&server, &client).await;

    let mut watches = Vec::new();
    for _ in 0..50 {
        let mut body = client.open(get("/watch")).await.unwrap();
        let sender = opened.recv().await.unwrap();
        sender.send("alive").await.unwrap();
        assert_eq!(body.next().await.unwrap().unwrap(), "alive");
        assert_eq!(last_version(&server), Version::HTTP_2);
        watches.push((body, sender));
    }
    fetch(&client).await.unwrap();
    assert_eq!(last_version(&server), Version::HTTP_11);
    assert_eq!(server.connections(), 2);
}
