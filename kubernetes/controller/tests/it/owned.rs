//! Sets of owned objects.

use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Poll};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::{Either, Full};
use kubernetes_client::{Body, Client};
use kubernetes_controller::{Action, Context, OwnedChange, OwnedError, Source};
use kubernetes_core::{ApplyRequest, Object, ReadRequest};
use kubernetes_testing::{Fault, ResponseBody, TestServer, TestService};
use tower_service::Service;

use crate::support::*;

/// A gadget of a size, of a name that begins with its owner's.
fn gadget(owner: &Widget, name: &str, size: u32) -> Gadget {
    let mut gadget = Gadget::named(format!("{}-{name}", owner.name()));
    gadget.spec.size = size;
    gadget
}

fn logged(log: &Log, result: Result<Vec<OwnedChange>, OwnedError>) -> Result<Action, OwnedError> {
    let changes = result?;
    let changes: Vec<_> = changes.iter().map(|change| format!("{:?} {}", change.change, change.key.name())).collect();
    log.push(changes.join(", "));
    Ok(Action::await_change())
}

/// The log without repeated runs that have changed nothing.
async fn changes(log: &Log) -> Vec<String> {
    let mut changes = log.take().await;
    changes.retain(|change| change.split(", ").any(|change| !change.starts_with("Unchanged")) && !change.is_empty());
    changes
}

/// Each widget has as many gadgets as its size.
fn as_many_as_its_size(
    log: &Log,
) -> impl Fn(Arc<Widget>, Context<Widget>) -> BoxFuture<'static, Result<Action, OwnedError>> + Send + Sync + 'static {
    let log = log.clone();
    move |widget, context| {
        let log = log.clone();
        Box::pin(async move {
            let children: Vec<_> = (0..widget.spec.size).map(|index| gadget(&widget, &index.to_string(), 1)).collect();
            logged(&log, context.apply_owned(&*widget, children).await)
        })
    }
}

#[tokio::test(start_paused = true)]
async fn children_come_change_and_go() {
    let server = server();
    let client = server.client();
    let log = Log::default();
    let running = Running::start(controller(&client).owns(gadgets()), as_many_as_its_size(&log));
    settle().await;
    create(&client, "a").await;
    resize(&client, "a", 2).await;
    assert_eq!(changes(&log).await, ["Created a-0, Created a-1"]);
    let child = ReadRequest::<Gadget>::namespaced("default", "a-0").send(&client).await.unwrap();
    assert_eq!(child.controller().map(|owner| owner.name.as_str()), Some("a"));
    let writes =
        || server.requests().iter().filter(|request| !["list", "watch", "get"].contains(&request.verb())).count();
    let before = writes();
    merge::<Widget>(&client, "a", serde_json::json!({"metadata": {"labels": {"a": "b"}}})).await;
    assert_eq!(log.take().await, ["Unchanged a-0, Unchanged a-1"]);
    assert_eq!(writes(), before + 1, "nothing is sent but the label");
    // A change by hand is undone, and so is a deletion.
    merge::<Gadget>(&client, "a-1", serde_json::json!({"spec": {"size": 9}})).await;
    assert_eq!(changes(&log).await, ["Unchanged a-0, Updated a-1"]);
    delete::<Gadget>(&client, "a-0").await;
    assert_eq!(changes(&log).await, ["Created a-0, Unchanged a-1"]);
    resize(&client, "a", 1).await;
    assert_eq!(changes(&log).await, ["Unchanged a-0, Deleted a-1"]);
    resize(&client, "a", 0).await;
    assert_eq!(changes(&log).await, ["Deleted a-0"]);
    assert_eq!(names::<Gadget>(&client).await, [""; 0]);
    assert_eq!(running.monitor.counts().errors, 0);
}

