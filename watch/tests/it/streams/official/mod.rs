//! The tests of the official Python client's watch: the 22 cases of `kubernetes/base/watch/watch_test.py`
//! and the 16 of the asynchronous one, at v36, by their numbers and names there. docs/watching.md says where and why
//! this crate does otherwise.

mod asynchronous;
mod server;
mod synchronous;

use futures_util::StreamExt;
use kubernetes_core::{LogRequest, Path};
use kubernetes_watch::{Error, Watch, WatchStream};

use crate::streams::server::{Answer, Part, Server};
use crate::streams::{Widget, bytes, widgets};

/// A watch with a timeout, in Python's sense: over when the server ends it, and nothing is retried.
fn with_timeout(server: &Server) -> Watch {
    Watch::new(&server.client()).timeout_seconds(10).reconnect(false)
}

/// A body in these pieces, which then stays open.
fn pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Answer {
    Answer::Body(pieces.into_iter().map(bytes).chain([Part::Hang]).collect())
}

async fn failure(stream: &mut WatchStream<Widget>) -> Error {
    let failure = stream.next().await.expect("an item").expect_err("an error");
    assert!(stream.next().await.is_none(), "an error is final");
    failure
}

fn log() -> LogRequest {
    LogRequest::at(Path::new("/api/v1/namespaces/{namespace}/pods/{name}/log", &["shop", "web"]))
}

/// The lines of a log that ends.
async fn lines(server: &Server) -> Vec<String> {
    let lines = Watch::new(&server.client()).stream_lines(log());
    lines.map(|line| line.expect("a line")).collect().await
}

/// A watch of the changes after a version.
fn from(server: &Server, version: &'static str) -> WatchStream<Widget> {
    Watch::new(&server.client()).stream(widgets().resource_version(version))
}
