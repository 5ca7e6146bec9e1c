use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kubernetes_client::Backoff;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use super::LogLine;
use super::containers::{ContainerKey, ContainerState, Ended, PodState};
use super::log::{Log, Opened};
use super::progress::Progress;
use crate::clock;
use crate::error::{Error, Kind};

const RECONNECT: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30)).jitter(0.5, 1.0);

/// How long a log may be silent, and not end, once its container has been started again.
const MAX_LAST_SILENCE: Duration = Duration::from_secs(5);

/// Follows the log of a container through its runs.
///
/// The kubelet may know of a new run, and the server of another pod, before the watch does, and the watch may leave a run
/// out. So a log is requested again with the run before it, from the last line on, without the lines that have come, as their
/// times tell; and after it is opened, the pod is looked up. With that, the state of the watch does not matter.
pub(super) struct Follower {
    log: Log,
    lines: mpsc::Sender<Result<LogLine, Error>>,
    permits: Arc<Semaphore>,
    state: watch::Receiver<ContainerState>,
    progress: Progress,
    has_news: bool,
}

/// Why a log is not read any further.
enum Stop {
    /// The stream of lines was dropped.
    ReaderDropped,
    /// The pod is gone, or another one has its name.
    PodGone,
    /// The pod has left the selection, or is known to be gone.
    Deselected,
    /// The limit of bytes is reached.
    LimitReached,
    Failed(kubernetes_client::Error),
}

impl Stop {
    /// Whether the next run is not read either.
    fn is_final(&self) -> bool {
        matches!(self, Self::ReaderDropped | Self::Deselected | Self::LimitReached)
    }
}

impl From<kubernetes_client::Error> for Stop {
    fn from(error: kubernetes_client::Error) -> Self {
        Self::Failed(error)
    }
}

impl Follower {
    pub(super) fn new(
        log: Log,
        lines: mpsc::Sender<Result<LogLine, Error>>,
        permits: Arc<Semaphore>,
        state: watch::Receiver<ContainerState>,
        progress: Progress,
    ) -> Self {
        Self { log, lines, permits, state, progress, has_news: false }
    }

    /// Runs until no further run can follow.
    pub(super) async fn run(mut self) -> Ended {
        let was_gone = matches!(self.follow().await, Err(Stop::Deselected));
        self.progress.position.compact();
        Ended { key: self.log.key, progress: self.progress, was_gone }
    }

