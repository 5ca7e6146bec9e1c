//! Repeating an operation, on a paused clock.

use std::cell::Cell;
use std::time::Duration;

use kubernetes_client::{Backoff, Error, Retry, retry, retry_on_conflict};
use kubernetes_core::Status;
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
    let result = retry_on_conflict(Retry::default(), || async {
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
    let result: Result<(), _> = retry_on_conflict(Retry::default(), || async {
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
        let result: Result<(), Error> = retry_on_conflict(Retry::default(), || {
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
    let result = retry(Retry::for_busy_objects(), Error::is_not_found, || async {
        tries.set(tries.get() + 1);
        Err::<(), _>(failure(404, "NotFound"))
    })
    .await;
    assert!(result.unwrap_err().is_not_found());
    assert_eq!(tries.get(), 4);
}

#[tokio::test(start_paused = true)]
async fn waits_as_the_backoff_says_and_tries_at_least_once() {
    let backoff = Backoff::new(Duration::from_millis(10), Duration::from_millis(100)).factor(5.0);
    for (attempts, expected) in [(0, 0), (1, 0), (2, 10), (5, 10 + 50 + 100 + 100)] {
        let (tries, start) = (Cell::new(0), Instant::now());
        let result = retry(
            Retry { attempts, backoff },
            |_| true,
            || async {
                tries.set(tries.get() + 1);
                Err::<(), _>(conflict())
            },
        )
        .await;
        assert!(result.is_err());
        assert_eq!((tries.get(), start.elapsed().as_millis()), (attempts.max(1), expected));
    }
}

#[tokio::test]
async fn can_be_spawned() {
    let task = tokio::spawn(retry_on_conflict(Retry::default(), || async { Ok::<_, Error>(7) }));
    assert_eq!(task.await.unwrap().unwrap(), 7);
}
