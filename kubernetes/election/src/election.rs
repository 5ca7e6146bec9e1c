use std::fmt;
use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use futures_util::future::{Either, select};
use kubernetes_client::Client;
use kubernetes_models::coordination::v1::Lease;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::Instant;
use crate::config::LeaseConfig;
use crate::elector::Elector;
use crate::error::Error;
use crate::leadership::Leadership;
use crate::status::{ElectionStatus, Shared};
use crate::term::Term;

/// A candidate for leadership: of all processes that run an election on one Lease, one leads at a time.
///
/// ```no_run
/// use kubernetes_client::Client;
/// use kubernetes_election::{Election, LeaseConfig, Leadership};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::from_env()?;
/// let mut election = Election::new(&client, LeaseConfig::new("shop", "operator"))?;
/// election.run(|leadership: Leadership| async move { work(leadership.client()).await }).await?;
/// # Ok(())
/// # }
/// # async fn work(client: Client) {}
/// ```
///
/// It is interoperable with client-go's `leaderelection` with the same timings.
///
/// # Guarantees
///
/// - Expiry depends only on this machine's monotonic clock: on the time since the Lease was last seen to change. The
///   times in the Lease are for people. So clocks may differ, as long as they run at nearly the same speed.
/// - Leadership ends at the renew deadline after the last successful renewal, counted from sending its request. Others
///   take the Lease when its duration has passed since they saw that renewal, which is later.
/// - Leadership also ends when the Lease is deleted or its holder changes, although client-go would acquire it again,
///   because another process may have led in the meantime. So clearing `holderIdentity` by hand forces a new election.
///
/// The effects of a process outside of Kubernetes are its own responsibility: see [`Leadership::is_valid`] and
/// [`Leadership::fencing_number`].
pub struct Election {
    client: Client,
    elector: Elector,
    shared: Arc<Shared>,
    /// The release after a run that was dropped.
    releasing: Option<JoinHandle<()>>,
}

impl Election {
    /// Creates an election, which does nothing before [`run`](Self::run).
    ///
    /// # Errors
    ///
    /// Returns an error if the configuration is not valid ([`Error::is_config`]): a name or the identity is empty, or
    /// the timings are inconsistent.
    pub fn new(client: &Client, config: LeaseConfig) -> Result<Self, Error> {
        config.validate()?;
        let shared = Arc::new(Shared {
            lease: config.key.to_string(),
            identity: config.identity.clone(),
            current: Arc::new(watch::Sender::new(None)),
            leader: watch::Sender::new(None),
            slow_paths: AtomicU64::new(0),
            writes: Arc::default(),
        });
        let elector = Elector::new(client, Arc::new(config), Arc::clone(&shared));
        Ok(Self { client: client.clone(), elector, shared, releasing: None })
    }

    /// Waits for leadership, and leads until the function's future has completed or leadership is lost.
    ///
    /// Then the Lease is released, unless [`LeaseConfig::release_on_cancel`] is off. The election may be run again.
    ///
    /// # Errors
    ///
    /// Returns an error if leadership is lost ([`Error::is_lost`]). The function's future has been dropped by then.
    /// Failed requests are retried and are not errors; see [`LeaseConfig::observe`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the function's, and ends leadership at once. The Lease is released by a task in the
    /// background, if a runtime is there to run it; to wait for that, use [`run_until`](Self::run_until).
    pub async fn run<F, Fut>(&mut self, lead: F) -> Result<Fut::Output, Error>
    where
        F: FnOnce(Leadership) -> Fut,
        Fut: Future,
    {
        match self.run_until(pending(), lead).await {
            Ok(Some(output)) => Ok(output),
            Ok(None) => pending().await,
            Err(error) => Err(error),
        }
    }

    /// Like [`run`](Self::run), and also ends when `shutdown` completes: the function's future is dropped, the Lease
    /// released, and the result is `None`.
    ///
    /// A function that must finish its work first should wait for the same signal itself, and return.
    ///
    /// # Errors
    ///
    /// See [`run`](Self::run).
    ///
    /// # Cancel safety
    ///
    /// Like [`run`](Self::run).
    pub async fn run_until<F, Fut>(
        &mut self,
        shutdown: impl Future<Output = ()>,
        lead: F,
    ) -> Result<Option<Fut::Output>, Error>
    where
        F: FnOnce(Leadership) -> Fut,
        Fut: Future,
    {
        self.run_after(async |elector| Some(elector.acquire().await), shutdown, lead).await
    }

