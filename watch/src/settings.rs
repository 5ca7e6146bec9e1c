use std::sync::Arc;
use std::time::Duration;

use crate::Transition;
use crate::counters::Counters;

/// The settings that a stream takes from the watch that created it.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) timeout_seconds: Option<u32>,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) bookmarks: bool,
    pub(crate) reconnect: bool,
    pub(crate) observer: Option<Observer>,
    pub(crate) counters: Counters,
}

/// A function that is called for each transition.
pub(crate) type Observer = Arc<dyn Fn(&Transition<'_>) + Send + Sync>;

impl Settings {
    /// Adds an observer, in addition to an existing one.
    pub(crate) fn observe(&mut self, observer: impl Fn(&Transition<'_>) + Send + Sync + 'static) {
        self.observer = Some(match self.observer.take() {
            None => Arc::new(observer),
            Some(first) => Arc::new(move |transition| {
                first(transition);
                observer(transition);
            }),
        });
    }
}
