//! Coordinated election: the server picks the leader. client-go's `TestTryCoordinatedRenew` and `leasecandidate_test`.

use std::time::Duration;

use kubernetes_core::{ReadRequest, ReplaceRequest};
use kubernetes_election::{Coordination, LeaseConfig};
use kubernetes_models::coordination::v1beta1::LeaseCandidate;
use kubernetes_testing::TestServer;

use crate::support::{Candidate, config, create, edit, lease, record, seconds, server, spec};

fn coordinated(identity: &str) -> LeaseConfig {
    config(identity).coordinated(Coordination::new("1.4.0").emulation_version("1.3.0"))
}

async fn announced(server: &TestServer) -> LeaseCandidate {
    ReadRequest::<LeaseCandidate>::namespaced("shop", "a").send(&server.client()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_candidate_announces_itself_and_waits() {
    let server = server();
    let candidate = Candidate::start(&server.client(), coordinated("a"));
    tokio::time::sleep(seconds(60)).await;
    assert!(candidate.token().is_none());
    assert!(lease(&server).await.is_none(), "the server creates it");
    let spec = announced(&server).await.spec;
    assert_eq!((&*spec.lease_name, &*spec.binary_version), ("operator", "1.4.0"));
    assert_eq!((spec.emulation_version.as_deref(), &*spec.strategy), (Some("1.3.0"), "OldestEmulationVersion"));
}

#[tokio::test(start_paused = true)]
async fn a_candidate_leads_when_it_is_given_the_lease() {
    let server = server();
    let mut given = record("b", 15);
    given.strategy = Some("OldestEmulationVersion".into());
    create(&server, given).await;
    let candidate = Candidate::start(&server.client(), coordinated("a"));
    tokio::time::sleep(seconds(60)).await;
    assert!(candidate.token().is_none(), "it does not take an expired Lease");
    edit(&server, |spec| {
        spec.holder_identity = Some("a".into());
        spec.renew_time = record("a", 15).renew_time;
    })
    .await;
    let token = candidate.leads().await;
    tokio::time::sleep(seconds(60)).await;
    assert!(token.is_valid());
    let renewed = spec(&server).await;
    assert_eq!(renewed.strategy.as_deref(), Some("OldestEmulationVersion"));
    assert_eq!(renewed.lease_transitions, Some(3));
    assert!(candidate.status.slow_paths() > 20);
}

#[tokio::test(start_paused = true)]
async fn a_leader_gives_up_a_lease_that_shall_go_to_another() {
    let server = server();
    let mut given = record("a", 15);
    given.strategy = Some("OldestEmulationVersion".into());
    create(&server, given).await;
    let candidate = Candidate::start(&server.client(), coordinated("a"));
    candidate.leads().await;
    edit(&server, |spec| spec.preferred_holder = Some("b".into())).await;
    let error = candidate.lost().await;
    assert!(error.to_string().ends_with("the server prefers \"b\""), "{error}");
    assert_eq!(spec(&server).await.holder_identity.as_deref(), Some(""));
}

#[tokio::test(start_paused = true)]
async fn a_candidate_answers_when_it_is_asked() {
    let server = server();
    let _candidate = Candidate::start(&server.client(), coordinated("a"));
    tokio::time::sleep(seconds(1)).await;
    let mut asked = announced(&server).await;
    let first = asked.spec.renew_time;
    let now = first.unwrap().timestamp().checked_add(Duration::from_secs(1)).unwrap();
    asked.spec.ping_time = Some(now.into());
    ReplaceRequest::<LeaseCandidate>::namespaced("shop", &asked).send(&server.client()).await.unwrap();
    tokio::time::sleep(seconds(5)).await;
    assert!(announced(&server).await.spec.renew_time > asked.spec.ping_time);

    server.forget_requests();
    tokio::time::sleep(seconds(3000)).await;
    let renewals = server.requests().iter().filter(|request| request.verb() == "update").count();
    assert!((9..=10).contains(&renewals), "each 5 minutes: {renewals}");
}
