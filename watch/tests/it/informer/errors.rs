use futures_util::StreamExt;
use futures_util::stream::FusedStream;
use kubernetes_core::ListRequest;
use kubernetes_testing::{CustomResource, Fault, TestServer};
use kubernetes_watch::{Error, ErrorPolicy, Informer, InformerBuilder, Reason, StoreEvent, Watch};

use crate::informer::{SECOND, Widget, brief, create, has, resize, server, widgets};

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
        let ended: Option<StoreEvent<_>> = events.next().await;
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

/// Nothing is asked and nothing is written after the store has said that it is no longer kept up to date.
#[tokio::test(start_paused = true)]
async fn a_source_that_ends_later_takes_the_others_with_it() {
    let server = server();
    let client = server.client();
    let request = ListRequest::namespaced("shop");
    let informer = builder(&server).and(request).on_error(ErrorPolicy::Stop).start();
    informer.wait_until_ready().await.unwrap();
    let (store, mut events) = (informer.store(), informer.subscribe());
    server.inject(Fault::status(403).path("/apis/example.com/v1/namespaces/shop/widgets").always());
    let stopped = informer.wait_until_stopped().await;
    assert!(stopped.cause().is_some_and(Error::is_forbidden), "{stopped:?}");
    assert!(store.wait_until_stopped().await.cause().is_some(), "later callers also get the cause");
    assert!(events.next().await.is_none());
    let requests = server.requests().len();
    create(&client, "late").await;
    tokio::time::sleep(60 * SECOND).await;
    assert_eq!((server.requests().len() - requests, store.len()), (1, 0), "the one that creates, and no watch");
    assert!(events.next().await.is_none() && events.is_terminated());
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_transform_is_the_cause_of_the_end() {
    let server = server();
    let client = server.client();
    let informer = builder(&server)
        .and(ListRequest::namespaced("shop"))
        .transform(|widget: &mut Widget| assert!(widget.size != 7, "expected by this test"))
        .start();
    informer.wait_until_ready().await.unwrap();
    create(&client, "a").await;
    resize(&client, "a", 7).await;
    let stopped = informer.wait_until_stopped().await;
    assert!(stopped.cause().is_some_and(Error::is_panic), "{stopped:?}");
    tokio::time::sleep(SECOND).await;
    let requests = server.requests().len();
    tokio::time::sleep(600 * SECOND).await;
    assert_eq!(server.requests().len(), requests, "the other source has ended as well");
}

/// The first error is that of the probe for shards.
#[tokio::test(start_paused = true)]
async fn a_server_that_is_away_from_the_start_is_an_error_that_is_seen() {
    for fault in [Fault::status(503), Fault::silence()] {
        let server = TestServer::builder().resource(CustomResource::of::<Widget>()).sharding(true).in_process();
        server.inject(fault.verb("list").always());
        let client = server.client();
        let informer = Informer::builder(&client, widgets()).shards(2).start();
        tokio::time::sleep(400 * SECOND).await;
        assert!(informer.error().is_some());
        server.clear_faults();
        tokio::time::timeout(400 * SECOND, informer.wait_until_ready()).await.expect("in time").unwrap();
        assert!(informer.error().is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_always_refused_is_an_error_that_is_seen() {
    let server = server();
    let client = server.client();
    server.inject(Fault::status(400).resource("widgets").verb("watch").always());
    let watch = Watch::new(&client);
    let informer = Informer::builder(&client, widgets()).watch(&watch).start();
    informer.wait_until_ready().await.unwrap();
    tokio::time::sleep(600 * SECOND).await;
    assert_eq!(informer.error().and_then(|error| error.status()?.code), Some(400));
    let counts = watch.counts();
    assert!(counts.of(Reason::Refused) > 5 && counts.failures() > 5, "{counts:?}");
    create(&client, "a").await;
    server.clear_faults();
    has(&informer.store(), &["a=0"]).await;
    assert!(informer.error().is_none());
}
