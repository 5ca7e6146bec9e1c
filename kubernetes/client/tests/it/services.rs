//! Injected services, and the client as one.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use kubernetes_client::{Body, Client, Error};
use kubernetes_core::version::Info;
use kubernetes_core::{GetRequest, Path};
use tower_service::Service;

use crate::server::{Server, answer, hello};
use crate::{chain, config, fakes, fetch};

#[tokio::test]
async fn gives_requests_to_the_service() {
    let client = fakes::client(|request| async move {
        assert_eq!(request.uri(), "/version?verbose=true");
        assert_eq!(request.method(), "POST");
        assert_eq!(request.headers()["content-type"], "text/plain");
        assert_eq!(request.into_body().collect().await.unwrap().to_bytes(), "ping");
        Response::new(Body::from(r#"{"gitVersion":"v1.37.2"}"#))
    });
    let mut request = GetRequest::<Info>::at(Path::new("/version", &[])).request().clone();
    request.method = http::Method::POST;
    request.query.set("verbose", true);
    request.body = Some((HeaderValue::from_static("text/plain"), Ok("ping".into())));
    let info = kubernetes_core::Execute::execute(&client, request, kubernetes_core::Encoded::decode::<Info>).await;
    assert_eq!(info.unwrap().git_version, "v1.37.2");
    assert_eq!(client.default_namespace(), "default");
}

/// A layer: adds a header, and fails on demand.
#[derive(Clone)]
struct Layer<S> {
    inner: S,
    broken: bool,
}

impl<S: Service<Request<Body>>> Service<Request<Body>> for Layer<S>
where
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = S::Response;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if self.broken {
            return Box::pin(async { Err(io::Error::other("the layer is broken").into()) });
        }
        request.headers_mut().insert("x-layer", HeaderValue::from_static("was here"));
        let response = self.inner.call(request);
        Box::pin(async { response.await.map_err(Into::into) })
    }
}

#[tokio::test]
async fn users_wrap_a_client_in_layers() {
    let server = Server::plain(hello).await;
    let inner = Client::new(config(&server.url("http"))).unwrap();
    let client = Client::with_service(Layer { inner, broken: false }, "shop");
    assert_eq!(fetch(&client).await.unwrap(), "hello");
    let requests = server.requests();
    assert_eq!(requests[0].header("x-layer"), Some("was here"));
    assert!(requests[0].header("user-agent").is_some());
    assert_eq!(format!("{client:?}"), r#"Client { server: an injected service, default_namespace: "shop", .. }"#);
}

#[tokio::test]
async fn errors_keep_their_meaning_through_layers() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let inner = Client::new(config(&format!("http://{address}"))).unwrap();
    let client = Client::with_service(Layer { inner, broken: false }, "default");
    let error = fetch(&client).await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    assert_eq!(error.path(), Some("/version"));

    let client = Client::with_service(Layer { inner: client, broken: true }, "default");
    let error = fetch(&client).await.unwrap_err();
    assert!(!error.is_connect() && error.is_retryable(), "{error:?}");
    let expected = "GET /version failed: the connection failed before the response: the layer is broken";
    assert_eq!(chain(&error), expected);
}

#[tokio::test]
async fn a_client_as_a_service_leaves_the_status_alone() {
    let server = Server::plain(|_| async { answer(404, "nothing here") }).await;
    let mut client = Client::new(config(&server.url("http"))).unwrap();
    let response = client.call(Request::get("/no/such/path").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 404);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "nothing here");
    assert!(fetch(&client).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn takes_bodies_of_any_type() {
    #[derive(Clone)]
    struct Canned;
    impl Service<Request<Body>> for Canned {
        type Response = Response<Full<io::Cursor<&'static [u8]>>>;
        type Error = Error;
        type Future = std::future::Ready<Result<Self::Response, Error>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Request<Body>) -> Self::Future {
            std::future::ready(Ok(Response::new(Full::new(io::Cursor::new(b"canned")))))
        }
    }
    assert_eq!(fetch(&Client::with_service(Canned, "default")).await.unwrap(), "canned");
}

#[test]
fn is_shared_between_threads() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    shared::<Client>();
    fn sent<T: Send + Unpin + 'static>() {}
    sent::<Body>();
    fn error<T: std::error::Error + Send + Sync + 'static>() {}
    error::<Error>();
    assert!(size_of::<Result<(), Error>>() <= size_of::<usize>(), "an error costs no room where none happens");
}

#[tokio::test]
async fn an_injected_service_has_settings() {
    let (asked, observed) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let count = Arc::clone(&asked);
    let busy = fakes::service(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        async {
            let answer = Response::builder().status(503).header("retry-after", "0");
            answer.body(Body::from("{}")).unwrap()
        }
    });
    let seen = Arc::clone(&observed);
    let client = Client::service_builder(busy, "shop").retries(2).observe(move |_| {
        seen.fetch_add(1, Ordering::Relaxed);
    });
    let client = client.build().unwrap();
    assert_eq!(client.default_namespace(), "shop");
    fetch(&client).await.unwrap_err();
    assert_eq!((asked.load(Ordering::Relaxed), observed.load(Ordering::Relaxed)), (3, 3), "one try, and two retries");

    let silent = fakes::service(|_| std::future::pending());
    let client = Client::service_builder(silent, "shop").request_timeout(Duration::from_millis(10)).build().unwrap();
    assert!(fetch(&client).await.unwrap_err().is_timeout());

    let silent = fakes::service(|_| std::future::pending());
    let error = Client::service_builder(silent, "shop").rate_limit(0.0, 1).build().unwrap_err();
    assert!(error.to_string().contains("rate limit"), "{error}");
}
