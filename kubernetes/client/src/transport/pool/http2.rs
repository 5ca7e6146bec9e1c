//! All that hyper does for an HTTP/2 connection, as one task.
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

/// How often the subtasks of a connection may wake one another before other tasks have their turn.
const MOST_ROUNDS: usize = 8;

type Subtask = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Takes the place of a runtime for hyper: what it spawns joins the connection's one task.
#[derive(Clone, Default)]
pub(super) struct SharedTask {
    spawned: Arc<Mutex<Vec<Subtask>>>,
    waker: Arc<GroupWaker>,
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for SharedTask {
    fn execute(&self, future: F) {
        self.spawned.lock().unwrap_or_else(PoisonError::into_inner).push(Box::pin(future));
        self.waker.wake_by_ref();
    }
}

impl SharedTask {
    /// The subtasks that were spawned since the last call.
    fn take(&self) -> Vec<Subtask> {
        std::mem::take(&mut self.spawned.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The connection's task: `main`, and all that it spawns, until the last of them has ended.
    pub(super) fn beside(self, main: impl Future<Output = ()> + Send + 'static) -> impl Future<Output = ()> {
        let waker = Waker::from(Arc::clone(&self.waker));
        TaskGroup { tasks: self, main: Some(Box::pin(main)), running: FuturesUnordered::new(), waker }
    }
}

struct TaskGroup {
    tasks: SharedTask,
    /// `None` once it has ended; dropping it may be what lets the others end.
    main: Option<Subtask>,
    running: FuturesUnordered<Subtask>,
    waker: Waker,
}

impl TaskGroup {
    /// Goes on with whatever was woken. Whether all have ended.
    fn poll_once(&mut self) -> bool {
        let mut cx = Context::from_waker(&self.waker);
        self.running.extend(self.tasks.take());
        while let Poll::Ready(Some(())) = self.running.poll_next_unpin(&mut cx) {}
        if let Some(main) = &mut self.main
            && main.as_mut().poll(&mut cx).is_ready()
        {
            self.main = None;
        }
        self.main.is_none() && self.running.is_empty()
    }
}

impl Future for TaskGroup {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let waker = Arc::clone(&self.tasks.waker);
        waker.task.register(cx.waker());
        // With several requests under way, others may be about to be sent, which then go out together.
        let rounds = if self.running.len() > 2 { 1 } else { MOST_ROUNDS };
        for _ in 0..rounds {
            waker.begin();
            let ended = self.poll_once();
            if waker.end() {
                return if ended { Poll::Ready(()) } else { Poll::Pending };
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for TaskGroup {
    /// A subtask may hold the very list that it stands in.
    fn drop(&mut self) {
        drop(self.tasks.take());
    }
}

/// Wakes the task of a connection, or keeps it at work if its own subtasks wake one another.
#[derive(Default)]
struct GroupWaker {
    state: AtomicU8,
    task: AtomicWaker,
}

const WAITING: u8 = 0;
const WORKING: u8 = 1;
const WOKEN: u8 = 2;

impl GroupWaker {
    fn begin(&self) {
        // Not a mere store: what those that have woken the task did before must be seen.
        self.state.swap(WORKING, Ordering::AcqRel);
    }

    /// Whether nothing was woken since the beginning.
    fn end(&self) -> bool {
        self.state.compare_exchange(WORKING, WAITING, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl Wake for GroupWaker {
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
        let tasks = SharedTask::default();
        let (ask, asked) = oneshot::channel();
        let (answer, answered) = oneshot::channel();
        tasks.execute(async move {
            if asked.await.is_ok() {
                answer.send(()).expect("the main part waits for it");
            }
        });
        let task = tasks.beside(async move {
            ask.send(()).expect("a part waits for it");
            answered.await.expect("a part sends it");
        });
        assert_eq!(task.now_or_never(), Some(()));
    }

    #[tokio::test]
    async fn the_task_is_woken_for_what_is_spawned_and_lasts_as_long() {
        let tasks = SharedTask::default();
        let task = tokio::spawn(tasks.clone().beside(async {}));
        let (first, first_ended) = oneshot::channel::<()>();
        tasks.execute(first_ended.map(drop));
        tokio::task::yield_now().await;
        let (ran, has_run) = oneshot::channel();
        tasks.execute(async move { ran.send(()).expect("the test waits for it") });
        has_run.await.expect("it runs beside the first");
        assert!(!task.is_finished());
        drop(first);
        task.await.expect("it ends with its last part");
    }

    #[tokio::test]
    async fn parts_end_with_the_task() {
        let tasks = SharedTask::default();
        let (held, released) = oneshot::channel::<()>();
        let itself = tasks.clone();
        tasks.execute(async move {
            let (_itself, _held) = (itself, held);
            std::future::pending::<()>().await;
        });
        drop(tasks.beside(async {}));
        assert!(released.await.is_err());
    }
}
