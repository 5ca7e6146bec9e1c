use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use kubernetes_client::Client;

use crate::clock;
use crate::gate::{Gate, Terms, Writes};
use crate::term::Term;

/// A token of leadership: tells whether this process still leads, and provides a client for its writes.
///
/// ```
/// # use kubernetes_election::Leadership;
/// # async fn charge(customer: &str, fencing_number: u64) {}
/// async fn bill(leadership: Leadership, customers: Vec<String>) {
///     for customer in customers {
///         // Before each effect outside of Kubernetes.
///         if !leadership.is_valid() {
///             return;
///         }
///         charge(&customer, leadership.fencing_number()).await;
///     }
/// }
/// ```
///
/// It belongs to one period of leadership: once [ended](Self::ended), it never becomes valid again, even if this
/// process leads again. Clones share the state.
#[derive(Clone)]
pub struct Leadership {
    pub(crate) term: Arc<Term>,
    pub(crate) client: Client,
    pub(crate) writes: Arc<Writes>,
}

impl Leadership {
    /// Whether this process leads now, which is until the renew deadline after the last renewal.
    ///
    /// It uses a local monotonic clock, which on Linux and Android advances while the machine is suspended. Another
    /// process can lead only after the end of the Lease, which is later by the difference between lease duration and
    /// renew deadline: an effect that starts while the token is valid should not take longer than that.
    pub fn is_valid(&self) -> bool {
        self.term.is_valid()
    }

    /// The time for which the token stays valid without another renewal.
    pub fn remaining(&self) -> Duration {
        match self.term.is_valid() {
            true => self.term.deadline().saturating_duration_since(clock::now()),
            false => Duration::ZERO,
        }
    }

    /// Completes when leadership has ended.
    ///
    /// The future passed to [`Election::run`](crate::Election::run) is dropped at the same time. This is for tasks that
    /// it has spawned.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any time.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        self.term.ended()
    }

    /// A fencing number, which is larger for each later leader: the `resourceVersion` of the Lease when it was
    /// acquired.
    ///
    /// A system outside Kubernetes that remembers the largest number it has seen and refuses smaller ones is safe from
    /// late writes of an earlier leader. It is 0 if the server's versions are not numbers, which does not occur in
    /// Kubernetes ([KEP-5504](https://kep.k8s.io/5504)).
    pub fn fencing_number(&self) -> u64 {
        self.term.fencing_number
    }

    /// The identity under which this process leads.
    pub fn identity(&self) -> &str {
        &self.term.identity
    }

    /// The election's client behind a [gate](Self::gate).
    pub fn client(&self) -> Client {
        self.gate(&self.client)
    }

    /// A client with the same connections that writes only while this token is valid.
    ///
    /// No write starts after the renew deadline, none takes longer than the rest of the Lease, and those under way are
    /// canceled when leadership ends. They fail with [`is_not_permitted`](kubernetes_client::Error::is_not_permitted).
    /// Reads are not restricted. A request that has already been sent can't be recalled: a slow server may carry it out
    /// after another process has become the leader. Use preconditions, such as the `resourceVersion` that was read,
    /// where that matters.
    pub fn gate(&self, client: &Client) -> Client {
        client.derived(Gate {
            terms: Terms::One(Arc::clone(&self.term)),
            lease: self.term.lease.clone(),
            writes: Arc::clone(&self.writes),
        })
    }
}

impl fmt::Debug for Leadership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leadership")
            .field("lease", &self.term.lease)
            .field("identity", &self.term.identity)
            .field("fencing_number", &self.term.fencing_number)
            .field("is_valid", &self.is_valid())
            .finish()
    }
}
