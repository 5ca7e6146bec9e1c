use kubernetes_core::ListRequest;
use kubernetes_testing::{Fault, TestServer};
use kubernetes_watch::{Error, ErrorPolicy, Informer, InformerBuilder, StoreEvent};

use crate::{SECOND, Widget, brief, create, has, server, widgets};

fn builder(server: &TestServer) -> InformerBuilder<Widget> {
    let client = server.client();
    Informer::builder(&client, widgets()).watch(&brief(&client))
}

#[tokio::test(start_paused = true)]
async fn a_program_without_permission_is_told_so_at_once() {
    for policy in [ErrorPolicy::default(), ErrorPolicy::Stop] {
        let server = server();
        server.inject(Fault::status(403).resource("widgets").always());
        let informer = builder(&server).on_error(policy).start();
        let mut events = informer.subscribe();
        let stopped = tokio::time::timeout(SECOND, informer.wait_until_ready()).await.expect("at once").unwrap_err();
        assert!(stopped.cause().is_some_and(Error::is_forbidden), "{stopped:?}");
        let ended: Option<StoreEvent<_>> = futures_util::StreamExt::next(&mut events).await;
        assert!(ended.is_none());
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn permission_that_is_lost_later_is_waited_for() {
    let server = server();
    let client = server.client();
    create(&client, "a").await;
    let informer = builder(&server).start();
    let store = informer.store();
    informer.wait_until_ready().await.unwrap();
    assert!(informer.error().is_none());

    server.inject(Fault::status(403).resource("widgets").verb("watch").always());
    server.forget_requests();
    tokio::time::sleep(600 * SECOND).await;
    assert!(informer.error().is_some_and(|error| error.is_forbidden()));
    let requests = server.requests().len();
    assert!((20..60).contains(&requests), "{requests} requests in 10 minutes");
    assert!(store.get("default", "a").is_some(), "the store has what it had");
    create(&client, "b").await;
    server.clear_faults();
    has(&store, &["a=0", "b=0"]).await;
    assert!(informer.error().is_none());
}

#[tokio::test(start_paused = true)]
async fn an_object_that_can_not_be_decoded_is_got_over() {
    let server = server();
    let client = server.client();
    let informer = builder(&server).start();
    informer.wait_until_ready().await.unwrap();
    server.inject(Fault::garbage_line(1).verb("watch").times(2));
    tokio::time::sleep(6 * SECOND).await;
    create(&client, "a").await;
    has(&informer.store(), &["a=0"]).await;
    assert!(informer.error().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_policy_can_be_to_stop_or_to_try_from_the_start() {
    let server = server();
    server.inject(Fault::status(404).verb("watch").times(3));
    let informer = builder(&server).on_error(ErrorPolicy::Retry).start();
    tokio::time::timeout(60 * SECOND, informer.wait_until_ready()).await.expect("in time").unwrap();
    drop(informer);

    let informer = builder(&server).on_error(ErrorPolicy::Stop).start();
    informer.wait_until_ready().await.unwrap();
    server.inject(Fault::status(404).verb("watch"));
    let stopped = informer.store().wait_until_version("1000000").await.unwrap_err();
    assert!(stopped.cause().is_some_and(Error::is_not_found), "{stopped:?}");
}

#[tokio::test(start_paused = true)]
async fn one_source_that_ends_ends_the_informer() {
    let server = server();
    let client = server.client();
    server.inject(Fault::status(403).path("/apis/example.com/v1/namespaces/shop/widgets").always());
    let informer = builder(&server).and(ListRequest::namespaced("shop")).start();
    create(&client, "a").await;
    let stopped = informer.wait_until_ready().await.unwrap_err();
    assert!(stopped.cause().is_some_and(Error::is_forbidden), "{stopped:?}");
}
