//! Versions that are no more, and those that are not yet.

use kubernetes_sdk::Client;
use kubernetes_testing::TestServer;
use serde_json::{Value, json};

use super::calls::{Call, JSON};
use super::normalize::normalize;
use super::{answer, send};
use crate::cluster::test_cluster;

/// A list's first page, whose version is then forgotten.
struct Paged {
    list: String,
    token: String,
    version: String,
}

impl Paged {
    async fn new(client: &Client, namespace: &str) -> Self {
        send(client, "POST", "/api/v1/namespaces", json!({"metadata": {"name": namespace}}).to_string()).await;
        let list = format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases");
        for name in ["a", "b", "c"] {
            assert_eq!(send(client, "POST", &list, lease(name)).await, 201);
        }
        let (_, page) = get(client, &format!("{list}?limit=1")).await;
        assert_eq!(send(client, "POST", &list, lease("bb")).await, 201);
        let text = |field: &str| page[0]["metadata"][field].as_str().expect("a page that goes on").to_owned();
        Self { token: text("continue"), version: text("resourceVersion"), list }
    }

    /// The responses to a page while its version is known, each with the codes.
    async fn pages(&self, client: &Client) -> Vec<(u16, Value)> {
        let mut pages = Vec::new();
        let mut token = self.token.clone();
        // The first token, and what it leads to: of a forgotten version, an error with another token.
        while !token.is_empty() && pages.len() < 9 {
            let (status, mut lines) = get(client, &format!("{}?limit=1&continue={token}", self.list)).await;
            let page = lines.remove(0);
            token = page["metadata"]["continue"].as_str().unwrap_or_default().to_owned();
            pages.push((status, normalize(page)));
        }
        pages
    }

    /// The responses at the version of the page, and long after it.
    async fn at_versions(&self, client: &Client) -> Vec<(String, u16, Value)> {
        const FUTURE: &str = "999999999";
        const FUTURE_TOKEN: &str = "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6OTk5OTk5OTk5LCJzdGFydCI6Ii9hXHUwMDAwIn0";
        let version = &self.version;
        let mut outcomes = Vec::new();
        for query in [
            format!("?resourceVersion={version}&resourceVersionMatch=Exact"),
            format!("?resourceVersion={version}&resourceVersionMatch=NotOlderThan"),
            format!("?resourceVersion={version}"),
            format!("?watch=1&timeoutSeconds=1&resourceVersion={version}"),
            "?watch=1&timeoutSeconds=2&allowWatchBookmarks=true".to_owned(),
            "?watch=1&timeoutSeconds=2&allowWatchBookmarks=true&resourceVersion=0".to_owned(),
            format!("?resourceVersion={FUTURE}"),
            format!("?resourceVersion={FUTURE}&resourceVersionMatch=Exact"),
            format!("?resourceVersion={FUTURE}&resourceVersionMatch=NotOlderThan&limit=1"),
            format!("?limit=1&continue={FUTURE_TOKEN}"),
            format!("/a?resourceVersion={FUTURE}"),
            format!("?watch=1&timeoutSeconds=1&resourceVersion={FUTURE}"),
            format!(
                "?watch=1&timeoutSeconds=9&resourceVersion={FUTURE}&sendInitialEvents=true\
                 &resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
            ),
        ] {
            let (status, mut lines) = get(client, &format!("{}{query}", self.list)).await;
            lines.retain(|line| !is_periodic_bookmark(line));
            outcomes.push((query.replace(version, "<version>"), status, lines.into_iter().map(normalize).collect()));
        }
        outcomes
    }
}

/// The real server sends bookmarks two seconds before a watch ends, so one that lasts two seconds may have one or none.
fn is_periodic_bookmark(line: &Value) -> bool {
    line["type"] == "BOOKMARK" && line["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"] != "true"
}

fn lease(name: &str) -> String {
    json!({"metadata": {"name": name}, "spec": {}}).to_string()
}

async fn get(client: &Client, path: &str) -> (u16, Vec<Value>) {
    let body = String::new();
    let call =
        Call { label: String::new(), method: "GET", path: path.to_owned(), content_type: JSON, body, accept: JSON };
    answer(client, &call).await
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_forgotten_and_awaited_as_by_the_real_one() {
    let server = TestServer::in_process();
    let (memory, real) = (server.client(), Client::from_env().expect("$KUBECONFIG leads to the test cluster"));
    let namespace = format!("forgotten-{}", std::process::id());
    let (there, here) = tokio::join!(Paged::new(&real, &namespace), Paged::new(&memory, &namespace));
    let (expected, found) = tokio::join!(there.pages(&real), here.pages(&memory));
    assert_eq!(found, expected);
    assert_eq!(expected.len(), 2, "the pages show their version, in which there was no bb");

    test_cluster(&["compact"]);
    server.compact();
    let (expected, found) = tokio::join!(there.pages(&real), here.pages(&memory));
    assert_eq!(found, expected);
    assert_eq!(expected.iter().map(|(status, _)| *status).collect::<Vec<_>>(), [410, 200, 200, 200]);

    let (expected, found) = tokio::join!(there.at_versions(&real), here.at_versions(&memory));
    for (expected, found) in expected.iter().zip(&found) {
        assert_eq!(found, expected);
    }
    eprintln!("6 pages and {} versions, all equal", expected.len());
    send(&real, "DELETE", &format!("/api/v1/namespaces/{namespace}"), String::new()).await;
}
