//! Paging, views, server-side apply, compression and warnings, with the real server.

use std::sync::{Arc, Mutex};

use futures::TryStreamExt;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::client::Body;
use kubernetes_sdk::config::Kubeconfig;
use kubernetes_sdk::core::{ApplyRequest, Execute, PartialObjectMetadata, Path, ReadRequest, Request};
use kubernetes_sdk::models::core::v1::ConfigMap;
use kubernetes_sdk::watch::Watch;
use kubernetes_sdk::{Client, Config};
use tower_service::Service;

use crate::cluster;

async fn create_maps(client: &Client, namespace: &str, count: usize) {
    let create = |number: usize| async move {
        let map = ConfigMap::named(format!("map-{number:03}")).with_data([("text", "x".repeat(1000))]);
        core_v1::create_namespaced_config_map(namespace, &map).send(client).await.map(drop)
    };
    for result in futures::future::join_all((0..count).map(create)).await {
        result.unwrap();
    }
}

#[tokio::test]
async fn lists_page_by_page() {
    let (client, namespace) = cluster::namespace("pages").await;
    create_maps(&client, &namespace, 25).await;
    let list = || core_v1::list_namespaced_config_map(&namespace).limit(10);
    let pages: Vec<_> = list().pages(&client).try_collect().await.unwrap();
    let sizes: Vec<_> = pages.iter().map(|page| page.items.len()).collect();
    // One more is in every namespace: the certificate of the cluster.
    assert!(sizes == [10, 10, 5] || sizes == [10, 10, 6], "{sizes:?}");
    assert!(pages.iter().all(|page| page.resource_version() == pages[0].resource_version()));
    let items: Vec<_> = list().items(&client).try_collect().await.unwrap();
    let all = list().send_all(&client).await.unwrap();
    assert_eq!(
        items.iter().map(ConfigMap::name).collect::<Vec<_>>(),
        all.items.iter().map(ConfigMap::name).collect::<Vec<_>>()
    );
    assert_eq!(all.continue_token(), None);
}

#[tokio::test]
async fn asks_for_metadata_and_tables() {
    let (client, namespace) = cluster::namespace("views").await;
    create_maps(&client, &namespace, 3).await;
    let list = || core_v1::list_namespaced_config_map(&namespace).field_selector("metadata.name!=kube-root-ca.crt");

    let bytes = |request: Request| {
        let client = client.clone();
        async move { client.execute(request, |answer| Ok(answer.bytes().len())).await.unwrap() }
    };
    let (whole, partial) =
        (bytes(list().request().clone()).await, bytes(list().metadata_only().request().clone()).await);
    assert!(partial * 2 < whole, "{partial} of {whole} bytes");
    let found = list().metadata_only().send(&client).await.unwrap();
    assert_eq!(
        found.items.iter().map(PartialObjectMetadata::name).collect::<Vec<_>>(),
        ["map-000", "map-001", "map-002"]
    );
    let one = core_v1::read_namespaced_config_map(&namespace, "map-001").metadata_only().send(&client).await.unwrap();
    assert_eq!((one.name(), one.uid()), ("map-001", found.items[1].uid()));

    let mut events = Watch::new(&client).stream(list().metadata_only().since(&found));
    create_maps_from(&client, &namespace, "later").await;
    let (kind, later) = cluster::next_change(&mut events).await.unwrap();
    assert_eq!((kind, later.name()), ("ADDED", "later"));

    let table = list().limit(2).table().send(&client).await.unwrap();
    assert_eq!(table.rows.len(), 2);
    let (name, data) = (table.column("Name").unwrap(), table.column("Data").unwrap());
    assert_eq!((table.rows[0].text(name), table.rows[0].text(data)), ("later".into(), "1".into()));
    let metadata = table.rows[1].object_metadata().unwrap().unwrap();
    assert_eq!(metadata.name.as_deref(), Some("map-000"));
    let row = core_v1::read_namespaced_config_map(&namespace, "map-001").table().send(&client).await.unwrap();
    assert_eq!(row.rows[0].text(name), "map-001");
}

async fn create_maps_from(client: &Client, namespace: &str, name: &str) {
    let map = ConfigMap::named(name).with_data([("text", "x")]);
    core_v1::create_namespaced_config_map(namespace, &map).send(client).await.unwrap();
}

