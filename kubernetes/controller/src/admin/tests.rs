use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use kubernetes_core::{CreateRequest, Path};
use kubernetes_models::authentication::v1::TokenRequest;
use kubernetes_models::core::v1::ServiceAccount;
use kubernetes_testing::{Access, Fault, TestServer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tower_service::Service as _;

use super::Admin;
use crate::Queue;

async fn get(admin: &Admin, path: &str, query: &str) -> (u16, String) {
    let response = admin.respond(&Method::GET, path, query);
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn checks_decide_about_the_status() {
    let admin = Admin::default();
    assert_eq!(get(&admin, "/livez", "").await, (200, "ok".to_owned()));
    admin.ready_check("cache", || Err("not\nfilled".to_owned()));
    admin.ready_check("queue", || Ok(()));
    assert_eq!(get(&admin, "/livez", "").await.0, 200, "they are checks of readiness");
    let failed = "[-]cache failed: not filled\n[+]queue ok\nreadyz check failed\n";
    assert_eq!(get(&admin, "/readyz", "").await, (500, failed.to_owned()));
    assert_eq!(get(&admin, "/readyz/queue", "").await, (200, "ok".to_owned()));
    assert_eq!(get(&admin, "/readyz/cache", "").await.0, 500);
    assert_eq!(get(&admin, "/readyz/other", "").await.0, 404);
    admin.ready_check("cache", || Ok(()));
    let passed = "[+]queue ok\n[+]cache ok\nreadyz check passed\n";
    assert_eq!(get(&admin, "/readyz", "verbose").await, (200, passed.to_owned()));
    assert_eq!(get(&admin, "/readyz", "x=1&verbose=true").await.1, passed);
    assert_eq!(get(&admin, "/healthz", "").await.0, 200);
}

#[tokio::test]
async fn other_paths_and_methods_are_refused() {
    let admin = Admin::default();
    for path in ["/", "", "/livez2", "/metrics/x", "//livez/../x", "/admin"] {
        assert_eq!(get(&admin, path, "").await.0, 404, "{path}");
    }
    let response = admin.respond(&Method::POST, "/livez", "");
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()["allow"], "GET, HEAD");
}

#[tokio::test]
async fn metrics_are_served_in_their_format() {
    let mut admin = Admin::default();
    admin.metrics().add(|text| text.gauge("up", "Up", &[], 1.0));
    let response = admin.call(Request::get("/metrics").body(()).unwrap()).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(get(&admin, "/metrics", "").await, (200, "# HELP up Up\n# TYPE up gauge\nup 1\n".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_hangs_is_not_alive() {
    let admin = Admin::default();
    let heartbeat = admin.heartbeat("billing", Duration::from_secs(60));
    tokio::time::sleep(Duration::from_secs(59)).await;
    heartbeat.beat();
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert_eq!(get(&admin, "/livez", "").await.0, 200);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (status, report) = get(&admin, "/livez", "").await;
    assert_eq!((status, &*report), (500, "[-]billing failed: no progress for 62s\nlivez check failed\n"));
    heartbeat.beat();
    assert_eq!(get(&admin, "/livez", "").await.0, 200);
    drop(heartbeat);
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(get(&admin, "/livez", "verbose").await.1, "livez check passed\n", "the loop has ended");
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_hangs_is_not_alive() {
    let (admin, queue) = (Admin::default(), Queue::<&str>::new());
    admin.watch_queue("scaler", &queue, Duration::from_secs(600));
    queue.add("web");
    let delivery = queue.next().await.expect("an item");
    tokio::time::sleep(Duration::from_secs(599)).await;
    assert_eq!(get(&admin, "/livez", "").await.0, 200);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(get(&admin, "/livez", "").await.1.contains("[-]scaler failed: an item has been worked on for 601"));
    delivery.done();
    assert_eq!(get(&admin, "/livez", "").await.0, 200);
}

/// A server on a port, and what makes it shut down.
async fn serving(admin: &Admin) -> (std::net::SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, (stop, stopped), admin) = (listener.local_addr().unwrap(), oneshot::channel(), admin.clone());
    let serving = async move { admin.serve(listener, async { stopped.await.unwrap() }).await };
    (address, stop, tokio::spawn(serving))
}

async fn exchange(address: std::net::SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    response
}

#[tokio::test]
async fn it_serves_on_a_port_and_shuts_down() {
    let (address, stop, task) = serving(&Admin::default()).await;
    let response = exchange(address, "GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n") && response.ends_with("\r\n\r\nok"), "{response}");
    let head = exchange(address, "HEAD /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(head.contains("content-length: 2\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    let large = format!("GET /livez HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(20_000));
    assert!(exchange(address, &large).await.starts_with("HTTP/1.1 431"), "headers are limited");
    // An idle connection does not delay the end.
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.unwrap();
    stop.send(()).unwrap();
    task.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

/// The clock is paused, and so goes on whenever the server waits for a connection.
#[tokio::test(start_paused = true)]
async fn a_connection_without_a_request_is_closed() {
    let (address, _stop, _task) = serving(&Admin::default()).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    silent.write_all(b"GET /livez HT").await.unwrap();
    let mut response = Vec::new();
    silent.read_to_end(&mut response).await.unwrap();
    assert!(!String::from_utf8_lossy(&response).contains("200 OK"));
}

/// A check that adds another would wait for itself if it was run then.
#[tokio::test]
async fn a_check_may_add_another() {
    let admin = Admin::default();
    let inner = admin.clone();
    admin.ready_check("a", move || {
        inner.ready_check("b", || Ok(()));
        Ok(())
    });
    admin.ready_check("c", || Ok(()));
    assert_eq!(get(&admin, "/readyz", "").await.0, 200);
    assert_eq!(get(&admin, "/readyz/b", "").await.0, 200);
}

/// The token of a new service account.
async fn token_of(server: &TestServer, name: &str) -> String {
    let client = server.client();
    CreateRequest::namespaced("default", &ServiceAccount::named(name)).send(&client).await.unwrap();
    let path = Path::of::<ServiceAccount>(Some("default")).object(name).subresource("token");
    let request: TokenRequest = CreateRequest::at(path, &TokenRequest::default()).send(&client).await.unwrap();
    request.status.unwrap().token.unwrap().to_string()
}

async fn get_with(admin: &Admin, path: &str, authorization: Option<&str>) -> Response<Full<Bytes>> {
    let mut request = Request::get(path).body(()).unwrap();
    if let Some(authorization) = authorization {
        request.headers_mut().insert("authorization", authorization.parse().unwrap());
    }
    admin.clone().call(request).await.unwrap()
}

fn reviews(server: &TestServer) -> (usize, usize) {
    let requests = server.requests();
    let of = |resource: &str| requests.iter().filter(|request| request.resource() == resource).count();
    (of("tokenreviews"), of("subjectaccessreviews"))
}

#[tokio::test(start_paused = true)]
async fn the_api_server_says_who_may_read_the_metrics() {
    let (server, admin) = (TestServer::in_process(), Admin::default());
    let (reader, other) = (token_of(&server, "prometheus").await, token_of(&server, "other").await);
    server.on_access_review(|attributes| {
        let is_reader = attributes.user == "system:serviceaccount:default:prometheus";
        let is_group = attributes.groups.iter().any(|group| group == "system:serviceaccounts");
        match (attributes.verb.as_str(), attributes.path.as_str()) {
            ("get", "/metrics") if is_reader && is_group => Access::Allowed,
            _ => Access::Denied("no role".to_owned()),
        }
    });
    assert_eq!(get_with(&admin, "/metrics", None).await.status(), 200, "it is open by default");
    admin.guard_metrics(&server.client());
    for (authorization, path, expected) in [
        (None, "/metrics", 401),
        (Some("Basic cHJvbWV0aGV1cw=="), "/metrics", 401),
        (Some("Bearer "), "/metrics", 401),
        (Some("Bearer nobody"), "/metrics", 401),
        (Some(&*format!("Bearer {other}")), "/metrics", 403),
        (Some(&*format!("Bearer {other}")), "//metrics/", 403),
        (Some(&*format!("bearer {reader}")), "/metrics", 200),
        (None, "/livez", 200),
        (None, "/readyz", 200),
    ] {
        let response = get_with(&admin, path, authorization).await;
        assert_eq!(response.status(), expected, "{authorization:?} {path}");
        assert_eq!(response.headers().contains_key("www-authenticate"), expected == 401);
    }
    // Each token was asked about once.
    assert_eq!(reviews(&server), (3, 2));
    let reader = format!("Bearer {reader}");
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert_eq!(get_with(&admin, "/metrics", Some(&reader)).await.status(), 200);
    assert_eq!(reviews(&server), (3, 2));
    // The answer counts for a minute, so that a role that is taken away ends.
    server.on_access_review(|_| Access::Denied("no role".to_owned()));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(get_with(&admin, "/metrics", Some(&reader)).await.status(), 403);
    assert_eq!(reviews(&server), (4, 3));
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_can_not_be_asked_lets_nobody_pass() {
    let (server, admin) = (TestServer::in_process(), Admin::default());
    let token = format!("Bearer {}", token_of(&server, "prometheus").await);
    admin.guard_metrics(&server.client());
    server.inject(Fault::silence().resource("tokenreviews").always());
    assert_eq!(get_with(&admin, "/metrics", Some(&token)).await.status(), 500);
    server.clear_faults();
    server.inject(Fault::status(403).resource("subjectaccessreviews").always());
    assert_eq!(get_with(&admin, "/metrics", Some(&token)).await.status(), 500);
    server.clear_faults();
    assert_eq!(get_with(&admin, "/metrics", Some(&token)).await.status(), 200, "a failure is not remembered");
}

/// The kubelet waits for a second.
#[tokio::test(start_paused = true)]
async fn callers_who_wait_for_the_api_server_keep_no_probe_out() {
    let (server, admin) = (TestServer::in_process(), Admin::default());
    admin.guard_metrics(&server.client());
    server.inject(Fault::silence().resource("tokenreviews").always());
    let (address, _stop, _task) = serving(&admin).await;
    let mut callers = Vec::new();
    for index in 0..64 {
        let mut caller = TcpStream::connect(address).await.unwrap();
        let request = format!("GET /metrics HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {index}\r\n\r\n");
        caller.write_all(request.as_bytes()).await.unwrap();
        callers.push(caller);
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let probe = exchange(address, "GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let response = tokio::time::timeout(Duration::from_secs(1), probe).await.expect("it is answered in time");
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    let mut refused = [0; 12];
    callers[63].read_exact(&mut refused).await.unwrap();
    assert_eq!(&refused, b"HTTP/1.1 503");
}

#[tokio::test(start_paused = true)]
async fn callers_with_many_tokens_take_no_memory() {
    let (server, admin) = (TestServer::in_process(), Admin::default());
    admin.guard_metrics(&server.client());
    let calls =
        (0..1_000).map(async |index| get_with(&admin, "/metrics", Some(&format!("Bearer {index}"))).await.status());
    // Few at a time, so that none is refused for the number of those who wait.
    let answers: Vec<_> = stream::iter(calls).buffer_unordered(8).collect().await;
    assert!(answers.iter().all(|status| *status == StatusCode::UNAUTHORIZED));
    assert!(admin.guard.get().unwrap().answers() <= 256);
}
