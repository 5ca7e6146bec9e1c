//! What hyper does for an HTTP/2 connection, as one task.
//!
//! hyper would spawn a task that takes requests, one that reads and writes, and one for each response. On a runtime with
//! several threads these run at once: they wait for one lock, wake threads for one another, and the head of a request is
//! on its way, in a packet of its own, before the body has come. In one task, what a request needs is done in one go.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use futures_util::task::AtomicWaker;
use hyper::rt::Executor;

/// How often the parts of a connection may wake one another before other tasks have their turn.
const MOST_ROUNDS: usize = 8;

type Part = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Takes the place of a runtime for hyper: what it spawns becomes part of the connection's one task.
#[derive(Clone, Default)]
pub(super) struct Parts {
    spawned: Arc<Mutex<Vec<Part>>>,
    turn: Arc<Turn>,
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Parts {
    fn execute(&self, future: F) {
        self.spawned.lock().unwrap_or_else(PoisonError::into_inner).push(Box::pin(future));
        self.turn.wake_by_ref();
    }
}

impl Parts {
    /// What was spawned since the last time.
    fn take(&self) -> Vec<Part> {
        std::mem::take(&mut self.spawned.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The connection's task: `main`, and all that it spawns, until the last of them has ended.
    pub(super) fn beside(self, main: impl Future<Output = ()> + Send + 'static) -> impl Future<Output = ()> {
        let waker = Waker::from(Arc::clone(&self.turn));
        Together { parts: self, main: Some(Box::pin(main)), running: FuturesUnordered::new(), waker }
    }
}

struct Together {
    parts: Parts,
    /// `None` once it has ended; dropping it may be what lets the others end.
    main: Option<Part>,
    running: FuturesUnordered<Part>,
    waker: Waker,
}

impl Together {
    /// Goes on with whatever was woken. Whether all have ended.
    fn poll_once(&mut self) -> bool {
        let mut cx = Context::from_waker(&self.waker);
        self.running.extend(self.parts.take());
        while let Poll::Ready(Some(())) = self.running.poll_next_unpin(&mut cx) {}
        if let Some(main) = &mut self.main
            && main.as_mut().poll(&mut cx).is_ready()
        {
            self.main = None;
        }
        self.main.is_none() && self.running.is_empty()
    }
}

impl Future for Together {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let turn = Arc::clone(&self.parts.turn);
        turn.task.register(cx.waker());
        // With several requests under way, others may be about to be sent, which then go out together.
        let rounds = if self.running.len() > 2 { 1 } else { MOST_ROUNDS };
        for _ in 0..rounds {
            turn.begin();
            let ended = self.poll_once();
            if turn.end() {
                return if ended { Poll::Ready(()) } else { Poll::Pending };
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Together {
    /// What was spawned may hold the very list that it stands in.
    fn drop(&mut self) {
        drop(self.parts.take());
    }
}

/// Wakes the task of a connection, or keeps it at work if it is its parts that wake one another.
#[derive(Default)]
struct Turn {
    state: AtomicU8,
    task: AtomicWaker,
}

const WAITING: u8 = 0;
const WORKING: u8 = 1;
const WOKEN: u8 = 2;

impl Turn {
    fn begin(&self) {
        // Not a mere store: what those that have woken the task did before must be seen.
        self.state.swap(WORKING, Ordering::AcqRel);
    }

    /// Whether nothing was woken since the beginning.
    fn end(&self) -> bool {
        self.state.compare_exchange(WORKING, WAITING, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl Wake for Turn {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.state.swap(WOKEN, Ordering::AcqRel) == WAITING {
            self.task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn parts_that_wait_for_one_another_go_on_in_one_poll() {
        let parts = Parts::default();
        let (ask, asked) = oneshot::channel();
        let (answer, answered) = oneshot::channel();
        parts.execute(async move {
            if asked.await.is_ok() {
                answer.send(()).expect("the main part waits for it");
            }
        });
        let task = parts.beside(async move {
            ask.send(()).expect("a part waits for it");
            answered.await.expect("a part sends it");
        });
        assert_eq!(task.now_or_never(), Some(()));
    }

    #[tokio::test]
    async fn the_task_is_woken_for_what_is_spawned_and_lasts_as_long() {
        let parts = Parts::default();
        let task = tokio::spawn(parts.clone().beside(async {}));
        let (first, first_ended) = oneshot::channel::<()>();
        parts.execute(first_ended.map(drop));
        tokio::task::yield_now().await;
        let (ran, has_run) = oneshot::channel();
        parts.execute(async move { ran.send(()).expect("the test waits for it") });
        has_run.await.expect("it runs beside the first");
        assert!(!task.is_finished());
        drop(first);
        task.await.expect("it ends with its last part");
    }

    #[tokio::test]
    async fn parts_end_with_the_task() {
        let parts = Parts::default();
        let (held, released) = oneshot::channel::<()>();
        let itself = parts.clone();
        parts.execute(async move {
            let (_itself, _held) = (itself, held);
            std::future::pending::<()>().await;
        });
        drop(parts.beside(async {}));
        assert!(released.await.is_err());
    }
}
