use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::stream::FusedStream;
use futures_util::{FutureExt, StreamExt};
use kubernetes_core::Map;
use kubernetes_watch::{Change, Index, ObjectKey, Reflector, Store, StoreEvent, StoreWriter, Subscription};

use crate::streams::initial::page;
use crate::streams::server::Server;
use crate::streams::{Widget, added, bookmark, ended, error, initial_events_end, line, object, open, refusal, widgets};

fn widget(name: &str, version: u32) -> Widget {
    let mut widget = Widget::named(name);
    widget.metadata.namespace = Some("shop".into());
    widget.metadata.uid = Some(format!("uid-{name}").into());
    widget.metadata.resource_version = Some(version.to_string().into());
    widget
}

fn list(writer: &mut StoreWriter<Widget>, widgets: impl IntoIterator<Item = Widget>) {
    writer.apply(Change::RestartBegin);
    for widget in widgets {
        writer.apply(Change::Applied(widget));
    }
    writer.apply(Change::RestartEnd);
}

fn name_and_version(widget: &Widget) -> String {
    format!("{}@{}", widget.name(), widget.metadata.resource_version.as_deref().unwrap_or_default())
}

fn contents(store: &Store<Widget>) -> Vec<String> {
    store.list().iter().map(|widget| name_and_version(widget)).collect()
}

/// The events that wait: `+web@7`, `~web@7>8`, `-web@9`, `?web@9` for a deletion that was not observed.
fn events(subscription: &mut Subscription<Widget>) -> Vec<String> {
    let mut events = Vec::new();
    while let Some(Some(event)) = subscription.next().now_or_never() {
        events.push(match event {
            StoreEvent::Added(widget) => format!("+{}", name_and_version(&widget)),
            StoreEvent::Updated { old, new } => {
                format!("~{}>{}", name_and_version(&old), new.metadata.resource_version.as_deref().unwrap_or_default())
            }
            StoreEvent::Deleted { object, observed } => {
                format!("{}{}", if observed { '-' } else { '?' }, name_and_version(&object))
            }
        });
    }
    events
}

#[test]
fn has_what_was_applied() {
    let mut writer = Store::builder().build();
    let store = writer.store();
    list(&mut writer, [widget("b", 2), widget("a", 1)]);
    assert_eq!(contents(&store), ["a@1", "b@2"]);
    writer.apply(Change::Applied(widget("a", 3)));
    writer.apply(Change::Deleted(widget("b", 4)));
    writer.apply(Change::Deleted(widget("unknown", 5)));
    assert_eq!(contents(&store), ["a@3"]);
    assert_eq!(store.get("shop", "a").as_deref().map(name_and_version).as_deref(), Some("a@3"));
    assert_eq!(store.get_key(&ObjectKey::new("shop", "a")), store.get("shop", "a"));
    assert_eq!((store.get("other", "a"), store.get(None, "a"), store.get("shop", "b")), (None, None, None));
}

#[test]
fn a_list_is_seen_at_once_and_keeps_what_has_not_changed() {
    let mut writer = Store::builder().build();
    let store = writer.store();
    list(&mut writer, [widget("a", 1), widget("b", 2), widget("c", 3)]);
    let (before, a) = (store.snapshot(), store.get("shop", "a").unwrap());

    writer.apply(Change::RestartBegin);
    writer.apply(Change::Applied(widget("phantom", 9)));
    writer.apply(Change::RestartBegin);
    writer.apply(Change::Applied(widget("a", 1)));
    writer.apply(Change::Applied(widget("b", 8)));
    writer.apply(Change::Applied(widget("d", 9)));
    assert_eq!(contents(&store), ["a@1", "b@2", "c@3"], "nothing of a list that is not complete");
    writer.apply(Change::RestartEnd);
    assert_eq!(contents(&store), ["a@1", "b@8", "d@9"]);
    assert!(Arc::ptr_eq(&a, &store.get("shop", "a").unwrap()), "the same value");
    assert_eq!(before.iter().map(|widget| name_and_version(widget)).collect::<Vec<_>>(), ["a@1", "b@2", "c@3"]);
}

