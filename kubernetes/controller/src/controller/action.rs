use std::time::Duration;

/// The time of the next run after a successful one.
///
/// ```
/// use std::time::Duration;
///
/// use kubernetes_controller::Action;
///
/// let certificate_expires_in = Duration::from_secs(3600);
/// let action = Action::requeue_after(certificate_expires_in / 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "return it from the reconcile function"]
pub struct Action {
    pub(crate) next: Next,
    pub(crate) priority: Option<i32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Change,
    After(Duration),
    Backoff,
}

impl Action {
    /// Runs again when something changes.
    pub fn await_change() -> Self {
        Self { next: Next::Change, priority: None }
    }

    /// Runs again after a time, or when something changes before.
    pub fn requeue_after(after: Duration) -> Self {
        Self { next: Next::After(after), priority: None }
    }

    /// Runs again after a backoff, which grows as after errors, or when something changes before that: for an outcome
    /// that is not ready yet.
    pub fn requeue() -> Self {
        Self { next: Next::Backoff, priority: None }
    }

    /// Sets the priority of the requested run; by default that of this run.
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = Some(priority);
        self
    }

    /// The action that runs again sooner.
    pub(crate) fn sooner(self, other: Self) -> Self {
        match (self.next, other.next) {
            (Next::Backoff, _) | (_, Next::Change) => self,
            (_, Next::Backoff) | (Next::Change, _) => other,
            (Next::After(one), Next::After(another)) => {
                if one <= another {
                    self
                } else {
                    other
                }
            }
        }
    }
}

impl Default for Action {
    fn default() -> Self {
        Self::await_change()
    }
}
