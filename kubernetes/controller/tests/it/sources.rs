//! The sources of a controller, and predicates.

use futures_util::stream;
use kubernetes_controller::{Controller, Informers, Predicate, Source};
use kubernetes_core::meta::v1::OwnerReference;
use kubernetes_core::selector::LabelSelector;
use kubernetes_core::{CreateRequest, ListRequest, Object, ObjectKey};
use kubernetes_watch::{Index, Store};
use serde_json::json;

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn owned_objects_lead_to_their_controller() {
    let server = server();
    let client = server.client();
    let (a, b) = (create(&client, "a").await, create(&client, "b").await);
    let (running, log) = Running::logging(controller(&client).owns(gadgets())).await;
    log.take().await;
    create_owned(&client, "child", &a, true).await;
    assert_eq!(log.take().await, ["a: owned gadgets default/child"]);
    // It gets another owner: both are reconciled.
    let owner = json!([b.owner_ref(true).unwrap()]);
    merge::<Gadget>(&client, "child", json!({"metadata": {"ownerReferences": owner}})).await;
    assert_eq!(log.take().await, ["a: owned gadgets default/child", "b: owned gadgets default/child"]);
    delete::<Gadget>(&client, "child").await;
    assert_eq!(log.take().await, ["b: owned gadgets default/child"]);
    // An owner that is not its controller does not count.
    create_owned(&client, "other", &a, false).await;
    assert_eq!(log.take().await, [""; 0]);
    running.stop().await.unwrap();
}

/// controller-runtime's `MatchEveryOwner`
#[tokio::test(start_paused = true)]
async fn any_owner_counts_if_that_is_asked_for() {
    let server = server();
    let client = server.client();
    let a = create(&client, "a").await;
    let (running, log) = Running::logging(controller(&client).owns_by_any_reference(gadgets())).await;
    log.take().await;
    create_owned(&client, "other", &a, false).await;
    assert_eq!(log.take().await, ["a: owned gadgets default/other"]);
    running.stop().await.unwrap();
}

