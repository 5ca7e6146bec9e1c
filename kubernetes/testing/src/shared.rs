//! What all handles of one server share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use crate::call::Call;
use crate::fault::{Action, Rules};
use crate::record::{Limits, Record, RecordedRequest, RequestId};
use crate::request_info::RequestInfo;
use crate::state::State;
use crate::verbs::{self, Answer};

/// The server, behind one lock: requests are carried out one after the other, each in one go.
#[derive(Debug)]
pub(crate) struct Shared {
    inner: Mutex<Inner>,
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
        Arc::new(Self { inner: Mutex::new(inner) })
    }

    /// Works on the server, and then wakes who waits for what was changed.
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

    /// Notes a request, and finds what is to go wrong with it.
    pub(crate) fn receive(&self, call: &Call, path: &str, query: &str) -> (RequestId, Vec<Action>) {
        let info = RequestInfo::of(call);
        self.with(|inner| {
            let actions = inner.rules.draw(&call.method, path, &info);
            let id = inner.record.push(RecordedRequest {
                method: call.method.clone(),
                path: path.to_owned(),
                query: query.to_owned(),
                headers: call.headers.clone(),
                body: call.body.clone(),
                status: None,
                info,
            });
            (id, actions)
        })
    }

    pub(crate) fn answer(&self, call: &Call) -> Answer {
        self.with(|inner| verbs::answer(&mut inner.state, call))
    }

    pub(crate) fn stop(&self) {
        self.with(|inner| {
            inner.is_stopped = true;
            inner.state.store.wake_all();
        });
    }
}