#[test]
fn what_vanished_between_two_lists_is_told_once_with_its_last_known_state() {
    let mut writer = Store::builder().build();
    let mut first = writer.store().subscribe();
    list(&mut writer, [widget("a", 1), widget("b", 2), widget("c", 3)]);
    assert_eq!(events(&mut first), ["+a@1", "+b@2", "+c@3"]);
    list(&mut writer, [widget("a", 1), widget("b", 8), widget("d", 9)]);
    assert_eq!(events(&mut first), ["?c@3", "~b@2>8", "+d@9"]);
    writer.apply(Change::Deleted(widget("c", 10)));
    writer.apply(Change::Deleted(widget("d", 11)));
    writer.apply(Change::Applied(widget("b", 8)));
    assert_eq!(events(&mut first), ["-d@11"], "what is known already is not told again");
}

#[test]
fn another_object_of_the_same_name_is_no_update() {
    let mut writer = Store::builder().build();
    let mut events_of = writer.store().subscribe();
    list(&mut writer, [widget("a", 1)]);
    let mut other = widget("a", 5);
    other.metadata.uid = Some("other".into());
    list(&mut writer, [other]);
    assert_eq!(events(&mut events_of), ["+a@1", "?a@1", "+a@5"]);
}

#[test]
fn a_late_subscription_begins_with_what_there_is() {
    let mut writer = Store::builder().build();
    list(&mut writer, [widget("a", 1), widget("b", 2)]);
    let mut late = writer.store().subscribe();
    writer.apply(Change::Applied(widget("b", 3)));
    assert_eq!(events(&mut late), ["+a@1", "+b@3"], "as it is when it is asked for");
    writer.apply(Change::Applied(widget("b", 4)));
    assert_eq!(events(&mut late), ["~b@3>4"]);
}

#[test]
fn a_slow_subscription_is_told_the_difference() {
    let mut writer = Store::builder().build();
    let mut slow = writer.store().subscribe();
    let mut quick = writer.store().subscribe();
    list(&mut writer, [widget("a", 1), widget("b", 2), widget("same", 3)]);
    assert_eq!(events(&mut slow).len(), 3);
    let mut seen = events(&mut quick).len();
    writer.apply(Change::Applied(widget("b", 4)));
    for version in 10..5000 {
        writer.apply(Change::Applied(widget("a", version)));
        writer.apply(Change::Applied(widget("brief", version)));
        writer.apply(Change::Deleted(widget("brief", version)));
        seen += events(&mut quick).len();
    }
    writer.apply(Change::Deleted(widget("b", 5001)));
    writer.apply(Change::Applied(widget("new", 5002)));
    assert_eq!(events(&mut slow), ["~a@1>4999", "?b@2", "+new@5002"]);
    seen += events(&mut quick).len();
    assert_eq!(seen, 3 + 1 + 3 * 4990 + 2, "a quick subscriber receives everything");
    writer.apply(Change::Applied(widget("a", 6000)));
    assert_eq!(events(&mut slow), ["~a@4999>6000"], "and so is who has caught up");
}

#[tokio::test(start_paused = true)]
async fn a_resync_tells_all_again_and_in_order() {
    let mut writer = Store::builder().build();
    list(&mut writer, [widget("a", 1), widget("b", 2)]);
    let mut subscription = writer.store().subscribe().resync_every(Duration::from_secs(10));
    assert_eq!(events(&mut subscription), ["+a@1", "+b@2"]);
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert!(events(&mut subscription).is_empty());
    writer.apply(Change::Applied(widget("b", 3)));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(events(&mut subscription), ["~b@2>3", "~a@1>1", "~b@3>3"]);
    let again = tokio::time::timeout(Duration::from_secs(11), subscription.next()).await.expect("in time").unwrap();
    assert!(again.is_resync());
}

