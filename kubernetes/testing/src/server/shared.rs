use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use tokio::sync::watch;

use super::record::{Limits, Record, RecordedRequest, RequestId};
use crate::faults::{Action, Rules};
use crate::request::{ApiRequest, RequestInfo};
use crate::semantics::{self, Answer};
use crate::state::State;

/// The server, behind one lock: requests are carried out one after the other, each in one go.
#[derive(Debug)]
pub(crate) struct Shared {
    inner: Mutex<Inner>,
    /// Turns true when the server stops.
    stopped: watch::Sender<bool>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) state: State,
    pub(crate) rules: Rules,
    pub(crate) record: Record,
    pub(crate) is_stopped: bool,
}

impl Shared {
    pub(crate) fn new(state: State, limits: Limits) -> Arc<Self> {
        let inner = Inner { state, rules: Rules::default(), record: Record::new(limits), is_stopped: false };
        Arc::new(Self { inner: Mutex::new(inner), stopped: watch::Sender::new(false) })
    }

    /// Runs `work` on the server, and then wakes those who wait for the changes.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        let mut inner = self.lock();
        let result = work(&mut inner);
        let woken: Vec<Waker> = inner.state.store.take_woken();
        drop(inner);
        woken.into_iter().for_each(Waker::wake);
        result
    }

    /// A panic in one request, which would be a bug, must not hide behind panics in all others.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a request, and draws its faults.
    pub(crate) fn receive(&self, request: &ApiRequest, path: &str, query: &str) -> (RequestId, Vec<Action>) {
        let info = RequestInfo::of(request);
        self.with(|inner| {
            let actions = inner.rules.draw(&request.method, path, &info);
            let id = inner.record.push(RecordedRequest {
                method: request.method.clone(),
                path: path.to_owned(),
                query: query.to_owned(),
                headers: request.headers.clone(),
                body: request.body.clone(),
                status: None,
                info,
            });
            (id, actions)
        })
    }

    pub(crate) fn answer(&self, request: &ApiRequest) -> Answer {
        self.with(|inner| semantics::answer(&mut inner.state, request))
    }

    /// Runs a task beside requests, until it ends or the server stops.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut stopped = self.stopped.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                () = task => {}
                _ = stopped.wait_for(|stopped| *stopped) => {}
            }
        });
    }

    pub(crate) fn stop(&self) {
        self.stopped.send_replace(true);
        self.with(|inner| {
            inner.is_stopped = true;
            inner.state.store.wake_all();
        });
    }
}
