//! Watches over a restart of the API server.

use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::models::core::v1::ConfigMap;
use kubernetes_sdk::watch::Watch;

use crate::cluster::{self, RestoreApiServer, test_cluster};

/// A lone API server with a watch cache forgets at a restart every version from before it, and answers 410. One that
/// reads from etcd does not, as one of several that stays up does not: the watch resumes, and loses nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_watch_survives_a_restart_of_the_api_server() {
    let (client, namespace) = cluster::namespace("restart").await;
    let request = || core_v1::list_namespaced_config_map(&namespace).field_selector("metadata.name!=kube-root-ca.crt");
    let create = async |name: &str| {
        core_v1::create_namespaced_config_map(&namespace, &ConfigMap::named(name)).send(&client).await.unwrap();
    };
    let list = request().send(&client).await.unwrap();
    let mut events = Watch::new(&client).stream(request().since(&list));
    create("before").await;
    let (kind, object) = cluster::next_change(&mut events).await.unwrap();
    assert_eq!((kind, object.name()), ("ADDED", "before"));

    let watching = tokio::spawn(async move {
        let seen = cluster::next_change(&mut events).await;
        (events, seen)
    });
    test_cluster(&["stop-apiserver"]);
    let error = core_v1::read_namespaced_config_map(&namespace, "before").send(&client).await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    let _restore = RestoreApiServer;
    test_cluster(&["start-apiserver", "--watch-cache=false"]);
    create("after").await;
    let (mut events, seen) = watching.await.unwrap();
    let (kind, object) = seen.unwrap();
    assert_eq!((kind, object.name()), ("ADDED", "after"));

    core_v1::delete_namespaced_config_map(&namespace, "before").send(&client).await.unwrap();
    let (kind, object) = cluster::next_change(&mut events).await.unwrap();
    assert_eq!((kind, object.name()), ("DELETED", "before"));
}
