//! Renewals, and how leadership ends.

use std::time::Duration;

use kubernetes_client::{Client, Error};
use kubernetes_core::DeleteRequest;
use kubernetes_election::{Election, Leadership};
use kubernetes_models::coordination::v1::Lease;
use kubernetes_testing::{Fault, TestServer};
use tokio::time::Instant;

use crate::network::Network;
use crate::support::{Candidate, config, edit, holder, lease, record, seconds, server, spec};

fn verbs(server: &TestServer) -> Vec<String> {
    server.requests().iter().map(|request| request.verb().to_owned()).collect()
}

/// client-go's `TestFastPathLeaderElection`.
#[tokio::test(start_paused = true)]
async fn a_leader_renews_without_reading() {
    let server = server();
    let candidate = Candidate::start(&server.client(), config("a"));
    let token = candidate.leads().await;
    let before = spec(&server).await;
    server.forget_requests();
    tokio::time::sleep(seconds(60)).await;
    assert!(token.is_valid());
    let verbs = verbs(&server);
    assert!(verbs.iter().all(|verb| verb == "update"), "{verbs:?}");
    assert!((28..=30).contains(&verbs.len()), "{}", verbs.len());
    let after = spec(&server).await;
    assert_eq!((after.acquire_time, after.lease_transitions), (before.acquire_time, before.lease_transitions));
    assert!(after.renew_time > before.renew_time);
    assert_eq!(candidate.status.slow_paths(), 0);
    assert!(token.remaining() > seconds(7) && token.remaining() <= seconds(10));
}

#[tokio::test(start_paused = true)]
async fn a_failed_fast_path_falls_back_to_reading() {
    let server = server();
    let candidate = Candidate::start(&server.client(), config("a"));
    let token = candidate.leads().await;
    // Somebody else sets a label, which gives the Lease another version.
    let mut changed = lease(&server).await.unwrap();
    changed.metadata.labels.insert("by", "hand");
    kubernetes_core::ReplaceRequest::<Lease>::namespaced("shop", &changed).send(&server.client()).await.unwrap();
    server.forget_requests();
    tokio::time::sleep(seconds(5)).await;
    assert_eq!(verbs(&server), ["update", "get", "update", "update"]);
    assert_eq!(candidate.status.slow_paths(), 1);
    assert!(token.is_valid());
    assert_eq!(lease(&server).await.unwrap().metadata.labels.get("by").map(|by| &**by), Some("hand"));
}

#[tokio::test(start_paused = true)]
async fn leadership_ends_at_the_renew_deadline() {
    let server = server();
    let network = Network::to(&server);
    let candidate = Candidate::start(&network.client(), config("a").release_on_cancel(false));
    let token = candidate.leads().await;
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let last_renewal = Instant::now() - Duration::from_millis(500);
    network.cut(true);
    let ended = tokio::spawn({
        let token = token.clone();
        async move {
            token.ended().await;
            (Instant::now(), token.is_valid())
        }
    });
    let error = candidate.lost().await;
    let (at, is_valid) = ended.await.unwrap();
    assert!(!is_valid);
    let after = at - last_renewal;
    assert!((Duration::from_millis(9_900)..Duration::from_millis(10_100)).contains(&after), "{after:?}");
    assert!(error.to_string().contains("lost the Lease shop/operator: it was not renewed within 10s"), "{error}");
    // The Lease is still its own for a while.
    assert_eq!(holder(&server).await, "a");
}

