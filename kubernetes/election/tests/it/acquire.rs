//! When a candidate takes the Lease: client-go's `TestTryAcquireOrRenew` and more.

use std::time::Duration;

use jiff::SignedDuration;
use kubernetes_models::coordination::v1::LeaseSpec;
use kubernetes_testing::Fault;
use tokio::time::{Instant, timeout};

use crate::support::{Candidate, config, create, edit, holder, record, seconds, server, spec, without_times};

#[tokio::test(start_paused = true)]
async fn a_lease_that_does_not_exist_is_created() {
    let server = server();
    let candidate = Candidate::start(&server.client(), config("a").label("app", "operator"));
    let token = candidate.leads().await;
    assert_eq!(without_times(spec(&server).await), (Some("a".into()), Some(15), Some(0)));
    let lease = crate::support::lease(&server).await.unwrap();
    assert_eq!(lease.metadata.labels.get("app").map(|label| &**label), Some("operator"));
    assert_eq!(token.fencing_number().to_string(), lease.metadata.resource_version.unwrap().as_str());
    assert_eq!(token.identity(), "a");
    assert_eq!(candidate.notes(), ["leader a", "a started: Lease shop/operator"]);
    let spec = lease.spec.unwrap();
    assert_eq!(spec.acquire_time, spec.renew_time);
}

#[tokio::test(start_paused = true)]
async fn a_lease_without_a_holder_is_taken_at_once() {
    for found in [None, Some(LeaseSpec::default()), Some(record("", 3600)), Some(record("other", 0))] {
        let server = server();
        let transitions = found.as_ref().and_then(|spec| spec.lease_transitions).unwrap_or_default();
        create(&server, found).await;
        let start = Instant::now();
        let candidate = Candidate::start(&server.client(), config("a"));
        candidate.leads().await;
        assert!(start.elapsed() < Duration::from_millis(100), "{:?}", start.elapsed());
        assert_eq!(without_times(spec(&server).await), (Some("a".into()), Some(15), Some(transitions + 1)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_held_lease_is_taken_when_it_has_not_changed_for_its_duration() {
    let server = server();
    create(&server, record("other", 30)).await;
    let start = Instant::now();
    let candidate = Candidate::start(&server.client(), config("a"));
    candidate.leads().await;
    let waited = start.elapsed();
    assert!((seconds(30)..seconds(35)).contains(&waited), "{waited:?}");
    assert_eq!(without_times(spec(&server).await), (Some("a".into()), Some(15), Some(4)));
    assert_eq!(candidate.notes(), ["leader other", "leader a", "a started: Lease shop/operator"]);
}

#[tokio::test(start_paused = true)]
async fn the_times_in_the_record_are_not_compared_with_the_clock() {
    // A holder whose clock is an hour ahead or behind, and one that has written no time at all.
    for hours in [Some(1), Some(-1), None] {
        let server = server();
        let mut found = record("other", 15);
        found.renew_time = found.renew_time.filter(|_| hours.is_some()).map(|time| {
            let shift = SignedDuration::from_hours(hours.unwrap_or_default());
            time.timestamp().checked_add(shift).unwrap().into()
        });
        create(&server, found).await;
        let candidate = Candidate::start(&server.client(), config("a"));
        let start = Instant::now();
        candidate.leads().await;
        let waited = start.elapsed();
        assert!((seconds(15)..seconds(20)).contains(&waited), "{hours:?}: {waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_renews_keeps_the_lease() {
    let server = server();
    create(&server, record("other", 15)).await;
    let candidate = Candidate::start(&server.client(), config("a"));
    for _ in 0..20 {
        tokio::time::sleep(seconds(10)).await;
        edit(&server, |spec| spec.renew_time = Some(record("other", 15).renew_time.unwrap())).await;
    }
    assert!(candidate.token().is_none());
    assert_eq!(candidate.notes(), ["leader other"]);
    assert!(!candidate.status.is_leading());
    assert_eq!(candidate.status.leader().as_deref(), Some("other"));
}

#[tokio::test(start_paused = true)]
async fn an_absurd_duration_is_respected() {
    let server = server();
    create(&server, record("other", i32::MAX)).await;
    let candidate = Candidate::start(&server.client(), config("a"));
    tokio::time::sleep(seconds(100_000)).await;
    assert!(candidate.token().is_none());
    // By hand, as the holder will never come back.
    edit(&server, |spec| spec.holder_identity = None).await;
    timeout(seconds(10), candidate.leads()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_negative_duration_has_expired() {
    let server = server();
    create(&server, record("other", -5)).await;
    let candidate = Candidate::start(&server.client(), config("a"));
    timeout(seconds(1), candidate.leads()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lease_of_the_same_identity_is_renewed() {
    let server = server();
    let found = record("a", 15);
    create(&server, found.clone()).await;
    let candidate = Candidate::start(&server.client(), config("a"));
    timeout(seconds(1), candidate.leads()).await.unwrap();
    let spec = spec(&server).await;
    assert_eq!(spec.acquire_time.unwrap().to_string(), found.acquire_time.unwrap().to_string());
    assert_ne!(spec.renew_time, found.renew_time);
    assert_eq!(spec.lease_transitions, Some(3));
}

#[tokio::test(start_paused = true)]
async fn failed_attempts_are_repeated() {
    let server = server();
    server.inject(Fault::status(403).resource("leases").times(2));
    server.inject(Fault::silence().verb("create").resource("leases"));
    server.inject(Fault::disconnect().verb("create").resource("leases"));
    let start = Instant::now();
    let candidate = Candidate::start(&server.client(), config("a"));
    candidate.leads().await;
    assert!(start.elapsed() < seconds(30), "{:?}", start.elapsed());
    assert_eq!(holder(&server).await, "a");
}

#[tokio::test(start_paused = true)]
async fn of_two_that_create_one_leads() {
    let server = server();
    server.inject(Fault::delay(Duration::from_millis(100)).resource("leases").always());
    let (a, b) = (Candidate::start(&server.client(), config("a")), Candidate::start(&server.client(), config("b")));
    tokio::time::sleep(seconds(60)).await;
    assert!(a.is_valid() != b.is_valid());
    assert_eq!(spec(&server).await.lease_transitions, Some(0));
}
