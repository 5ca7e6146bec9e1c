//! Hooks around the writes of derived clients.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Response};
use kubernetes_client::{
    Body, Client, Error, Upgraded, UpgradedIo, Write, WriteAdmission, WriteHook, WriteOutcome, WritePermit,
};
use kubernetes_core::{Execute, Path, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;

use crate::server::{Server, answer};
use crate::{chain, config, fakes, fetch, raw};

const PODS: &str = "/api/v1/namespaces/shop/pods";
const POD: &str = r#"{"kind": "Pod", "apiVersion": "v1", "metadata":
    {"namespace": "shop", "name": "web", "uid": "u1", "resourceVersion": "7", "labels": {"app": "web"}}}"#;
const SUCCESS: &str = r#"{"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
    "details": {"name": "web", "kind": "pods", "uid": "u1"}}"#;

/// Records its calls, and permits what `permit` permits.
#[derive(Clone)]
struct Recorder {
    notes: Arc<Mutex<Vec<String>>>,
    permit: Arc<dyn Fn() -> Result<WritePermit, &'static str> + Send + Sync>,
}

impl Recorder {
    fn new(permit: impl Fn() -> Result<WritePermit, &'static str> + Send + Sync + 'static) -> Self {
        Self { notes: Arc::default(), permit: Arc::new(permit) }
    }

    fn permitting() -> Self {
        Self::new(|| Ok(WritePermit::unlimited()))
    }

    fn notes(&self) -> Vec<String> {
        std::mem::take(&mut self.notes.lock().unwrap())
    }
}

impl WriteHook for Recorder {
    fn before<'a>(&'a self, _: &'a Write) -> WriteAdmission<'a> {
        Box::pin(async { (self.permit)().map_err(Into::into) })
    }

    fn after(&self, write: &Write, outcome: &WriteOutcome<'_>) {
        let key = write.key().map(|key| key.to_string());
        let outcome = match outcome {
            WriteOutcome::Done(objects) => {
                let objects = objects.iter().map(|object| {
                    let metadata = &object.metadata;
                    let (uid, version) = (metadata.uid.as_deref(), metadata.resource_version.as_deref());
                    let labels = metadata.labels.iter().map(|(key, value)| format!(" {key}={value}"));
                    let labels = labels.collect::<String>();
                    format!("{} {} {uid:?} {version:?}{labels}", object.kind, object.key())
                });
                format!("done: {}", objects.collect::<Vec<_>>().join(", "))
            }
            WriteOutcome::Rejected(error) => format!("rejected: {:?}", error.http_status().unwrap()),
            WriteOutcome::NotSent => "not sent".to_owned(),
            WriteOutcome::Unknown(error) => format!("unknown, with an error: {}", error.is_some()),
            _ => panic!("a new outcome"),
        };
        let resource = write.resource().map(|resource| resource.resource.clone()).unwrap_or_default();
        let text = format!("{} {resource} {key:?} {outcome}", write.method());
        self.notes.lock().unwrap().push(text);
    }
}

fn request(method: Method, path: &str, body: &'static str) -> Request {
    let mut request = Request::new(method, Path::new(path, &[]));
    if !body.is_empty() {
        request.body = Some((HeaderValue::from_static("application/json"), Ok(body.into())));
    }
    request
}

async fn send(client: &Client, method: Method, path: &str, body: &'static str) -> Result<Vec<u8>, Error> {
    client.execute(request(method, path, body), raw).await
}