/// JOSDK's `ownerreferencemultiversion`: the version of the owner's kind does not matter; its group and kind do.
#[tokio::test(start_paused = true)]
async fn owners_are_found_in_all_versions_of_their_kind() {
    let server = server();
    let client = server.client();
    let a = create(&client, "a").await;
    let (running, log) = Running::logging(controller(&client).owns(gadgets())).await;
    log.take().await;
    let reference = |api_version: &str, kind: &str, uid: &str| OwnerReference {
        api_version: api_version.into(),
        kind: kind.into(),
        name: "a".into(),
        uid: uid.into(),
        controller: Some(true),
        ..OwnerReference::default()
    };
    for (name, owner, is_found) in [
        ("old-version", reference("example.com/v1alpha1", "Widget", a.uid()), true),
        ("recreated", reference("example.com/v1", "Widget", "of-an-earlier-one"), true),
        ("other-kind", reference("example.com/v1", "Zone", "another"), false),
        ("other-group", reference("example.org/v1", "Widget", "another"), false),
    ] {
        let mut gadget = Gadget::named(name);
        gadget.metadata.owner_references = vec![owner];
        // The garbage collector would remove one with an owner that does not exist.
        gadget.metadata.finalizers = vec!["example.com/keep".into()];
        create_in(&client, "default", &gadget).await;
        let runs = log.take().await;
        assert_eq!(!runs.is_empty(), is_found, "{name}: {runs:?}");
    }
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_owner_may_have_no_namespace() {
    let server = server();
    let client = server.client();
    let log = Log::default();
    let zones = Controller::new(&client, ListRequest::<Zone>::cluster()).owns(gadgets());
    let runner = zones.runner({
        let log = log.clone();
        move |zone, context| {
            log.push(format!("{} {:?}", zone.name(), context.owned::<Gadget>(&*zone).len()));
            async { Ok::<_, kubernetes_client::Error>(kubernetes_controller::Action::await_change()) }
        }
    });
    let task = tokio::spawn(runner.run_until(std::future::pending()));
    let zone = CreateRequest::cluster(&Zone::named("north")).send(&client).await.unwrap();
    assert_eq!(log.take().await, ["north 0"]);
    create_owned(&client, "child", &zone, true).await;
    assert_eq!(log.take().await, ["north 1"]);
    task.abort();
}

/// "should enqueue Requests for the old and the new object"
#[tokio::test(start_paused = true)]
async fn a_reference_that_moves_concerns_both_ends() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    create(&client, "b").await;
    let map = |gadget: &Gadget| match gadget.spec.reference.as_str() {
        "panic" => panic!("a mistake in the function"),
        name => [ObjectKey::new(gadget.namespace(), name)],
    };
    let (running, log) = Running::logging(controller(&client).watches(gadgets(), map)).await;
    log.take().await;
    let mut gadget = Gadget::named("g");
    gadget.spec.reference = "a".to_owned();
    create_in(&client, "default", &gadget).await;
    assert_eq!(log.take().await, ["a: mapped gadgets default/g"]);
    merge::<Gadget>(&client, "g", json!({"spec": {"ref": "b"}})).await;
    assert_eq!(log.take().await, ["a: mapped gadgets default/g", "b: mapped gadgets default/g"]);
    // A panic is not the end.
    merge::<Gadget>(&client, "g", json!({"spec": {"ref": "panic"}})).await;
    settle().await;
    delete::<Gadget>(&client, "g").await;
    log.take().await;
    create_in(&client, "default", &gadget).await;
    assert_eq!(log.take().await, ["a: mapped gadgets default/g"]);
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn keys_may_come_from_elsewhere() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let keys = stream::unfold(receiver, |mut receiver| async { Some((receiver.recv().await?, receiver)) });
    let (running, log) = Running::logging(controller(&client).stream(keys)).await;
    log.take().await;
    sender.send(ObjectKey::new("default", "a")).unwrap();
    sender.send(ObjectKey::new("default", "unknown")).unwrap();
    assert_eq!(log.take().await, ["a: stream"]);
    drop(sender);
    resize(&client, "a", 2).await;
    assert_eq!(log.take().await, ["a: updated"], "it goes on without the stream");
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn all_objects_may_be_looked_at_again() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    create(&client, "b").await;
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let triggers = stream::unfold(receiver, |mut receiver| async { Some((receiver.recv().await?, receiver)) });
    let (running, log) = Running::logging(controller(&client).reconcile_all_on(triggers)).await;
    log.take().await;
    sender.send(()).unwrap();
    assert_eq!(log.take().await, ["a: resync", "b: resync"]);
    running.stop().await.unwrap();
}

/// Which objects refer to one is looked up in an index.
#[tokio::test(start_paused = true)]
async fn objects_that_refer_to_another_are_looked_up() {
    let server = server();
    let client = server.client();
    for (name, reference) in [("a", "password"), ("b", "password"), ("c", "other")] {
        let mut widget = Widget::named(name);
        widget.spec.reference = reference.to_owned();
        create_in(&client, "default", &widget).await;
    }
    let by_reference = Index::new(|widget: &Widget| Some(widget.spec.reference.clone()));
    let informers = Informers::new(&client);
    let shared = |name| controller(&client).named(name).informers(&informers);
    let (plain, _) = Running::logging(shared("plain")).await;
    let users = {
        let by_reference = by_reference.clone();
        move |gadget: &Gadget, widgets: &Store<Widget>| -> Vec<ObjectKey> {
            widgets.by_index(&by_reference, gadget.name()).iter().map(|widget| ObjectKey::of(&**widget)).collect()
        }
    };
    let indexed = || shared("indexed").index(&by_reference);
    let (running, log) = Running::logging(indexed().watches_with(gadgets(), users)).await;
    log.take().await;
    create_in(&client, "default", &Gadget::named("password")).await;
    assert_eq!(log.take().await, ["a: mapped gadgets default/password", "b: mapped gadgets default/password"]);
    merge::<Widget>(&client, "b", json!({"spec": {"ref": "other"}})).await;
    assert_eq!(log.take().await, ["b: updated"]);
    create_in(&client, "default", &Gadget::named("other")).await;
    assert_eq!(log.take().await, ["b: mapped gadgets default/other", "c: mapped gadgets default/other"]);
    // Those with the same index share a store, which also has it for runs.
    let (again, _) = Running::logging(indexed().named("again")).await;
    let watches =
        server.requests().iter().filter(|request| request.verb() == "watch" && request.resource() == "widgets").count();
    assert_eq!(watches, 2);
    for running in [plain, running, again] {
        running.stop().await.unwrap();
    }
}

