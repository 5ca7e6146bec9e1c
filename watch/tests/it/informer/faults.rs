use kubernetes_testing::{Fault, RecordedRequest};
use kubernetes_watch::{Informer, Watch};

use crate::informer::{Log, SECOND, brief, create, delete, has, resize, server, widgets};

/// While away, the history is lost: what was deleted in the meantime is reported once, with its last known state.
#[tokio::test(start_paused = true)]
async fn deletions_in_a_gap_are_told_once() {
    for listed_in_pages in [false, true] {
        let server = server();
        let client = server.client();
        for name in ["a", "b", "c"] {
            create(&client, name).await;
        }
        let watch = brief(&client).bookmarks(!listed_in_pages);
        let informer = Informer::builder(&client, widgets()).watch(&watch).start();
        let store = informer.store();
        let log = Log::default();
        informer.on_event(log.handler());
        has(&store, &["a=0", "b=0", "c=0"]).await;
        assert_eq!(log.take().await, ["+a=0", "+b=0", "+c=0"]);

        server.inject(Fault::status(503).verb("watch").always());
        tokio::time::sleep(10 * SECOND).await;
        delete(&client, "a").await;
        resize(&client, "b", 1).await;
        resize(&client, "b", 2).await;
        delete(&client, "c").await;
        create(&client, "c").await;
        create(&client, "d").await;
        server.compact();
        tokio::time::sleep(10 * SECOND).await;
        assert_eq!(store.len(), 3, "the store has what it had");
        server.clear_faults();

        has(&store, &["b=2", "c=0", "d=0"]).await;
        assert_eq!(log.take().await, ["?a=0", "~b=0>2", "?c=0", "+c=0", "+d=0"]);
        tokio::time::sleep(60 * SECOND).await;
        assert!(log.take().await.is_empty(), "and not again");
    }
}

/// No fault of a watch makes an event get lost, or come twice or out of order.
#[tokio::test(start_paused = true)]
async fn faults_of_a_watch_are_not_seen() {
    let faults: [fn() -> Fault; 13] = [
        || Fault::status(500),
        || Fault::status(429).retry_after(2),
        || Fault::status(410),
        Fault::gone_event,
        Fault::silence,
        Fault::disconnect,
        Fault::compaction,
        || Fault::reset_after(100),
        || Fault::split(7),
        || Fault::truncate_line(1),
        Fault::end_at_once,
        || Fault::end_after(1),
        Fault::drop_bookmarks,
    ];
    for (index, fault) in faults.into_iter().enumerate() {
        let server = server();
        let client = server.client();
        create(&client, "a").await;
        server.inject(fault().verb("watch"));
        let informer = Informer::builder(&client, widgets()).watch(&brief(&client)).start();
        let (store, log) = (informer.store(), Log::default());
        informer.on_event(log.handler());
        has(&store, &["a=0"]).await;
        assert_eq!(log.take().await, ["+a=0"], "fault {index}");
        server.inject(fault().verb("watch").times(3));
        for size in 1..20 {
            resize(&client, "a", size).await;
            tokio::time::sleep(SECOND).await;
        }
        create(&client, "b").await;
        delete(&client, "a").await;
        has(&store, &["b=0"]).await;
        let told = log.take().await;
        let mut last = 0;
        for event in told.iter().filter(|event| event.starts_with("~a")) {
            let (old, new) = event[3..].split_once('>').expect("an update");
            assert_eq!(old.parse(), Ok(last), "fault {index}: {told:?}");
            last = new.parse().expect("a size");
        }
        let gone = told.iter().filter(|event| event.starts_with("-a") || event.starts_with("?a")).count();
        assert_eq!((gone, told.iter().filter(|event| *event == "+b=0").count()), (1, 1), "fault {index}: {told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn pages_that_expire_leave_no_phantom() {
    let server = server();
    let client = server.client();
    for name in ["a", "b", "c", "d", "e"] {
        create(&client, name).await;
    }
    server.inject(Fault::compaction().verb("list").nth(2));
    server.inject(Fault::status(500).verb("list").nth(3));
    let informer = Informer::builder(&client, widgets().limit(2)).watch(&Watch::new(&client).bookmarks(false)).start();
    has(&informer.store(), &["a=0", "b=0", "c=0", "d=0", "e=0"]).await;
    let lists = server.requests().iter().filter(|request| request.verb() == "list").count();
    assert!((3..=4).contains(&lists), "{lists} lists");
}

/// A network that is lost without a word.
#[tokio::test(start_paused = true)]
async fn silence_is_noticed() {
    let server = server();
    let client = server.client();
    server.inject(Fault::drop_bookmarks().verb("watch").times(5));
    let informer = Informer::builder(&client, widgets()).watch(&Watch::new(&client).idle_timeout(5 * SECOND)).start();
    tokio::time::timeout(60 * SECOND, informer.wait_until_ready()).await.expect("in time").unwrap();
    server.inject(Fault::silence().verb("watch").times(3));
    tokio::time::sleep(20 * SECOND).await;
    create(&client, "a").await;
    has(&informer.store(), &["a=0"]).await;
}

/// A server that lags could have an older one than what the store has.
#[tokio::test(start_paused = true)]
async fn any_state_will_do_at_first_only() {
    let server = server();
    let client = server.client();
    let informer = Informer::builder(&client, widgets().resource_version("0")).watch(&brief(&client)).start();
    informer.wait_until_ready().await.unwrap();
    let any_state = || server.requests().iter().filter(|request| request.query.contains("resourceVersion=0")).count();
    assert_eq!(any_state(), 1);
    server.inject(Fault::garbage_line(1).verb("watch"));
    tokio::time::sleep(6 * SECOND).await;
    create(&client, "a").await;
    has(&informer.store(), &["a=0"]).await;
    tokio::time::sleep(30 * SECOND).await;
    let lists = |request: &&RecordedRequest| request.verb() == "list" || request.query.contains("sendInitialEvents");
    assert!(server.requests().iter().filter(lists).count() > 1, "or the test shows nothing");
    assert_eq!(any_state(), 1);
}
