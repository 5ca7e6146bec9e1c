//! The same calls to the API server in memory and to the real one: what comes back must be the same, but for what can't
//! be (uids, times, versions) and for what is named below with its reason.

mod calls;
mod forgotten;
mod normalize;
mod subjects;
mod watches;

use std::collections::BTreeMap;

use futures::TryStreamExt;
use http::Request;
use kubernetes_sdk::Client;
use kubernetes_testing::TestServer;
use serde_json::Value;
use tower_service::Service;

use crate::cluster::test_cluster;
use calls::{Call, JSON, calls};
use normalize::normalize;
use subjects::definition;

/// Differences that are known: a part of the call's label, and why.
const REASONS: &[(&str, &str)] = &[
    ("media type", "protobuf and CBOR are not read"),
    ("malformed", "a parse error is worded by Go's decoder"),
    ("bad selector", "the parser of selectors has words of its own"),
    ("after a scale", "a real cluster forgets the time of a scale's entry in the managed fields"),
    ("bad shard", "the parser of expressions has words of its own"),
    ("bad continue", "the decoder of the token has words of its own"),
];

/// A response: the code, and the body in a form that can be compared.
type Outcome = (u16, Value);

async fn run(client: &Client, call: &Call) -> Outcome {
    let (status, lines) = answer(client, call).await;
    (status, Value::Array(lines.into_iter().map(normalize).collect()))
}

/// The version of a list.
async fn version(client: &Client, path: &str) -> String {
    let call = Call {
        label: String::new(),
        method: "GET",
        path: path.to_owned(),
        content_type: JSON,
        body: String::new(),
        accept: JSON,
    };
    let (_, lines) = answer(client, &call).await;
    lines[0]["metadata"]["resourceVersion"].as_str().expect("a list has a version").to_owned()
}

/// The response as it came.
async fn answer(client: &Client, call: &Call) -> (u16, Vec<Value>) {
    let mut request = Request::builder().method(call.method).uri(&call.path);
    request = request.header("accept", call.accept).header("user-agent", "conformance/1.0");
    if !call.body.is_empty() {
        request = request.header("content-type", call.content_type);
    }
    let request = request.body(call.body.clone().into()).expect("a request");
    let response = client.clone().call(request).await.expect("an answer");
    let status = response.status().as_u16();
    let chunks: Vec<_> = response.into_body().try_collect().await.expect("a whole body");
    let text = String::from_utf8(chunks.concat()).expect("text");
    // A watch is a sequence of objects, compared in their order.
    let lines: Vec<Value> = match serde_json::from_str(&text) {
        Ok(value) => vec![value],
        Err(_) => text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| line.into())).collect(),
    };
    (status, lines)
}

/// Adds the custom resource, and waits until it is served.
async fn define(client: &Client) {
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    send(client, "POST", path, definition().to_string()).await;
    wait_until_found(client, "/apis/example.com/v1/widgets").await;
}

async fn wait_until_found(client: &Client, path: &str) {
    while send(client, "GET", path, String::new()).await != 200 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

async fn send(client: &Client, method: &'static str, path: &str, body: String) -> u16 {
    let call = Call { label: String::new(), method, path: path.to_owned(), content_type: JSON, body, accept: JSON };
    run(client, &call).await.0
}

#[tokio::test]
async fn the_server_in_memory_answers_as_the_real_one() {
    // On a fresh cluster the versions of the calls would still be known.
    test_cluster(&["compact"]);
    let server = TestServer::in_process();
    let (memory, real) = (server.client(), Client::from_env().expect("$KUBECONFIG leads to the test cluster"));
    let namespace = format!("conformance-{}", std::process::id());
    define(&real).await;
    define(&memory).await;
    let (mut equal, mut explained, mut unexplained) = (0, BTreeMap::<&str, usize>::new(), Vec::new());
    for call in calls(&namespace) {
        let (expected, found) = tokio::join!(run(&real, &call), run(&memory, &call));
        if (call.method, call.path.as_str()) == ("POST", "/api/v1/namespaces") {
            // Pods are forbidden before a controller has made the account, which takes a while after a restart.
            wait_until_found(&real, &format!("/api/v1/namespaces/{namespace}/serviceaccounts/default")).await;
        }
        if expected == found {
            equal += 1;
        } else if let Some((_, reason)) = REASONS.iter().find(|(label, _)| call.label.contains(label)) {
            *explained.entry(reason).or_default() += 1;
            assert_eq!(expected.0, found.0, "the code is never explained away: {call:?}");
        } else {
            unexplained.push(format!(
                "{}: {} {} {}\n  real   {} {}\n  memory {} {}",
                call.label, call.method, call.path, call.body, expected.0, expected.1, found.0, found.1
            ));
        }
    }
    let total = equal + explained.values().sum::<usize>() + unexplained.len();
    eprintln!("{total} calls, {equal} equal");
    for (reason, count) in &explained {
        eprintln!("{count} differ: {reason}");
    }
    assert!(unexplained.is_empty(), "{} differ without a reason:\n{}", unexplained.len(), unexplained.join("\n"));
}