#[test]
fn indexes_follow_and_belong_to_their_snapshot() {
    let labelled = |name: &str, version, app: &str| {
        let mut widget = widget(name, version);
        widget.metadata.labels = Map::from_iter([("app", kubernetes_core::Str::from(app))]);
        widget
    };
    let (by_app, unknown) = (Index::label("app"), Index::label("app"));
    let mut writer = Store::builder().index(&by_app).build();
    let store = writer.store();
    let names = |widgets: Vec<Arc<Widget>>| widgets.iter().map(|widget| widget.name().to_owned()).collect::<Vec<_>>();
    list(&mut writer, [labelled("a", 1, "web"), labelled("b", 2, "web"), labelled("c", 3, "db"), widget("d", 4)]);
    let before = store.snapshot();
    writer.apply(Change::Applied(labelled("a", 5, "db")));
    writer.apply(Change::Deleted(labelled("c", 6, "db")));
    for index in [&by_app, &unknown] {
        assert_eq!(names(store.by_index(index, "web")), ["b"]);
        assert_eq!(names(store.by_index(index, "db")), ["a"]);
        assert_eq!(names(before.by_index(index, "web")), ["a", "b"]);
        assert_eq!(names(before.by_index(index, "db")), ["c"]);
        assert!(store.by_index(index, "we").is_empty());
        assert_eq!(store.snapshot().values(index), ["db", "web"]);
    }
    list(&mut writer, [labelled("b", 7, "db")]);
    assert_eq!(names(store.by_index(&by_app, "db")), ["b"]);
    assert!(store.by_index(&by_app, "web").is_empty());
}

#[test]
fn namespaces_are_told_apart() {
    let in_namespace = |namespace: &str, name: &str| {
        let mut widget = widget(name, 1);
        widget.metadata.namespace = Some(namespace.into());
        widget
    };
    let mut writer = Store::builder().build();
    list(&mut writer, [("a", "x"), ("ab", "x"), ("a", "y"), ("b", "x")].map(|(ns, name)| in_namespace(ns, name)));
    let store = writer.store();
    let names = |namespace| store.in_namespace(namespace).iter().map(|w| w.name().to_owned()).collect::<Vec<_>>();
    assert_eq!((names("a"), names("ab"), names("c")), (vec!["x".into(), "y".into()], vec!["x".into()], vec![]));
}

#[test]
fn transforms_act_on_what_is_stored() {
    let mut writer = Store::builder()
        .transform(|widget: &mut Widget| widget.metadata.generation = Some(7))
        .transform(|widget| widget.metadata.generation = widget.metadata.generation.map(|generation| generation + 1))
        .build();
    let mut subscription = writer.store().subscribe();
    list(&mut writer, [widget("a", 1)]);
    writer.apply(Change::Applied(widget("b", 2)));
    writer.apply(Change::Deleted(widget("b", 3)));
    let generations: Vec<_> = std::iter::from_fn(|| subscription.next().now_or_never().flatten())
        .map(|event| event.object().metadata.generation)
        .collect();
    assert_eq!(generations, [Some(8); 3]);
}

#[test]
fn the_newest_of_several_sources_counts() {
    let mut writers = Store::builder().build_with_writers(2);
    let mut second = writers.pop().unwrap();
    let mut first = writers.pop().unwrap();
    let store = first.store();
    let mut subscription = store.subscribe();
    list(&mut first, [widget("a", 1), widget("both", 9)]);
    assert!(!store.is_ready());
    list(&mut second, [widget("b", 2), widget("both", 8)]);
    assert!(store.is_ready());
    assert_eq!(events(&mut subscription), ["+a@1", "+both@9", "+b@2"]);
    second.apply(Change::Applied(widget("both", 9)));
    second.apply(Change::Applied(widget("both", 10)));
    first.apply(Change::Deleted(widget("both", 11)));
    assert_eq!(contents(&store), ["a@1", "b@2", "both@10"], "it still matches the other's selector");
    list(&mut second, [widget("c", 12)]);
    assert_eq!(events(&mut subscription), ["~both@9>10", "?b@2", "?both@10", "+c@12"]);
    assert_eq!(contents(&store), ["a@1", "c@12"]);
}

