//! The memory for the bodies of requests.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::MAX_REVIEW_BYTES;

pub(super) const KIBIBYTE: usize = 1024;

/// How many bytes of bodies may be in memory at a time, by permits of a kibibyte.
///
/// Admission and conversion share one limit, as they share one memory. But of that, each gets at most three quarters: a
/// list of large objects to convert must not make the API server refuse writes for lack of an admission review, and many
/// reviews must not keep objects from being read. Two separate budgets would do that too, but a program that has only one
/// kind of webhook could not use the other half.
///
/// Reviews of tokens and access have a small limit of their own besides, since all requests of an API server depend on
/// them; and so have callers that are not authenticated yet, who must not take the room of others.
#[derive(Clone)]
pub(super) struct Budget {
    all: Arc<Semaphore>,
    admission: Arc<Semaphore>,
    conversion: Arc<Semaphore>,
    reviews: Arc<Semaphore>,
    unauthenticated: Arc<Semaphore>,
}

/// The part of the budget for one kind of request.
pub(super) struct Room<'a> {
    own: &'a Arc<Semaphore>,
    all: Option<&'a Arc<Semaphore>>,
}

/// The share of one body, until it is dropped.
pub(super) struct Share {
    own: OwnedSemaphorePermit,
    all: Option<OwnedSemaphorePermit>,
}

impl Budget {
    pub(super) fn new(bytes: usize) -> Self {
        let kibibytes = bytes.div_ceil(KIBIBYTE).clamp(4, Semaphore::MAX_PERMITS);
        let part = |permits: usize| Arc::new(Semaphore::new(permits.max(1)));
        Self {
            all: part(kibibytes),
            admission: part(kibibytes / 4 * 3),
            conversion: part(kibibytes / 4 * 3),
            reviews: part((kibibytes / 16).max(MAX_REVIEW_BYTES / KIBIBYTE)),
            unauthenticated: part(kibibytes / 8),
        }
    }

    pub(super) fn of_admission(&self) -> Room<'_> {
        Room { own: &self.admission, all: Some(&self.all) }
    }

    pub(super) fn of_conversion(&self) -> Room<'_> {
        Room { own: &self.conversion, all: Some(&self.all) }
    }

    pub(super) fn of_reviews(&self) -> Room<'_> {
        Room { own: &self.reviews, all: None }
    }

    pub(super) fn of_unauthenticated(&self) -> Room<'_> {
        Room { own: &self.unauthenticated, all: None }
    }
}

impl Room<'_> {
    /// Takes so many kibibytes, unless others have them. Nobody waits for room, so that those who have some can't keep
    /// the others waiting.
    pub(super) fn take(&self, kibibytes: usize) -> Option<Share> {
        let permits = u32::try_from(kibibytes).ok()?;
        let take = |from: &Arc<Semaphore>| Arc::clone(from).try_acquire_many_owned(permits).ok();
        let all = match self.all {
            Some(all) => Some(take(all)?),
            None => None,
        };
        Some(Share { own: take(self.own)?, all })
    }
}

impl Share {
    /// Takes more, or gives some back, so that it is this large. Returns `None`, and takes nothing, without room for it.
    pub(super) fn resize(&mut self, room: &Room<'_>, kibibytes: usize) -> Option<()> {
        let now = self.own.num_permits();
        if kibibytes > now {
            let more = room.take(kibibytes - now)?;
            self.own.merge(more.own);
            if let (Some(all), Some(more)) = (&mut self.all, more.all) {
                all.merge(more);
            }
        } else {
            // What is split off is dropped, which gives it back.
            self.own.split(now - kibibytes);
            self.all.as_mut().and_then(|all| all.split(now - kibibytes));
        }
        Some(())
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(256 << 20)
    }
}
