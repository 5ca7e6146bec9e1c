use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use kubernetes_testing::{ResponseBody, TestServer};
use serde_json::Value;
use tower_service::Service;

#[allow(clippy::duplicate_mod, reason = "a fuzz target has this file alone")]
#[path = "../widgets.rs"]
mod definition;

use definition::widgets;

/// Any sequence of requests has answers, versions never fall, and each watch is a faithful replay of what happened.
///
/// The bytes are a sequence of steps: a method, a path, parameters, a media type and a body, each from a table or, where
/// a byte says so, as it stands.
pub(super) fn check(data: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(run(&mut Steps { data }));
}

const METHODS: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "PATCH", "DELETE", "HEAD", "OPTIONS"];

const LISTS: [&str; 4] = [
    "/api/v1/namespaces/default/configmaps",
    "/api/v1/namespaces/default/pods",
    "/apis/apps/v1/namespaces/default/deployments",
    "/apis/example.com/v1/namespaces/default/widgets",
];

const OTHER_PATHS: [&str; 12] = [
    "/api/v1/namespaces",
    "/api/v1/namespaces/default",
    "/api/v1/namespaces/other",
    "/api/v1/namespaces/other/finalize",
    "/api/v1/pods",
    "/apis",
    "/api/v1/nodes/a/status",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com",
    "/apis/policy/v1/namespaces/default/poddisruptionbudgets",
    "/api/v1/namespaces/default/bindings",
    "/openapi/v3",
];

const SUBRESOURCES: [&str; 8] =
    ["status", "scale", "binding", "eviction", "resize", "ephemeralcontainers", "log", "approval"];

const QUERIES: [&str; 25] = [
    "limit=1",
    "limit=2",
    "limit=-1",
    "continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MTEwLCJzdGFydCI6Ii9kZWZhdWx0L2FcdTAwMDAifQ",
    "resourceVersion=0",
    "resourceVersion=110",
    "resourceVersion=99999999999999999999",
    "resourceVersionMatch=Exact",
    "resourceVersionMatch=NotOlderThan",
    "sendInitialEvents=true",
    "allowWatchBookmarks=true",
    "watch=1",
    "timeoutSeconds=1",
    "timeoutSeconds=9223372036854775807",
    "labelSelector=app",
    "labelSelector=app%20in%20(a,b)",
    "fieldSelector=metadata.name%3Da",
    "fieldSelector=spec.nodeName!%3Da,status.phase%3DRunning",
    "shardSelector=shardRange(object.metadata.uid,'0x0000000000000000','0x8000000000000000')",
    "dryRun=All",
    "fieldManager=one",
    "fieldManager=two",
    "force=true",
    "fieldValidation=Strict",
    "propagationPolicy=Orphan",
];

const MEDIA: [&str; 7] = [
    "application/json",
    "application/yaml",
    "application/merge-patch+json",
    "application/json-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
    "",
];

const BODIES: [&str; 26] = [
    "",
    "{}",
    r#"{"metadata":{"name":"a","labels":{"app":"a"}}}"#,
    r#"{"metadata":{"name":"b"},"data":{"k":"v"},"spec":{}}"#,
    r#"{"metadata":{"generateName":"g-","finalizers":["example.com/x"]}}"#,
    r#"{"metadata":{"labels":{"app":"b"}},"spec":{"nodeName":"n"}}"#,
    r#"{"metadata":{"labels":null,"finalizers":null}}"#,
    r#"{"metadata":{"finalizers":["example.com/x"]},"status":{"phase":"Running","replicas":2}}"#,
    r#"{"metadata":{"name":"a"},"spec":{"nodeName":"n","containers":[{"name":"c","image":"i"}]}}"#,
    r#"{"spec":{"containers":[{"name":"c","$patch":"delete"},{"name":"d","resources":{"limits":{"cpu":"1"}}}]}}"#,
    r#"{"spec":{"ephemeralContainers":[{"name":"e","image":"i"}],"$setElementOrder/containers":[{"name":"c"}]}}"#,
    r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"x":"1"}}"#,
    r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","labels":{"app":"c"}},"data":{"y":null}}"#,
    r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b"},"spec":{"containers":[{"name":"c","ports":[{"containerPort":1}]}]}}"#,
    r#"{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"a"},"spec":{"parts":[{"name":"p"}],"count":1}}"#,
    r#"{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"a"},"spec":{"parts":[{"name":"p","size":3}],"count":2,"unknown":{}},"status":{"count":1}}"#,
    r#"{"metadata":{"name":"a"},"spec":{"replicas":3},"target":{"name":"n"},"deleteOptions":{"gracePeriodSeconds":5}}"#,
    r#"{"metadata":{"name":"c","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"a","uid":"u","blockOwnerDeletion":true}]}}"#,
    r#"{"propagationPolicy":"Foreground","preconditions":{"resourceVersion":"110"}}"#,
    r#"{"gracePeriodSeconds":0}"#,
    r#"[{"op":"add","path":"/metadata/labels","value":{"app":"z"}},{"op":"copy","from":"/metadata","path":"/data"}]"#,
    r#"[{"op":"remove","path":"/metadata"},{"op":"test","path":"/spec/containers/0","value":1}]"#,
    r#"{"metadata":{"name":"b"},"spec":{"minAvailable":1,"selector":{"matchLabels":{"app":"a"}}},"status":{"disruptionsAllowed":1}}"#,
    r#"{"metadata":{"name":"other"},"spec":{"finalizers":[]}}"#,
    r#"{"spec":{"versions":[{"name":"v2","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}}]}}"#,
    r#"{"metadata":[],"spec":"x","data":{"a":1},"status":[null]}"#,
];

