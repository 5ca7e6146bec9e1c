use std::time::Duration;

use super::attempts::FRUITLESS_TRIES;
use super::{Evidence, Goal, Loss, Machine, PageSize, PagedList, Recovery, StreamingLists};

/// The minimum time between connections, even if they succeed.
const INTERVAL: Duration = Duration::from_secs(1);

/// The maximum delay that a server may request.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// The number of failed streaming lists after which a plain list is tried.
const STREAMING_TRIES: u32 = 2;

/// The number of consecutive attempts of a watch that can't list again for a version that seems to be unknown. With the
/// delays, and the 3 seconds that an API server waits before it responds, that is about 4 minutes.
const DOUBTFUL_TRIES: u32 = 10;

/// The next goal after a loss, and the delay before it.
impl Machine {
    /// Records that the request has failed, or that its connection has ended. An open connection has lasted for `lived`
    /// since its response, or since its list was complete.
    pub(crate) fn lost(&mut self, loss: Loss, lived: Duration) -> Recovery {
        let evidence = self.connection.take();
        match &mut self.goal {
            Goal::StreamingList { broken } => {
                if matches!(
                    loss,
                    Loss::Ended | Loss::Empty | Loss::Broken { .. } | Loss::Unexplained { .. } | Loss::Ahead { .. }
                ) {
                    *broken += 1;
                }
                let broken = *broken;
                self.lost_streaming_list(loss, broken)
            }
            Goal::List(list) => {
                let is_page_of_several = list.is_page_of_several();
                self.lost_page(loss, is_page_of_several)
            }
            Goal::Watch { .. } => self.lost_watch(loss, lived, evidence),
        }
    }

    fn lost_streaming_list(&mut self, loss: Loss, broken: u32) -> Recovery {
        match loss {
            Loss::Final => Recovery::Fail,
            Loss::Refused => {
                self.streaming_lists = StreamingLists::Avoid;
                self.list_instead()
            }
            // The network may be silent, too, so the next list may be a streaming one.
            Loss::Silent | Loss::Overdue => self.list_instead(),
            Loss::Gone => self.gone(),
            Loss::Unavailable { .. } => self.retry(loss),
            Loss::Ended | Loss::Empty | Loss::Broken { .. } | Loss::Unexplained { .. } | Loss::Ahead { .. } => {
                if broken >= STREAMING_TRIES {
                    self.goal = Goal::List(PagedList::new(PageSize::Limited));
                }
                self.retry(loss)
            }
        }
    }

    fn lost_page(&mut self, loss: Loss, is_page_of_several: bool) -> Recovery {
        match loss {
            Loss::Final | Loss::Refused => Recovery::Fail,
            // A list that starts again is a single response, so it can't expire again.
            Loss::Gone if is_page_of_several => {
                self.goal = Goal::List(PagedList::new(PageSize::Unlimited));
                self.retry(loss)
            }
            Loss::Gone => self.gone(),
            Loss::Unavailable { .. } => self.retry(loss),
            Loss::Ended
            | Loss::Empty
            | Loss::Silent
            | Loss::Overdue
            | Loss::Broken { .. }
            | Loss::Unexplained { .. }
            | Loss::Ahead { .. } => {
                self.attempts.fruitless += 1;
                if self.attempts.fruitless >= FRUITLESS_TRIES {
                    // The server may be unable to handle the continue token.
                    self.attempts.fruitless = 0;
                    self.goal = Goal::List(PagedList::new(PageSize::Limited));
                }
                self.retry(loss)
            }
        }
    }

    fn lost_watch(&mut self, loss: Loss, lived: Duration, evidence: Option<Evidence>) -> Recovery {
        let healthy = evidence.is_some_and(|evidence| evidence == Evidence::Progress || lived >= self.healthy);
        if healthy {
            self.delays.reset();
            self.relist_backoff.healthy_for(lived);
        }
        let has_brought_something = evidence.is_some_and(|evidence| evidence > Evidence::Nothing);
        self.attempts.count(loss, lived, healthy, has_brought_something);
        let relists = self.relists();
        match loss {
            Loss::Final => Recovery::Fail,
            // After the server's data was replaced, an old version may not even be well-formed, but that of a new list
            // is. If that is refused too, the version is not the reason.
            Loss::Refused if relists && self.attempts.refused == 1 => self.relist(),
            Loss::Refused => Recovery::Fail,
            Loss::Gone => self.gone(),
            Loss::Ahead { .. } | Loss::Empty | Loss::Unexplained { .. } if relists && self.attempts.doubtful > 1 => {
                self.relist()
            }
            // A lagging server will reach the version; one whose data was restored from a backup may never do so, or
            // may eventually reuse it.
            Loss::Ahead { .. } | Loss::Empty | Loss::Unexplained { .. } if self.attempts.doubtful > DOUBTFUL_TRIES => {
                Recovery::Fail
            }
            Loss::Unavailable { .. } => self.retry(loss),
            _ if relists && self.attempts.are_used_up() => self.relist(),
            Loss::Ended | Loss::Silent | Loss::Overdue if healthy => {
                Recovery::Retry { wait: INTERVAL.saturating_sub(lived) }
            }
            Loss::Ended
            | Loss::Empty
            | Loss::Silent
            | Loss::Overdue
            | Loss::Broken { .. }
            | Loss::Unexplained { .. }
            | Loss::Ahead { .. } => self.retry(loss),
        }
    }

    /// After a 410, the objects are listed again; otherwise there is one retry, as another API server may still know
    /// the version.
    fn gone(&mut self) -> Recovery {
        if self.relists() {
            return self.relist();
        }
        self.attempts.gone += 1;
        if self.attempts.gone > 1 {
            return Recovery::Fail;
        }
        self.retry(Loss::Gone)
    }

    fn relist(&mut self) -> Recovery {
        self.goal = Goal::list(self.streaming_lists);
        Recovery::Retry { wait: self.relist_backoff.next() }
    }

    pub(super) fn list_instead(&mut self) -> Recovery {
        self.connection = None;
        self.goal = Goal::List(PagedList::new(PageSize::Limited));
        Recovery::ListInstead
    }

    fn retry(&mut self, loss: Loss) -> Recovery {
        let asked = loss.retry_after().unwrap_or_default().min(MAX_RETRY_AFTER);
        Recovery::Retry { wait: asked + self.delays.next_delay() }
    }
}
