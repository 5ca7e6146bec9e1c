//! The Lease is given back when the leader is done.

use std::time::Duration;

use kubernetes_core::DeleteRequest;
use kubernetes_election::{Election, Leadership};
use kubernetes_models::coordination::v1::Lease;
use kubernetes_testing::Fault;
use tokio::time::Instant;

use crate::network::Network;
use crate::support::{Candidate, config, edit, holder, record, seconds, server, spec, without_times};

#[tokio::test(start_paused = true)]
async fn a_leader_that_is_done_releases_the_lease() {
    let server = server();
    let mut election = Election::new(&server.client(), config("a")).unwrap();
    let output = election.run(|leadership: Leadership| async move { leadership.is_valid() }).await.unwrap();
    assert!(output);
    assert_eq!(without_times(spec(&server).await), (Some("".into()), Some(1), Some(0)));
    assert_eq!(election.status().leader(), None);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_cancels_the_function_and_hands_over_at_once() {
    let server = server();
    let first = Candidate::start(&server.client(), config("a"));
    let token = first.leads().await;
    let second = Candidate::start(&server.client(), config("b"));
    tokio::time::sleep(seconds(10)).await;
    let start = Instant::now();
    assert_eq!(first.stop().await.unwrap(), None);
    assert!(!token.is_valid());
    let next = second.leads().await;
    assert!(start.elapsed() < Duration::from_millis(4500), "{:?}", start.elapsed());
    assert!(next.fencing_number() > token.fencing_number());
    assert_eq!(spec(&server).await.lease_transitions, Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_before_leading_leaves_the_lease_alone() {
    let server = server();
    crate::support::create(&server, record("other", 15)).await;
    let candidate = Candidate::start(&server.client(), config("a"));
    tokio::time::sleep(seconds(5)).await;
    assert_eq!(candidate.stop().await.unwrap(), None);
    assert_eq!(without_times(spec(&server).await), (Some("other".into()), Some(15), Some(3)));
}

/// client-go's `TestReleaseOnCancellation`: of an acquisition whose response is under way.
#[tokio::test(start_paused = true)]
async fn an_acquisition_that_is_given_up_is_released() {
    let server = server();
    let network = Network::to(&server);
    network.slow(Duration::ZERO, seconds(1));
    let candidate = Candidate::start(&network.client(), config("a"));
    // The Lease is read after one second, and created at once.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(holder(&server).await, "a");
    assert!(candidate.token().is_none());
    candidate.stop().await.unwrap();
    assert_eq!(holder(&server).await, "");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_run_releases_the_lease_in_the_background() {
    let server = server();
    let candidate = Candidate::start(&server.client(), config("a"));
    let token = candidate.leads().await;
    candidate.task.abort();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!token.is_valid());
    assert_eq!(holder(&server).await, "");
    assert_eq!(&candidate.notes()[2..], ["canceled", "a stopped", "leader nobody"]);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_panics_releases_the_lease() {
    let server = server();
    let mut election = Election::new(&server.client(), config("a")).unwrap();
    let status = election.status();
    let task = tokio::spawn(async move { election.run(|_| async { panic!("a bug of the function") }).await });
    assert!(task.await.unwrap_err().is_panic());
    assert!(!status.is_leading());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(holder(&server).await, "");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_released_unless_it_is_asked_for() {
    let server = server();
    let candidate = Candidate::start(&server.client(), config("a").release_on_cancel(false));
    candidate.leads().await;
    candidate.stop().await.unwrap();
    assert_eq!(holder(&server).await, "a");
}

/// client-go's `ReleaseDoesNotClearAnotherHolder`.
#[tokio::test(start_paused = true)]
async fn another_holder_is_not_released() {
    let server = server();
    let candidate = Candidate::start(&server.client(), config("a"));
    candidate.leads().await;
    edit(&server, |spec| *spec = record("usurper", 15)).await;
    candidate.stop().await.unwrap();
    assert_eq!(holder(&server).await, "usurper");
}

#[tokio::test(start_paused = true)]
async fn a_deleted_lease_is_not_created_by_a_release() {
    let server = server();
    let candidate = Candidate::start(&server.client(), config("a"));
    candidate.leads().await;
    DeleteRequest::<Lease>::namespaced("shop", "operator").send(&server.client()).await.unwrap();
    candidate.stop().await.unwrap();
    assert!(crate::support::lease(&server).await.is_none());
}

/// client-go's `ReleaseRetriesOnConflict` and `ReleaseMethodCallsGet`.
#[tokio::test(start_paused = true)]
async fn a_release_reads_the_lease_and_repeats_after_a_conflict() {
    let server = server();
    let candidate = Candidate::start(&server.client(), config("a"));
    candidate.leads().await;
    server.forget_requests();
    server.inject(Fault::status(409).verb("update").times(2));
    candidate.stop().await.unwrap();
    let verbs: Vec<_> = server.requests().iter().map(|request| request.verb().to_owned()).collect();
    assert_eq!(verbs, ["get", "update", "get", "update", "get", "update"]);
    assert_eq!(holder(&server).await, "");
}

/// A renewal that is carried out after the leader has given it up does not undo the release.
#[tokio::test(start_paused = true)]
async fn a_release_wins_over_a_late_renewal() {
    let server = server();
    let candidate = Candidate::start(&server.client(), config("a"));
    candidate.leads().await;
    server.inject(Fault::delay(Duration::from_millis(50)).verb("update").resource("leases"));
    tokio::time::sleep(Duration::from_millis(2010)).await;
    candidate.stop().await.unwrap();
    tokio::time::sleep(seconds(1)).await;
    assert_eq!(holder(&server).await, "");
}

#[tokio::test(start_paused = true)]
async fn a_release_is_given_up_after_the_renew_deadline() {
    let server = server();
    let network = Network::to(&server);
    let candidate = Candidate::start(&network.client(), config("a"));
    candidate.leads().await;
    network.cut(true);
    let start = Instant::now();
    candidate.stop().await.unwrap();
    assert!((seconds(9)..=Duration::from_millis(10_100)).contains(&start.elapsed()), "{:?}", start.elapsed());
    assert_eq!(holder(&server).await, "a");
}

#[tokio::test(start_paused = true)]
async fn a_release_in_the_background_does_not_clear_the_lease_of_the_next_run() {
    let server = server();
    let mut election = Election::new(&server.client(), config("a")).unwrap();
    let dropped = election.run(|_| std::future::pending::<()>());
    assert!(tokio::time::timeout(seconds(1), dropped).await.is_err());
    server.inject(Fault::silence().resource("leases"));
    // The release has been sent, and is going to be repeated.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let lead = |leadership: Leadership| async move {
        tokio::time::sleep(seconds(60)).await;
        leadership.is_valid()
    };
    assert!(election.run(lead).await.unwrap(), "the Lease is held all the time");
    assert_eq!(holder(&server).await, "");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_during_its_release_releases_the_lease() {
    let server = server();
    let mut election = Election::new(&server.client(), config("a")).unwrap();
    let faulty = &server;
    let run = election.run(|_| async move { faulty.inject(Fault::silence().resource("leases")) });
    assert!(tokio::time::timeout(seconds(1), run).await.is_err(), "the release is under way");
    assert_eq!(holder(&server).await, "a");
    tokio::time::sleep(seconds(1)).await;
    assert_eq!(holder(&server).await, "");
}