    /// Like [`run_until`](Self::run_until), but returns `None` if the Lease can't be acquired now.
    pub(crate) async fn try_run_until<F, Fut>(
        &mut self,
        shutdown: impl Future<Output = ()>,
        lead: F,
    ) -> Result<Option<Fut::Output>, Error>
    where
        F: FnOnce(Leadership) -> Fut,
        Fut: Future,
    {
        self.run_after(async |elector| elector.acquire_once().await, shutdown, lead).await
    }

    /// Takes in a Lease that was seen to be as it is since a time.
    pub(crate) fn has_seen(&mut self, lease: Lease, since: Instant) {
        self.elector.has_seen(lease, since);
    }

    async fn run_after<F, Fut>(
        &mut self,
        acquire: impl AsyncFnOnce(&mut Elector) -> Option<Arc<Term>>,
        shutdown: impl Future<Output = ()>,
        lead: F,
    ) -> Result<Option<Fut::Output>, Error>
    where
        F: FnOnce(Leadership) -> Fut,
        Fut: Future,
    {
        let mut shutdown = pin!(shutdown);
        let (elector, releasing) = (&mut self.elector, &mut self.releasing);
        let mut session = Session { elector, releasing, term: None, is_done: false };
        session.stop_releasing().await;
        let acquired = match select(shutdown.as_mut(), pin!(acquire(session.elector))).await {
            Either::Left(_) => None,
            Either::Right((term, _)) => term,
        };
        let Some(term) = acquired else {
            session.finish().await;
            return Ok(None);
        };
        session.term = Some(Arc::clone(&term));
        let leadership = Leadership {
            term: Arc::clone(&term),
            client: self.client.clone(),
            writes: Arc::clone(&self.shared.writes),
        };
        let result = {
            // The loss first, so that nothing is done after it.
            let held = pin!(session.elector.hold(&term));
            let work = pin!(lead(leadership));
            match select(held, select(work, shutdown)).await {
                Either::Left((loss, _)) => Err(Error::lost(&self.shared.lease, loss)),
                Either::Right((Either::Left((output, _)), _)) => Ok(Some(output)),
                Either::Right((Either::Right(_), _)) => Ok(None),
            }
        };
        session.finish().await;
        result
    }

    /// The state of the election, for other parts of the program.
    pub fn status(&self) -> ElectionStatus {
        ElectionStatus { shared: Arc::clone(&self.shared) }
    }

    /// A client that writes only while this process leads; see [`ElectionStatus::gate`].
    pub fn gate(&self, client: &Client) -> Client {
        self.status().gate(client)
    }
}

impl fmt::Debug for Election {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.status(), f)
    }
}

/// One run, which ends its term and releases the Lease also when it is dropped or the function panics.
struct Session<'a> {
    elector: &'a mut Elector,
    releasing: &'a mut Option<JoinHandle<()>>,
    term: Option<Arc<Term>>,
    is_done: bool,
}

impl Session<'_> {
    /// Ends the release of an earlier run, which would clear the Lease of this one. What it has sent already does no
    /// harm: it is for the version of the Lease that was read.
    async fn stop_releasing(&mut self) {
        if let Some(task) = self.releasing.as_mut() {
            task.abort();
            // It was aborted, or has ended.
            let _ = task.await;
            *self.releasing = None;
        }
    }

    async fn finish(&mut self) {
        self.end();
        self.elector.release(self.term.as_deref()).await;
        self.is_done = true;
    }

    fn end(&mut self) {
        if let Some(term) = self.term.as_ref().filter(|term| !term.has_ended()) {
            self.elector.end(term);
        }
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        self.end();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (mut elector, term) = (self.elector.clone(), self.term.take());
            *self.releasing = Some(runtime.spawn(async move { elector.release(term.as_deref()).await }));
        }
    }
}
