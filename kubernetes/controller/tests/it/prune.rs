//! Children that are no longer wanted, and those of others, which stay.

use std::sync::{Arc, Mutex};

use kubernetes_client::Client;
use kubernetes_controller::{Action, Context, Controller, Manager, OwnedError, Settings, Source, Sources};
use kubernetes_core::{ApplyRequest, Object, ReadRequest};

use crate::owned::{as_many_as_its_size, changes, gadget, logged};
use crate::support::*;

#[tokio::test(start_paused = true)]
async fn objects_of_others_are_not_deleted() {
    for source in [Source::new(gadgets()), Source::new(gadgets()).drop_managed_fields()] {
        let what = format!("{source:?}");
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
        let running = Running::start(controller(&client).owns(source), as_many_as_its_size(&log));
        resize(&client, "a", 1).await;
        settle().await;
        resize(&client, "a", 0).await;
        settle().await;
        assert_eq!(names::<Gadget>(&client).await, ["by-hand", "of-b", "of-nobody", "theirs"], "{what}");
        running.stop().await.unwrap();
    }
}

/// A manager with a controller that gives each widget a gadget, named after the program.
fn program(
    client: &Client,
    name: &'static str,
    is_named: bool,
) -> AbortOnDrop<Result<(), kubernetes_controller::ManagerError>> {
    let mut settings = Settings::new(name);
    (settings.leader_elect, settings.admin_address) = (false, None);
    let manager =
        Manager::new(client, &format!("example.com/{name}"), settings).controller("widgets", move |context| {
            let controller = Controller::new(context.client(), widgets()).owns(gadgets());
            let controller = if is_named { controller.named("widgets") } else { controller };
            controller.runner(move |widget: Arc<Widget>, context: Context<Widget>| async move {
                context.apply_owned(&*widget, [gadget(&widget, name, 1)]).await?;
                Ok::<_, OwnedError>(Action::await_change())
            })
        });
    AbortOnDrop(tokio::spawn(manager.run_until(std::future::pending())))
}

/// Two operators for one kind do not take each other's children for their own, though their controllers have one name.
#[tokio::test(start_paused = true)]
async fn programs_leave_each_others_children_alone() {
    for is_named in [false, true] {
        let server = server();
        let client = server.client();
        create(&client, "a").await;
        let _programs = [program(&client, "one", is_named), program(&client, "two", is_named)];
        tokio::time::sleep(SECOND * 5).await;
        let uids = async || {
            let mut uids = Vec::new();
            for name in ["a-one", "a-two"] {
                let gadget = ReadRequest::<Gadget>::namespaced("default", name).send(&client).await.unwrap();
                assert_eq!(
                    gadget.metadata.managed_fields[0].manager.as_deref(),
                    Some(&*format!(
                        "example.com/{}/{}",
                        &name[2..],
                        if is_named { "widgets" } else { "widgets.example.com" }
                    ))
                );
                uids.push(gadget.metadata.uid);
            }
            uids
        };
        let before = uids().await;
        resize(&client, "a", 2).await;
        tokio::time::sleep(SECOND * 60).await;
        assert_eq!(uids().await, before);
        assert!(server.requests().iter().all(|request| request.verb() != "delete"));
    }
}

/// Without a name of its own, a controller can't tell its children from those of other programs.
#[tokio::test(start_paused = true)]
async fn a_controller_without_a_name_applies_no_children() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let log = Log::default();
    let running = Running::start(Controller::new(&client, widgets()).owns(gadgets()), {
        let log = log.clone();
        move |widget: Arc<Widget>, context: Context<Widget>| {
            let log = log.clone();
            async move {
                let result = context.owned_set(&*widget).named("one").child(gadget(&widget, "0", 1)).apply().await;
                log.push(result.err().map_or_else(String::new, |error| error.to_string()));
                Ok::<_, OwnedError>(Action::await_change())
            }
        }
    });
    let expected = "can't apply children: the controller needs a name of its own, by which to tell them from those of other \
                    programs; see `Controller::named`";
    assert_eq!(log.take().await, [expected]);
    assert_eq!(names::<Gadget>(&client).await, [""; 0]);
    running.stop().await.unwrap();
}

