use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Method, Response};
use kubernetes_core::Encoded;
use tokio::time::Instant;

use super::WriteHook;
use super::object::WrittenObject;
use super::outcome::WriteOutcome;
use super::permit::{Revocation, WritePermit, poll_revoked};
use super::revocable::Revocable;
use super::write::Write;
use crate::body::Body;
use crate::clock::boottime;
use crate::error::{Error, Kind};
use crate::upgrade::UpgradedIo;

/// A write that all hooks have permitted, until they have received its outcome.
pub(crate) struct Admission {
    write: Write,
    hooks: Vec<Arc<dyn WriteHook>>,
    /// The first of the permits' ends, and the time that it was granted for.
    end: Option<(Instant, Duration)>,
    timer: Option<Timer>,
    revocations: Vec<Revocation>,
    is_sent: bool,
}

type Timer = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Admission {
    pub(super) fn new(write: Write) -> Self {
        Self { write, hooks: Vec::new(), end: None, timer: None, revocations: Vec::new(), is_sent: false }
    }

    pub(super) fn add(&mut self, hook: Arc<dyn WriteHook>, permit: WritePermit) {
        self.hooks.push(hook);
        // A limit that the clock can't count is none.
        let end = permit.limit.and_then(|limit| Some((boottime::now().checked_add(limit)?, limit)));
        self.end = self.end.into_iter().chain(end).min_by_key(|(at, _)| *at);
        self.revocations.extend(permit.revoked);
    }

    /// Fails if a permit has ended, as it may while later hooks decide.
    pub(super) fn check(&mut self) -> Result<(), Error> {
        match self.end {
            Some((at, limit)) if at <= boottime::now() => Err(Error::new(Kind::HookTimeout { limit })),
            end => {
                self.timer = end.map(|(at, _)| Box::pin(boottime::sleep_until(at)) as Timer);
                Ok(())
            }
        }
    }

    /// Runs a part of the write, until the first permit ends.
    pub(crate) async fn run<T>(&mut self, part: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let mut part = pin!(part);
        poll_fn(|cx| {
            // First, so that nothing is sent after the end.
            if let Poll::Ready(error) = self.poll_ended(cx) {
                return Poll::Ready(Err(error));
            }
            self.is_sent = true;
            part.as_mut().poll(cx)
        })
        .await
    }

    fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        if let Some((at, limit)) = self.end {
            // The timer only wakes: after a stall, or when the task has spent its budget, it is late.
            let is_due = self.timer.as_mut().is_some_and(|timer| timer.as_mut().poll(cx).is_ready());
            if is_due || at <= boottime::now() {
                return Poll::Ready(Error::new(Kind::HookTimeout { limit }));
            }
        }
        poll_revoked(&mut self.revocations, cx)
    }

    /// Lets a revocation close the connection of a response that switches protocols.
    pub(crate) fn guard(&mut self, response: &mut Response<Body>) {
        if self.revocations.is_empty() {
            return;
        }
        let io = response.extensions_mut().get::<UpgradedIo>().and_then(UpgradedIo::take);
        if let Some(io) = io {
            let io = Revocable::new(io, std::mem::take(&mut self.revocations));
            response.extensions_mut().insert(UpgradedIo::new(io));
        }
    }

    /// The write succeeded; `response` is `None` if the client does not read it.
    pub(crate) fn succeeded(mut self, response: Option<&Encoded>) {
        let response = response.filter(|_| self.write.has_object_response());
        let deleted = self.write.key().filter(|_| self.write.method() == Method::DELETE);
        match WrittenObject::of(response, deleted) {
            Ok(objects) => self.finish(&WriteOutcome::Done(&objects)),
            Err(error) => {
                let error = Error::new(Kind::Decode(error)).or_request(self.write.line());
                self.finish(&WriteOutcome::Unknown(Some(&error)));
            }
        }
    }

    pub(crate) fn failed(mut self, error: &Error) {
        let outcome = if self.is_sent { WriteOutcome::of_error(error) } else { WriteOutcome::NotSent };
        self.finish(&outcome);
    }

    fn finish(&mut self, outcome: &WriteOutcome<'_>) {
        for hook in std::mem::take(&mut self.hooks) {
            hook.after(&self.write, outcome);
        }
    }
}

impl Drop for Admission {
    /// When the request's future is dropped, or a later hook refused the write.
    fn drop(&mut self) {
        let outcome = if self.is_sent { WriteOutcome::Unknown(None) } else { WriteOutcome::NotSent };
        self.finish(&outcome);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use http::Request;

    use super::*;
    use crate::clock::boottime::tests::SUSPENDED;
    use crate::error::RequestLine;

    fn admitted_for(limit: Duration) -> Admission {
        struct Hook;
        impl WriteHook for Hook {}
        let line = Arc::new(RequestLine::new(Method::POST, "/api/v1/nodes"));
        let request = Request::builder().method(Method::POST).body(Body::empty()).unwrap();
        let mut admission = Admission::new(Write::of(&request, &line).unwrap());
        admission.add(Arc::new(Hook), WritePermit::within(limit));
        admission.check().unwrap();
        admission
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_sent_after_the_end_though_the_timer_is_late() {
        let mut admission = admitted_for(Duration::from_secs(5));
        // Moves the clock without a turn of the timers.
        assert_eq!(tokio::time::advance(Duration::from_secs(6)).now_or_never(), None);
        let error = admission.run(async { Ok(()) }).await.unwrap_err();
        assert!(error.is_not_permitted() && error.is_timeout(), "{error:?}");
        assert!(!admission.is_sent);
    }

    #[tokio::test(start_paused = true)]
    async fn a_permit_ends_while_the_machine_is_suspended() {
        let mut admission = admitted_for(Duration::from_secs(5));
        let suspension = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            SUSPENDED.set(Duration::from_secs(3600));
            std::future::pending::<Result<(), Error>>().await
        };
        let start = Instant::now();
        let error = admission.run(suspension).await.unwrap_err();
        SUSPENDED.set(Duration::ZERO);
        assert!(error.is_not_permitted() && start.elapsed() <= Duration::from_millis(2_010), "{error:?}");
    }
}
