//! An informer tells what is wrong, also what is likely to pass.

use kubernetes_testing::Fault;
use kubernetes_watch::{Error, Informer, Watch};

use crate::informer::{SECOND, brief, create, has, server, widgets};

#[tokio::test(start_paused = true)]
async fn a_server_that_is_away_is_an_error_until_it_is_back() {
    let faults: [fn() -> Fault; 4] = [|| Fault::status(503), || Fault::status(429), Fault::silence, Fault::disconnect];
    for (index, fault) in faults.into_iter().enumerate() {
        let server = server();
        let client = server.client();
        let informer = Informer::builder(&client, widgets()).watch(&brief(&client)).start();
        informer.wait_until_ready().await.unwrap();
        assert!(informer.error().is_none());
        server.inject(fault().always());
        tokio::time::sleep(300 * SECOND).await;
        assert!(informer.error().is_some(), "fault {index}");
        server.clear_faults();
        tokio::time::sleep(120 * SECOND).await;
        assert!(informer.error().is_none(), "fault {index}: {:?}", informer.error());
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_was_never_there_is_an_error() {
    let server = server();
    let client = server.client();
    server.inject(Fault::disconnect().always());
    let informer = Informer::start(&client, widgets());
    let not_ready = informer.wait_until_ready_within(30 * SECOND).await.unwrap_err();
    assert!(not_ready.is_timeout());
    assert_eq!(not_ready.to_string(), "timed out after 30s waiting for the first list of the informer");
    assert!(not_ready.cause().is_some() && informer.error().is_some());
    let shown = format!("{not_ready:?}");
    assert!(shown.contains("caused by: the watch of") && shown.contains("widgets"), "{shown}");

    server.clear_faults();
    informer.wait_until_ready_within(60 * SECOND).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_waits_with_a_limit_is_told_of_the_end() {
    let server = server();
    let client = server.client();
    server.inject(Fault::status(403).resource("widgets").always());
    let informer = Informer::start(&client, widgets());
    let not_ready = informer.wait_until_ready_within(30 * SECOND).await.unwrap_err();
    assert!(!not_ready.is_timeout() && not_ready.cause().is_some_and(Error::is_forbidden), "{not_ready:?}");
}

/// kubernetes#104171: the server has forgotten the version, and answers with watches that end at once.
#[tokio::test(start_paused = true)]
async fn watches_that_end_at_once_do_not_leave_the_store_as_it_is() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let watch = Watch::new(&client).timeout_seconds(5);
    let informer = Informer::builder(&client, widgets()).watch(&watch).start();
    informer.wait_until_ready().await.unwrap();
    server.inject(Fault::end_at_once().verb("watch").always());
    tokio::time::sleep(10 * SECOND).await;
    create(&client, "b").await;
    tokio::time::sleep(60 * SECOND).await;
    has(&informer.store(), &["a=0", "b=0"]).await;
    tokio::time::sleep(5 * SECOND).await;
    assert!(informer.error().is_some(), "it is up to date by lists alone");
    server.clear_faults();
    tokio::time::sleep(120 * SECOND).await;
    assert!(informer.error().is_none());
}
