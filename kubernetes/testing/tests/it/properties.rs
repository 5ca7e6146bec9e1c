//! Any sequence of requests: each has an answer, versions rise, and a watch is a faithful replay of what happened.

use std::collections::BTreeMap;

use kubernetes_testing::TestServer;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Events, MAPS, open, send};

#[derive(Clone, Debug)]
enum Step {
    Create(u8),
    Replace(u8, u8),
    Merge(u8, Value),
    Apply(u8, u8),
    Delete(u8, Option<&'static str>),
    DeleteAll,
    Compact,
    Advance(u8),
    /// Any method at any path with any body.
    Wild(String, String, String, String),
}

fn step() -> impl Strategy<Value = Step> {
    let metadata = prop_oneof![
        Just(json!({"metadata": {"labels": {"app": "web"}}})),
        Just(json!({"metadata": {"labels": null, "finalizers": null}})),
        Just(json!({"metadata": {"finalizers": ["example.com/x"]}})),
        Just(json!({"data": {"k": "v"}})),
        Just(
            json!({"metadata": {"ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "m0", "uid": "x"}]}})
        ),
    ];
    let policy = prop::option::of(prop_oneof![Just("Foreground"), Just("Orphan"), Just("Background")]);
    let method = "(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)";
    let path = "/(api|apis)/(v1|apps/v1|example.com/v1)(/namespaces(/default)?)?(/(pods|configmaps|deployments|x))?(/[a-z%0-9]{0,4}(/(status|scale|log|x))?)?\
                (\\?(watch=1&|limit=[0-9x]{0,2}&|continue=[a-zA-Z0-9]{0,8}&|labelSelector=[a-z!,=()]{0,8}&|timeoutSeconds=0&|resourceVersion=[0-9]{0,3}&){0,3})?";
    let media =
        "application/(json|yaml|merge-patch\\+json|json-patch\\+json|strategic-merge-patch\\+json|apply-patch\\+yaml)";
    let body = prop_oneof![
        "[ -~]{0,20}",
        Just(
            r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m1","labels":{"a":null}},"data":{"x":""}}"#
                .to_owned()
        ),
        Just(r#"[{"op":"move","from":"/metadata","path":"/metadata/a"}]"#.to_owned()),
        Just(r#"{"metadata":[],"spec":{"template":{"spec":{"containers":[{"$patch":"delete"}]}}}}"#.to_owned()),
    ];
    prop_oneof![
        4 => (0..5u8).prop_map(Step::Create),
        2 => (0..5u8, any::<u8>()).prop_map(|(name, value)| Step::Replace(name, value)),
        4 => (0..5u8, metadata).prop_map(|(name, patch)| Step::Merge(name, patch)),
        2 => (0..5u8, any::<u8>()).prop_map(|(name, value)| Step::Apply(name, value)),
        3 => (0..5u8, policy).prop_map(|(name, policy)| Step::Delete(name, policy)),
        1 => Just(Step::DeleteAll),
        1 => Just(Step::Compact),
        1 => (0..100u8).prop_map(Step::Advance),
        4 => (method, path, media, body).prop_map(|(method, path, media, body)| Step::Wild(method, path, media, body)),
    ]
}

async fn carry_out(server: &TestServer, step: Step) {
    let path = |name: u8| format!("{MAPS}/m{name}");
    match step {
        Step::Create(name) => {
            send(server, "POST", MAPS, "application/json", json!({"metadata": {"name": format!("m{name}")}})).await;
        }
        Step::Replace(name, value) => {
            let body = json!({"metadata": {"name": format!("m{name}")}, "data": {"k": value.to_string()}});
            send(server, "PUT", &path(name), "application/json", body).await;
        }
        Step::Merge(name, patch) => {
            send(server, "PATCH", &path(name), "application/merge-patch+json", patch).await;
        }
        Step::Apply(name, value) => {
            let metadata = json!({"name": format!("m{name}")});
            let data = json!({(value % 3).to_string(): value.to_string()});
            let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data});
            let path = format!("{}?fieldManager=a{}&force={}", path(name), value % 2, value % 5 == 0);
            send(server, "PATCH", &path, "application/apply-patch+yaml", body).await;
        }
        Step::Delete(name, policy) => {
            send(server, "DELETE", &path(name), "application/json", json!({"propagationPolicy": policy})).await;
        }
        Step::DeleteAll => drop(send(server, "DELETE", MAPS, "application/json", Value::Null).await),
        Step::Compact => server.compact(),
        Step::Advance(seconds) => server.advance(std::time::Duration::from_secs(seconds.into())),
        Step::Wild(method, path, media, body) => {
            // A text that is not a URI was never sent. A watch is opened, and not read to its end.
            if path.parse::<http::Uri>().is_ok() {
                open(server, &method, &path, &media, body).await.expect("an answer");
            }
        }
    }
}

/// The objects of the server, by name.
async fn listed(server: &TestServer) -> BTreeMap<String, Value> {
    let list = send(server, "GET", MAPS, "application/json", Value::Null).await;
    let items = list.body["items"].as_array().expect("items").clone();
    items.into_iter().map(|item| (item["metadata"]["name"].as_str().unwrap_or_default().to_owned(), item)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn watches_replay_what_happened(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = TestServer::in_process();
            let mut events = Events::open(&server, &format!("{MAPS}?watch=1&resourceVersion={}", server.resource_version())).await;
            let mut version: u64 = server.resource_version().parse().unwrap();
            for step in steps {
                carry_out(&server, step).await;
                let next = server.resource_version().parse().unwrap();
                assert!(next >= version, "versions never fall");
                version = next;
            }
            let mut replayed = BTreeMap::new();
            let mut last = 0;
            while let Ok(Some(event)) =
                tokio::time::timeout(std::time::Duration::from_millis(1), events.next_event()).await
            {
                let mut object = event["object"].clone();
                let version: u64 = object["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap();
                assert!(version > last, "versions strictly rise");
                last = version;
                let name = object["metadata"]["name"].as_str().unwrap().to_owned();
                let fields = object.as_object_mut().unwrap();
                fields.remove("kind");
                fields.remove("apiVersion");
                let was = replayed.contains_key(&name);
                match event["type"].as_str().unwrap() {
                    "ADDED" => assert!(!was && replayed.insert(name, object).is_none()),
                    "MODIFIED" => assert!(was && replayed.insert(name, object).is_some()),
                    "DELETED" => assert!(replayed.remove(&name).is_some()),
                    other => panic!("{other}"),
                }
            }
            assert_eq!(replayed, listed(&server).await);
        });
    }
}
