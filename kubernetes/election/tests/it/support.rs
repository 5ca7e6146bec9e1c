use std::sync::{Arc, Mutex};
use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_core::{CreateRequest, MicroTime, ReadRequest, ReplaceRequest, Str};
use kubernetes_election::{Election, ElectionEvent, Error, Leadership, LeaseConfig};
use kubernetes_models::coordination::v1::{Lease, LeaseSpec};
use kubernetes_testing::TestServer;
use tokio::task::JoinHandle;

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A server with the namespace of the Lease.
pub(crate) fn server() -> TestServer {
    TestServer::builder().namespace("shop").in_process()
}

pub(crate) fn config(identity: &str) -> LeaseConfig {
    LeaseConfig::new("shop", "operator").identity(identity)
}

pub(crate) async fn lease(server: &TestServer) -> Option<Lease> {
    ReadRequest::<Lease>::namespaced("shop", "operator").send_opt(&server.client()).await.unwrap()
}

pub(crate) async fn spec(server: &TestServer) -> LeaseSpec {
    *lease(server).await.expect("the Lease exists").spec.expect("it has a spec")
}

pub(crate) async fn holder(server: &TestServer) -> String {
    spec(server).await.holder_identity.unwrap_or_default().to_string()
}

/// A record of another candidate, as client-go writes it.
pub(crate) fn record(holder: &str, duration: i32) -> LeaseSpec {
    let now = MicroTime::now();
    LeaseSpec {
        holder_identity: Some(holder.into()),
        lease_duration_seconds: Some(duration),
        acquire_time: Some(now),
        renew_time: Some(now),
        lease_transitions: Some(3),
        ..LeaseSpec::default()
    }
}

pub(crate) async fn create(server: &TestServer, spec: impl Into<Option<LeaseSpec>>) {
    let mut lease = Lease::named("operator");
    lease.spec = spec.into().map(Box::new);
    CreateRequest::<Lease>::namespaced("shop", &lease).send(&server.client()).await.unwrap();
}

/// Changes the Lease by hand.
pub(crate) async fn edit(server: &TestServer, change: impl FnOnce(&mut LeaseSpec)) {
    let mut lease = lease(server).await.expect("the Lease exists");
    change(lease.spec.get_or_insert_default());
    ReplaceRequest::<Lease>::namespaced("shop", &lease).send(&server.client()).await.unwrap();
}

/// A candidate that leads until it is asked to stop, or loses the Lease.
pub(crate) struct Candidate {
    pub(crate) task: JoinHandle<Result<Option<()>, Error>>,
    pub(crate) status: kubernetes_election::ElectionStatus,
    token: Arc<Mutex<Option<Leadership>>>,
    stop: Arc<tokio::sync::Notify>,
    notes: Notes,
}

#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    pub(crate) fn add(&self, note: impl Into<String>) {
        self.0.lock().unwrap().push(note.into());
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn add_event(&self, event: &ElectionEvent<'_>) {
        match event {
            ElectionEvent::NewLeader { identity } => self.add(format!("leader {}", identity.unwrap_or("nobody"))),
            ElectionEvent::StartedLeading { lease, identity } => self.add(format!("{identity} started: {lease}")),
            ElectionEvent::StoppedLeading { identity, .. } => self.add(format!("{identity} stopped")),
            ElectionEvent::Suspended => self.add("suspended"),
            ElectionEvent::Recovered => self.add("recovered"),
            _ => {}
        }
    }
}

impl Candidate {
    pub(crate) fn start(client: &Client, config: LeaseConfig) -> Self {
        let notes = Notes::default();
        let events = notes.clone();
        let mut election = Election::new(client, config.observe(move |event| events.add_event(event))).unwrap();
        let status = election.status();
        let (stop, token) = (Arc::new(tokio::sync::Notify::new()), Arc::new(Mutex::new(None)));
        let (stopped, slot, note) = (Arc::clone(&stop), Arc::clone(&token), OnDrop(notes.clone()));
        let task = tokio::spawn(async move {
            let lead = |leadership: Leadership| async move {
                *slot.lock().unwrap() = Some(leadership);
                let _note = note;
                std::future::pending().await
            };
            election.run_until(async move { stopped.notified().await }, lead).await
        });
        Self { task, status, token, stop, notes }
    }

    /// The token, if it has ever led.
    pub(crate) fn token(&self) -> Option<Leadership> {
        self.token.lock().unwrap().clone()
    }

    pub(crate) fn is_valid(&self) -> bool {
        self.token().is_some_and(|token| token.is_valid())
    }

    pub(crate) async fn leads(&self) -> Leadership {
        for _ in 0..100_000 {
            if let Some(token) = self.token().filter(Leadership::is_valid) {
                return token;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{:?} does not lead after 1000s", self.status);
    }

    pub(crate) fn notes(&self) -> Vec<String> {
        self.notes.take()
    }

    pub(crate) async fn stop(self) -> Result<Option<()>, Error> {
        self.stop.notify_one();
        self.task.await.unwrap()
    }

    /// The error by which it ends.
    pub(crate) async fn lost(self) -> Error {
        let ended = tokio::time::timeout(seconds(1000), self.task).await.expect("leadership is lost within 1000s");
        let error = ended.unwrap().expect_err("leadership is lost");
        assert!(error.is_lost(), "{error}");
        error
    }
}

/// Notes that the function's future was dropped.
struct OnDrop(Notes);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.add("canceled");
    }
}

pub(crate) fn without_times(spec: LeaseSpec) -> (Option<Str>, Option<i32>, Option<i32>) {
    (spec.holder_identity, spec.lease_duration_seconds, spec.lease_transitions)
}