#[tokio::test(start_paused = true)]
async fn follows_a_reflector_through_a_gap() {
    let server = Server::new([
        refusal(422, "Invalid"),
        page("9", "first", &[object("a", 1), object("b", 2)]),
        page("9", "", &[object("c", 3)]),
        ended([line("MODIFIED", "a", 10)]),
        ended([error(410, "Expired")]),
        page("20", "", &[object("a", 10), object("c", 15)]),
        open([added("d", 21)]),
    ]);
    let mut writer = Store::builder().build();
    let store = writer.store();
    let mut subscription = store.subscribe();
    let changes = Reflector::new(&server.client()).stream(widgets());
    let task = tokio::spawn(async move { writer.follow(changes).await });
    store.wait_until_ready().await.unwrap();
    store.wait_until_version("21").await.unwrap();
    assert_eq!(contents(&store), ["a@10", "c@15", "d@21"]);
    assert_eq!(events(&mut subscription), ["+a@1", "+b@2", "+c@3", "~a@1>10", "?b@2", "~c@3>15", "+d@21"]);
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(subscription.next().await.is_none());
    assert_eq!(server.open(), 0);
}

#[tokio::test(start_paused = true)]
async fn waits_for_a_write_to_be_seen() {
    let minute = Duration::from_secs(60);
    let server = Server::new([open([added("a", 5), initial_events_end(9), added("b", 12), bookmark(30)])]);
    let mut writer = Store::builder().build();
    let store = writer.store();
    let mut changes = Reflector::new(&server.client()).stream(widgets());
    let written = [widget("a", 5), widget("a", 6), widget("b", 12), widget("not selected", 29)];
    for expected in [0, 0, 1, 2] {
        let Some(Ok(change)) = changes.next().await else { panic!("no change") };
        writer.apply(change);
        let seen = written.iter().take_while(|each| store.wait_until_seen(each).now_or_never().is_some()).count();
        assert_eq!(seen, expected);
    }
    let waiting = tokio::spawn({
        let store = store.clone();
        async move {
            store.wait_until_seen(&widget("not selected", 29)).await?;
            store.wait_until_seen(&widget("b", 12)).await
        }
    });
    writer.follow(changes.take(2)).await.unwrap();
    tokio::time::timeout(minute, waiting).await.expect("in time").unwrap().unwrap();
    assert!(tokio::time::timeout(minute, store.wait_until_version("31")).await.is_err());
    writer.stop(None);
    let stopped = store.wait_until_version("31").await.unwrap_err();
    assert!(stopped.cause().is_none());
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_told_why_it_ended() {
    let server = Server::new([refusal(403, "Forbidden")]);
    let mut writer = Store::builder().build();
    let store = writer.store();
    let error = writer.follow(Reflector::new(&server.client()).stream(widgets())).await.unwrap_err();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.wait_until_ready().await }
    });
    tokio::task::yield_now().await;
    writer.stop(error);
    let stopped = waiting.await.unwrap().unwrap_err();
    assert!(stopped.cause().is_some_and(kubernetes_watch::Error::is_forbidden), "{stopped:?}");
}

#[test]
fn a_subscription_ends_when_it_is_dropped_or_all_is_told() {
    let mut writer = Store::builder().build();
    let store = writer.store();
    list(&mut writer, [widget("a", 1)]);
    let object = store.get("shop", "a").unwrap();
    let dropped = store.subscribe();
    let mut kept = store.subscribe();
    assert_eq!(events(&mut kept), ["+a@1"]);
    drop(dropped);
    writer.apply(Change::Deleted(widget("a", 2)));
    drop(writer);
    assert_eq!(events(&mut kept), ["-a@2"]);
    assert!(matches!(kept.next().now_or_never(), Some(None)));
    assert_eq!(Arc::strong_count(&object), 1, "nothing is kept for who has gone");
}

