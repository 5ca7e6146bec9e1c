//! A server that misbehaves on demand.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use kubernetes_client::{Body, Client};
use tokio::time::{Instant, Sleep, sleep};
use tower_service::Service;

/// Gives its answers in turn, then hangs.
#[derive(Clone)]
pub(crate) struct Server(Arc<Mutex<State>>);

struct State {
    started: Instant,
    answers: VecDeque<Answer>,
    /// The answer that follows the others, again and again.
    always: Option<Answer>,
    requests: Vec<(Duration, String)>,
    open: usize,
}

/// How a request is answered.
#[derive(Clone)]
pub(crate) enum Answer {
    /// Not at all.
    Silence,
    /// The connection can't be used.
    Unreachable,
    /// With an HTTP status other than 200.
    Refusal(u16, Option<u32>, String),
    /// With 200 and a body.
    Body(Vec<Part>),
}

/// A part of a body.
#[derive(Clone)]
pub(crate) enum Part {
    Bytes(Vec<u8>),
    Pause(Duration),
    /// The connection breaks.
    Reset,
    /// Nothing more comes, and the connection stays open.
    Hang,
}

impl Server {
    pub(crate) fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self(Arc::new(Mutex::new(State {
            started: Instant::now(),
            answers: answers.into_iter().collect(),
            always: None,
            requests: Vec::new(),
            open: 0,
        })))
    }

    /// Answers every further request so.
    pub(crate) fn always(self, answer: Answer) -> Self {
        self.state().always = Some(answer);
        self
    }

    pub(crate) fn client(&self) -> Client {
        Client::with_service(self.clone(), "default")
    }

    /// The queries so far, without the random `timeoutSeconds`.
    pub(crate) fn queries(&self) -> Vec<String> {
        let without_timeout = |query: &str| {
            let kept: Vec<_> = query.split('&').filter(|pair| !pair.starts_with("timeoutSeconds=")).collect();
            kept.join("&")
        };
        self.state().requests.iter().map(|(_, query)| without_timeout(query)).collect()
    }

    /// The values of one parameter in the queries so far.
    pub(crate) fn asked(&self, name: &str) -> Vec<String> {
        let value = |query: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(key, _)| *key == name).map_or("none".into(), |(_, value)| value.to_owned())
        };
        self.state().requests.iter().map(|(_, query)| value(query)).collect()
    }

    /// When the requests came.
    pub(crate) fn times(&self) -> Vec<Duration> {
        self.state().requests.iter().map(|(time, _)| *time).collect()
    }

    /// How many bodies have not been dropped.
    pub(crate) fn open(&self) -> usize {
        self.state().open
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl Service<http::Request<Body>> for Server {
    type Response = http::Response<Chunks>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, io::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let server = self.clone();
        let mut state = self.state();
        let time = state.started.elapsed();
        state.requests.push((time, request.uri().query().unwrap_or_default().to_owned()));
        let answer = state.answers.pop_front().or_else(|| state.always.clone()).unwrap_or(Answer::Silence);
        drop(state);
        Box::pin(async move {
            let mut response = http::Response::builder();
            let parts = match answer {
                Answer::Silence => std::future::pending().await,
                Answer::Unreachable => return Err(io::ErrorKind::ConnectionRefused.into()),
                Answer::Refusal(code, retry_after, body) => {
                    response = response.status(code);
                    if let Some(seconds) = retry_after {
                        response = response.header("Retry-After", seconds);
                    }
                    vec![Part::Bytes(body.into())]
                }
                Answer::Body(parts) => parts,
            };
            server.state().open += 1;
            Ok(response.body(Chunks { parts: parts.into(), pause: None, server }).unwrap())
        })
    }
}

/// A body on its way.
pub(crate) struct Chunks {
    parts: VecDeque<Part>,
    pause: Option<Pin<Box<Sleep>>>,
    server: Server,
}

impl http_body::Body for Chunks {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        loop {
            if let Some(pause) = &mut self.pause {
                std::task::ready!(pause.as_mut().poll(context));
                self.pause = None;
            }
            match self.parts.pop_front() {
                None => return Poll::Ready(None),
                Some(Part::Bytes(bytes)) => return Poll::Ready(Some(Ok(Frame::data(bytes.into())))),
                Some(Part::Pause(time)) => self.pause = Some(Box::pin(sleep(time))),
                Some(Part::Reset) => return Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into()))),
                Some(Part::Hang) => {
                    self.parts.push_front(Part::Hang);
                    return Poll::Pending;
                }
            }
        }
    }
}

impl Drop for Chunks {
    fn drop(&mut self) {
        self.server.state().open -= 1;
    }
}
