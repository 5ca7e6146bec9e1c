//! Streams against a server that misbehaves, on a clock that is wound forward.

mod gone;
mod initial;
mod official;
mod reflector;
mod resume;
mod server;
mod single;
mod stalls;
mod stop;
mod store;
mod tables;
mod undecodable;
mod until;
mod until_faults;

use std::time::Duration;

use futures_util::StreamExt;
use kubernetes_core::{ListRequest, ObjectMeta};
use kubernetes_watch::{Event, Watch, WatchStream};
use serde::{Deserialize, Serialize};

use server::{Answer, Part, Server};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Widget {
    #[serde(default)]
    metadata: ObjectMeta,
}

kubernetes_core::resource!(Widget: "example.com" / "v1" / "Widget", "widgets", namespaced, watch, serde);

fn widgets() -> ListRequest<Widget> {
    ListRequest::namespaced("shop")
}

/// Watches from version 5.
fn stream(server: &Server) -> WatchStream<Widget> {
    Watch::new(&server.client()).stream(widgets().resource_version("5"))
}

fn object(name: &str, version: u32) -> String {
    format!(r#"{{"metadata":{{"name":"{name}","namespace":"shop","resourceVersion":"{version}"}}}}"#)
}

fn line(kind: &str, name: &str, version: u32) -> String {
    format!("{{\"type\":\"{kind}\",\"object\":{}}}\n", object(name, version))
}

fn added(name: &str, version: u32) -> String {
    line("ADDED", name, version)
}

fn bookmark(version: u32) -> String {
    format!("{{\"type\":\"BOOKMARK\",\"object\":{{\"metadata\":{{\"resourceVersion\":\"{version}\"}}}}}}\n")
}

fn initial_events_end(version: u32) -> String {
    format!(
        "{{\"type\":\"BOOKMARK\",\"object\":{{\"metadata\":{{\"resourceVersion\":\"{version}\",\
         \"annotations\":{{\"k8s.io/initial-events-end\":\"true\"}}}}}}}}\n"
    )
}

fn status(code: u16, reason: &str) -> String {
    format!(r#"{{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"{reason}","code":{code}}}"#)
}

fn error(code: u16, reason: &str) -> String {
    format!("{{\"type\":\"ERROR\",\"object\":{}}}\n", status(code, reason))
}

fn refusal(code: u16, reason: &str) -> Answer {
    Answer::Refusal(code, None, status(code, reason))
}

fn bytes(text: impl Into<Vec<u8>>) -> Part {
    Part::Bytes(text.into())
}

/// Lines, and then the end of the body.
fn ended<const N: usize>(lines: [String; N]) -> Answer {
    Answer::Body(lines.map(bytes).into())
}

/// Lines, and then nothing.
fn open<const N: usize>(lines: [String; N]) -> Answer {
    then(lines, Part::Hang)
}

/// Lines, and then a last part.
fn then<const N: usize>(lines: [String; N], last: Part) -> Answer {
    Answer::Body(lines.map(bytes).into_iter().chain([last]).collect())
}

/// The next event, as `+web@7`, `~web@8`, `-web@9`, `=10`; the error as its text; `end` at the end.
async fn next(stream: &mut WatchStream<Widget>) -> String {
    let shown = |sign, widget: &Widget| {
        format!("{sign}{}@{}", widget.name(), widget.metadata.resource_version.as_deref().unwrap_or_default())
    };
    let event = tokio::time::timeout(Duration::from_secs(3600), stream.next()).await.expect("something within an hour");
    match event {
        None => "end".into(),
        Some(Err(error)) => format!("{error}"),
        Some(Ok(Event::Added(widget))) => shown('+', &widget),
        Some(Ok(Event::Modified(widget))) => shown('~', &widget),
        Some(Ok(Event::Deleted(widget))) => shown('-', &widget),
        Some(Ok(Event::Bookmark(bookmark))) => format!("={}", bookmark.resource_version()),
    }
}

async fn take<const N: usize>(stream: &mut WatchStream<Widget>) -> [String; N] {
    let mut events = [const { String::new() }; N];
    for event in &mut events {
        *event = next(stream).await;
    }
    events
}
