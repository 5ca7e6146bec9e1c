use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kubernetes_client::{Backoff, Client};
use kubernetes_core::{Execute, LogLines, LogRequest, Path, Request};
use tokio::sync::{Semaphore, mpsc};

use super::containers::{RunState, Started};
use super::position::Position;
use super::{LogLine, Options};
use crate::clock;
use crate::error::{Error, Kind};

const RECONNECT: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30)).jitter(0.5, 1.0);

/// Follows the log of one container.
pub(super) struct Follower {
    pub(super) client: Client,
    pub(super) namespace: String,
    pub(super) options: Options,
    pub(super) lines: mpsc::Sender<Result<LogLine, Error>>,
    pub(super) permits: Arc<Semaphore>,
    pub(super) container: Started,
    /// Whether the container was there when the stream began, so that old lines may be left out.
    pub(super) is_initial: bool,
}

/// Nobody reads the lines any more.
struct Gone;

impl Follower {
    pub(super) async fn run(mut self) {
        // Ends early only if nobody reads any more.
        let _ = self.follow().await;
    }

    async fn follow(&mut self) -> Result<(), Gone> {
        let permits = Arc::clone(&self.permits);
        let _permit = match permits.try_acquire() {
            Ok(permit) => permit,
            Err(_) => {
                let limit = self.options.max_containers;
                self.fail(Error::new(Kind::Waiting { limit })).await?;
                permits.acquire().await.map_err(|_| Gone)?
            }
        };
        let (mut position, mut delays) = (Position::default(), RECONNECT.delays());
        let mut since = None;
        while *self.container.state.borrow() != RunState::Replaced {
            let mut has_progress = false;
            let read = self.read(since, &mut position, &mut has_progress).await?;
            let had_ended = *self.container.state.borrow() != RunState::Running;
            match read {
                Ok(()) if had_ended || !self.options.reconnect || !self.options.follow => return Ok(()),
                Err(error) if had_ended && error.is_not_found() => return Ok(()),
                Err(error) if !self.options.reconnect || !may_pass(&error) => return self.fail(error.into()).await,
                Ok(()) => {}
                Err(error) => tracing::debug!(error = &error as &dyn std::error::Error, "a log broke off"),
            }
            if has_progress {
                delays.reset();
            }
            let ended = self.container.state.wait_for(|state| match state {
                RunState::Running => false,
                RunState::Ended => !had_ended,
                RunState::Replaced => true,
            });
            // An end is a reason to ask at once for the last lines.
            let _ = clock::timeout(delays.next_delay(), ended).await;
            since = position.resume();
        }
        Ok(())
    }

    /// Reads the log until it ends or fails.
    async fn read(
        &self,
        since: Option<Timestamp>,
        position: &mut Position,
        has_progress: &mut bool,
    ) -> Result<Result<(), kubernetes_client::Error>, Gone> {
        let mut lines = match self.client.open(self.request(since)).await {
            Ok(body) => LogLines::new(body),
            Err(error) => return Ok(Err(error)),
        };
        // Of a line that comes in pieces, only the first has a time.
        let mut is_new = true;
        loop {
            let line = match lines.next_line().await {
                Ok(Some(line)) => line,
                Ok(None) => return Ok(Ok(())),
                Err(error) => return Ok(Err(error)),
            };
            let (timestamp, text) = split_time(line);
            is_new = timestamp.map_or(is_new, |timestamp| position.is_new(timestamp, &text));
            if is_new {
                *has_progress = true;
                let Started { pod, container, .. } = &self.container;
                let line = LogLine { pod: pod.clone(), container: container.clone(), timestamp, text };
                self.lines.send(Ok(line)).await.map_err(|_| Gone)?;
            }
        }
    }

    fn request(&self, since: Option<Timestamp>) -> Request {
        let Started { pod, container, .. } = &self.container;
        let path = Path::new("/api/v1/namespaces/{namespace}/pods/{name}/log", &[&self.namespace, pod]);
        let mut request = LogRequest::at(path).container(container.clone()).timestamps(true);
        if self.options.follow {
            request = request.follow(true);
        }
        if since.is_none() && self.is_initial {
            if let Some(lines) = self.options.tail_lines {
                request = request.tail_lines(lines);
            }
            if let Some(seconds) = self.options.since_seconds {
                request = request.since_seconds(seconds);
            }
        }
        let mut request = request.request().clone();
        if let Some(since) = since {
            // The description of the API leaves this parameter out.
            request.query.set("sinceTime", since.to_string());
        }
        request
    }

    /// Reports an error with the container that it is about.
    async fn fail(&self, error: Error) -> Result<(), Gone> {
        let Started { pod, container, .. } = &self.container;
        let place = format!("the log of container {container} in pod {}/{pod}", self.namespace).into();
        self.lines.send(Err(error.at(&place))).await.map_err(|_| Gone)
    }
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