/// An apply whose effect is known is not repeated, though the fields do not tell: the store has no managed fields, and a
/// server may answer with others than it was sent.
#[tokio::test(start_paused = true)]
async fn an_apply_is_not_repeated_without_managed_fields() {
    let server = server();
    let client = server.client();
    let log = Log::default();
    let source = Source::new(gadgets()).drop_managed_fields();
    let running = Running::start(controller(&client).owns(source), as_many_as_its_size(&log));
    settle().await;
    create(&client, "a").await;
    resize(&client, "a", 1).await;
    assert_eq!(changes(&log).await, ["Created a-0"]);
    let applies = || server.requests().iter().filter(|request| request.verb() == "patch").count();
    let before = applies();
    merge::<Widget>(&client, "a", serde_json::json!({"metadata": {"labels": {"a": "b"}}})).await;
    assert_eq!(log.take().await, ["Unchanged a-0"]);
    assert_eq!(applies(), before + 1, "nothing is sent but the label");
    // Another version of it may be anything.
    merge::<Gadget>(&client, "a-0", serde_json::json!({"spec": {"size": 9}})).await;
    assert_eq!(changes(&log).await, ["Updated a-0"]);
    delete::<Gadget>(&client, "a-0").await;
    assert_eq!(changes(&log).await, ["Created a-0"]);
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn objects_of_others_are_not_deleted() {
    let server = server();
    let client = server.client();
    let widget = create(&client, "a").await;
    // Of the same owner, but made otherwise; of another owner, and of none.
    create_owned(&client, "by-hand", &widget, true).await;
    let other = create(&client, "b").await;
    create_owned(&client, "of-b", &other, true).await;
    create_in(&client, "default", &Gadget::named("of-nobody")).await;
    let mut theirs = Gadget::named("theirs");
    theirs.set_controller(&widget).unwrap_err();
    theirs.metadata.namespace = Some("default".into());
    theirs.set_controller(&widget).unwrap();
    ApplyRequest::namespaced("default", &theirs, "somebody").send(&client).await.unwrap();
    let log = Log::default();
    let running = Running::start(controller(&client).owns(gadgets()), as_many_as_its_size(&log));
    resize(&client, "a", 1).await;
    settle().await;
    resize(&client, "a", 0).await;
    settle().await;
    assert_eq!(names::<Gadget>(&client).await, ["by-hand", "of-b", "of-nobody", "theirs"]);
    running.stop().await.unwrap();
}

/// Several sets of the same type, and types without a source.
#[tokio::test(start_paused = true)]
async fn sets_have_names_and_need_no_store() {
    for has_source in [true, false] {
        let server = server();
        let client = server.client();
        let log = Log::default();
        let controller = controller(&client);
        let controller = if has_source { controller.owns(gadgets()) } else { controller };
        let running = Running::start(controller, {
            let log = log.clone();
            move |widget: Arc<Widget>, context: Context<Widget>| {
                let log = log.clone();
                async move {
                    let first = (widget.spec.size < 2).then(|| gadget(&widget, "first", 1));
                    context.owned_set(&*widget).named("one").children(first).apply().await?;
                    let set = context.owned_set(&*widget).named("two").child(gadget(&widget, "second", 1));
                    logged(&log, set.prune::<Widget>().apply().await)
                }
            }
        });
        settle().await;
        create(&client, "a").await;
        settle().await;
        assert_eq!(names::<Gadget>(&client).await, ["a-first", "a-second"], "{has_source}");
        resize(&client, "a", 2).await;
        settle().await;
        assert_eq!(names::<Gadget>(&client).await, ["a-second"], "{has_source}");
        assert_eq!(running.monitor.counts().errors, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_deleted_if_a_child_can_not_be_applied() {
    let server = server();
    let client = server.client();
    let (log, errors) = (Log::default(), Arc::new(Mutex::new(Vec::new())));
    let reconcile = as_many_as_its_size(&log);
    let running = Running::start(controller(&client).owns(gadgets()), {
        let errors = Arc::clone(&errors);
        move |widget, context| {
            let (running, errors) = (reconcile(widget, context), Arc::clone(&errors));
            async move { running.await.inspect_err(|error| errors.lock().unwrap().push(error.to_string())) }
        }
    });
    create(&client, "a").await;
    resize(&client, "a", 2).await;
    settle().await;
    server.inject(Fault::status(500).verb("patch").resource("gadgets").always());
    delete::<Gadget>(&client, "a-0").await;
    resize(&client, "a", 1).await;
    settle().await;
    assert_eq!(names::<Gadget>(&client).await, ["a-1"]);
    assert_eq!(errors.lock().unwrap()[0], "applying Gadget default/a-0 failed");
    // Of another namespace: no object there can be owned.
    running.stop().await.unwrap();
    let running = Running::start(controller(&client), |widget: Arc<Widget>, context: Context<Widget>| async move {
        let mut child = gadget(&widget, "far", 1);
        child.metadata.namespace = Some("shop".into());
        let error = context.apply_owned(&*widget, [child]).await.unwrap_err();
        assert_eq!(error.to_string(), "can't apply Gadget shop/a-far");
        assert!(error.client_error().is_none());
        Ok::<_, OwnedError>(Action::await_change())
    });
    settle().await;
    assert_eq!((running.monitor.counts().successes, running.monitor.counts().errors), (1, 0));
}

/// A server on which the size of a gadget can't be changed.
#[derive(Clone)]
struct Immutable {
    server: TestService,
    message: &'static str,
    is_deleted: Arc<Mutex<bool>>,
}

impl Service<http::Request<Body>> for Immutable {
    type Response = http::Response<Either<ResponseBody, Full<Bytes>>>;
    type Error = <TestService as Service<http::Request<Body>>>::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut TaskContext<'_>) -> Poll<Result<(), Self::Error>> {
        Service::<http::Request<Body>>::poll_ready(&mut self.server, context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let mut is_deleted = self.is_deleted.lock().unwrap();
        *is_deleted |= request.method() == http::Method::DELETE;
        if request.method() == http::Method::PATCH && request.uri().path().contains("/gadgets/") && !*is_deleted {
            let response = http::Response::builder().status(422).header("content-type", "application/json");
            let body = Either::Right(Full::new(Bytes::from_static(self.message.as_bytes())));
            return Box::pin(async move { Ok(response.body(body).unwrap()) });
        }
        let response = self.server.call(request);
        Box::pin(async move { Ok(response.await?.map(Either::Left)) })
    }
}

const IMMUTABLE: &str = r#"{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 422, "reason": "Invalid",
    "message": "Gadget \"a-0\" is invalid", "details": {"causes": [{"reason": "FieldValueInvalid",
    "message": "Invalid value: 2: field is immutable", "field": "spec.size"}]}}"#;
const INVALID: &str = r#"{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 422, "reason": "Invalid",
    "message": "Gadget \"a-0\" is invalid: spec.size: Invalid value: 2: must be odd"}"#;

/// Resizes the child of a set; returns whether it is another object then, its size, and the error of the first attempt.
async fn resize_immutable(server: &TestServer, message: &'static str, recreates: bool) -> (bool, u32, Option<String>) {
    let client = server.client();
    let widget = create(&client, "a").await;
    let mut before = gadget(&widget, "0", 1);
    before.metadata.namespace = Some("default".into());
    before.set_controller(&widget).unwrap();
    let before = ApplyRequest::namespaced("default", &before, "widgets").send(&client).await.unwrap();
    let refusing = Immutable { server: server.service(), message, is_deleted: Arc::default() };
    let refusing = Client::with_service(refusing, "default");
    let first_error = Arc::new(Mutex::new(None));
    let errors = Arc::clone(&first_error);
    let running =
        Running::start(controller(&refusing).owns(gadgets()), move |widget: Arc<Widget>, context: Context<Widget>| {
            let errors = Arc::clone(&errors);
            async move {
                let set = context.owned_set(&*widget).child(gadget(&widget, "0", 2));
                let set = if recreates { set.recreate_immutable() } else { set };
                let result = set.apply().await;
                if let Err(error) = &result {
                    errors.lock().unwrap().get_or_insert_with(|| error.to_string());
                }
                result.map(|_| Action::await_change())
            }
        });
    tokio::time::sleep(SECOND * 5).await;
    running.stop().await.unwrap();
    let after = ReadRequest::<Gadget>::namespaced("default", "a-0").send(&client).await.unwrap();
    let error = first_error.lock().unwrap().take();
    (after.uid() != before.uid(), after.spec.size, error)
}

#[tokio::test(start_paused = true)]
async fn a_child_with_an_immutable_field_is_recreated_if_that_is_asked_for() {
    assert_eq!(resize_immutable(&server(), IMMUTABLE, true).await, (true, 2, None));
    let refused = Some("applying Gadget default/a-0 failed".to_owned());
    assert_eq!(resize_immutable(&server(), IMMUTABLE, false).await, (false, 1, refused.clone()));
    assert_eq!(resize_immutable(&server(), INVALID, true).await, (false, 1, refused), "the new one is wrong");
    // The server would not take the new one either: the old one stays.
    let server = server();
    server.inject(Fault::status(403).verb("create").resource("gadgets").always());
    let refused = Some("recreating Gadget default/a-0 failed".to_owned());
    assert_eq!(resize_immutable(&server, IMMUTABLE, true).await, (false, 1, refused));
}