#[tokio::test]
async fn a_write_is_noted_with_the_object_that_was_written() {
    let web = "/api/v1/namespaces/shop/pods/web";
    let done = r#"done: Pod shop/web Some("u1") Some("7") app=web"#;
    for (method, path, body) in
        [(Method::POST, PODS, POD), (Method::PUT, web, POD), (Method::PATCH, web, "{}"), (Method::DELETE, web, "")]
    {
        let expected = format!(r#"{method} pods Some("shop/web") {done}"#);
        assert_eq!(notes_of(method, path, body, 200, POD).await, [expected]);
    }
    let generated = notes_of(Method::POST, PODS, r#"{"metadata": {"generateName": "web-"}}"#, 201, POD).await;
    assert_eq!(generated, [format!("POST pods None {done}")]);
    let list = r#"{"kind": "AllowList", "apiVersion": "example.com/v1", "metadata": {"name": "web", "uid": "u2"}}"#;
    let custom = notes_of(Method::PUT, "/apis/example.com/v1/allowlists/web", list, 200, list).await;
    assert_eq!(custom, [r#"PUT allowlists Some("web") done: AllowList web Some("u2") None"#]);
    let evicted = notes_of(Method::POST, "/api/v1/namespaces/shop/pods/web/eviction", "{}", 201, SUCCESS).await;
    assert_eq!(evicted, [r#"POST pods Some("shop/web") done: "#]);
}

#[tokio::test]
async fn a_delete_is_noted_with_what_is_known_of_the_objects() {
    let web = "/api/v1/namespaces/shop/pods/web";
    let status = notes_of(Method::DELETE, web, "", 200, SUCCESS).await;
    assert_eq!(status, [r#"DELETE pods Some("shop/web") done:  shop/web Some("u1") None"#]);
    let empty = notes_of(Method::DELETE, web, "", 200, "").await;
    assert_eq!(empty, [r#"DELETE pods Some("shop/web") done:  shop/web None None"#]);
    let list = r#"{"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "9"}, "items": [
        {"metadata": {"namespace": "shop", "name": "a"}}, {"metadata": {"namespace": "shop", "name": "b"}}]}"#;
    let collection = notes_of(Method::DELETE, PODS, "", 200, list).await;
    assert_eq!(collection, ["DELETE pods None done: Pod shop/a None None, Pod shop/b None None"]);
    assert_eq!(notes_of(Method::DELETE, PODS, "", 200, SUCCESS).await, ["DELETE pods None done: "]);
}

#[tokio::test]
async fn a_write_that_failed_is_noted_with_what_may_have_happened() {
    let conflict = notes_of(Method::POST, PODS, POD, 409, "").await;
    assert_eq!(conflict, [r#"POST pods Some("shop/web") rejected: 409"#]);
    let unknown = notes_of(Method::POST, PODS, POD, 500, "").await;
    assert_eq!(unknown, [r#"POST pods Some("shop/web") unknown, with an error: true"#]);
}

#[tokio::test]
async fn a_response_that_cannot_be_read_leaves_the_outcome_unknown() {
    let web = "/api/v1/namespaces/shop/pods/web";
    let unknown = notes_of(Method::PUT, web, POD, 200, "<html>").await;
    assert_eq!(unknown, [r#"PUT pods Some("shop/web") unknown, with an error: true"#]);
    let collection = notes_of(Method::DELETE, PODS, "", 200, "<html>").await;
    assert_eq!(collection, ["DELETE pods None unknown, with an error: true"]);
    let deleted = notes_of(Method::DELETE, web, "", 200, "<html>").await;
    assert_eq!(deleted, [r#"DELETE pods Some("shop/web") done:  shop/web None None"#]);
    let proxied = notes_of(Method::POST, "/api/v1/namespaces/shop/pods/web/proxy/x", "", 200, "<html>").await;
    assert_eq!(proxied, [r#"POST pods Some("shop/web") done: "#]);
}

#[tokio::test]
async fn the_body_of_a_delete_decides_whether_it_is_a_dry_run() {
    for (body, query, is_write) in [
        (r#"{"dryRun": ["All"]}"#, false, false),
        (r#"{"propagationPolicy": "Orphan"}"#, true, true),
        ("", true, false),
        ("", false, true),
    ] {
        for path in [PODS, "/api/v1/namespaces/shop/pods/web"] {
            let recorder = Recorder::permitting();
            let client = fakes::answering(200, SUCCESS).derived(recorder.clone());
            let mut delete = request(Method::DELETE, path, body);
            if query {
                delete.query.set("dryRun", "All");
            }
            client.execute(delete, raw).await.unwrap();
            assert_eq!(!recorder.notes().is_empty(), is_write, "{path} {body} {query}");
        }
    }
}

async fn notes_of(method: Method, path: &str, body: &'static str, code: u16, response: &'static str) -> Vec<String> {
    let recorder = Recorder::permitting();
    let client = fakes::answering(code, response).derived(recorder.clone());
    let _ = send(&client, method, path, body).await;
    recorder.notes()
}

#[tokio::test]
async fn reads_and_dry_runs_and_other_clients_are_left_alone() {
    let recorder = Recorder::new(|| Err("nothing is permitted"));
    let client = fakes::answering(200, POD);
    let derived = client.derived(recorder.clone());
    fetch(&derived).await.unwrap();
    derived.open(crate::get("/log")).await.unwrap();
    let mut dry_run = request(Method::POST, PODS, POD);
    dry_run.query.set("dryRun", "All");
    derived.execute(dry_run, raw).await.unwrap();
    send(&client, Method::POST, PODS, POD).await.unwrap();
    assert_eq!(recorder.notes(), Vec::<String>::new());

    let error = send(&derived, Method::POST, PODS, POD).await.unwrap_err();
    assert!(error.is_not_permitted() && !error.is_retryable(), "{error:?}");
    let expected = "POST /api/v1/namespaces/shop/pods failed: the write was not permitted: nothing is permitted";
    assert_eq!(chain(&error), expected);
    let error = derived.upgrade(crate::get("/exec"), HeaderValue::from_static("websocket"), HeaderMap::new()).await;
    assert!(error.unwrap_err().is_not_permitted(), "an exec may write");
    assert_eq!(recorder.notes(), Vec::<String>::new(), "nothing was permitted, so there is no outcome");
}

#[tokio::test]
async fn each_sending_of_a_write_is_permitted_anew() {
    let server = Server::plain(|_| async {
        let mut busy = answer(429, "");
        busy.headers_mut().insert("retry-after", HeaderValue::from_static("0"));
        busy
    })
    .await;
    let is_open = Arc::new(AtomicBool::new(true));
    let gate = Arc::clone(&is_open);
    // Open for the first sending.
    let recorder = Recorder::new(move || match gate.swap(false, Ordering::SeqCst) {
        true => Ok(WritePermit::unlimited()),
        false => Err("closed"),
    });
    let client = Client::new(config(&server.url("http"))).unwrap().derived(recorder.clone());
    let error = send(&client, Method::POST, PODS, POD).await.unwrap_err();
    assert!(error.is_not_permitted(), "{error:?}");
    assert_eq!(server.requests().len(), 1);
    assert_eq!(recorder.notes(), ["POST pods Some(\"shop/web\") rejected: 429"]);
}

/// Answers requests on demand, and counts them.
fn slow() -> (Client, Arc<Notify>, Arc<AtomicBool>) {
    let (go, came) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
    let (wait, mark) = (Arc::clone(&go), Arc::clone(&came));
    let client = fakes::client(move |_| {
        mark.store(true, Ordering::SeqCst);
        let wait = Arc::clone(&wait);
        async move {
            wait.notified().await;
            Response::new(Body::from(POD))
        }
    });
    (client, go, came)
}

#[tokio::test(start_paused = true)]
async fn a_write_ends_with_its_permit() {
    let (client, _go, came) = slow();
    let recorder = Recorder::new(|| Ok(WritePermit::within(Duration::from_secs(5))));
    let client =
        client.derived(Recorder::new(|| Ok(WritePermit::within(Duration::from_secs(9))))).derived(recorder.clone());
    let start = tokio::time::Instant::now();
    let error = send(&client, Method::POST, PODS, POD).await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(5), "the shortest permit counts");
    assert!(error.is_not_permitted() && error.is_timeout(), "{error:?}");
    assert!(came.load(Ordering::SeqCst));
    assert_eq!(recorder.notes(), ["POST pods Some(\"shop/web\") unknown, with an error: true"]);
}

#[tokio::test(start_paused = true)]
async fn no_write_starts_after_its_permit() {
    /// Takes long to decide.
    struct Slow;
    impl WriteHook for Slow {
        fn before<'a>(&'a self, _: &'a Write) -> WriteAdmission<'a> {
            Box::pin(async {
                tokio::time::sleep(Duration::from_secs(6)).await;
                Ok(WritePermit::unlimited())
            })
        }
    }
    let (client, _go, came) = slow();
    let recorder = Recorder::new(|| Ok(WritePermit::within(Duration::from_secs(5))));
    let client = client.derived(recorder.clone()).derived(Slow);
    let error = send(&client, Method::POST, PODS, POD).await.unwrap_err();
    assert!(error.is_not_permitted() && error.is_timeout(), "{error:?}");
    assert!(!came.load(Ordering::SeqCst), "the permit ended while the second hook decided");
    assert_eq!(recorder.notes(), ["POST pods Some(\"shop/web\") not sent"]);

    let zero = Recorder::new(|| Ok(WritePermit::within(Duration::ZERO)));
    let (client, _go, came) = slow();
    assert!(send(&client.derived(zero), Method::POST, PODS, POD).await.unwrap_err().is_not_permitted());
    assert!(!came.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_permit_can_be_revoked_and_a_request_dropped() {
    let (client, _go, came) = slow();
    let lost = Arc::new(Notify::new());
    let revoked = Arc::clone(&lost);
    let recorder = Recorder::new(move || {
        let revoked = Arc::clone(&revoked);
        Ok(WritePermit::unlimited().revoked_by(async move {
            revoked.notified().await;
            "the lease is lost"
        }))
    });
    let client = client.derived(recorder.clone());
    let task = tokio::spawn({
        let client = client.clone();
        async move { send(&client, Method::POST, PODS, POD).await }
    });
    until(|| came.load(Ordering::SeqCst)).await;
    lost.notify_one();
    let error = task.await.unwrap().unwrap_err();
    assert!(error.is_not_permitted() && chain(&error).ends_with(": the lease is lost"), "{error:?}");
    assert_eq!(recorder.notes(), ["POST pods Some(\"shop/web\") unknown, with an error: true"]);

    came.store(false, Ordering::SeqCst);
    let task = tokio::spawn(async move { send(&client, Method::POST, PODS, POD).await });
    until(|| came.load(Ordering::SeqCst)).await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(recorder.notes(), ["POST pods Some(\"shop/web\") unknown, with an error: false"]);
}

/// A client whose only permit is revoked by `lost`, which upgrades to an echo or a server that does
/// nothing; and what ends with the connection.
fn upgrading(lost: &Arc<Notify>, permit: WritePermit, echoes: bool) -> (Client, Arc<Notify>) {
    let ended = Arc::new(Notify::new());
    let end = Arc::clone(&ended);
    let client = fakes::client(move |_| {
        let (client, mut server) = tokio::io::duplex(64);
        let end = Arc::clone(&end);
        tokio::spawn(async move {
            if !echoes {
                std::future::pending::<()>().await;
            }
            let (mut reader, mut writer) = tokio::io::split(&mut server);
            let _ = tokio::io::copy(&mut reader, &mut writer).await;
            end.notify_one();
        });
        async { UpgradedIo::new(client).into_response(HeaderValue::from_static("echo")) }
    });
    let (lost, permit) = (Arc::clone(lost), Mutex::new(Some(permit)));
    let recorder = Recorder::new(move || {
        let (permit, lost) = (permit.lock().unwrap().take().unwrap(), Arc::clone(&lost));
        Ok(permit.revoked_by(async move {
            lost.notified().await;
            "the lease is lost"
        }))
    });
    (client.derived(recorder), ended)
}

async fn upgrade(client: &Client) -> Upgraded {
    let request = request(Method::GET, "/api/v1/namespaces/shop/pods/web/exec", "");
    client.upgrade(request, HeaderValue::from_static("echo"), HeaderMap::new()).await.unwrap()
}

async fn echo(stream: &mut Upgraded, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut read = vec![0; text.len()];
    stream.read_exact(&mut read).await.unwrap();
    assert_eq!(read, text.as_bytes());
}

fn is_revoked(error: &std::io::Error) -> bool {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<Error>());
    cause.is_some_and(|cause| cause.is_not_permitted() && chain(cause).ends_with(": the lease is lost"))
}

#[tokio::test(start_paused = true)]
async fn a_revocation_closes_an_upgraded_connection() {
    let lost = Arc::new(Notify::new());
    let (client, ended) = upgrading(&lost, WritePermit::within(Duration::from_secs(5)), true);
    let mut stream = upgrade(&client).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    echo(&mut stream, "the time limit is that of the handshake").await;
    // Nobody reads or writes.
    lost.notify_one();
    ended.notified().await;
    assert!(is_revoked(&stream.write_all(b"more").await.unwrap_err()));
    let error = stream.read_u8().await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionAborted);
}

#[tokio::test]
async fn a_revocation_wakes_both_who_reads_and_who_writes_an_upgraded_connection() {
    let lost = Arc::new(Notify::new());
    // The server neither reads nor writes. The connection is taken by a client around the one with the hook.
    let client = Client::with_service(upgrading(&lost, WritePermit::unlimited(), false).0, "default");
    let (mut reader, mut writer) = tokio::io::split(upgrade(&client).await);
    let reading = tokio::spawn(async move { reader.read_to_end(&mut Vec::new()).await.unwrap_err() });
    let writing = tokio::spawn(async move { writer.write_all(&[0; 4096]).await.unwrap_err() });
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!reading.is_finished() && !writing.is_finished());
    lost.notify_one();
    let errors = [writing.await.unwrap(), reading.await.unwrap()];
    assert!(errors.iter().all(|error| error.kind() == std::io::ErrorKind::ConnectionAborted), "{errors:?}");
    assert_eq!(errors.iter().filter(|error| is_revoked(error)).count(), 1, "{errors:?}");
}

#[tokio::test]
async fn a_connection_that_is_dropped_drops_its_revocation() {
    let lost = Arc::new(Notify::new());
    let (client, ended) = upgrading(&lost, WritePermit::unlimited(), true);
    let stream = upgrade(&client).await;
    drop(client);
    drop(stream);
    ended.notified().await;
    // The permit's future held the other.
    until(|| Arc::strong_count(&lost) == 1).await;
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_later_hook_that_refuses_tells_the_earlier_ones() {
    let first = Recorder::permitting();
    let client = fakes::answering(200, POD).derived(first.clone()).derived(Recorder::new(|| Err("no")));
    assert!(send(&client, Method::POST, PODS, POD).await.unwrap_err().is_not_permitted());
    assert_eq!(first.notes(), ["POST pods Some(\"shop/web\") not sent"]);
}

#[tokio::test]
async fn a_derived_client_shares_connections_counters_and_is_a_service() {
    let server = Server::plain(|_| async { answer(200, POD) }).await;
    let client = Client::new(config(&server.url("http"))).unwrap();
    let recorder = Recorder::permitting();
    let derived = client.derived(recorder.clone());
    send(&client, Method::POST, PODS, POD).await.unwrap();
    send(&derived, Method::POST, PODS, POD).await.unwrap();
    assert_eq!((server.connections(), client.counts().attempts()), (1, 2));
    recorder.notes();

    let wrapped = Client::with_service(derived, "default");
    send(&wrapped, Method::POST, PODS, POD).await.unwrap();
    let notes = recorder.notes();
    assert_eq!(notes, ["POST pods Some(\"shop/web\") done: "], "the body is read by the outer client");
    send(&wrapped, Method::GET, PODS, "").await.unwrap();
    assert_eq!(recorder.notes(), Vec::<String>::new());
}

#[test]
fn hooks_are_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    fn sent(_: impl Future + Send) {}
    let client = fakes::answering(200, POD).derived(Recorder::permitting());
    shared(&client);
    sent(send(&client, Method::POST, PODS, POD));
}
