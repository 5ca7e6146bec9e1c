//! Authentication and authorization of those who read the metrics, by the API server, as controller-runtime's
//! `filters.WithAuthenticationAndAuthorization`.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use kubernetes_client::sync::lock;
use kubernetes_client::{Client, Error};
use kubernetes_core::text::printable;
use kubernetes_core::{CreateRequest, Path, Resource, Str};
use kubernetes_models::authentication::v1::{TokenReview, TokenReviewSpec, UserInfo};
use kubernetes_models::authorization::v1::{NonResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec};
use tokio::sync::Semaphore;

use super::{Text, text};
use crate::clock::{self, Instant};

/// How long an answer counts, and one that refuses.
const ALLOWED_FOR: Duration = Duration::from_secs(60);
const REFUSED_FOR: Duration = Duration::from_secs(30);
/// How many answers are kept: each Prometheus has one.
const MAX_ANSWERS: usize = 256;
/// How many callers the API server is asked about at a time: whoever sends many tokens must not flood it.
const MAX_REVIEWS: usize = 4;
/// How many callers may wait for answers: they keep their connections, of which probes need some.
const MAX_CALLERS: usize = 16;
/// How long both reviews may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A longer token is none.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Asks the API server who a caller is, and whether they may get a path.
pub(super) struct Guard {
    client: Client,
    answers: Mutex<HashMap<Question, (Answer, Instant)>>,
    reviews: Semaphore,
    callers: Semaphore,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Question {
    token: Str,
    verb: &'static str,
    path: Str,
}

#[derive(Clone)]
enum Answer {
    Allowed,
    /// The token is not valid.
    Unauthenticated,
    Denied {
        user: Str,
        reason: Str,
    },
}

impl Answer {
    fn counts_for(&self) -> Duration {
        match self {
            Self::Allowed => ALLOWED_FOR,
            Self::Unauthenticated | Self::Denied { .. } => REFUSED_FOR,
        }
    }
}

impl Guard {
    pub(super) fn new(client: &Client) -> Self {
        let (reviews, callers) = (Semaphore::new(MAX_REVIEWS), Semaphore::new(MAX_CALLERS));
        Self { client: client.clone(), answers: Mutex::default(), reviews, callers }
    }

    /// Lets a request pass, or returns the response that refuses it.
    pub(super) async fn check(&self, method: &Method, path: &str, headers: &HeaderMap) -> Result<(), Response<Text>> {
        let Some(token) = bearer_token(headers) else { return Err(unauthenticated()) };
        let verb = if *method == Method::HEAD { "head" } else { "get" };
        let question = Question { token: token.into(), verb, path: path.into() };
        let known = self.known(&question);
        let answer = match known {
            Some(answer) => answer,
            None => {
                let Ok(_waiting) = self.callers.try_acquire() else { return Err(overloaded()) };
                match clock::timeout(TIMEOUT, self.ask(&question)).await {
                    Ok(Ok(answer)) => answer,
                    Ok(Err(error)) => return Err(failed(&error)),
                    Err(_) => return Err(failed(&"the API server did not answer in time")),
                }
            }
        };
        match answer {
            Answer::Allowed => Ok(()),
            Answer::Unauthenticated => Err(unauthenticated()),
            Answer::Denied { user, reason } => {
                let (user, reason) = (printable(&user, 256), printable(&reason, 512));
                tracing::info!(%user, path, %reason, "the caller may not read the metrics");
                Err(text(StatusCode::FORBIDDEN, format!("{user} may not {verb} {path}\n")))
            }
        }
    }

    #[cfg(test)]
    pub(super) fn answers(&self) -> usize {
        lock(&self.answers).len()
    }

    fn known(&self, question: &Question) -> Option<Answer> {
        let answers = lock(&self.answers);
        answers.get(question).filter(|(_, until)| clock::now() < *until).map(|(answer, _)| answer.clone())
    }

    async fn ask(&self, question: &Question) -> Result<Answer, Error> {
        // It is never closed.
        let _permit = self.reviews.acquire().await;
        // Another may have asked meanwhile.
        if let Some(answer) = self.known(question) {
            return Ok(answer);
        }
        let answer = match self.authenticate(&question.token).await? {
            None => Answer::Unauthenticated,
            Some(user) => self.authorize(user, question).await?,
        };
        let (now, mut answers) = (clock::now(), lock(&self.answers));
        if answers.len() >= MAX_ANSWERS {
            answers.retain(|_, (_, until)| now < *until);
        }
        if answers.len() >= MAX_ANSWERS {
            answers.clear();
        }
        let until = clock::later(now, answer.counts_for());
        answers.insert(question.clone(), (answer.clone(), until));
        Ok(answer)
    }

    /// The user that a token stands for; `None` if it is not valid.
    async fn authenticate(&self, token: &Str) -> Result<Option<UserInfo>, Error> {
        let review = TokenReview {
            spec: TokenReviewSpec { token: token.clone(), ..TokenReviewSpec::default() },
            ..TokenReview::default()
        };
        let status = self.review(&review).await?.status.unwrap_or_default();
        Ok(status.user.map(|user| *user).filter(|_| status.authenticated == Some(true)))
    }

    async fn authorize(&self, user: UserInfo, question: &Question) -> Result<Answer, Error> {
        let attributes = NonResourceAttributes { path: Some(question.path.clone()), verb: Some(question.verb.into()) };
        let review = SubjectAccessReview {
            spec: SubjectAccessReviewSpec {
                user: user.username.clone(),
                groups: user.groups,
                uid: user.uid,
                extra: user.extra,
                non_resource_attributes: Some(Box::new(attributes)),
                ..SubjectAccessReviewSpec::default()
            },
            ..SubjectAccessReview::default()
        };
        let status = self.review(&review).await?.status.unwrap_or_default();
        Ok(match status.allowed && status.denied != Some(true) {
            true => Answer::Allowed,
            false => Answer::Denied {
                user: user.username.unwrap_or_default(),
                reason: status.reason.or(status.evaluation_error).unwrap_or_default(),
            },
        })
    }

    async fn review<K: Resource>(&self, review: &K) -> Result<K, Error> {
        CreateRequest::at(Path::of::<K>(None), review).send(&self.client).await
    }
}

/// The token of `Authorization: Bearer …`.
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= MAX_TOKEN_BYTES).then_some(token)
}

fn unauthenticated() -> Response<Text> {
    let mut response = text(StatusCode::UNAUTHORIZED, "a valid bearer token is needed\n".to_owned());
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

fn overloaded() -> Response<Text> {
    text(StatusCode::SERVICE_UNAVAILABLE, "too many callers wait for the API server's answer about them\n".to_owned())
}

fn failed(error: &dyn std::fmt::Display) -> Response<Text> {
    tracing::warn!(%error, "can't find out who may read the metrics");
    text(StatusCode::INTERNAL_SERVER_ERROR, "the API server can't be asked who may read the metrics\n".to_owned())
}