#[test]
fn an_object_that_was_replaced_does_not_come_again() {
    // Two shards: one is behind, and still has the object whose successor the other one has lost by now.
    let mut writers = Store::builder().build_with_writers(2).into_iter();
    let (mut behind, mut ahead) = (writers.next().expect("a writer"), writers.next().expect("another"));
    let store = behind.store();
    let of_uid = |uid: &str, version| {
        let mut widget = widget("a", version);
        widget.metadata.uid = Some(uid.into());
        widget
    };
    list(&mut behind, [of_uid("old", 3)]);
    list(&mut ahead, []);
    let mut subscription = store.subscribe();
    assert_eq!(events(&mut subscription), ["+a@3"]);
    ahead.apply(Change::Applied(of_uid("new", 7)));
    list(&mut ahead, []);
    assert_eq!(contents(&store), [""; 0]);
    behind.apply(Change::Applied(of_uid("old", 4)));
    assert_eq!(contents(&store), [""; 0]);
    behind.apply(Change::Deleted(of_uid("old", 6)));
    assert_eq!(events(&mut subscription), ["?a@3", "+a@7", "?a@7"]);
    behind.apply(Change::Applied(of_uid("newest", 9)));
    assert_eq!(contents(&store), ["a@9"]);
}

/// Such as one that finds that the program is to end.
#[test]
fn functions_of_an_index_may_ask_the_store() {
    let asked: Arc<OnceLock<Store<Widget>>> = Arc::default();
    let store = Arc::clone(&asked);
    let index = Index::new(move |widget: &Widget| {
        if let Some(store) = store.get() {
            assert!(store.wait_until_version("1000").now_or_never().is_none());
            assert!(store.wait_until_stopped().now_or_never().is_none());
            assert!(store.subscribe().next().now_or_never().is_some());
        }
        [widget.name().to_owned()]
    });
    let mut writer = Store::builder().index(&index).build();
    list(&mut writer, [widget("a", 1)]);
    assert!(asked.set(writer.store()).is_ok());
    writer.apply(Change::Applied(widget("b", 2)));
    list(&mut writer, [widget("b", 2), widget("c", 3)]);
    assert_eq!(writer.store().by_index(&index, "c").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_or_told_after_the_end() {
    let mut writers = Store::builder().build_with_writers(2);
    let (mut left, ended) = (writers.remove(0), writers.remove(0));
    let store = left.store();
    let mut all = store.subscribe().resync_every(Duration::from_secs(1));
    left.apply(Change::Applied(widget("a", 1)));
    drop(ended);
    left.apply(Change::Applied(widget("b", 2)));
    list(&mut left, [widget("c", 3)]);
    assert_eq!(contents(&store), ["a@1"]);
    assert_eq!(events(&mut all), ["+a@1"]);
    assert!(all.is_terminated());
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(events(&mut all).is_empty());
}

#[tokio::test(start_paused = true)]
async fn no_version_in_particular_is_reached_with_the_first_list() {
    let mut writer = Store::builder().build();
    let store = writer.store();
    for version in ["", "0"] {
        assert!(store.wait_until_version(version).now_or_never().is_none());
    }
    list(&mut writer, [widget("a", 1)]);
    for version in ["", "0"] {
        store.wait_until_version(version).now_or_never().expect("at once").unwrap();
    }
}

/// As with shards, of which each has objects of its own uids.
#[test]
fn a_deletion_is_told_once_though_a_source_is_behind() {
    let of_uid = |uid: &str, version| {
        let mut widget = widget("a", version);
        widget.metadata.uid = Some(uid.into());
        widget
    };
    let mut writers = Store::builder().build_with_writers(2).into_iter();
    let (mut behind, mut ahead) = (writers.next().expect("a writer"), writers.next().expect("another"));
    let mut all = behind.store().subscribe();
    list(&mut behind, []);
    list(&mut ahead, []);
    behind.apply(Change::Applied(of_uid("old", 5)));
    ahead.apply(Change::Applied(of_uid("new", 10)));
    ahead.apply(Change::Deleted(of_uid("new", 11)));
    assert_eq!(events(&mut all), ["+a@5", "?a@5", "+a@10", "-a@11"]);
    behind.apply(Change::Applied(of_uid("old", 8)));
    behind.apply(Change::Deleted(of_uid("old", 9)));
    assert!(events(&mut all).is_empty() && behind.store().is_empty());
    ahead.apply(Change::Applied(of_uid("newer", 12)));
    assert_eq!(events(&mut all), ["+a@12"]);
}