/// Sources of gadgets: of all, without managed fields, of some that are not the children, and none.
fn sources() -> [Option<Source<Gadget>>; 4] {
    let all = || Some(Source::new(gadgets()));
    let some = Some(Source::new(gadgets().label_selector("app=shop")));
    [all(), all().map(Source::drop_managed_fields), some, None]
}

/// Several sets of the same type, and types without a source, or with one that does not cover the children.
#[tokio::test(start_paused = true)]
async fn sets_have_names_and_need_no_store() {
    for source in sources() {
        let what = format!("{source:?}");
        let server = server();
        let client = server.client();
        let log = Log::default();
        let controller = controller(&client);
        let controller = match source {
            Some(source) => controller.owns(source),
            None => controller,
        };
        let running = Running::start(controller, {
            let log = log.clone();
            move |widget: Arc<Widget>, context: Context<Widget>| {
                let log = log.clone();
                async move {
                    let first = (widget.spec.size < 3).then(|| gadget(&widget, "first", 1));
                    let one = context.owned_set(&*widget).named("one").children(first).apply().await;
                    let _ = logged(&log, one)?;
                    let set = context.owned_set(&*widget).named("two").child(gadget(&widget, "second", 1));
                    logged(&log, set.prune::<Widget>().apply().await)
                }
            }
        });
        settle().await;
        create(&client, "a").await;
        assert_eq!(changes(&log).await, ["Created a-first", "Created a-second"], "{what}");
        assert_eq!(names::<Gadget>(&client).await, ["a-first", "a-second"], "{what}");
        resize(&client, "a", 2).await;
        assert_eq!(changes(&log).await, [""; 0], "{what}");
        merge::<Gadget>(&client, "a-second", serde_json::json!({"spec": {"size": 9}})).await;
        merge::<Widget>(&client, "a", serde_json::json!({"metadata": {"labels": {"a": "b"}}})).await;
        assert_eq!(changes(&log).await, ["Updated a-second"], "{what}");
        resize(&client, "a", 3).await;
        assert_eq!(changes(&log).await, ["Deleted a-first"], "{what}");
        assert_eq!(names::<Gadget>(&client).await, ["a-second"], "{what}");
        assert_eq!(running.monitor.counts().errors, 0);
    }
}

/// Another run may remove a source while a set is applied: then the server knows which children there are.
#[tokio::test(start_paused = true)]
async fn children_are_pruned_though_their_source_is_removed_meanwhile() {
    let server = server();
    let client = server.client();
    let sources = Arc::new(Mutex::new(None::<Sources<Widget>>));
    let removed = Arc::clone(&sources);
    let removing = intercepted(&client, move |request| {
        if request.method() == http::Method::PATCH && request.uri().path().ends_with("/widgets/a-last") {
            removed.lock().unwrap().take().inspect(|sources| assert!(sources.remove("gadgets")));
        }
        std::future::ready(())
    });
    let apply = |widget: Arc<Widget>, context: Context<Widget>| async move {
        if widget.name() == "a" {
            let mut last = Widget::named("a-last");
            last.spec.size = widget.spec.size;
            let gadgets = (0..widget.spec.size).map(|index| gadget(&widget, &index.to_string(), 1));
            context.owned_set(&*widget).children(gadgets).child(last).apply().await?;
        }
        Ok::<_, OwnedError>(Action::await_change())
    };
    let mut added = None;
    let running = Running::start_with(controller(&removing), apply, |runner| added = Some(runner.sources()));
    let added = added.expect("a runner");
    added.owns("gadgets", gadgets()).unwrap();
    create(&client, "a").await;
    resize(&client, "a", 2).await;
    settle().await;
    assert_eq!(names::<Gadget>(&client).await, ["a-0", "a-1"]);
    *sources.lock().unwrap() = Some(added.clone());
    resize(&client, "a", 1).await;
    settle().await;
    assert!(added.names().is_empty(), "it was removed");
    assert_eq!(names::<Gadget>(&client).await, ["a-0"]);
    running.stop().await.unwrap();
}
