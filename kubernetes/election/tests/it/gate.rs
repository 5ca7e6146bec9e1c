//! The client that writes only while its process leads: client-go's `WriteGate` tests and more.

use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_core::{CreateRequest, DeleteRequest, ListRequest, ReadRequest};
use kubernetes_election::Election;
use kubernetes_models::core::v1::ConfigMap;
use kubernetes_testing::{Fault, TestServer};
use tokio::time::Instant;

use crate::network::Network;
use crate::support::{Candidate, config, edit, holder, record, seconds, server};

async fn write(client: &Client, name: &str) -> Result<(), kubernetes_client::Error> {
    CreateRequest::<ConfigMap>::namespaced("shop", &ConfigMap::named(name)).send(client).await.map(|_| ())
}

async fn names(server: &TestServer) -> Vec<String> {
    let list = ListRequest::<ConfigMap>::namespaced("shop").send(&server.client()).await.unwrap();
    list.items.into_iter().filter_map(|map| map.metadata.name).map(|name| name.to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn only_reads_pass_while_nobody_leads() {
    let server = server();
    let election = Election::new(&server.client(), config("a")).unwrap();
    let gated = election.gate(&server.client());
    for error in [
        write(&gated, "early").await.unwrap_err(),
        DeleteRequest::<ConfigMap>::namespaced("shop", "early").send(&gated).await.unwrap_err(),
    ] {
        assert!(error.is_not_permitted(), "{error}");
        let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        assert!(format!("{error}: {source}").contains("does not hold the Lease shop/operator"), "{error}: {source}");
    }
    assert!(ReadRequest::<ConfigMap>::namespaced("shop", "early").send_opt(&gated).await.unwrap().is_none());
    assert!(server.requests().iter().all(|request| request.method == http::Method::GET));
}

#[tokio::test(start_paused = true)]
async fn the_gate_of_a_token_closes_for_good() {
    let server = server();
    let mut election = Election::new(&server.client(), config("a")).unwrap();
    let of_election = election.gate(&server.client());
    let (of_token, outer) = election
        .run(|leadership| {
            let of_election = of_election.clone();
            async move {
                let client = leadership.client();
                write(&client, "first").await.unwrap();
                write(&of_election, "second").await.unwrap();
                (client, leadership)
            }
        })
        .await
        .unwrap();
    assert!(write(&of_token, "third").await.unwrap_err().is_not_permitted());
    assert!(write(&outer.gate(&server.client()), "third").await.unwrap_err().is_not_permitted());
    assert!(write(&of_election, "third").await.unwrap_err().is_not_permitted());
    election
        .run(|_| {
            let (of_token, of_election) = (of_token.clone(), of_election.clone());
            async move {
                assert!(write(&of_token, "third").await.unwrap_err().is_not_permitted());
                write(&of_election, "fourth").await.unwrap();
            }
        })
        .await
        .unwrap();
    assert_eq!(names(&server).await, ["first", "fourth", "second"]);
}

#[tokio::test(start_paused = true)]
async fn no_write_starts_after_the_renew_deadline() {
    let server = server();
    let network = Network::to(&server);
    let candidate = Candidate::start(&network.client(), config("a"));
    let token = candidate.leads().await;
    // The way of the writes is another than that of the renewals, and works.
    let gated = token.gate(&server.client());
    network.cut(true);
    let start = Instant::now();
    let mut refused_at = None;
    for index in 0..150 {
        match write(&gated, &format!("w{index}")).await {
            Ok(()) => assert!(refused_at.is_none()),
            Err(error) => {
                assert!(error.is_not_permitted(), "{error}");
                refused_at.get_or_insert(start.elapsed());
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let refused_at = refused_at.expect("the gate closes");
    assert!((Duration::from_millis(9_900)..=Duration::from_millis(10_200)).contains(&refused_at), "{refused_at:?}");
}

#[tokio::test(start_paused = true)]
async fn writes_under_way_are_canceled_when_the_lease_is_lost() {
    let server = server();
    let candidate = Candidate::start(&server.client(), config("a"));
    let token = candidate.leads().await;
    server.inject(Fault::silence().resource("configmaps"));
    let gated = token.client();
    let writing = tokio::spawn(async move { write(&gated, "slow").await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    edit(&server, |spec| *spec = record("usurper", 15)).await;
    token.ended().await;
    let ended = Instant::now();
    let error = writing.await.unwrap().unwrap_err();
    assert!(error.is_not_permitted(), "{error}");
    assert!(ended.elapsed() < Duration::from_millis(10));
}

#[tokio::test(start_paused = true)]
async fn a_write_takes_no_longer_than_the_rest_of_the_lease() {
    let server = server();
    let config = config("a").lease_duration(seconds(20)).renew_deadline(seconds(15)).retry_period(seconds(10));
    let candidate = Candidate::start(&server.client(), config);
    let token = candidate.leads().await;
    server.inject(Fault::silence().resource("configmaps"));
    tokio::time::sleep(seconds(6)).await;
    let start = Instant::now();
    // Though the Lease is renewed meanwhile: others could not tell such a write from one of an old leader.
    let error = write(&token.client(), "slow").await.unwrap_err();
    assert!(error.is_not_permitted() && error.is_timeout(), "{error}");
    let range = Duration::from_millis(13_900)..=Duration::from_millis(14_100);
    assert!(range.contains(&start.elapsed()), "20 s after the last renewal: {:?}", start.elapsed());
    assert!(token.is_valid());
}

#[tokio::test(start_paused = true)]
async fn a_lease_expires_if_a_write_was_given_up() {
    let server = server();
    let candidate = Candidate::start(&server.client(), config("a"));
    let token = candidate.leads().await;
    let gated = token.client();
    server.inject(Fault::silence().resource("configmaps"));
    let writing = tokio::spawn(async move { write(&gated, "slow").await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    candidate.stop().await.unwrap();
    assert!(writing.await.unwrap().unwrap_err().is_not_permitted());
    // The server may still carry it out: the next leader has to wait.
    assert_eq!(holder(&server).await, "a");
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_released_if_earlier_writes_had_no_known_outcome() {
    let server = server();
    let candidate = Candidate::start(&server.client(), config("a"));
    let token = candidate.leads().await;
    server.inject(Fault::disconnect().resource("configmaps").always());
    assert!(write(&token.client(), "unknown").await.is_err());
    tokio::time::sleep(seconds(16)).await;
    candidate.stop().await.unwrap();
    assert_eq!(holder(&server).await, "");
}

#[tokio::test(start_paused = true)]
async fn a_lease_expires_if_a_write_of_the_function_was_canceled() {
    let server = server();
    let mut election = Election::new(&server.client(), config("a")).unwrap();
    server.inject(Fault::silence().resource("configmaps"));
    let shutdown = tokio::time::sleep(seconds(5));
    let lead = |leadership: kubernetes_election::Leadership| async move { write(&leadership.client(), "slow").await };
    assert!(election.run_until(shutdown, lead).await.unwrap().is_none());
    assert_eq!(holder(&server).await, "a");
    // It can be taken when it has expired, and released then.
    election.run(|_| async {}).await.unwrap();
}