#[tokio::test]
async fn what_does_not_exist_is_none() {
    let (client, namespace) = cluster::namespace("opt").await;
    let read = |name: &str| core_v1::read_namespaced_config_map(&namespace, name);
    assert!(read("missing").send_opt(&client).await.unwrap().is_none());
    assert!(core_v1::read_namespaced_config_map("no-such-namespace", "x").send_opt(&client).await.unwrap().is_none());
    create_maps_from(&client, &namespace, "there").await;
    assert_eq!(read("there").send_opt(&client).await.unwrap().unwrap().name(), "there");
    let path = Path::new("/apis/example.com/v1/namespaces/{n}/tabs/{t}", &[&namespace, "x"]);
    let unknown = ReadRequest::<ConfigMap>::at(path).send_opt(&client).await;
    assert!(unknown.unwrap_err().is_not_found(), "that there are no such resources is an error");
    let path = Path::new("/api/v1/namespaces/{n}/tabs/{t}", &[&namespace, "x"]);
    assert!(ReadRequest::<ConfigMap>::at(path).send_opt(&client).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn applies_and_reports_who_owns_what() {
    let (client, namespace) = cluster::namespace("apply").await;
    let fast = ConfigMap::named("settings").with_data([("mode", "fast")]);
    let applied = ApplyRequest::namespaced(&namespace, &fast, "one").send(&client).await.unwrap();
    assert_eq!(applied.data["mode"], "fast");

    let slow = ConfigMap::named("settings").with_data([("mode", "slow")]);
    let error = ApplyRequest::namespaced(&namespace, &slow, "two").send(&client).await.unwrap_err();
    assert!(error.is_conflict());
    let cause = std::error::Error::source(&error).expect("the field is named").to_string();
    assert!(cause.contains(".data.mode") && cause.contains("one"), "{cause}");

    let applied = ApplyRequest::namespaced(&namespace, &slow, "two").force(true).send(&client).await.unwrap();
    assert_eq!(applied.data["mode"], "slow");
    let nothing = ConfigMap::named("settings");
    let applied = ApplyRequest::namespaced(&namespace, &nothing, "two").send(&client).await.unwrap();
    assert!(applied.data.get("mode").is_none(), "what a manager leaves out is removed");
}

#[tokio::test]
async fn large_lists_are_compressed_and_warnings_are_heard() {
    let kubeconfig = Kubeconfig::from_env().unwrap();
    let config = Config::from_kubeconfig(&kubeconfig, Some("admin")).unwrap();
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&warnings);
    let client = Client::builder(config)
        .on_warning(move |warning| record.lock().unwrap().push(warning.text().to_owned()))
        .build()
        .unwrap();
    let (_, namespace) = cluster::namespace("gzip").await;
    create_maps(&client, &namespace, 200).await;
    // More than the 128 KiB from which the server compresses.
    let list = core_v1::list_namespaced_config_map(&namespace);
    let mut raw = list.request().clone().into_http().unwrap().map(Body::from);
    raw.headers_mut().insert("accept-encoding", http::HeaderValue::from_static("gzip"));
    let response = client.clone().call(raw).await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert!(list.clone().send(&client).await.unwrap().items.len() >= 200);
    // KEP-6060, since 1.37.
    let watch = list.into_watch().send_initial_events(true).allow_watch_bookmarks(true).timeout_seconds(2);
    let mut raw = watch.request().clone().into_http().unwrap().map(Body::from);
    raw.headers_mut().insert("accept-encoding", http::HeaderValue::from_static("gzip"));
    let response = client.clone().call(raw).await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let chunks = watch.open(&client).await.unwrap().try_collect::<Vec<_>>().await.unwrap();
    assert!(chunks.concat().split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"{\"type\":")).count() > 200);

    let mut request = Request::new(http::Method::POST, Path::new("/api/v1/namespaces/{n}/configmaps", &[&namespace]));
    let body = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"odd"},"no_such_field":1}"#;
    request.body = Some((http::HeaderValue::from_static("application/json"), Ok(body.into())));
    client.execute(request, |_| Ok(())).await.unwrap();
    let warnings = warnings.lock().unwrap();
    assert_eq!(*warnings, [r#"unknown field "no_such_field""#]);
}
