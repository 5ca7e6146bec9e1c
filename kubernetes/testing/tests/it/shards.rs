use kubernetes_testing::TestServer;
use serde_json::{Value, json};

use crate::support::{Answer, Events, MAPS, create, delete, get};

const MIDDLE: &str = "0x8000000000000000";
const END: &str = "0x10000000000000000";

/// The parameter for a range of the uid's hash.
fn shard(start: &str, end: &str) -> String {
    format!("shardSelector=shardRange(object.metadata.uid,'{start}','{end}')")
}

fn halves() -> [String; 2] {
    [shard("0x0000000000000000", MIDDLE), shard(MIDDLE, END)]
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

fn names(answer: &Answer) -> Vec<String> {
    answer.names().into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn shards_are_parts_of_a_list_and_name_themselves() {
    let server = TestServer::in_process();
    for index in 0..20 {
        create(&server, &format!("m{index:02}")).await;
    }
    let whole = get(&server, MAPS).await;
    assert_eq!(whole.body["metadata"].get("shardInfo"), None);
    let mut found = Vec::new();
    for half in halves() {
        let part = get(&server, &format!("{MAPS}?{half}")).await;
        assert!((1..20).contains(&part.names().len()), "both halves have some: {part:?}");
        found.extend(names(&part));
        // In its normal form, whatever spaces were sent.
        let selector = part.body["metadata"]["shardInfo"]["selector"].as_str().unwrap();
        assert_eq!(selector.replace(' ', ""), half.trim_start_matches("shardSelector="));
    }
    assert_eq!(sorted(found), names(&whole));
    let [first, second] = halves();
    let both = format!("{first}%7C%7C({})", second.trim_start_matches("shardSelector="));
    assert_eq!(get(&server, &format!("{MAPS}?{both}")).await.names(), whole.names());
}

#[tokio::test]
async fn pages_of_a_shard_go_on_in_it() {
    let server = TestServer::in_process();
    for index in 0..20 {
        create(&server, &format!("m{index:02}")).await;
    }
    let [half, _] = halves();
    let whole = get(&server, &format!("{MAPS}?{half}")).await;
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let page = get(&server, &format!("{MAPS}?limit=3&continue={token}&{half}")).await;
        assert_eq!(page.body["metadata"].get("remainingItemCount"), None, "what is filtered is not counted");
        found.extend(names(&page));
        match page.body["metadata"]["continue"].as_str() {
            Some(next) => next.clone_into(&mut token),
            None => break,
        }
    }
    assert_eq!(found, names(&whole));
}

#[tokio::test]
async fn the_watches_of_all_shards_see_each_change_once() {
    let server = TestServer::in_process();
    let query = "watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
    create(&server, "before").await;
    let mut watches = Vec::new();
    for half in halves() {
        watches.push(Events::open(&server, &format!("{MAPS}?{query}&{half}")).await);
    }
    for index in 0..10 {
        create(&server, &format!("m{index}")).await;
    }
    for index in 0..5 {
        delete(&server, &format!("{MAPS}/m{index}"), Value::Null).await;
    }
    let mut events = Vec::new();
    for watch in &mut watches {
        while !events.last().is_some_and(String::is_empty) {
            let soon = std::time::Duration::from_millis(5);
            let next = tokio::time::timeout(soon, watch.next()).await.ok().flatten();
            events.push(next.map(|(kind, name, _)| format!("{kind} {name}")).unwrap_or_default());
        }
        events.pop();
    }
    let bookmarks = events.iter().filter(|event| *event == "BOOKMARK ").count();
    events.retain(|event| event != "BOOKMARK ");
    let mut expected: Vec<String> = (0..10).map(|index| format!("ADDED m{index}")).collect();
    expected.extend((0..5).map(|index| format!("DELETED m{index}")));
    expected.push("ADDED before".to_owned());
    assert_eq!((sorted(events), bookmarks), (sorted(expected), 2));
}

#[tokio::test]
async fn a_wrong_selector_is_refused_in_the_words_of_the_server() {
    let server = TestServer::in_process();
    let range = |start: &str, end: &str| format!("shardRange(object.metadata.uid,'{start}','{end}')");
    let table = [
        (
            range("0x0", MIDDLE),
            r#"hexStart must be a 0x-prefixed 16-digit hex value, got "0x0" (did you mean "0x0000000000000000"?)"#,
        ),
        (range(MIDDLE, MIDDLE), "shard range start 0x8000000000000000 must be less than end 0x8000000000000000"),
        ("x".to_owned(), "unexpected expression kind 3; expected shardRange() call or || operator"),
        ("other(1)".to_owned(), r#"unsupported function "other"; only shardRange() and || are allowed"#),
    ];
    for (selector, message) in table {
        for watch in ["", "watch=1&"] {
            let answer = get(&server, &format!("{MAPS}?{watch}shardSelector={selector}")).await;
            assert_eq!((answer.status, answer.reason()), (500, ""), "{answer:?}");
            assert_eq!(answer.message(), format!("invalid shard selector: {message}"));
        }
    }
}

#[tokio::test]
async fn an_older_server_ignores_the_parameter() {
    let server = TestServer::builder().sharding(false).in_process();
    for name in ["a", "b", "c"] {
        create(&server, name).await;
    }
    for selector in ["x", "shardRange(object.metadata.uid,'0x0000000000000000','0x0000000000000001')"] {
        let list = get(&server, &format!("{MAPS}?shardSelector={selector}")).await;
        assert_eq!((list.names(), list.body["metadata"].get("shardInfo")), (vec!["a", "b", "c"], None));
    }
    assert_eq!(get(&server, MAPS).await.body["kind"], json!("ConfigMapList"));
}
