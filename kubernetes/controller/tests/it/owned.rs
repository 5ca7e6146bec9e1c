//! Sets of owned objects.

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use kubernetes_controller::{Action, Context, OwnedChange, OwnedError, Source};
use kubernetes_core::{Object, ReadRequest};
use kubernetes_testing::Fault;

use crate::support::*;

/// A gadget of a size, of a name that begins with its owner's.
pub(crate) fn gadget(owner: &Widget, name: &str, size: u32) -> Gadget {
    let mut gadget = Gadget::named(format!("{}-{name}", owner.name()));
    gadget.spec.size = size;
    gadget
}

pub(crate) fn logged(log: &Log, result: Result<Vec<OwnedChange>, OwnedError>) -> Result<Action, OwnedError> {
    let changes = result?;
    let changes: Vec<_> = changes.iter().map(|change| format!("{:?} {}", change.change, change.key.name())).collect();
    log.push(changes.join(", "));
    Ok(Action::await_change())
}

/// The log without repeated runs that have changed nothing.
pub(crate) async fn changes(log: &Log) -> Vec<String> {
    let mut changes = log.take().await;
    changes.retain(|change| change.split(", ").any(|change| !change.starts_with("Unchanged")) && !change.is_empty());
    changes
}

/// Each widget has as many gadgets as its size.
pub(crate) fn as_many_as_its_size(
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
async fn nothing_is_deleted_if_a_child_can_not_be_applied() {
    let server = server();
    let client = server.client();
    let (log, errors) = (Log::default(), Arc::new(Mutex::new(Vec::new())));
    let reconcile = as_many_as_its_size(&log);
    let running = Running::start(controller(&client).owns(gadgets()), {
        let errors = Arc::clone(&errors);
        move |widget, context| {
            let (running, errors) = (reconcile(widget, context), Arc::clone(&errors));
            async move {
                running.await.inspect_err(|error| {
                    errors.lock().unwrap().push((error.to_string(), error.client_error().is_some()))
                })
            }
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
    let (message, is_request) = errors.lock().unwrap()[0].clone();
    let expected =
        "applying Gadget default/a-0 failed: PATCH /apis/example.com/v1/namespaces/default/gadgets/a-0 failed: ";
    assert!(is_request && message.starts_with(expected), "conditions show the cause: {message}");
    // Of another namespace: no object there can be owned.
    running.stop().await.unwrap();
    let found = Arc::clone(&errors);
    let running = Running::start(controller(&client), move |widget: Arc<Widget>, context: Context<Widget>| {
        let found = Arc::clone(&found);
        async move {
            let mut child = gadget(&widget, "far", 1);
            child.metadata.namespace = Some("shop".into());
            let result = context.apply_owned(&*widget, [child]).await;
            *found.lock().unwrap() =
                result.err().iter().map(|error| (error.to_string(), error.client_error().is_some())).collect();
            Ok::<_, OwnedError>(Action::await_change())
        }
    });
    settle().await;
    let (message, is_request) = errors.lock().unwrap()[0].clone();
    assert!(!is_request && message.starts_with("can't apply Gadget shop/a-far: "), "{message}");
    assert!(message.contains("can only own objects in that namespace"), "{message}");
    running.stop().await.unwrap();
}