#[tokio::test(start_paused = true)]
async fn the_failure_of_the_last_attempt_is_the_source_of_the_error() {
    let server = server();
    let candidate = Candidate::start(&server.client(), config("a"));
    candidate.leads().await;
    server.inject(Fault::status(403).resource("leases").always());
    let error = candidate.lost().await;
    let failure = Error::find(&error).expect("the client's error");
    assert!(failure.is_forbidden(), "{failure}");
    assert_eq!(format!("{error:#}").matches(&failure.to_string()).count(), 1, "{error:#}");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_counts_from_when_the_renewal_was_sent() {
    let server = server();
    let network = Network::to(&server);
    let candidate = Candidate::start(&network.client(), config("a"));
    let token = candidate.leads().await;
    network.slow(seconds(1), Duration::from_millis(3500));
    // It is sent after 2 s and answered 4.5 s later.
    tokio::time::sleep(Duration::from_millis(6400)).await;
    assert!(token.remaining() < Duration::from_millis(3700));
    tokio::time::sleep(Duration::from_millis(200)).await;
    let remaining = token.remaining();
    assert!((seconds(5)..Duration::from_millis(5_600)).contains(&remaining), "{remaining:?}");
}

#[tokio::test(start_paused = true)]
async fn a_few_failures_do_not_end_leadership() {
    let server = server();
    let candidate = Candidate::start(&server.client(), config("a"));
    let token = candidate.leads().await;
    for fault in [Fault::status(500), Fault::status(409), Fault::disconnect(), Fault::status(403)] {
        server.inject(fault.resource("leases").times(3));
        tokio::time::sleep(seconds(20)).await;
        assert!(token.is_valid());
    }
    assert!(candidate.notes().iter().all(|note| !note.contains("stopped")));
}

#[tokio::test(start_paused = true)]
async fn leadership_ends_when_another_holder_is_seen() {
    let server = server();
    let candidate = Candidate::start(&server.client(), config("a"));
    let token = candidate.leads().await;
    edit(&server, |spec| *spec = record("usurper", 15)).await;
    let start = Instant::now();
    let error = candidate.lost().await;
    assert!(start.elapsed() <= Duration::from_millis(2100), "{:?}", start.elapsed());
    assert_eq!(error.holder(), Some("usurper"));
    assert!(error.to_string().ends_with("it is held by \"usurper\""), "{error}");
    assert!(!token.is_valid());
    assert_eq!(holder(&server).await, "usurper");
}

/// Somebody else may have led between the two records.
#[tokio::test(start_paused = true)]
async fn leadership_ends_when_the_lease_was_cleared_or_acquired_anew() {
    type Change = fn(&mut kubernetes_models::coordination::v1::LeaseSpec);
    let changes: [Change; 2] = [|spec| spec.holder_identity = None, |spec| spec.lease_transitions = Some(9)];
    for change in changes {
        let server = server();
        let candidate = Candidate::start(&server.client(), config("a"));
        candidate.leads().await;
        edit(&server, change).await;
        candidate.lost().await;
    }
}

#[tokio::test(start_paused = true)]
async fn leadership_ends_when_the_lease_is_deleted() {
    let server = server();
    let candidate = Candidate::start(&server.client(), config("a"));
    candidate.leads().await;
    DeleteRequest::<Lease>::namespaced("shop", "operator").send(&server.client()).await.unwrap();
    let error = candidate.lost().await;
    assert!(error.to_string().ends_with("it was deleted"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_function_is_canceled_when_leadership_is_lost() {
    let server = server();
    let candidate = Candidate::start(&server.client(), config("a"));
    candidate.leads().await;
    assert_eq!(candidate.notes(), ["leader a", "a started: Lease shop/operator"]);
    edit(&server, |spec| *spec = record("usurper", 15)).await;
    while candidate.is_valid() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(candidate.notes(), ["leader usurper", "canceled", "a stopped"]);
}

#[tokio::test(start_paused = true)]
async fn an_election_can_be_run_again() {
    let server = server();
    let mut election = Election::new(&server.client(), config("a")).unwrap();
    let mut tokens = Vec::new();
    for _ in 0..3 {
        tokens.push(election.run(|leadership: Leadership| async move { leadership }).await.unwrap());
    }
    assert!(tokens.iter().all(|token| !token.is_valid()));
    assert!(tokens.is_sorted_by_key(Leadership::fencing_number));
    assert!(tokens[0].fencing_number() < tokens[1].fencing_number());
    assert_eq!(spec(&server).await.lease_transitions, Some(2));
}

/// client-go's `TestCheckMethodRace`, and the health of a leader whose runtime is blocked.
#[tokio::test(start_paused = true)]
async fn a_leader_that_outlives_its_lease_is_unhealthy() {
    let server = server();
    let mut election = Election::new(&server.client(), config("a")).unwrap();
    let status = election.status();
    assert!(status.is_healthy(Duration::ZERO), "it does not lead");
    let healths = election
        .run(|_| async {
            // No other future of the task is polled meanwhile.
            let mut healths = Vec::new();
            for _ in 0..8 {
                healths.push(status.is_healthy(seconds(20)));
                advance_without_yielding(seconds(5));
            }
            healths
        })
        .await
        .unwrap();
    assert_eq!(healths, [true, true, true, true, true, true, true, true]);
    let healths = election
        .run(|_| async {
            advance_without_yielding(seconds(34));
            let before = status.is_healthy(seconds(20));
            advance_without_yielding(seconds(2));
            (before, status.is_healthy(seconds(20)), status.is_leading())
        })
        .await;
    assert_eq!(healths.unwrap(), (true, false, false));
}

fn advance_without_yielding(by: Duration) {
    use std::task::{Context, Waker};
    let mut advancing = std::pin::pin!(tokio::time::advance(by));
    let _ = advancing.as_mut().poll(&mut Context::from_waker(Waker::noop()));
}

#[tokio::test(start_paused = true)]
async fn the_configuration_is_checked_first() {
    let server = server();
    let client: Client = server.client();
    let error = Election::new(&client, config("a").lease_duration(seconds(10))).unwrap_err();
    assert!(error.is_config());
    assert_eq!(
        error.to_string(),
        "the election's configuration is not valid: the lease duration must be longer than the renew deadline"
    );
}
