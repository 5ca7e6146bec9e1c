use kubernetes_core::ObjectReference;

/// Something that has happened in an election; see [`LeaseConfig::observe`](crate::LeaseConfig::observe).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ElectionEvent<'a> {
    /// Another holder of the Lease was seen, for the first time: this candidate or another. `None` if it was released.
    NewLeader {
        /// The holder.
        identity: Option<&'a str>,
    },
    /// This candidate has become the leader.
    StartedLeading {
        /// The Lease.
        lease: &'a ObjectReference,
        /// The identity of this candidate.
        identity: &'a str,
    },
    /// This candidate is not the leader any more.
    StoppedLeading {
        /// The Lease.
        lease: &'a ObjectReference,
        /// The identity of this candidate.
        identity: &'a str,
    },
    /// The renew deadline has passed, and [recovery](crate::LeaseConfig::recovery) has begun.
    Suspended,
    /// The Lease was renewed after all.
    Recovered,
    /// An attempt to acquire, renew or release the Lease has failed, and is repeated.
    AttemptFailed {
        /// Its error; `None` if it took too long.
        error: Option<&'a kubernetes_client::Error>,
    },
}
