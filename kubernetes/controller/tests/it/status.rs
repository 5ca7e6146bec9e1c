//! Changes of the status, and `create_or_update`.

use std::sync::Arc;

use kubernetes_client::Error;
use kubernetes_controller::{Action, Change, Context, Controller, create_or_update};
use kubernetes_core::meta::v1::Condition;
use kubernetes_core::{ListRequest, ObjectMeta, ReadRequest};
use kubernetes_testing::Fault;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::support::*;

async fn report(widget: Arc<Widget>, context: Context<Widget>) -> Result<Action, Error> {
    let is_large = widget.spec.size > 3;
    let ready = Condition::of("Ready", if is_large { "False" } else { "True" }, "Sized").with_message("measured");
    let update = context.update_status(&*widget).condition(ready).set(move |widget| {
        widget.status["size"] = json!(widget.spec.size);
        widget.spec.reference = "not the status".to_owned();
    });
    update.send().await?;
    Ok(Action::await_change())
}

async fn read(client: &kubernetes_client::Client) -> Widget {
    ReadRequest::namespaced("default", "a").send(client).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn conditions_and_generation_are_set_in_one_request() {
    let server = server();
    let client = server.client();
    let widget = create(&client, "a").await;
    let running = Running::start(controller(&client), report);
    settle().await;
    let first = read(&client).await;
    let condition = &first.status["conditions"][0];
    assert_eq!(first.status["observedGeneration"], json!(widget.metadata.generation));
    assert_eq!((&condition["type"], &condition["status"]), (&json!("Ready"), &json!("True")));
    assert_eq!(condition["observedGeneration"], json!(widget.metadata.generation));
    assert_eq!((&first.status["size"], first.spec.reference.as_str()), (&json!(0), ""));
    let patches = || server.requests().iter().filter(|request| request.resource() == "widgets/status").count();
    assert_eq!(patches(), 1, "the run after that changes nothing");
    // Others have conditions, too.
    let theirs = json!({"type": "Theirs", "status": "True", "reason": "A", "message": "", "lastTransitionTime": "2026-01-02T03:04:05Z"});
    let conditions = json!([condition, theirs]);
    let patch = kubernetes_core::Patch::merge(&json!({"status": {"conditions": conditions}}));
    kubernetes_core::PatchRequest::<Widget>::namespaced("default", "a", &patch)
        .subresource("status")
        .send(&client)
        .await
        .unwrap();
    resize(&client, "a", 5).await;
    settle().await;
    let second = read(&client).await;
    let conditions = second.status["conditions"].as_array().unwrap();
    assert_eq!(conditions.len(), 2);
    assert_eq!((&conditions[0]["status"], &conditions[1]), (&json!("False"), &theirs));
    assert_eq!(second.status["observedGeneration"], json!(second.metadata.generation));
    resize(&client, "a", 6).await;
    settle().await;
    let third = read(&client).await;
    assert_eq!(third.status["conditions"][0]["lastTransitionTime"], conditions[0]["lastTransitionTime"]);
    assert_eq!(running.monitor.counts().errors, 0);
}

/// JOSDK's `statusupdatelocking`
#[tokio::test(start_paused = true)]
async fn a_conflict_is_settled_by_a_read() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    server.inject(Fault::status(409).resource("widgets/status").times(2));
    let running = Running::start(controller(&client), report);
    settle().await;
    assert_eq!(read(&client).await.status["size"], json!(0));
    let counts = running.monitor.counts();
    assert_eq!((counts.errors, counts.successes > 0), (0, true));
    server.inject(Fault::status(409).resource("widgets/status").times(5));
    resize(&client, "a", 1).await;
    settle().await;
    assert_eq!(running.monitor.counts().errors, 1, "the last of five conflicts");
    assert_eq!(read(&client).await.status["size"], json!(1));
}

/// Others change the object between its read and the write of a run.
#[tokio::test(start_paused = true)]
async fn the_status_of_others_stays_in_a_conflict() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let late = late_patch(&client, "/widgets/a/status", 1, SECOND);
    let running = Running::start(controller(&late), report);
    settle().await;
    let patch = kubernetes_core::Patch::merge(&json!({"status": {"theirs": 7}}));
    let theirs = kubernetes_core::PatchRequest::<Widget>::namespaced("default", "a", &patch).subresource("status");
    theirs.send(&client).await.unwrap();
    tokio::time::sleep(SECOND * 2).await;
    let status = read(&client).await.status;
    assert_eq!((&status["theirs"], &status["size"]), (&json!(7), &json!(0)));
    let patches = server.requests().iter().filter(|request| request.resource() == "widgets/status").count();
    assert_eq!(patches, 3, "theirs, the one that met a conflict, and the one after it");
    assert_eq!(running.monitor.counts().errors, 0);
}

/// A run of an object that was deleted leaves the status of its successor alone.
#[tokio::test(start_paused = true)]
async fn a_successor_does_not_get_the_status() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    resize(&client, "a", 5).await;
    let log = Log::default();
    let running = Running::start(controller(&client), {
        let log = log.clone();
        move |widget: Arc<Widget>, context: Context<Widget>| {
            let log = log.clone();
            async move {
                if log.len() > 0 {
                    return Ok(Action::await_change());
                }
                log.push("begun");
                tokio::time::sleep(SECOND * 5).await;
                report(widget, context).await.inspect_err(|error| log.push(error.is_conflict().to_string()))
            }
        }
    });
    settle().await;
    delete::<Widget>(&client, "a").await;
    create(&client, "a").await;
    tokio::time::sleep(SECOND * 10).await;
    assert_eq!(log.take().await, ["begun", "true"]);
    assert_eq!(read(&client).await.status, json!(null));
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn types_may_lack_the_generation() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let running = Running::start(controller(&client), |widget: Arc<Widget>, context: Context<Widget>| async move {
        context.update_status(&*widget).without_observed_generation().set(|w| w.status["a"] = json!(1)).send().await?;
        Ok::<_, Error>(Action::await_change())
    });
    settle().await;
    assert_eq!(read(&client).await.status, json!({"a": 1}));
    running.stop().await.unwrap();
}