const VERSION: &str =
    "    subresources: {status: {}, scale: {specReplicasPath: .spec.count, statusReplicasPath: .status.count}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              count: {type: integer}
              parts:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [name]
                items: {type: object, properties: {name: {type: string}, size: {type: integer, default: 1}}}
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
";

struct Steps<'a> {
    data: &'a [u8],
}

impl<'a> Steps<'a> {
    fn byte(&mut self) -> Option<usize> {
        let (first, rest) = self.data.split_first()?;
        self.data = rest;
        Some(usize::from(*first))
    }

    fn pick<T: Copy>(&mut self, table: &[T]) -> Option<T> {
        self.byte().map(|byte| table[byte % table.len()])
    }

    /// Text as it stands, up to the end of its line.
    fn text(&mut self) -> String {
        let end = self.data.iter().position(|byte| *byte == b'\n').unwrap_or(self.data.len());
        let (text, rest) = self.data.split_at(end);
        self.data = rest.get(1..).unwrap_or_default();
        String::from_utf8_lossy(text).into_owned()
    }

    fn path(&mut self) -> Option<String> {
        let path = match self.byte()? {
            choice @ 0..=199 => {
                let list = LISTS[choice % LISTS.len()];
                match choice / 40 {
                    0 => list.to_owned(),
                    name => format!("{list}/{}", ["a", "b", "c"][name % 3]),
                }
            }
            choice @ 200..=229 => {
                let list = LISTS[choice % LISTS.len()];
                format!("{list}/a/{}", self.pick(&SUBRESOURCES)?)
            }
            230..=249 => self.pick(&OTHER_PATHS)?.to_owned(),
            _ => format!("/{}", self.text()),
        };
        Some(path)
    }

    fn body(&mut self) -> Option<String> {
        Some(match self.byte()? {
            250.. => self.text(),
            choice => BODIES[choice % BODIES.len()].to_owned(),
        })
    }

    /// The next request; `None` if there is none, or what it would be could not have been sent.
    fn request(&mut self) -> Option<Option<Request<Full<Bytes>>>> {
        let method = self.pick(&METHODS)?;
        let mut path = self.path()?;
        let count = self.byte()? % 4;
        for index in 0..count {
            path.push(if index == 0 { '?' } else { '&' });
            path.push_str(self.pick(&QUERIES)?);
        }
        let media = self.pick(&MEDIA)?;
        let body = self.body()?;
        let request = Request::builder().method(method).uri(path).header("content-type", media);
        Some(request.header("user-agent", "fuzz/1").body(Full::from(body)).ok())
    }
}

/// The objects that a watch has shown, by name.
struct Replay {
    query: String,
    body: ResponseBody,
    text: Vec<u8>,
    objects: BTreeMap<String, Value>,
    last: u64,
}

impl Replay {
    async fn open(server: &TestServer, list: &str, query: &str) -> Self {
        let version = server.resource_version();
        let path = format!("{list}?watch=1&timeoutSeconds=9999999&resourceVersion={version}&{query}");
        let response = send(server, Request::get(path).body(Full::default()).expect("a request")).await;
        let query = format!("{list}?{query}");
        Self { query, body: response.into_body(), text: Vec::new(), objects: BTreeMap::new(), last: 0 }
    }

