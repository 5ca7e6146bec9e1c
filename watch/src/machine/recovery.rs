use std::time::Duration;

use super::attempts::FRUITLESS_TRIES;
use super::{Evidence, Goal, Loss, Machine, PageSize, PagedList, Recovery, StreamingLists};

/// The least time from one connection to the next, however well they go.
const INTERVAL: Duration = Duration::from_secs(1);

/// The longest wait that a server may ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// After how many broken streaming lists a plain one is tried.
const STREAMING_TRIES: u32 = 2;

/// How often in a row a watch that can't list again asks for a version that the server does not seem to know, before
/// that is taken for lasting: with the waits between, and the 3 seconds that an API server waits before it says so,
/// some 4 minutes.
const DOUBTFUL_TRIES: u32 = 10;

/// The next goal after a loss, and the wait before it.
impl Machine {
    /// Takes in that the request has come to nothing, or that its connection has ended. An open connection has lived
    /// for `lived` since it was answered, or since its list was complete.
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
            // It may also be the network that is silent: the next list may be a streaming one.
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
            // A list that begins again comes whole, so that it can't expire once more.
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
                    // It may be the continue token that the server can't handle.
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
            // A version from before the server's data was exchanged may not even be well formed; that of the new list
            // is. If it is refused too, it is not the version.
            Loss::Refused if relists && self.attempts.refused == 1 => self.relist(),
            Loss::Refused => Recovery::Fail,
            Loss::Gone => self.gone(),
            Loss::Ahead { .. } | Loss::Empty | Loss::Unexplained { .. } if relists && self.attempts.doubtful > 1 => {
                self.relist()
            }
            // A server that lags comes to know the version; one whose data was restored from a backup may never do so,
            // or, in time, take another one for it.
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

    /// After a 410: the objects are listed again, or, where that is not wanted, another API server may still know the
    /// version: one retry.
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
