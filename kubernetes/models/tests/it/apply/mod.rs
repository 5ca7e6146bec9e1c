//! Server-side apply: the bodies that are sent, and the fields that a manager owns.

mod bodies;
mod extraction;

use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_core::Stream;
use kubernetes_core::{ApplyRequest, Encoded, Execute, Request};
use kubernetes_models::json::{self, DecodeError, Value};

/// Takes the body of a request, and answers with it.
#[derive(Default)]
struct Recorder(Mutex<Option<String>>);

impl Execute for Recorder {
    type Error = std::io::Error;
    type Body = Nothing;

    async fn execute<T: Send>(
        &self,
        request: Request,
        decode: fn(&Encoded) -> Result<T, DecodeError>,
    ) -> Result<T, std::io::Error> {
        let request = request.into_http().map_err(std::io::Error::other)?;
        assert_eq!(request.headers()["content-type"], "application/apply-patch+yaml");
        let body = request.into_body();
        *self.0.lock().unwrap() = Some(String::from_utf8(body.to_vec()).unwrap());
        decode(&Encoded::new(None, body)).map_err(std::io::Error::other)
    }

    async fn open(&self, _: Request) -> Result<Nothing, std::io::Error> {
        Ok(Nothing)
    }
}

struct Nothing;

impl Stream for Nothing {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(None)
    }
}

/// The body that an apply sends; `None` if it sends no request.
fn sent<K: Value + Send>(request: ApplyRequest<'_, K>) -> Result<Option<String>, String> {
    let recorder = Recorder::default();
    let answer = {
        let mut future = pin!(request.send(&recorder));
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => answer,
            Poll::Pending => panic!("the request waits"),
        }
    };
    answer.map(|_| recorder.0.into_inner().unwrap()).map_err(|error| error.to_string())
}

fn read<V: Value>(value: serde_json::Value) -> V {
    json::from_str(&value.to_string()).unwrap()
}