    async fn read(&mut self) {
        while let Ok(Some(frame)) = tokio::time::timeout(Duration::from_millis(1), self.body.frame()).await {
            let frame = frame.expect("no watch is lost");
            self.text.extend_from_slice(frame.data_ref().expect("data"));
        }
        let text = std::mem::take(&mut self.text);
        for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            self.take(serde_json::from_slice(line).expect("an event is JSON"));
        }
    }

    fn take(&mut self, event: Value) {
        let object = event["object"].clone();
        let version: u64 =
            object["metadata"]["resourceVersion"].as_str().expect("a version").parse().expect("a number");
        assert!(version > self.last, "versions strictly rise: {event}");
        self.last = version;
        let name = object["metadata"]["name"].as_str().expect("a name").to_owned();
        let was_there = self.objects.contains_key(&name);
        match event["type"].as_str() {
            Some("ADDED") => assert!(!was_there, "{event}"),
            Some("MODIFIED" | "DELETED") => assert!(was_there, "{event}"),
            _ => panic!("{event}"),
        }
        match event["type"].as_str() {
            Some("DELETED") => drop(self.objects.remove(&name)),
            _ => drop(self.objects.insert(name, object)),
        }
    }
}

async fn send(server: &TestServer, request: Request<Full<Bytes>>) -> Response<ResponseBody> {
    server.service().call(request).await.expect("an answer")
}

async fn run(steps: &mut Steps<'_>) {
    let server = TestServer::builder().seed(1).namespace("other").in_process();
    server.load_yaml(&widgets(VERSION)).expect("a definition");
    let mut replays = Vec::new();
    for list in LISTS {
        let shard = "shardSelector=shardRange(object.metadata.uid,'0x0000000000000000','0x8000000000000000')";
        for query in ["", "labelSelector=app", shard] {
            replays.push(Replay::open(&server, list, query).await);
        }
    }
    let mut version = 0;
    while let Some(step) = steps.byte() {
        match step {
            250..=252 => server.compact(),
            253.. => server.advance(Duration::from_secs(steps.byte().unwrap_or_default() as u64)),
            _ => match steps.request() {
                None => break,
                Some(request) => answer(&server, request).await,
            },
        }
        let next: u64 = server.resource_version().parse().expect("a number");
        assert!(next >= version, "versions never fall");
        version = next;
    }
    for replay in &mut replays {
        replay.read().await;
        compare(&server, replay).await;
    }
}

async fn answer(server: &TestServer, request: Option<Request<Full<Bytes>>>) {
    let Some(request) = request else { return };
    let before = server.resource_version();
    let is_dry = request.uri().query().is_some_and(|query| query.contains("dryRun=All"));
    let response = send(server, request).await;
    let status = response.status();
    // A watch is opened and not read to its end; anything else is whole.
    if let Ok(Ok(body)) = tokio::time::timeout(Duration::from_millis(1), response.into_body().collect()).await {
        let body: Value = serde_json::from_slice(&body.to_bytes()).unwrap_or_default();
        if body["kind"] == "Status" && body["status"] == "Failure" {
            assert_eq!(body["code"], status.as_u16());
            assert!(body["message"].as_str().is_some_and(|message| !message.is_empty()), "{body}");
        }
    }
    assert!(!is_dry || before == server.resource_version(), "a dry run writes nothing");
}

async fn compare(server: &TestServer, replay: &Replay) {
    let request = Request::get(&replay.query).body(Full::default()).expect("a request");
    let response = send(server, request).await;
    if response.status() == 404 {
        assert!(replay.objects.is_empty(), "a definition takes its objects along");
        return;
    }
    let body = response.into_body().collect().await.expect("a whole body").to_bytes();
    let list: Value = serde_json::from_slice(&body).expect("a list is JSON");
    let mut listed = BTreeMap::new();
    for mut item in list["items"].as_array().expect("items").iter().cloned() {
        let name = item["metadata"]["name"].as_str().expect("a name").to_owned();
        let shown = replay.objects.get(&name).unwrap_or_else(|| panic!("{name} was never shown: {item}"));
        // The items of a list do not say what they are.
        item["apiVersion"] = shown["apiVersion"].clone();
        item["kind"] = shown["kind"].clone();
        listed.insert(name, item);
    }
    assert_eq!(listed, replay.objects, "{}", replay.query);
}
