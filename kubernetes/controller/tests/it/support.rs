//! Types, objects and a log of runs, which the tests share.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kubernetes_client::{Client, Error};
use kubernetes_controller::{Action, Context, Controller, ControllerError, Monitor, Runner, Source};
use kubernetes_core::{
    CreateRequest, DeleteRequest, ListRequest, NamespacedResource, Object, ObjectMeta, Patch, PatchRequest, Resource,
    Watchable,
};
use kubernetes_testing::{CustomResource, TestServer};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// The objects of controllers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Widget {
    #[serde(default)]
    pub(crate) metadata: ObjectMeta,
    #[serde(default)]
    pub(crate) spec: Spec,
    #[serde(default)]
    pub(crate) status: serde_json::Value,
}

/// The objects that others own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Gadget {
    #[serde(default)]
    pub(crate) metadata: ObjectMeta,
    #[serde(default)]
    pub(crate) spec: Spec,
}

/// Objects in no namespace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Zone {
    #[serde(default)]
    pub(crate) metadata: ObjectMeta,
    #[serde(default)]
    pub(crate) spec: Spec,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spec {
    #[serde(default)]
    pub(crate) size: u32,
    #[serde(default, rename = "ref", skip_serializing_if = "String::is_empty")]
    pub(crate) reference: String,
}

kubernetes_core::resource!(Widget: "example.com" / "v1" / "Widget", "widgets", namespaced, watch, serde);
kubernetes_core::resource!(Gadget: "example.com" / "v1" / "Gadget", "gadgets", namespaced, watch, serde);
kubernetes_core::resource!(Zone: "example.com" / "v1" / "Zone", "zones", cluster, watch, serde);

pub(crate) fn server() -> TestServer {
    builder().in_process()
}

pub(crate) fn builder() -> kubernetes_testing::TestServerBuilder {
    TestServer::builder()
        .resource(CustomResource::of::<Widget>().with_status())
        .resource(CustomResource::of::<Gadget>())
        .resource(CustomResource::of::<Zone>().cluster_scoped())
        .namespace("shop")
}

pub(crate) fn widgets() -> ListRequest<Widget> {
    ListRequest::all_namespaces()
}

pub(crate) fn gadgets() -> ListRequest<Gadget> {
    ListRequest::all_namespaces()
}

/// The objects of some namespaces.
pub(crate) fn in_namespaces<K: NamespacedResource + Watchable>(namespaces: &[&str]) -> Source<K> {
    namespaces.iter().map(ListRequest::namespaced).collect()
}

pub(crate) fn controller(client: &Client) -> Controller<Widget> {
    Controller::new(client, widgets()).named("widgets")
}

pub(crate) async fn create(client: &Client, name: &str) -> Widget {
    create_in(client, "default", &Widget::named(name)).await
}

pub(crate) async fn create_in<K>(client: &Client, namespace: &str, object: &K) -> K
where
    K: kubernetes_core::NamespacedResource,
{
    CreateRequest::namespaced(namespace, object).send(client).await.expect("an object that is created")
}

/// Creates a gadget that belongs to `owner`, as to its controller or not.
pub(crate) async fn create_owned<O: Object>(client: &Client, name: &str, owner: &O, controller: bool) -> Gadget {
    let mut gadget = Gadget::named(name);
    gadget.metadata.owner_references = owner.owner_ref(controller).into_iter().collect();
    create_in(client, owner.metadata().namespace.as_deref().unwrap_or("default"), &gadget).await
}

pub(crate) async fn merge<K>(client: &Client, name: &str, changes: serde_json::Value) -> K
where
    K: kubernetes_core::NamespacedResource,
{
    let patch = Patch::merge(&changes);
    PatchRequest::<K>::namespaced("default", name, &patch).send(client).await.expect("an object that is changed")
}

pub(crate) async fn resize(client: &Client, name: &str, size: u32) -> Widget {
    merge(client, name, serde_json::json!({"spec": {"size": size}})).await
}

pub(crate) async fn delete<K: kubernetes_core::NamespacedResource>(client: &Client, name: &str) {
    DeleteRequest::<K>::namespaced("default", name).send(client).await.expect("an object that is deleted");
}

/// The names of all objects of a type, in all namespaces.
pub(crate) async fn names<K: Resource>(client: &Client) -> Vec<String> {
    let list = ListRequest::<K>::at(kubernetes_core::Path::of::<K>(None)).send(client).await.expect("a list");
    list.items.iter().map(|object| object.metadata().name.clone().unwrap_or_default().to_string()).collect()
}

/// Lets everything happen that needs no time to pass, and what needs a little.
pub(crate) async fn settle() {
    tokio::time::sleep(SECOND / 4).await;
}

/// The definition of a kind of `example.com`.
pub(crate) fn definition(kind: &str, plural: &str) -> String {
    format!(
        "{{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {{name: {plural}.example.com}}, \
         spec: {{group: example.com, scope: Namespaced, names: {{plural: {plural}, kind: {kind}}}, versions: [{{name: v1, \
         served: true, storage: true, schema: {{openAPIV3Schema: {{type: object, \
         x-kubernetes-preserve-unknown-fields: true}}}}}}]}}}}"
    )
}