/// The recorder of a controller is that of its runs.
#[tokio::test(start_paused = true)]
async fn runs_record_events() {
    let server = server();
    let client = server.client();
    let recorder = kubernetes_controller::Recorder::new(&client, "example.com/widgets");
    let controller = controller(&client).recorder(&recorder);
    let running = Running::start(controller, |widget: std::sync::Arc<Widget>, context| async move {
        context.record(&*widget, kubernetes_controller::Event::normal("Measured", "Measure"));
        Ok::<_, kubernetes_client::Error>(kubernetes_controller::Action::await_change())
    });
    create(&client, "a").await;
    settle().await;
    assert!(recorder.flush(SECOND * 5).await);
    let events = server.requests().iter().filter(|request| request.resource() == "events").count();
    assert_eq!(events, 1);
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn predicates_leave_events_out() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let wanted = Predicate::generation_changed().or(Predicate::labels_changed());
    let (running, log) = Running::logging(Controller::new(&client, Source::new(widgets()).filter(wanted))).await;
    assert_eq!(log.take().await.len(), 1);
    for (change, is_wanted) in [
        (json!({"spec": {"size": 2}}), true),
        (json!({"metadata": {"labels": {"a": "b"}}}), true),
        (json!({"metadata": {"annotations": {"a": "b"}}}), false),
    ] {
        merge::<Widget>(&client, "a", change.clone()).await;
        assert_eq!(log.take().await.len(), usize::from(is_wanted), "{change}");
    }
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn predicates_of_all_kinds() {
    let server = server();
    let client = server.client();
    let selector: LabelSelector = "team=a".parse().unwrap();
    let predicate = Predicate::<Widget>::label_selector(selector)
        .and(Predicate::annotations_changed())
        .and(Predicate::resource_version_changed())
        .and(Predicate::<Widget>::new(|event| event.object().name() == "other").not());
    let (running, log) = Running::logging(Controller::new(&client, Source::new(widgets()).filter(predicate))).await;
    create(&client, "a").await;
    assert_eq!(log.take().await, [""; 0], "without the label");
    merge::<Widget>(&client, "a", json!({"metadata": {"labels": {"team": "a"}, "annotations": {"x": "1"}}})).await;
    assert_eq!(log.take().await, ["a: updated"]);
    merge::<Widget>(&client, "a", json!({"metadata": {"labels": {"more": "a"}}})).await;
    assert_eq!(log.take().await, [""; 0], "the annotations are the same");
    merge::<Widget>(&client, "a", json!({"metadata": {"labels": {"team": "b"}, "annotations": {"x": "2"}}})).await;
    assert_eq!(log.take().await, ["a: updated"], "it had the label before");
    let mut other = Widget::named("other");
    other.metadata.labels = [("team", "a")].into();
    create_in(&client, "default", &other).await;
    assert_eq!(log.take().await, [""; 0]);
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn controllers_share_informers_of_the_same_request() {
    let server = server();
    let client = server.client();
    let informers = Informers::new(&client);
    let (one, first) = Running::logging(controller(&client).owns(gadgets()).informers(&informers)).await;
    let (two, second) = Running::logging(controller(&client).named("two").owns(gadgets()).informers(&informers)).await;
    let narrow = gadgets().label_selector("a=b");
    let (three, _) = Running::logging(controller(&client).named("three").owns(narrow).informers(&informers)).await;
    let watches = || server.requests().iter().filter(|request| request.verb() == "watch").count();
    assert_eq!(watches(), 3, "widgets, gadgets, and those with a label: {:?}", server.requests());
    create(&client, "a").await;
    assert_eq!((first.take().await.len(), second.take().await.len()), (1, 1));
    one.stop().await.unwrap();
    create(&client, "b").await;
    assert_eq!(second.take().await.len(), 1, "the other goes on");
    two.stop().await.unwrap();
    three.stop().await.unwrap();
    let (_four, _) = Running::logging(controller(&client).informers(&informers)).await;
    assert_eq!(watches(), 4, "an informer ends with the last controller");
}
