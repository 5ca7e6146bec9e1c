//! All that hyper does for an HTTP/2 connection, as one task.
//!
//! hyper would spawn a task that takes requests, one that reads and writes, and one for each response. On a runtime with
//! several threads these run at once: they wait for one lock, wake threads for one another, and the head of a request is
//! on its way, in a packet of its own, before the body has come. In one task, what a request needs is done in one go.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use hyper::rt::Executor;

use super::waker::{DriverWaker, MOST_ROUNDS};

use crate::sync::lock;

type Subtask = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Takes the place of a runtime for hyper: what it spawns joins the connection's one task.
#[derive(Clone, Default)]
pub(super) struct SharedTask {
    spawned: Arc<Mutex<Vec<Subtask>>>,
    waker: Arc<DriverWaker>,
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for SharedTask {
    fn execute(&self, future: F) {
        lock(&self.spawned).push(Box::pin(future));
        self.waker.wake_by_ref();
    }
}

impl SharedTask {
    /// The subtasks that were spawned since the last call.
    fn take(&self) -> Vec<Subtask> {
        std::mem::take(&mut lock(&self.spawned))
    }

    fn has_spawned(&self) -> bool {
        !lock(&self.spawned).is_empty()
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
        self.main.is_none() && self.running.is_empty() && !self.tasks.has_spawned()
    }
}

impl Future for TaskGroup {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let waker = Arc::clone(&self.tasks.waker);
        waker.register(cx.waker());
        // With several requests under way, others may be about to be sent, which then go out together.
        let rounds = if self.running.len() > 2 { 1 } else { MOST_ROUNDS };
        waker.run(rounds, || if self.poll_once() { Poll::Ready(()) } else { Poll::Pending })
    }
}

impl Drop for TaskGroup {
    /// A subtask may hold the very list that it stands in.
    fn drop(&mut self) {
        drop(self.tasks.take());
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
