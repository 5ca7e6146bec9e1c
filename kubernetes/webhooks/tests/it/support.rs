//! A service to call, and resources of the tests.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use kubernetes_core::conversion::Spoke;
use kubernetes_core::{ObjectMeta, resource};
use kubernetes_webhooks::{Converter, Webhooks};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower_service::Service as _;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Lantern {
    pub(crate) metadata: ObjectMeta,
    #[serde(default)]
    pub(crate) color: String,
    #[serde(default)]
    pub(crate) bulbs: i32,
}

/// The version before, without bulbs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct OldLantern {
    pub(crate) metadata: ObjectMeta,
    #[serde(default)]
    pub(crate) paint: String,
}

/// The version before that, which can't hold every color.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct OldestLantern {
    pub(crate) metadata: ObjectMeta,
    #[serde(default)]
    pub(crate) is_red: bool,
}

resource!(Lantern: "light.example.com" / "v1" / "Lantern", "lanterns", namespaced, watch, serde);
resource!(OldLantern: "light.example.com" / "v1beta1" / "Lantern", "lanterns", namespaced, watch, serde);
resource!(OldestLantern: "light.example.com" / "v1alpha1" / "Lantern", "lanterns", namespaced, watch, serde);

impl Spoke for OldLantern {
    type Hub = Lantern;

    fn to_hub(&self) -> Lantern {
        assert!(self.paint != "panic", "a bug");
        Lantern { color: self.paint.clone(), bulbs: 1, ..Lantern::default() }
    }

    fn from_hub(hub: &Lantern) -> Self {
        Self { paint: hub.color.clone(), ..Self::default() }
    }
}

impl Spoke for OldestLantern {
    type Hub = Lantern;

    fn to_hub(&self) -> Lantern {
        let color = if self.is_red { "red" } else { "white" };
        Lantern { color: color.to_owned(), bulbs: 1, ..Lantern::default() }
    }

    fn from_hub(hub: &Lantern) -> Self {
        Self { is_red: hub.color == "red", ..Self::default() }
    }
}

pub(crate) fn converter() -> Converter<Lantern> {
    Converter::hub::<Lantern>().spoke::<OldLantern>().spoke::<OldestLantern>()
}

/// A lantern as the API server sends it.
pub(crate) fn lantern(color: &str) -> Value {
    json!({
        "apiVersion": "light.example.com/v1",
        "kind": "Lantern",
        "metadata": {"name": "porch", "namespace": "home"},
        "color": color,
    })
}

/// A review as the API server sends it; `null` objects are left out there, too.
pub(crate) fn review(operation: &str, object: &Value, old_object: &Value) -> Value {
    let kind = json!({"group": "light.example.com", "version": "v1", "kind": "Lantern"});
    let resource = json!({"group": "light.example.com", "version": "v1", "resource": "lanterns"});
    json!({
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "u-1",
            "kind": kind,
            "resource": resource,
            "requestKind": kind,
            "requestResource": resource,
            "name": "porch",
            "namespace": "home",
            "operation": operation,
            "userInfo": {"username": "ann", "groups": ["system:authenticated"]},
            "object": object,
            "oldObject": old_object,
            "dryRun": false,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
        },
    })
}

pub(crate) const VALIDATE: &str = "/validate-light-example-com-v1-lantern";
pub(crate) const MUTATE: &str = "/mutate-light-example-com-v1-lantern";

/// Sends any request to the webhooks.
pub(crate) async fn send(webhooks: &Webhooks, request: Request<Full<Bytes>>) -> (StatusCode, Bytes) {
    let response = webhooks.clone().call(request).await.expect("the service never fails");
    let status = response.status();
    (status, response.into_body().collect().await.expect("the body is in memory").to_bytes())
}

/// Sends JSON, and returns the `response` of the review that comes back.
pub(crate) async fn post(webhooks: &Webhooks, path: &str, body: &Value) -> Value {
    let request = Request::post(path).header("content-type", "application/json");
    let (status, body) = send(webhooks, request.body(body.to_string().into()).expect("a request")).await;
    assert_eq!(status, StatusCode::OK, "{body:?}");
    let review: Value = serde_json::from_slice(&body).expect("a review");
    review["response"].clone()
}

/// The log of a test, on its thread, until this is dropped.
pub(crate) struct Log {
    file: tempfile::NamedTempFile,
    /// With a single subscriber, a span that another test's thread is the first to reach stays disabled for all threads.
    _second: tracing::Dispatch,
    _guard: tracing::subscriber::DefaultGuard,
}

impl Log {
    pub(crate) fn start(level: tracing::Level) -> Self {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let writer = Mutex::new(file.reopen().expect("the file"));
        let subscriber = tracing_subscriber::fmt().with_max_level(level).with_ansi(false).with_writer(writer);
        let second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
        let guard = tracing::subscriber::set_default(subscriber.finish());
        Self { file, _second: second, _guard: guard }
    }

    pub(crate) fn text(&self) -> String {
        std::fs::read_to_string(self.file.path()).expect("the log")
    }
}

/// The notes of handlers.
#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    pub(crate) fn add(&self, note: impl Into<String>) {
        self.0.lock().expect("no test panics with it").push(note.into());
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().expect("no test panics with it").clone()
    }
}

/// The patch of a response, decoded.
pub(crate) fn patch(response: &Value) -> Value {
    let encoded: kubernetes_core::ByteString =
        kubernetes_core::json::from_str(&response["patch"].to_string()).expect("base64");
    serde_json::from_slice(&encoded).expect("a patch is JSON")
}

/// A function as a service.
#[derive(Clone)]
pub(crate) struct Function<F>(pub(crate) F);

impl<F, T> tower_service::Service<Request<Full<Bytes>>> for Function<F>
where
    F: Fn(Request<Full<Bytes>>) -> T,
    T: Future<Output = Result<http::Response<Full<Bytes>>, std::convert::Infallible>>,
{
    type Response = http::Response<Full<Bytes>>;
    type Error = std::convert::Infallible;
    type Future = T;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> T {
        (self.0)(request)
    }
}

/// A webhook that answers the review of a request, with its query, as a function says.
pub(crate) fn answering(
    answer: impl Fn(&str, &Value) -> Value + Clone + Send + Sync + 'static,
) -> impl tower_service::Service<
    Request<Full<Bytes>>,
    Response = http::Response<Full<Bytes>>,
    Error = std::convert::Infallible,
    Future: Send,
> + Clone
+ Send
+ Sync
+ 'static {
    Function(move |request: Request<Full<Bytes>>| {
        let answer = answer.clone();
        async move {
            let query = request.uri().query().unwrap_or_default().to_owned();
            let body = request.into_body().collect().await.expect("it is in memory").to_bytes();
            let review = serde_json::from_slice(&body).expect("a review");
            Ok::<_, std::convert::Infallible>(http::Response::new(Full::from(answer(&query, &review).to_string())))
        }
    })
}
