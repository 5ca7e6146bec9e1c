use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;

use kubernetes_client::sync::lock;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::record::{Limits, Record, RecordedRequest, RequestId};
use crate::faults::{Action, Rules};
use crate::reply::Reply;
use crate::request::{ApiRequest, RequestInfo};
use crate::semantics::{self, Answer};
use crate::state::State;
use crate::status::Status;
use crate::webhooks::{Exchange, Services, broken_off, reach};

/// The server behind a lock: requests are carried out one at a time, each without interruption.
#[derive(Debug)]
pub(crate) struct Shared {
    inner: Mutex<Inner>,
    /// Becomes true when the server stops.
    stopped: watch::Sender<bool>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) state: State,
    pub(crate) rules: Rules,
    pub(crate) record: Record,
    pub(crate) is_stopped: bool,
    /// The webhooks that are served in process.
    pub(crate) services: Services,
    /// The number of requests that have been answered.
    exchanges: u64,
}

/// Like the real server, a request whose object has been changed by others calls its webhooks again.
const MAX_ROUNDS: usize = 100;

impl Shared {
    pub(crate) fn new(state: State, limits: Limits) -> Arc<Self> {
        let inner = Inner {
            state,
            rules: Rules::default(),
            record: Record::new(limits),
            is_stopped: false,
            services: Services::default(),
            exchanges: 0,
        };
        Arc::new(Self { inner: Mutex::new(inner), stopped: watch::Sender::new(false) })
    }

    /// Runs `work` on the server, and then wakes the watches that wait for changes.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        let mut inner = self.lock();
        let result = work(&mut inner);
        let woken: Vec<Waker> = inner.state.store.take_woken();
        drop(inner);
        woken.into_iter().for_each(Waker::wake);
        result
    }

    /// A panic in one request, which would be a bug, must not be obscured by panics in all others.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    /// Records a request, and selects its faults.
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

    /// Responds to a request once webhooks have responded to its calls.
    pub(crate) async fn answer(self: &Arc<Self>, request: &ApiRequest) -> Answer {
        let mut exchange = self.with(|inner| {
            inner.exchanges += 1;
            Exchange::new(inner.exchanges)
        });
        for _ in 0..MAX_ROUNDS {
            if let Some(answer) = self.with(|inner| semantics::answer(&mut inner.state, request, &mut exchange)) {
                return answer;
            }
            let services = self.with(|inner| inner.services.clone());
            let (mut running, mut calls) = (JoinSet::new(), HashMap::new());
            for call in exchange.take_wanted() {
                let (services, wanted) = (services.clone(), call.clone());
                calls.insert(running.spawn(async move { reach(&services, &wanted).await }).id(), call);
            }
            while let Some(done) = running.join_next_with_id().await {
                let (id, outcome) = match done {
                    Ok((id, outcome)) => (id, Some(outcome)),
                    Err(error) => (error.id(), None),
                };
                let Some(call) = calls.remove(&id) else { continue };
                let outcome = outcome.unwrap_or_else(|| broken_off(&call));
                exchange.learn(call.uid, outcome);
            }
        }
        Answer::Whole(Reply::from(&Status::internal("the webhooks of this request have been called too often")))
    }

    /// Runs a background task until it ends or the server stops.
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
