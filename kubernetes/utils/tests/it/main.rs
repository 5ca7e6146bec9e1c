//! Retries, on a paused clock, and conditions.

#[cfg(all(feature = "apiextensions-v1", feature = "apps-v1", feature = "batch-v1", feature = "core-v1"))]
mod conditions;

use std::cell::Cell;
use std::time::Duration;

use kubernetes_client::Error;
use kubernetes_core::Status;
use kubernetes_utils::{Backoff, retry, retry_on_conflict};
use tokio::time::Instant;

fn failure(code: i32, reason: &str) -> Error {
    Error::from_status(Status { code: Some(code), reason: Some(reason.into()), ..Status::default() })
}

fn conflict() -> Error {
    failure(409, "Conflict")
}

#[tokio::test(start_paused = true)]
async fn repeats_conflicts_until_one_succeeds() {
    let (tries, start) = (Cell::new(0), Instant::now());
    let result = retry_on_conflict(Backoff::default(), || async {
        tries.set(tries.get() + 1);
        if tries.get() < 3 { Err(conflict()) } else { Ok("done") }
    })
    .await;
    assert_eq!((result.unwrap(), tries.get()), ("done", 3));
    let waited = start.elapsed();
    assert!((Duration::from_millis(20)..=Duration::from_millis(25)).contains(&waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn gives_up_after_five_times() {
    let tries = Cell::new(0);
    let result: Result<(), _> = retry_on_conflict(Backoff::default(), || async {
        tries.set(tries.get() + 1);
        Err(conflict())
    })
    .await;
    assert!(result.unwrap_err().is_conflict(), "the last conflict is the error");
    assert_eq!(tries.get(), 5);
}

#[tokio::test(start_paused = true)]
async fn repeats_nothing_else() {
    let others = [failure(409, "AlreadyExists"), failure(404, "NotFound"), Error::from_transport("reset")];
    for error in others {
        let (tries, mut error) = (Cell::new(0), Some(error));
        let result: Result<(), Error> = retry_on_conflict(Backoff::default(), || {
            tries.set(tries.get() + 1);
            std::future::ready(Err(error.take().expect("it is tried once")))
        })
        .await;
        assert!(result.is_err());
        assert_eq!(tries.get(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn retries_what_it_is_told_to() {
    let tries = Cell::new(0);
    let result = retry(Backoff::for_busy_objects(), Error::is_not_found, || async {
        tries.set(tries.get() + 1);
        Err::<(), _>(failure(404, "NotFound"))
    })
    .await;
    assert!(result.unwrap_err().is_not_found());
    assert_eq!(tries.get(), 4);
}

#[test]
fn waits_longer_and_longer_up_to_a_limit() {
    let exact = Backoff { jitter: 0.0, ..Backoff::for_busy_objects() };
    assert_eq!(exact.waits().map(|wait| wait.as_millis()).collect::<Vec<_>>(), [10, 50, 250]);
    let capped = Backoff { steps: 6, longest: Duration::from_millis(100), ..exact };
    assert_eq!(capped.waits().map(|wait| wait.as_millis()).collect::<Vec<_>>(), [10, 50, 100, 100, 100]);
    for steps in [0, 1] {
        assert_eq!(Backoff { steps, ..exact }.waits().count(), 0);
    }
    for factor in [f64::NAN, f64::INFINITY, -1.0, 1e300] {
        let strange = Backoff { factor, jitter: factor, ..exact };
        assert!(strange.waits().all(|wait| wait <= Duration::from_secs(1)), "{factor}");
    }
    let jittered = Backoff { steps: 1000, ..Backoff::default() };
    let waits: Vec<_> = jittered.waits().collect();
    assert!(waits.iter().all(|wait| (10_000..=11_000).contains(&wait.as_micros())));
    assert!(waits.iter().any(|wait| *wait != waits[0]));
}

#[tokio::test]
async fn can_be_spawned() {
    let task = tokio::spawn(retry_on_conflict(Backoff::default(), || async { Ok::<_, Error>(7) }));
    assert_eq!(task.await.unwrap().unwrap(), 7);
}
