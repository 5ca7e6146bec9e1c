//! Waits for conditions, over gaps and against a server that misbehaves.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use kubernetes_watch::{
    ListCondition, ObjectCondition, Objects, Until, UntilError, UntilObject, Verdict, Watch, until,
};

use crate::streams::server::{Answer, Part, Server};
use crate::streams::{Widget, added, bytes, ended, error, initial_events_end, line, open, refusal, widgets};

const MINUTE: Duration = Duration::from_secs(60);

fn list(server: &Server) -> Until<Widget> {
    until(&server.client(), widgets()).within(MINUTE)
}

fn web(server: &Server) -> UntilObject<Widget> {
    list(server).named("web")
}

/// An object that was created again has another uid.
fn with_uid(kind: &str, uid: &str, version: u32) -> String {
    line(kind, "web", version).replace("\"metadata\":{", &format!("\"metadata\":{{\"uid\":\"{uid}\","))
}

/// Holds at this version.
fn at(version: &'static str) -> ObjectCondition<Widget> {
    ObjectCondition::new(format!("is at {version}"), move |widget: &Widget| {
        let current = widget.metadata.resource_version.as_deref().unwrap_or_default();
        if current == version { Verdict::Met } else { Verdict::waiting(format!("it is at {current}")) }
    })
}

fn version(found: Result<Option<Widget>, UntilError>) -> Option<String> {
    found.expect("the condition holds").and_then(|widget| widget.metadata.resource_version).map(String::from)
}

