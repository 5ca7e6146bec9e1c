//! controller-runtime's `server_test.go`: requests over TLS.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::StatusCode;
use http_body_util::BodyExt as _;
use kubernetes_webhooks::{AdmissionRequest, Caller, Certificates, Denied, WebhookServer, Webhooks};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::support::{Lantern, VALIDATE, lantern, review};
use crate::tls::{Ca, Connection, ca, certificate, start};

fn webhooks() -> Webhooks {
    Webhooks::new().validate(|_: AdmissionRequest<Lantern>| async { Ok::<(), Denied>(()) })
}

fn body() -> Vec<u8> {
    review("CREATE", &lantern("red"), &Value::Null).to_string().into_bytes()
}

#[tokio::test]
async fn should_serve_a_webhook_on_the_requested_path_and_support_http2() {
    let ca = ca();
    let (pem, key) = certificate(&ca, "localhost");
    let server = WebhookServer::new(webhooks(), Certificates::pem(&pem, &key).expect("a certificate"));
    let running = start(&server).await;
    for is_http2 in [false, true] {
        let mut connection = Connection::open(running.address, ca.pem(), is_http2, None).await.expect("TLS");
        for _ in 0..2 {
            let response = connection.post(VALIDATE, body()).await.expect("a response");
            assert_eq!(response.status(), StatusCode::OK);
            let body = response.into_body().collect().await.expect("a body").to_bytes();
            let review: Value = serde_json::from_slice(&body).expect("a review");
            assert_eq!(review["response"]["allowed"], json!(true));
        }
        assert_eq!(connection.post("/other", body()).await.expect("a response").status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn should_verify_the_client_ca_when_asked_to() {
    let (ca, clients, others) = (ca(), ca(), ca());
    let (pem, key) = certificate(&ca, "localhost");
    let server =
        WebhookServer::new(webhooks(), Certificates::pem(&pem, &key).expect("a certificate")).client_ca(clients.pem());
    let running = start(&server).await;
    for (client, is_known) in [(Some(&clients), true), (Some(&others), false), (None, false)] {
        let client = client.map(|client| certificate(client, "apiserver"));
        let connection = Connection::open(running.address, ca.pem(), true, client).await;
        // With TLS 1.3, the client learns about it with the first response.
        let response = match connection {
            Ok(mut connection) => connection.post(VALIDATE, body()).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        assert_eq!(response.is_ok(), is_known, "{response:?}");
    }
}

/// A cluster's CA signs certificates for everyone; a file of CAs changes while the server runs.
#[tokio::test]
async fn clients_are_known_by_their_certificates() {
    let (ca, clients, others) = (ca(), ca(), ca());
    let folder = tempfile::TempDir::new().expect("a folder");
    let file = folder.path().join("ca.crt");
    std::fs::write(&file, clients.pem()).expect("a file");
    let (pem, key) = certificate(&ca, "localhost");
    let guarded = webhooks().authenticate_callers(|caller: Caller| async move {
        assert_eq!(caller.certificates().count(), 1);
        match caller.common_name().as_deref() {
            Some("kube-apiserver") => Ok(()),
            other => Err(format!("{other:?} is not an API server")),
        }
    });
    let server = WebhookServer::new(guarded, Certificates::pem(&pem, &key).expect("a certificate"));
    let running = start(&server.client_ca_file(&file)).await;
    let ask = async |clients: &Ca, name: &str| {
        let client = Some(certificate(clients, name));
        let mut connection = Connection::open(running.address, ca.pem(), false, client).await.ok()?;
        connection.post(VALIDATE, body()).await.ok().map(|response| response.status())
    };
    assert_eq!(ask(&clients, "kube-apiserver").await, Some(StatusCode::OK));
    assert_eq!(ask(&clients, "system:node:a").await, Some(StatusCode::UNAUTHORIZED));
    assert_eq!(ask(&others, "kube-apiserver").await, None);
    std::fs::write(&file, others.pem()).expect("a file");
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(11)).await;
    tokio::time::resume();
    assert_eq!(ask(&others, "kube-apiserver").await, Some(StatusCode::OK), "the file was read again");
    assert_eq!(ask(&clients, "kube-apiserver").await, None);
}

#[test]
fn should_error_without_cert_or_key() {
    let ca = ca();
    let (pem, key) = certificate(&ca, "localhost");
    let (_, other_key) = certificate(&ca, "localhost");
    for (certificate, key, message) in [
        (&b""[..], &key[..], "the PEM text has no certificate"),
        (&pem, b"", "the key is not valid PEM"),
        (&pem, &other_key, "can't use the certificate and the key"),
    ] {
        let error = Certificates::pem(certificate, key).expect_err("they are not valid").to_string();
        assert!(error.contains(message), "{error}");
    }
    let error = Certificates::files("/nowhere/tls.crt", "/nowhere/tls.key").expect_err("no files").to_string();
    assert!(error.contains("/nowhere/tls.crt"), "{error}");
    let server = WebhookServer::new(webhooks(), Certificates::pem(&pem, &key).expect("a certificate"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let error = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        server.client_ca("no PEM").serve(listener, std::future::pending()).await
    });
    assert!(error.is_err());
}

#[tokio::test]
async fn requests_under_way_end_before_the_server_does() {
    let (started, finish) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let (count, release) = (Arc::clone(&started), Arc::clone(&finish));
    let slow = Webhooks::new().validate(move |_: AdmissionRequest<Lantern>| {
        let (count, release) = (Arc::clone(&count), Arc::clone(&release));
        async move {
            count.fetch_add(1, Ordering::SeqCst);
            release.notified().await;
            Ok::<(), Denied>(())
        }
    });
    let ca = ca();
    let (pem, key) = certificate(&ca, "localhost");
    let server = WebhookServer::new(slow, Certificates::pem(&pem, &key).expect("a certificate"));
    let ready = server.ready_check();
    assert!(ready().is_err(), "it does not listen yet");
    let running = start(&server).await;
    let mut connection = Connection::open(running.address, ca.pem(), true, None).await.expect("TLS");
    assert_eq!(ready(), Ok(()));
    let request =
        tokio::spawn(async move { connection.post(VALIDATE, body()).await.map(|response| response.status()) });
    while started.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let stopping = tokio::spawn(running.stop());
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!stopping.is_finished(), "a request is under way");
    assert!(ready().is_err(), "it takes no further connections");
    finish.notify_one();
    assert_eq!(request.await.expect("no panic").expect("a response"), StatusCode::OK);
    stopping.await.expect("the server has ended");
}

/// An API server uses its connections of HTTP/1.1 until they end, and does not repeat a call that is lost by the end.
#[tokio::test(start_paused = true)]
async fn a_call_on_an_idle_connection_that_comes_with_the_shutdown_is_answered() {
    let ca = ca();
    let (pem, key) = certificate(&ca, "localhost");
    let running = start(&WebhookServer::new(webhooks(), Certificates::pem(&pem, &key).expect("a certificate"))).await;
    let mut connection = Connection::open(running.address, ca.pem(), false, None).await.expect("TLS");
    assert_eq!(connection.post(VALIDATE, body()).await.expect("a response").status(), StatusCode::OK);
    let stopping = tokio::spawn(running.stop());
    tokio::time::sleep(Duration::from_millis(500)).await;
    let last = connection.post(VALIDATE, body()).await.expect("a response");
    assert_eq!(last.status(), StatusCode::OK);
    assert_eq!(last.headers()["connection"], "close");
    stopping.await.expect("the server has ended");
}

/// Services lead here for some seconds after the pod is not ready any more.
#[tokio::test(start_paused = true)]
async fn connections_are_served_until_the_delay_of_the_shutdown_is_over() {
    let ca = ca();
    let (pem, key) = certificate(&ca, "localhost");
    let server = WebhookServer::new(webhooks(), Certificates::pem(&pem, &key).expect("a certificate"));
    let ready = server.ready_check();
    let running = start(&server.shutdown_delay(Duration::from_secs(5))).await;
    let address = running.address;
    while ready().is_err() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let (begin, stopping) = (Instant::now(), tokio::spawn(running.stop()));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(ready().is_err(), "no new requests should be sent here");
    let mut connection = Connection::open(address, ca.pem(), false, None).await.expect("TLS");
    assert_eq!(connection.post(VALIDATE, body()).await.expect("a response").status(), StatusCode::OK);
    drop(connection);
    stopping.await.expect("the server has ended");
    assert_eq!(begin.elapsed().as_secs(), 5);
    assert!(Connection::open(address, ca.pem(), false, None).await.is_err());
}

/// A server that buffers a megabyte of requests at most.
fn with_a_megabyte(ca: &Ca) -> WebhookServer {
    let (pem, key) = certificate(ca, "localhost");
    let certificates = Certificates::pem(&pem, &key).expect("a certificate");
    WebhookServer::new(webhooks().max_buffered_bytes(1 << 20), certificates)
}

/// Requests without room in memory neither wait nor keep the window of their connection from the others.
#[tokio::test]
async fn large_requests_of_one_http2_connection_do_not_stall_each_other() {
    let ca = ca();
    let running = start(&with_a_megabyte(&ca)).await;
    let Connection::Http2(sender) = Connection::open(running.address, ca.pem(), true, None).await.expect("TLS") else {
        panic!("it is HTTP/2");
    };
    let mut large = lantern("red");
    large["metadata"]["annotations"] = json!({"note": "x".repeat(700 << 10)});
    let large = review("CREATE", &large, &Value::Null).to_string().into_bytes();
    let ask = |body: Vec<u8>| {
        let mut connection = Connection::Http2(sender.clone());
        async move { connection.post(VALIDATE, body).await.expect("a response").status() }
    };
    let asked = futures_util::future::join_all((0..3).map(|_| ask(large.clone())));
    let statuses = tokio::time::timeout(Duration::from_secs(10), asked).await.expect("all are answered in time");
    let is_expected = |status: &StatusCode| matches!(*status, StatusCode::OK | StatusCode::SERVICE_UNAVAILABLE);
    assert!(statuses.contains(&StatusCode::OK) && statuses.iter().all(is_expected), "{statuses:?}");
    assert_eq!(ask(large).await, StatusCode::OK, "the room is free again");
}

/// While it is still sending, and in time: an API server that waits for a second only gets the status, and not a timeout.
#[tokio::test]
async fn a_caller_whose_request_finds_no_room_gets_the_status() {
    let ca = ca();
    let running = start(&with_a_megabyte(&ca)).await;
    let path = format!("{VALIDATE}?timeout=1s");
    for is_http2 in [false, true] {
        let mut connection = Connection::open(running.address, ca.pem(), is_http2, None).await.expect("TLS");
        let asked = connection.post(&path, vec![b' '; 4 << 20]);
        let response = tokio::time::timeout(Duration::from_secs(1), asked).await.expect("in time");
        assert_eq!(response.expect("a response").status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(connection.post(&path, body()).await.expect("a response").status(), StatusCode::OK, "it is kept");
    }
}

#[tokio::test]
async fn an_address_in_use_is_an_error() {
    let ca = ca();
    let (pem, key) = certificate(&ca, "localhost");
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = taken.local_addr().expect("an address");
    let server = WebhookServer::new(webhooks(), Certificates::pem(&pem, &key).expect("a certificate")).address(address);
    let error = server.run_until(std::future::pending()).await.expect_err("it is taken").to_string();
    assert_eq!(error, format!("can't listen on {address} for webhooks"));
}

#[test]
fn intermediate_cas_are_sent() {
    let root = ca();
    let (key, mut params) = (KeyPair::generate().expect("a key"), CertificateParams::default());
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let intermediate = params.signed_by(&key, &root.issuer()).expect("a certificate");
    let (leaf_key, leaf) = (KeyPair::generate().expect("a key"), CertificateParams::new(["localhost".to_owned()]));
    let leaf = leaf.expect("a name").signed_by(&leaf_key, &Issuer::new(params, key)).expect("a certificate");
    let chain = format!("{}{}", leaf.pem(), intermediate.pem());
    let certificates = Certificates::pem(chain.as_bytes(), leaf_key.serialize_pem().as_bytes()).expect("a chain");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let running = start(&WebhookServer::new(webhooks(), certificates)).await;
        let mut connection = Connection::open(running.address, root.pem(), true, None).await.expect("TLS");
        assert_eq!(connection.post(VALIDATE, body()).await.expect("a response").status(), StatusCode::OK);
    });
}
