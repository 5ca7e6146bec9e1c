//! Events of a watch, from a service in the process, a chunk for each.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use bench_measure::counted_region;
use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use http::{Request, Response};
use http_body_util::StreamBody;
use http_body_util::combinators::BoxBody;
use kubernetes_api::core::v1 as core_v1;
use kubernetes_client::{Body, Client};
use kubernetes_watch::{self as watch, Change, Event, Reflector, Store, Watch};
use serde::Deserialize;
use serde_json::value::RawValue;
use tower_service::Service;

use crate::{Failure, Result};

/// Takes the changes of a list's pods, each of which changes twice.
pub(crate) fn watch(list: &[u8]) -> Result<usize> {
    let (canned, count) = Canned::new(list)?;
    let client = Client::with_service(canned, "default");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    let mut events = Watch::new(&client).stream(core_v1::list_pod_for_all_namespaces());
    runtime.block_on(async {
        while !matches!(next(&mut events).await?, Event::Bookmark(bookmark) if bookmark.ends_initial_events()) {}
        Ok::<_, Failure>(())
    })?;
    let take = || {
        runtime.block_on(async {
            for _ in 0..count {
                if !matches!(next(&mut events).await?, Event::Modified(_)) {
                    return Err("the event is no change".into());
                }
            }
            Ok::<_, Failure>(())
        })
    };
    counted_region(take)?;
    Ok(count)
}

/// The same, and keeps the pods.
pub(crate) fn reflector(list: &[u8]) -> Result<usize> {
    let (canned, count) = Canned::new(list)?;
    let client = Client::with_service(canned, "default");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    let mut writer = Store::builder().build();
    let store = writer.store();
    let mut changes = Reflector::new(&client).stream(core_v1::list_pod_for_all_namespaces());
    runtime.block_on(async {
        while !store.is_ready() {
            writer.apply(next(&mut changes).await?);
        }
        Ok::<_, Failure>(())
    })?;
    let keep = || {
        runtime.block_on(async {
            let mut seen = 0;
            while seen < count {
                let change = next(&mut changes).await?;
                seen += usize::from(matches!(change, Change::Applied(_)));
                writer.apply(change);
            }
            Ok::<_, Failure>(())
        })
    };
    counted_region(keep)?;
    Ok(count)
}

async fn next<T>(items: &mut (impl Stream<Item = std::result::Result<T, watch::Error>> + Unpin)) -> Result<T> {
    Ok(items.try_next().await?.ok_or("the stream has ended")?)
}

const VERSION: &str = "\"resourceVersion\":\"";

const END: &str = r#"{"metadata":{"annotations":{"k8s.io/initial-events-end":"true"},"resourceVersion":""},"spec":{"containers":null}}"#;

#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
}

/// Answers a watch with its first events, and then the changes.
#[derive(Clone)]
struct Canned(Arc<Vec<Bytes>>);

impl Canned {
    /// The service, and how many changes follow the first events.
    fn new(list: &[u8]) -> Result<(Self, usize)> {
        let list: List<'_> = serde_json::from_slice(list)?;
        let mut lines = Vec::new();
        let mut versions = 1..;
        let mut line = |kind: &str, pod: &str| -> Result<()> {
            let (before, rest) = pod.split_once(VERSION).ok_or("a pod has no resourceVersion")?;
            let (_, after) = rest.split_once('"').ok_or("a version has no end")?;
            let version = versions.next().unwrap_or_default();
            let before = before.strip_prefix('{').ok_or("a pod is no object")?;
            let object = format!("{{\"kind\":\"Pod\",\"apiVersion\":\"v1\",{before}{VERSION}{version}\"{after}");
            lines.push(Bytes::from(format!("{{\"type\":\"{kind}\",\"object\":{object}}}\n")));
            Ok(())
        };
        list.items.iter().try_for_each(|pod| line("ADDED", pod.get()))?;
        line("BOOKMARK", END)?;
        (0..2).try_for_each(|_| list.items.iter().try_for_each(|pod| line("MODIFIED", pod.get())))?;
        Ok((Self(Arc::new(lines)), 2 * list.items.len()))
    }
}

impl Service<Request<Body>> for Canned {
    type Response = Response<BoxBody<Bytes, Infallible>>;
    type Error = Infallible;
    type Future = Ready<std::result::Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::result::Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        let lines = Arc::clone(&self.0);
        let frames = (0..lines.len()).map(move |index| Ok(http_body::Frame::data(lines[index].clone())));
        let body = StreamBody::new(stream::iter(frames).chain(stream::pending()));
        let body = BoxBody::new(body);
        ready(Ok(Response::builder()
            .header("content-type", "application/json")
            .body(body)
            .expect("a response of constants")))
    }
}