/// A log of runs.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn push(&self, entry: impl Into<String>) {
        self.0.lock().unwrap().push(entry.into());
    }

    /// The entries since the last call, after everything has settled.
    pub(crate) async fn take(&self) -> Vec<String> {
        settle().await;
        std::mem::take(&mut self.0.lock().unwrap())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// A reconcile function that logs the object's name and the reasons.
    pub(crate) fn reconcile(
        &self,
    ) -> impl Fn(Arc<Widget>, Context<Widget>) -> std::future::Ready<Result<Action, Error>> + Send + Sync + 'static
    {
        let log = self.clone();
        move |widget, context| {
            let reasons: Vec<_> = context.reasons().iter().map(ToString::to_string).collect();
            log.push(format!("{}: {}", widget.name(), reasons.join(", ")));
            std::future::ready(Ok(Action::await_change()))
        }
    }
}

/// A controller that runs.
pub(crate) struct Running {
    pub(crate) monitor: Monitor,
    shutdown: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<(), ControllerError>>,
}

impl Running {
    pub(crate) fn start<K, F, R, E>(controller: Controller<K>, reconcile: F) -> Self
    where
        K: Watchable,
        F: Fn(Arc<K>, Context<K>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Action, E>> + Send + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Self::start_with(controller, reconcile, |_| {})
    }

    /// Like [`start`](Self::start), and calls a function with the runner before.
    pub(crate) fn start_with<K, F, R, E>(
        controller: Controller<K>,
        reconcile: F,
        before: impl FnOnce(&mut Runner<K>),
    ) -> Self
    where
        K: Watchable,
        F: Fn(Arc<K>, Context<K>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Action, E>> + Send + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let mut runner = controller.runner(reconcile);
        before(&mut runner);
        let (sender, receiver) = oneshot::channel();
        let monitor = runner.monitor();
        let task = tokio::spawn(runner.run_until(async move { drop(receiver.await) }));
        Self { monitor, shutdown: Some(sender), task }
    }

    /// Starts a controller that logs its runs, and lets it handle what exists.
    pub(crate) async fn logging(controller: Controller<Widget>) -> (Self, Log) {
        let log = Log::default();
        let running = Self::start(controller, log.reconcile());
        settle().await;
        (running, log)
    }

    /// Stops it, and waits until it has ended.
    pub(crate) async fn stop(mut self) -> Result<(), ControllerError> {
        self.shutdown.take();
        (&mut self.task).await.expect("a controller does not panic")
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    pub(crate) async fn result(mut self) -> Result<(), ControllerError> {
        (&mut self.task).await.expect("a controller does not panic")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Ends a task with the test.
pub(crate) struct AbortOnDrop<T>(pub(crate) JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A client whose requests wait for a future before they are sent.
pub(crate) fn intercepted<F, R>(client: &Client, before: F) -> Client
where
    F: Fn(&http::Request<kubernetes_client::Body>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let client = client.clone();
    let service = ServiceFn(move |request: http::Request<kubernetes_client::Body>| {
        let (mut client, waiting) = (client.clone(), before(&request));
        async move {
            waiting.await;
            tower_service::Service::call(&mut client, request).await
        }
    });
    Client::with_service(service, "default")
}

/// A client whose patch of this number to a path is sent late.
pub(crate) fn late_patch(client: &Client, path: &'static str, number: u32, by: Duration) -> Client {
    let count = Arc::new(AtomicU32::new(0));
    intercepted(client, move |request| {
        let is_meant = request.method() == http::Method::PATCH && request.uri().path().ends_with(path);
        let is_late = is_meant && count.fetch_add(1, Ordering::SeqCst) + 1 == number;
        async move {
            if is_late {
                tokio::time::sleep(by).await;
            }
        }
    })
}

/// A client whose writes are carried out at once, and answered later.
pub(crate) fn slow_responses(client: &Client, by: Duration) -> Client {
    let client = client.clone();
    let service = ServiceFn(move |request: http::Request<kubernetes_client::Body>| {
        let mut client = client.clone();
        async move {
            let is_read = request.method().is_safe();
            let response = tower_service::Service::call(&mut client, request).await;
            if !is_read {
                tokio::time::sleep(by).await;
            }
            response
        }
    });
    Client::with_service(service, "default")
}

/// A service that is a function.
#[derive(Clone)]
struct ServiceFn<F>(F);

impl<F, R, T, E> tower_service::Service<http::Request<kubernetes_client::Body>> for ServiceFn<F>
where
    F: Fn(http::Request<kubernetes_client::Body>) -> R,
    R: Future<Output = Result<T, E>>,
{
    type Response = T;
    type Error = E;
    type Future = R;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), E>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<kubernetes_client::Body>) -> R {
        (self.0)(request)
    }
}
