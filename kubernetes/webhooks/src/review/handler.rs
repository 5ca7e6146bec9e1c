use std::fmt::Display;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use tracing::Instrument as _;

use super::kind::ReviewKind;
use super::request::ReviewRequest;
use super::wire::{Identity, read};
use crate::clock::Instant;
use crate::metrics::Counters;
use crate::run::{self, run};

/// The answer to a review.
pub(crate) enum Answer {
    /// A review with a status, as JSON.
    Review(String),
    /// A failure, by its HTTP status code.
    Failure { code: u16, message: String },
}

/// A handler, type-erased.
pub(crate) trait ReviewHandler: Send + Sync {
    fn handle<'a>(
        &'a self,
        path: &'a str,
        body: &'a [u8],
        deadline: Instant,
        counters: &'a Counters,
    ) -> Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

    /// The answer to a request that can't be read.
    fn failure(&self, path: &str, code: u16, message: String) -> Answer;
}

/// A handler of reviews of the kind `R`.
pub(crate) struct Handler<R, F>(F, PhantomData<fn(R)>);

impl<R, F> Handler<R, F> {
    pub(crate) fn new(handler: F) -> Self {
        Self(handler, PhantomData)
    }
}

impl<R, F, T, D, E> ReviewHandler for Handler<R, F>
where
    R: ReviewKind,
    F: Fn(ReviewRequest<R::Spec>) -> T + Send + Sync,
    T: Future<Output = Result<D, E>> + Send,
    D: Into<R::Decision>,
    E: Display,
{
    fn handle<'a>(
        &'a self,
        path: &'a str,
        body: &'a [u8],
        deadline: Instant,
        counters: &'a Counters,
    ) -> Pin<Box<dyn Future<Output = Answer> + Send + 'a>> {
        Box::pin(async move {
            let (identity, spec) = match read::<R>(body) {
                Ok(review) => review,
                Err(error) => return self.failure(path, 400, error.to_string()),
            };
            if let Err(message) = R::check(&spec) {
                return failure::<R>(path, &identity, 400, message.to_owned());
            }
            let request = ReviewRequest::new(spec.clone(), deadline);
            let handler = async { (self.0)(request).await.map(Into::into).map_err(|error| format!("{error:#}")) };
            let (code, message) = match run(handler.instrument(R::span(path, &spec)), deadline).await {
                Ok(Ok(decision)) => match R::status(&spec, decision) {
                    Ok(status) => return Answer::Review(identity.answer::<R>(&status)),
                    Err(message) => (500, message.to_owned()),
                },
                Ok(Err(message)) => (500, R::redact(&spec, message)),
                Err(run::Failure::Panicked(message)) => {
                    counters.count_panic();
                    if !R::HAS_SECRET {
                        tracing::error!(path, message, kind = R::KIND, "a webhook panicked");
                    }
                    (500, "the handler panicked".to_owned())
                }
                Err(run::Failure::TimedOut) => (504, "timed out waiting for the handler".to_owned()),
            };
            failure::<R>(path, &identity, code, message)
        })
    }

    fn failure(&self, path: &str, code: u16, message: String) -> Answer {
        failure::<R>(path, &Identity::unknown::<R>(), code, message)
    }
}

fn failure<R: ReviewKind>(path: &str, identity: &Identity, code: u16, message: String) -> Answer {
    tracing::warn!(path, code, message, kind = R::KIND, "can't answer a review");
    match R::failure(&message) {
        Some(status) => Answer::Review(identity.answer::<R>(&status)),
        None => Answer::Failure { code, message },
    }
}
