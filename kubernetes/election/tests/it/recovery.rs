//! A Lease that was not renewed in time may be recovered: client-go's `RecoveryReopensGateAfterTransientFailure` and
//! `RecoveryEnds`.

use kubernetes_core::DeleteRequest;
use kubernetes_models::coordination::v1::Lease;
use kubernetes_testing::TestServer;

use crate::network::Network;
use crate::support::{Candidate, config, edit, record, seconds, server, spec};

async fn suspended(server: &TestServer) -> (Network, Candidate) {
    let network = Network::to(server);
    let candidate = Candidate::start(&network.client(), config("a").recovery(seconds(30)));
    let token = candidate.leads().await;
    network.cut(true);
    tokio::time::sleep(seconds(13)).await;
    assert!(!token.is_valid());
    assert_eq!(candidate.notes()[2..], ["suspended"]);
    assert!(candidate.status.is_healthy(seconds(0)) && !candidate.status.is_leading());
    (network, candidate)
}

#[tokio::test(start_paused = true)]
async fn leadership_is_recovered_after_a_transient_failure() {
    let server = server();
    let (network, candidate) = suspended(&server).await;
    let token = candidate.token().unwrap();
    tokio::time::sleep(seconds(20)).await;
    network.cut(false);
    tokio::time::sleep(seconds(5)).await;
    assert!(token.is_valid());
    assert_eq!(candidate.notes(), ["recovered"]);
    assert_eq!(spec(&server).await.lease_transitions, Some(0));
    tokio::time::sleep(seconds(60)).await;
    assert!(token.is_valid());
}

#[tokio::test(start_paused = true)]
async fn recovery_ends_at_its_deadline() {
    let server = server();
    let start = tokio::time::Instant::now();
    let (_network, candidate) = suspended(&server).await;
    let error = candidate.lost().await;
    assert!(error.to_string().contains("not renewed within 10s"), "{error}");
    assert!(start.elapsed() >= seconds(40) && start.elapsed() < seconds(53), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn recovery_ends_when_another_has_held_the_lease() {
    let server = server();
    let (network, candidate) = suspended(&server).await;
    edit(&server, |spec| *spec = record("other", 15)).await;
    network.cut(false);
    assert_eq!(candidate.lost().await.holder(), Some("other"));

    // Even if it was released since.
    let server = crate::support::server();
    let (network, candidate) = suspended(&server).await;
    edit(&server, |spec| *spec = record("", 1)).await;
    network.cut(false);
    assert_eq!(candidate.lost().await.holder(), None);
}

#[tokio::test(start_paused = true)]
async fn recovery_ends_when_the_lease_was_deleted() {
    let server = server();
    let (network, candidate) = suspended(&server).await;
    DeleteRequest::<Lease>::namespaced("shop", "operator").send(&server.client()).await.unwrap();
    network.cut(false);
    assert!(candidate.lost().await.to_string().ends_with("it was deleted"));
}

#[tokio::test(start_paused = true)]
async fn recovery_ends_with_a_shutdown() {
    let server = server();
    let (_network, candidate) = suspended(&server).await;
    assert_eq!(candidate.stop().await.unwrap(), None);
}