/// A widget whose status has conditions alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Conditioned {
    #[serde(default)]
    metadata: ObjectMeta,
    #[serde(default)]
    status: Conditions,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Conditions {
    #[serde(default)]
    conditions: Vec<Condition>,
}

kubernetes_core::resource!(Conditioned: "example.com" / "v1" / "Widget", "widgets", namespaced, watch, serde);

/// Otherwise it would be sent in each run, and dropped by the server.
#[tokio::test(start_paused = true)]
async fn a_generation_that_the_type_lacks_is_not_sent() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let widgets = ListRequest::<Conditioned>::all_namespaces();
    let running =
        Running::start(Controller::new(&client, widgets), |widget: Arc<Conditioned>, context: Context<_>| async move {
            let update = context.update_status(&*widget).condition(Condition::of("Ready", "True", "Sized"));
            update.send().await?;
            Ok::<_, Error>(Action::await_change())
        });
    for round in 0..3 {
        merge::<Widget>(&client, "a", json!({"metadata": {"labels": {"round": round.to_string()}}})).await;
        settle().await;
    }
    let status = read(&client).await.status;
    assert_eq!(status["conditions"][0]["type"], "Ready");
    assert_eq!(status.get("observedGeneration"), None);
    assert_eq!(server.requests().iter().filter(|request| request.resource() == "widgets/status").count(), 1);
    running.stop().await.unwrap();
}

/// Its server would say that it can't find the resource.
#[tokio::test(start_paused = true)]
async fn conditions_of_a_type_without_them_are_refused_before_they_are_sent() {
    let server = server();
    let client = server.client();
    create_in(&client, "default", &Gadget::named("g")).await;
    let log = Log::default();
    let running = Running::start(Controller::new(&client, gadgets()), {
        let log = log.clone();
        move |gadget: Arc<Gadget>, context: Context<Gadget>| {
            let log = log.clone();
            async move {
                let update = context.update_status(&*gadget).condition(Condition::of("Ready", "True", "Sized"));
                log.push(update.send().await.unwrap_err().to_string());
                Ok::<_, Error>(Action::await_change())
            }
        }
    });
    settle().await;
    let expected =
        "the request is invalid: the type of default/g has no field `status.conditions`: add it, or use `set` alone";
    assert_eq!(log.take().await, [expected]);
    assert!(server.requests().iter().all(|request| request.verb() != "patch"));
    running.stop().await.unwrap();
}

/// `CreateOrPatch` of controller-runtime's `controllerutil`
#[tokio::test(start_paused = true)]
async fn an_object_is_created_changed_or_left() {
    let server = server();
    let client = server.client();
    let mut wanted = Gadget::named("g");
    wanted.metadata.namespace = Some("default".into());
    let sized = |size| {
        move |gadget: &mut Gadget| {
            gadget.spec.size = size;
            // A new name would be another object.
            gadget.metadata.name = Some("renamed".into());
        }
    };
    let (_, change) = create_or_update(&client, wanted.clone(), sized(1)).await.unwrap();
    assert_eq!(change, Change::Created);
    let (_, change) = create_or_update(&client, wanted.clone(), sized(1)).await.unwrap();
    assert_eq!(change, Change::Unchanged);
    // A field that the type does not know stays.
    merge::<Gadget>(&client, "g", json!({"spec": {"color": "red"}})).await;
    server.inject(Fault::status(409).verb("patch").resource("gadgets").times(2));
    let (gadget, change) = create_or_update(&client, wanted.clone(), sized(2)).await.unwrap();
    assert_eq!((change, gadget.spec.size, gadget.name()), (Change::Updated, 2, "g"));
    let raw = ReadRequest::<Gadget>::namespaced("default", "g").raw().send(&client).await.unwrap();
    assert!(raw.text().contains("red"), "{}", raw.text());
    server.inject(Fault::status(409).verb("patch").resource("gadgets").times(5));
    let error = create_or_update(&client, wanted, sized(3)).await.unwrap_err();
    assert!(error.is_conflict());
}

/// Another creates it in between.
#[tokio::test(start_paused = true)]
async fn an_object_that_appears_meanwhile_is_changed() {
    let server = server();
    let client = server.client();
    let mut wanted = Gadget::named("g");
    wanted.metadata.namespace = Some("default".into());
    // It is read before it exists, and the response is late.
    server.inject(Fault::delay(SECOND).verb("get").resource("gadgets"));
    let theirs = async {
        tokio::time::sleep(SECOND / 2).await;
        create_in(&client, "default", &Gadget::named("g")).await
    };
    let ours = create_or_update(&client, wanted, |gadget| gadget.spec.size = 4);
    let (theirs, ours) = tokio::join!(theirs, ours);
    let (gadget, change) = ours.unwrap();
    assert_eq!((change, gadget.spec.size, gadget.uid()), (Change::Updated, 4, theirs.uid()));
}
