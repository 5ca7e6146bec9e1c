//! The reports that a program gets of its requests: warnings, observations, spans.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::HeaderValue;
use kubernetes_client::Client;
use kubernetes_config::Credentials;
use kubernetes_core::{Execute, Path, Request};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, NoSubscriber};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};

use crate::server::{Answer, Server, answer};
use crate::{config, fetch, get, raw};

fn with_header(mut answer: Answer, name: &'static str, value: &'static str) -> Answer {
    answer.headers_mut().append(name, HeaderValue::from_static(value));
    answer
}

async fn warning_server() -> Server {
    Server::plain(|request| async move {
        let code = if request.uri().path() == "/missing" { 404 } else { 200 };
        let answer = with_header(answer(code, "hello"), "warning", r#"299 - "v1beta1 is deprecated", 199 - "other""#);
        with_header(answer, "warning", r#"299 hook "unknown field \"spec.x\"""#)
    })
    .await
}

#[tokio::test]
async fn hands_over_each_warning() {
    let server = warning_server().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&seen);
    let client = Client::builder(config(&server.url("http")))
        .on_warning(move |warning| {
            let line = format!("{} {} {}: {}", warning.method(), warning.path(), warning.agent(), warning.text());
            record.lock().unwrap().push(line);
        })
        .build()
        .unwrap();
    let expected =
        |path| [format!("GET {path} -: v1beta1 is deprecated"), format!(r#"GET {path} hook: unknown field "spec.x""#)];
    fetch(&client).await.unwrap();
    assert_eq!(std::mem::take(&mut *seen.lock().unwrap()), expected("/version"));
    client.open(get("/watch")).await.unwrap();
    assert_eq!(std::mem::take(&mut *seen.lock().unwrap()), expected("/watch"));
    client.execute(get("/missing"), raw).await.unwrap_err();
    assert_eq!(std::mem::take(&mut *seen.lock().unwrap()), expected("/missing"));

    fetch(&Client::with_service(client, "default")).await.unwrap();
    assert_eq!(std::mem::take(&mut *seen.lock().unwrap()), expected("/version"), "once, also through layers");
}

/// Writes down spans and events as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>, Arc<AtomicU64>);

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        write!(self.0, " {}={value}", field.name()).unwrap();
    }
}

impl Log {
    /// Installs it for this thread, beside a second subscriber: with a single one, a span that another test's thread is
    /// the first to reach stays disabled for all threads.
    fn install(&self) -> (Dispatch, DefaultGuard) {
        (Dispatch::new(NoSubscriber::default()), tracing::subscriber::set_default(self.clone()))
    }

    fn lines(&self, of: &str) -> Vec<String> {
        self.0.lock().unwrap().iter().filter(|line| line.starts_with(of)).cloned().collect()
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("kubernetes_client") && metadata.level() <= &Level::DEBUG
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut lines = self.0.lock().unwrap();
        let mut line = attributes.metadata().name().to_owned();
        attributes.record(&mut Fields(&mut line));
        lines.push(line);
        self.1.store(lines.len() as u64, Ordering::SeqCst);
        Id::from_u64(lines.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut lines = self.0.lock().unwrap();
        values.record(&mut Fields(&mut lines[span.into_u64() as usize - 1]));
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = event.metadata().level().to_string();
        event.record(&mut Fields(&mut line));
        self.0.lock().unwrap().push(line);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn logs_each_warning_once() {
    let log = Log::default();
    let _installed = log.install();
    let server = warning_server().await;
    let client = Client::new(config(&server.url("http"))).unwrap();
    for _ in 0..3 {
        fetch(&client.clone()).await.unwrap();
    }
    fetch(&Client::with_service(client, "default")).await.unwrap();
    let warnings = log.lines("WARN");
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("v1beta1 is deprecated") && warnings[0].contains("path=/version"), "{warnings:?}");
}

#[tokio::test]
async fn spans_have_opentelemetrys_names_and_no_secrets() {
    let log = Log::default();
    let _installed = log.install();
    let server = Server::plain(|request| async move {
        if request.uri().path().ends_with("/gone") { answer(410, "") } else { answer(200, "hello") }
    })
    .await;
    let mut config = config(&server.url("http"));
    config.credentials = Credentials::Token("s3cret".into());
    let client = Client::new(config).unwrap();
    let mut request = Request::new(http::Method::GET, Path::new("/api/v1/namespaces/{n}/pods/{p}", &["shop", "web"]));
    request.query.set("labelSelector", "s3cret");
    client.execute(request, raw).await.unwrap();
    client.execute(get("/apis/apps/v1/gone"), raw).await.unwrap_err();

    let spans = log.lines("HTTP");
    assert_eq!(spans.len(), 2, "{spans:?}");
    for part in [
        "otel.kind=client",
        "otel.name=GET /api/v1/namespaces/{namespace}/pods/{name}",
        "http.request.method=GET",
        "url.path=/api/v1/namespaces/shop/pods/web",
        "server.address=127.0.0.1",
        &format!("server.port={}", server.address.port()),
        "http.response.status_code=200",
        "http.response.body.size=5",
    ] {
        assert!(spans[0].contains(part), "{part} in {}", spans[0]);
    }
    assert!(!spans[0].contains("error.type"), "{}", spans[0]);
    assert!(spans[1].contains("http.response.status_code=410") && spans[1].contains("error.type=410"), "{}", spans[1]);
    assert!(spans[1].contains("otel.status_code=ERROR"), "{}", spans[1]);
    assert!(!log.0.lock().unwrap().concat().contains("s3cret"));
}

#[tokio::test]
async fn tells_of_each_attempt() {
    let server = Server::plain(|request| async move {
        match request.uri().path() {
            "/busy" => with_header(answer(429, "busy"), "retry-after", "0"),
            "/never" => std::future::pending().await,
            _ => answer(200, "hello"),
        }
    })
    .await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&seen);
    let client = Client::builder(config(&server.url("http"))).retries(2).observe(move |attempt| {
        let line = format!(
            "{} {} #{} {:?} {:?} {:?}",
            attempt.method(),
            attempt.path_template(),
            attempt.attempt(),
            attempt.status().map(|status| status.as_u16()),
            attempt.error_type(),
            attempt.bytes()
        );
        assert!(attempt.duration() < Duration::from_secs(5));
        record.lock().unwrap().push(line);
    });
    let client = client.build().unwrap();
    let take = || std::mem::take(&mut *seen.lock().unwrap());

    client.execute(get("/api/v1/namespaces/shop/pods/web"), raw).await.unwrap();
    assert_eq!(take(), ["GET /api/v1/namespaces/{namespace}/pods/{name} #1 Some(200) None Some(5)"]);
    client.open(get("/watch")).await.unwrap();
    assert_eq!(take(), ["GET /watch #1 Some(200) None None"]);
    client.execute(get("/busy"), raw).await.unwrap_err();
    let busy = [1, 2, 3].map(|number| format!(r#"GET /busy #{number} Some(429) Some("429") None"#));
    assert_eq!(take(), busy);
    let _ = tokio::time::timeout(Duration::from_millis(20), client.execute(get("/never"), raw)).await;
    assert_eq!(take(), [r#"GET /never #1 None Some("canceled") None"#]);
    client
        .execute(get("/version"), |_| Err::<(), _>(kubernetes_core::json::DecodeError::new("no", 0)))
        .await
        .unwrap_err();
    assert_eq!(take(), ["GET /version #1 Some(200) None Some(5)"], "an answer that nobody understands is an answer");
    fetch(&Client::with_service(client.clone(), "default")).await.unwrap();
    assert_eq!(take(), ["GET /version #1 Some(200) None None"], "as a service it does not read the body");

    // A clone counts with the client.
    let counts = client.counts();
    assert_eq!((counts.attempts(), counts.resent(), counts.failed()), (8, 2, 3));
    let results: Vec<_> = counts.iter().filter(|(_, count)| *count > 0).collect();
    let expected =
        [("attempts", 8), ("resent", 2), ("status_2xx", 4), ("status_4xx", 3), ("canceled", 1), ("bytes", 10)];
    assert_eq!(results, expected);
}

#[tokio::test]
async fn counts_what_got_no_answer() {
    let server = Server::plain(|_| std::future::pending()).await;
    let builder = Client::builder(config(&server.url("http"))).request_timeout(Duration::from_millis(20));
    let client = builder.observe(|attempt| assert_eq!(attempt.error_type(), Some("timeout"))).build().unwrap();
    client.execute(get("/never"), raw).await.unwrap_err();
    let nobody = Client::new(config("http://127.0.0.1:1")).unwrap();
    fetch(&nobody).await.unwrap_err();
    for (client, result) in [(client, "timeout"), (nobody, "connect")] {
        let counts: Vec<_> = client.counts().iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(counts, [("attempts", 1), (result, 1)]);
    }
}

#[tokio::test]
async fn a_rate_limit_slows_requests_down() {
    let server = Server::plain(crate::server::hello).await;
    let client = Client::builder(config(&server.url("http"))).rate_limit(100.0, 5).build().unwrap();
    let start = std::time::Instant::now();
    futures_util::future::join_all((0..15).map(|_| fetch(&client))).await;
    assert!(start.elapsed() >= Duration::from_millis(95), "{:?}", start.elapsed());
    for (per_second, burst) in [(0.0, 1), (1.0, 0), (f64::NAN, 1)] {
        let error = Client::builder(config(&server.url("http"))).rate_limit(per_second, burst).build().unwrap_err();
        assert!(error.to_string().contains("rate limit"), "{error}");
    }
}