    async fn follow(&mut self) -> Result<(), Stop> {
        loop {
            let permit = self.permit().await?;
            let ContainerState { run, pod, .. } = *self.state.borrow_and_update();
            if pod == PodState::Gone {
                return Err(Stop::Deselected);
            }
            self.follow_run(run).await?;
            drop(permit);
            if !self.log.options.follow {
                return Ok(());
            }
            let next = self.state.wait_for(|state| state.run != run || state.pod != PodState::Active).await;
            match next.map(|state| *state) {
                Ok(state) if state.run != run => {}
                Ok(state) if state.pod == PodState::Gone => return Err(Stop::Deselected),
                Ok(_) | Err(_) => return Ok(()),
            }
        }
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, Stop> {
        let permits = Arc::clone(&self.permits);
        match Arc::clone(&permits).try_acquire_owned() {
            Ok(permit) => Ok(permit),
            Err(_) => {
                let limit = self.log.options.max_containers;
                self.fail(Error::new(Kind::Waiting { limit })).await?;
                permits.acquire_owned().await.map_err(|_| Stop::ReaderDropped)
            }
        }
    }

    /// Reads the log of a run to its end; of another one too, if that begins meanwhile.
    async fn follow_run(&mut self, run: usize) -> Result<(), Stop> {
        let mut delays = RECONNECT.delays();
        loop {
            let read = self.read(run).await;
            let state = *self.state.borrow();
            if state.run != run && self.log.options.follow {
                // The rest of the log is read with that of the next run.
                return read.or_else(|stop| if stop.is_final() { Err(stop) } else { Ok(()) });
            }
            let (has_ended, reconnects) = (state.has_ended(), self.log.options.reconnect && self.log.options.follow);
            match read {
                Ok(()) if has_ended || !reconnects => return Ok(()),
                Ok(()) => {}
                Err(Stop::PodGone) => return Ok(()),
                Err(Stop::Failed(error)) if !reconnects || !may_pass(&error) => return self.fail(error.into()).await,
                Err(Stop::Failed(error)) => {
                    tracing::debug!(error = &error as &dyn std::error::Error, "a log broke off");
                }
                Err(stop) => return Err(stop),
            }
            if std::mem::take(&mut self.has_news) {
                delays.reset();
            }
            // An end is a reason to ask at once for the last lines.
            let changed = self.state.wait_for(|state| state.run != run || state.has_ended() && !has_ended);
            let _ = clock::timeout(delays.next_delay(), changed).await;
        }
    }

    /// Reads the log until it ends or fails.
    async fn read(&mut self, run: usize) -> Result<(), Stop> {
        let is_again = std::mem::replace(&mut self.progress.was_requested, true);
        if is_again {
            self.read_previous(run).await?;
        }
        let opened = tokio::select! {
            opened = self.log.open(run, is_again, &self.progress) => opened?.ok_or(Stop::PodGone)?,
            () = superseded(self.state.clone(), run) => return Ok(()),
        };
        // The run may have begun since, or the first one that was seen is not the first.
        if opened.has_restarted && (is_again || !self.progress.is_initial) {
            self.read_previous(run).await?;
        }
        self.pass_on(opened, run, true).await
    }

    /// Reads the rest of the run before the last one.
    async fn read_previous(&mut self, run: usize) -> Result<(), Stop> {
        match self.log.open_previous(&self.progress).await {
            // A kubelet that has removed the log says so in its place, without a time.
            Ok(Some(opened)) => self.pass_on(opened, run, false).await,
            Ok(None) => Err(Stop::PodGone),
            // There is none, or none any more.
            Err(error) if error.http_status().is_some() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Passes on the lines that are new; those before the first with a time are if `is_new`.
    async fn pass_on(&mut self, mut opened: Opened, run: usize, mut is_new: bool) -> Result<(), Stop> {
        self.progress.position.resume();
        let mut deselected = pin!(deselected(self.log.clone(), self.state.clone()));
        while self.progress.has_room() {
            let line = tokio::select! {
                biased;
                () = &mut deselected => return Err(Stop::Deselected),
                line = opened.lines.next_line() => line?,
                () = superseded(self.state.clone(), run) => None,
            };
            let Some(line) = line else { return Ok(()) };
            let (timestamp, mut text) = split_time(line);
            if opened.end.is_some_and(|end| timestamp.is_some_and(|timestamp| timestamp >= end)) {
                return Err(Stop::PodGone);
            }
            // Of a line that comes in pieces, only the first has a time.
            is_new = timestamp.map_or(is_new, |timestamp| self.progress.position.is_new(timestamp, &text));
            if is_new {
                self.has_news = true;
                self.progress.take_room(&mut text);
                let ContainerKey { namespace, pod, container, .. } = self.log.key.clone();
                self.send(Ok(LogLine { namespace, pod, container, timestamp, text })).await?;
            }
        }
        Err(Stop::LimitReached)
    }

    /// Reports an error with the container that it is about.
    async fn fail(&self, error: Error) -> Result<(), Stop> {
        self.send(Err(error.at(&self.log.key.place()))).await
    }

    async fn send(&self, item: Result<LogLine, Error>) -> Result<(), Stop> {
        self.lines.send(item).await.map_err(|_| Stop::ReaderDropped)
    }
}

/// Waits until a pod has left the selection. One that was deleted has last lines, and a log that ends.
async fn deselected(log: Log, mut state: watch::Receiver<ContainerState>) {
    let is_gone = |state: &ContainerState| state.pod == PodState::Gone;
    let mut delays = RECONNECT.delays();
    while state.wait_for(is_gone).await.is_ok() {
        match log.has_pod().await {
            Ok(true) if is_gone(&state.borrow()) => return,
            // It has come back meanwhile.
            Ok(true) => delays.reset(),
            Err(error) if may_pass(&error) => clock::sleep(delays.next_delay()).await,
            Ok(false) | Err(_) => break,
        }
    }
    std::future::pending().await
}

/// Waits until another run than `run` has begun, and for as long as a log may take to end with its run.
async fn superseded(mut state: watch::Receiver<ContainerState>, run: usize) {
    if state.wait_for(|state| state.run != run).await.is_err() {
        // No other run is seen any more.
        std::future::pending::<()>().await;
    }
    clock::sleep(MAX_LAST_SILENCE).await;
}

/// Splits the time off that a line begins with, if it does.
fn split_time(mut line: String) -> (Option<Timestamp>, String) {
    let time = line.split(' ').next().unwrap_or_default();
    let (end, timestamp) = (time.len() + 1, time.parse().ok());
    if timestamp.is_some() {
        line.drain(..end.min(line.len()));
    }
    (timestamp, line)
}

/// Whether another request may succeed: a refusal of this one is final.
fn may_pass(error: &kubernetes_client::Error) -> bool {
    error.http_status().is_none_or(|status| status.is_server_error() || status.as_u16() == 429)
}

#[cfg(test)]
mod tests {
    use super::split_time;

    #[test]
    fn a_piece_without_a_time_stays_as_it_is() {
        for (line, has_time, text) in [
            ("2030-01-01T00:00:00Z a b", true, "a b"),
            ("2030-01-01T00:00:00Z ", true, ""),
            ("2030-01-01T00:00:00Z", true, ""),
            ("xxxx", false, "xxxx"),
            ("xx xx", false, "xx xx"),
            ("", false, ""),
        ] {
            let (timestamp, rest) = split_time(line.to_owned());
            assert_eq!((timestamp.is_some(), rest.as_str()), (has_time, text), "{line}");
        }
    }
}
