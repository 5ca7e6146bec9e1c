//! Informers of kinds beside servers that lag, refuse and recover.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use http::header::CONTENT_TYPE;
use http::{Request, Response};
use kubernetes_client::{Body, Client, Error};
use kubernetes_core::GroupVersionKind;
use kubernetes_dynamic::{KindInformer, Mapper};
use kubernetes_testing::{Fault, TestServer};
use kubernetes_watch::StoreEvent;
use serde_json::json;
use tokio::time::Instant;
use tower_service::Service;

use crate::informer::{any_version, create, has, is_served};
use crate::server::{define, definition, object, undefine};

/// A server that may go on to answer `/apis` with its last document, or not know what lanterns there are.
#[derive(Clone)]
struct Lagging {
    client: Client,
    forgets: Arc<AtomicBool>,
    last: Arc<Mutex<Option<Response<Bytes>>>>,
    until: Arc<Mutex<Instant>>,
}

impl Lagging {
    fn new(client: Client) -> Self {
        Self { client, forgets: Arc::default(), last: Arc::default(), until: Arc::new(Mutex::new(Instant::now())) }
    }

    fn lag(&self, time: Duration) {
        *self.until.lock().unwrap() = Instant::now() + time;
    }

    async fn send(mut self, request: Request<Body>) -> Result<Response<Body>, Error> {
        if request.uri().path() != "/apis" {
            return self.client.call(request).await;
        }
        if Instant::now() >= *self.until.lock().unwrap() {
            let (head, body) = self.client.call(request).await?.into_parts();
            let chunks: Vec<Bytes> = body.try_collect().await?;
            let mut document = chunks.concat();
            if self.forgets.load(Ordering::SeqCst) {
                document = without_lanterns(&document);
            }
            *self.last.lock().unwrap() = Some(Response::from_parts(head, Bytes::from(document)));
        }
        let last = self.last.lock().unwrap();
        let last = last.as_ref().expect("it was asked before it lagged");
        let response = Response::builder().header(CONTENT_TYPE, &last.headers()[CONTENT_TYPE]).status(last.status());
        Ok(response.body(Body::from(last.body().clone())).unwrap())
    }
}

/// The document of a server that was restarted while the one that it forwards lanterns to does not answer.
fn without_lanterns(document: &[u8]) -> Vec<u8> {
    let mut document: serde_json::Value = serde_json::from_slice(document).unwrap();
    for group in document["items"].as_array_mut().unwrap() {
        if group["metadata"]["name"] == "light.example.com" {
            group["versions"] = json!([{"version": "v1", "freshness": "Stale"}]);
        }
    }
    document.to_string().into_bytes()
}

impl Service<Request<Body>> for Lagging {
    type Response = Response<Body>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.clone().send(request))
    }
}

#[tokio::test(start_paused = true)]
async fn a_version_that_discovery_shows_after_the_watch_event_is_not_missed() {
    let server = TestServer::in_process();
    let lagging = Lagging::new(server.client());
    let client = Client::with_service(lagging.clone(), "default");
    let mapper = Mapper::new(&client);
    define(&mapper, &client, "Namespaced", &["v1"]).await;
    let mut informer = KindInformer::start(&mapper, &any_version());
    is_served(&mut informer, Some("v1")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;

    let definitions = mapper.resource("crd").await.unwrap().cluster();
    let current = definitions.read("lanterns.light.example.com").send(&client).await.unwrap();
    let mut changed = object(definition("Namespaced", &["v1", "v2"]));
    changed.metadata.resource_version = current.metadata.resource_version.clone();
    lagging.lag(Duration::from_secs(2));
    let begun = Instant::now();
    definitions.replace(&changed).send(&client).await.unwrap();
    is_served(&mut informer, Some("v2")).await;
    let waited = begun.elapsed();
    assert!(waited >= Duration::from_secs(2) && waited < Duration::from_secs(5), "{waited:?}");

    // Once the server has settled, it is left alone.
    tokio::time::sleep(Duration::from_secs(10)).await;
    server.forget_requests();
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert!(server.requests().iter().all(|request| !request.path.ends_with("/apis")));
}

#[tokio::test(start_paused = true)]
async fn objects_of_a_kind_whose_server_does_not_tell_its_resources_are_kept() {
    let server = TestServer::in_process();
    let lagging = Lagging::new(server.client());
    let client = Client::with_service(lagging.clone(), "default");
    let mapper = Mapper::new(&client);
    define(&mapper, &client, "Namespaced", &["v1"]).await;
    let mut informer = KindInformer::start(&mapper, &any_version());
    let resource = is_served(&mut informer, Some("v1")).await.unwrap();
    create(&client, &resource, "red").await;
    has(&informer, &["red"]).await;
    let mut events = informer.subscribe();
    assert!(matches!(events.next().await, Some(StoreEvent::Added(_))));

    lagging.forgets.store(true, Ordering::SeqCst);
    mapper.invalidate();
    tokio::time::sleep(Duration::from_secs(1800)).await;
    assert!(mapper.kind(&any_version()).await.unwrap_err().is_no_match());
    assert_eq!(informer.resource().as_ref(), Some(&resource));
    create(&client, &resource, "blue").await;
    has(&informer, &["blue", "red"]).await;
    assert!(matches!(events.next().await, Some(StoreEvent::Added(object)) if object.name() == "blue"));

    // Once the server knows again, what it tells counts.
    lagging.forgets.store(false, Ordering::SeqCst);
    undefine(&mapper, &client).await;
    is_served(&mut informer, None).await;
    has(&informer, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn objects_of_a_kind_that_goes_while_its_server_refuses_are_deleted() {
    let server = TestServer::in_process();
    let client = server.client();
    let mapper = Mapper::new(&client);
    define(&mapper, &client, "Namespaced", &["v1"]).await;
    let mut informer = KindInformer::start(&mapper, &any_version());
    let resource = is_served(&mut informer, Some("v1")).await.unwrap();
    create(&client, &resource, "red").await;
    has(&informer, &["red"]).await;
    server.inject(Fault::status(403).resource("lanterns").always());
    // The watch ends after some minutes, as the API server does it; then it is refused, ever more seldom.
    tokio::time::sleep(Duration::from_secs(1800)).await;
    has(&informer, &["red"]).await;
    undefine(&mapper, &client).await;
    is_served(&mut informer, None).await;
    has(&informer, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn delays_start_over_after_a_resource_was_followed_for_a_while() {
    let server = TestServer::in_process();
    let client = server.client();
    let mapper = Mapper::new(&client);
    server.inject(Fault::status(403).resource("configmaps").times(6));
    let informer = KindInformer::start(&mapper, &GroupVersionKind::new("", "v1", "ConfigMap"));
    let asked = || server.requests().iter().filter(|request| request.resource() == "configmaps").count();
    let is_asked = async |times: usize| {
        while asked() < times {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Instant::now()
    };
    informer.store().wait_until_ready().await.unwrap();
    let before = asked();
    server.inject(Fault::status(403).resource("configmaps").times(2));
    let refused = is_asked(before + 2).await;
    let again = is_asked(before + 3).await;
    assert!(again - refused < Duration::from_secs(5), "{:?}", again - refused);
}