fn names(found: Result<Vec<Widget>, UntilError>) -> Vec<String> {
    found.expect("the condition holds").iter().map(|widget| widget.name().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_state_of_the_list_counts_as_one_of_the_watch_does() {
    let server = Server::new([]).always(open([added("web", 7), initial_events_end(9), line("MODIFIED", "web", 10)]));
    assert_eq!(version(web(&server).is(at("7")).await).as_deref(), Some("7"));
    assert_eq!(version(web(&server).is(at("10")).await).as_deref(), Some("10"));
    assert_eq!(version(web(&server).is(at("7").not()).await).as_deref(), Some("10"));
    assert_eq!(version(web(&server).is(ObjectCondition::exists()).await).as_deref(), Some("7"));
    assert_eq!(server.asked("fieldSelector"), ["metadata.name%3Dweb"; 4]);
    assert_eq!(server.open(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_yet_is_waited_for() {
    let server = Server::new([open([initial_events_end(9), added("web", 10)])]);
    assert_eq!(version(web(&server).is(ObjectCondition::exists()).await).as_deref(), Some("10"));
}

#[tokio::test(start_paused = true)]
async fn it_begins_with_a_list_whatever_the_request_says() {
    let server = Server::new([open([added("web", 7), initial_events_end(9)])]);
    let request = widgets().resource_version("5").field_selector("spec.size=3");
    until(&server.client(), request).named("web").is(ObjectCondition::exists()).await.unwrap();
    assert_eq!(server.asked("resourceVersion"), ["none"]);
    assert_eq!(server.asked("fieldSelector"), ["spec.size%3D3%2Cmetadata.name%3Dweb"]);
}

#[tokio::test(start_paused = true)]
async fn deleted_holds_if_it_is_gone_at_the_start() {
    let server = Server::new([]).always(open([initial_events_end(9)]));
    web(&server).deleted().await.unwrap();
    web(&server).uid("1").deleted().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn deleted_means_the_object_of_this_uid() {
    let server = Server::new([open([with_uid("ADDED", "2", 7), initial_events_end(9)])]);
    web(&server).uid("1").deleted().await.expect("the object there is another one");

    let server = Server::new([open([with_uid("ADDED", "1", 7), initial_events_end(9)])]);
    let error = web(&server).uid("1").deleted().await.unwrap_err();
    assert!(error.is_timeout(), "{error}");

    // Replaced without a word of its deletion, as seen after a gap.
    let server = Server::new([open([with_uid("ADDED", "1", 7), initial_events_end(9), with_uid("ADDED", "2", 10)])]);
    web(&server).deleted().await.expect("the first one was deleted in between");
}

#[tokio::test(start_paused = true)]
async fn a_deletion_while_away_is_seen() {
    let gone = || ended([error(410, "Expired")]);
    for after in [open([initial_events_end(30)]), open([with_uid("ADDED", "2", 20), initial_events_end(30)])] {
        let before = ended([with_uid("ADDED", "1", 7), initial_events_end(9)]);
        let server = Server::new([before, gone(), after]);
        web(&server).deleted().await.unwrap();
        assert_eq!(server.asked("resourceVersion"), ["none", "9", "none"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_while_away_is_seen() {
    for gone in [ended([error(410, "Expired")]), refusal(410, "Gone")] {
        let before = ended([added("web", 7), added("b", 8), initial_events_end(9)]);
        let after = open([added("web", 20), initial_events_end(30)]);
        let server = Server::new([before.clone(), gone.clone(), after.clone()]);
        assert_eq!(version(web(&server).is(at("20")).await).as_deref(), Some("20"));

        let server = Server::new([before, gone, after]);
        let one = ListCondition::new("one", |widgets: &Objects<Widget>| widgets.len() == 1);
        assert_eq!(names(list(&server).is(one).await), ["web"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_forgets_at_once_is_not_listed_hotly() {
    let server =
        Server::new((0..200).flat_map(|_| [ended([added("web", 7), initial_events_end(9)]), refusal(410, "Gone")]));
    let error = web(&server).is(at("8")).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert!((5..40).contains(&server.times().len()), "{}", server.times().len());
}

#[tokio::test(start_paused = true)]
async fn the_next_object_of_the_name_counts_unless_the_first_is_meant() {
    let script = || {
        open([
            with_uid("ADDED", "1", 7),
            initial_events_end(9),
            with_uid("DELETED", "1", 10),
            with_uid("ADDED", "2", 11),
        ])
    };
    let server = Server::new([]).always(script());
    assert_eq!(version(web(&server).is(at("11")).await).as_deref(), Some("11"));
    for wait in [web(&server).same_object(), web(&server).uid("1")] {
        let error = wait.is(at("11")).await.unwrap_err();
        assert!(error.is_deleted() && !error.is_timeout(), "{error}");
        assert_eq!(
            error.to_string(),
            "the object was deleted while waiting until web (uid 1) is at 11, \
             at /apis/example.com/v1/namespaces/shop/widgets/web: it does not exist (last seen at version 10)"
        );
    }
    let error = web(&server).uid("0").is(at("11")).await.unwrap_err();
    assert!(error.is_deleted(), "it is known to be gone at the start: {error}");
}

#[tokio::test(start_paused = true)]
async fn several_namespaces_with_such_an_object_are_an_error() {
    let other = added("web", 8).replace("shop", "till");
    let server = Server::new([]).always(open([with_uid("ADDED", "1", 7), other, initial_events_end(9)]));
    let all = until(&server.client(), kubernetes_core::ListRequest::<Widget>::all_namespaces());
    let error = all.clone().named("web").is(at("8")).await.unwrap_err();
    assert!(error.to_string().contains(", at /apis/example.com/v1/widgets: "), "{error}");
    assert!(error.to_string().contains("ask for one namespace"), "{error}");
    assert_eq!(version(all.named("web").uid("1").is(ObjectCondition::exists()).await).as_deref(), Some("7"));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_says_what_was_seen_last() {
    let server = Server::new([open([added("web", 7), initial_events_end(9), line("MODIFIED", "web", 12)])]);
    let error = web(&server).is(at("99")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "timed out after 60s waiting until web is at 99, at /apis/example.com/v1/namespaces/shop/widgets/web: it is at \
         12 (last seen at version 12)"
    );
    assert_eq!((error.reason(), error.resource_version()), (Some("it is at 12"), Some("12")));
    assert!(error.is_timeout() && error.source().is_none());

    let server = Server::new([]).always(Answer::Unreachable);
    let error = web(&server).is(at("99")).await.unwrap_err();
    assert!(error.to_string().ends_with(": the server sent no state"), "{error}");
    let source = format!("{:?}", error.source().expect("the failure of the connection"));
    assert!(source.contains("the watch of") && source.contains("connection refused"), "{source}");
    assert_eq!(server.open(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_can_not_come_to_hold_ends_the_wait() {
    let server = Server::new([]).always(open([added("web", 7), initial_events_end(9)]));
    let crashed = || ObjectCondition::new("runs", |_: &Widget| Verdict::failed("it crashed"));
    let error = web(&server).is(crashed()).await.unwrap_err();
    assert!(error.is_failed() && error.reason() == Some("it crashed"), "{error}");
    let error = list(&server).all(crashed()).await.unwrap_err();
    assert!(error.is_failed() && error.reason() == Some("web: it crashed"), "{error}");
    web(&server).is(crashed().or(at("7"))).await.unwrap();
    assert!(list(&server).any(crashed()).await.unwrap_err().is_timeout(), "another one may come");
}

#[tokio::test(start_paused = true)]
async fn lists_are_waited_for() {
    let server = Server::new([]).always(open([
        added("a", 1),
        added("b", 2),
        initial_events_end(9),
        line("MODIFIED", "a", 10),
        line("DELETED", "b", 11),
        line("DELETED", "a", 12),
    ]));
    let newer = || at("1").not().and(at("2").not());
    assert_eq!(names(list(&server).any(newer()).await), ["a", "b"]);
    assert_eq!(names(list(&server).all(newer()).await), ["a"]);
    assert_eq!(names(list(&server).is(ListCondition::none()).await), Vec::<String>::new());
    let error = list(&server).is(ListCondition::at_least(3, newer())).await.unwrap_err();
    assert_eq!(error.reason(), Some("0 of 3"));
    let error = list(&server).all(ObjectCondition::exists()).await;
    assert_eq!(names(error), ["a", "b"]);
    let empty = Server::new([open([initial_events_end(9)])]);
    let error = list(&empty).all(ObjectCondition::exists()).await.unwrap_err();
    assert_eq!(error.reason(), Some("no object matches"));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_an_error() {
    let server = Server::new([refusal(403, "Forbidden")]);
    let error = web(&server).is(at("7")).await.unwrap_err();
    assert!(error.watch_error().is_some_and(kubernetes_watch::Error::is_forbidden), "{error}");
    assert!(error.source().is_some());
}

#[tokio::test(start_paused = true)]
async fn stop_ends_it_wherever_it_is() {
    // While a watch is open, while one is opened, and between two lists.
    let forgetful = || {
        let both = [ended([initial_events_end(9)]), refusal(410, "Gone")];
        (0..50).flat_map(move |_| both.clone())
    };
    for (server, after) in
        [(Server::new([open([initial_events_end(9)])]), 1), (Server::new([]), 1), (Server::new(forgetful()), 40)]
    {
        let watch = Watch::new(&server.client());
        let wait = tokio::spawn(watch.until(widgets()).named("web").is(at("7")));
        tokio::time::sleep(Duration::from_secs(after)).await;
        assert!(!wait.is_finished());
        watch.stop();
        let before = tokio::time::Instant::now();
        assert!(wait.await.unwrap().unwrap_err().is_stopped());
        assert_eq!(before.elapsed(), Duration::ZERO);
        assert_eq!(server.open(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn giving_up_changes_nothing() {
    let server = Server::new([open([initial_events_end(9)]), open([added("web", 7), initial_events_end(9)])]);
    let gave_up = tokio::time::timeout(MINUTE, until(&server.client(), widgets()).named("web").is(at("7"))).await;
    assert!(gave_up.is_err());
    assert_eq!(server.open(), 0);
    assert_eq!(version(web(&server).is(at("7")).await).as_deref(), Some("7"));
}

#[tokio::test(start_paused = true)]
async fn an_observer_of_the_watch_is_still_told() {
    let server = Server::new([refusal(503, "ServiceUnavailable"), open([added("web", 7), initial_events_end(9)])]);
    let (sender, mut told) = tokio::sync::mpsc::unbounded_channel();
    let watch = Watch::new(&server.client()).observe(move |transition| sender.send(transition.reason()).unwrap());
    watch.until(widgets()).named("web").is(at("7")).await.unwrap();
    drop(watch);
    let mut reasons = Vec::new();
    while let Some(reason) = told.recv().await {
        reasons.push(reason.name());
    }
    assert_eq!(reasons, ["broken", "connected", "listed"]);
}

#[tokio::test(start_paused = true)]
async fn events_in_pieces_are_one_state_each() {
    let text = [with_uid("ADDED", "1", 7), initial_events_end(9), with_uid("MODIFIED", "1", 10)].concat();
    let pieces = text.as_bytes().chunks(3).map(|piece| bytes(piece.to_vec()));
    let server = Server::new([Answer::Body(pieces.chain([crate::streams::server::Part::Hang]).collect())]);
    assert_eq!(version(web(&server).is(at("10")).await).as_deref(), Some("10"));
}

/// A condition may be dear, such as one that looks into the JSON of an object.
#[tokio::test(start_paused = true)]
async fn a_condition_is_asked_once_about_each_state() {
    const OBJECTS: u32 = 40;
    let existing = (0..OBJECTS).map(|index| added(&format!("w{index}"), index + 1));
    let changes = (0..OBJECTS).map(|index| line("MODIFIED", &format!("w{index}"), 1000 + index));
    let lines = existing.chain([initial_events_end(999)]).chain(changes).map(bytes);
    let server = Server::new([Answer::Body(lines.chain([Part::Hang]).collect())]);
    let asked = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&asked);
    let changed = ObjectCondition::new("is changed", move |widget: &Widget| {
        counter.fetch_add(1, Ordering::Relaxed);
        widget.metadata.resource_version.as_deref().is_some_and(|version| version.len() == 4)
    });
    let three = ListCondition::at_least(3, changed.clone());
    let found = list(&server).is(ListCondition::all(changed).and(three)).await.expect("the condition holds");
    assert_eq!(found.len(), OBJECTS as usize);
    assert_eq!(asked.load(Ordering::Relaxed), 2 * OBJECTS);
}

#[tokio::test(start_paused = true)]
async fn a_reason_names_some_of_many() {
    let lines = (10..30).map(|index| bytes(added(&format!("w{index}"), index))).chain([bytes(initial_events_end(99))]);
    let server = Server::new([Answer::Body(lines.chain([Part::Hang]).collect())]);
    let error = list(&server).all(at("1")).await.unwrap_err();
    let reason = error.reason().expect("a reason");
    assert!(
        reason.starts_with("w10: it is at 10; w11: ") && reason.ends_with("w19: it is at 19; and 10 more"),
        "{reason}"
    );
}
