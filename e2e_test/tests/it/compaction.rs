//! A version that the server has forgotten.

use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::models::core::v1::ConfigMap;
use kubernetes_sdk::watch::Watch;

use crate::cluster::{self, test_cluster};

#[tokio::test]
async fn a_watch_from_a_compacted_version_is_gone_and_a_new_list_recovers() {
    let (client, namespace) = cluster::namespace("compaction").await;
    let request = || core_v1::list_namespaced_config_map(&namespace).field_selector("metadata.name!=kube-root-ca.crt");
    let create = async |name: &str| {
        core_v1::create_namespaced_config_map(&namespace, &ConfigMap::named(name)).send(&client).await.unwrap();
    };
    let old = request().send(&client).await.unwrap();
    create("missed").await;
    test_cluster(&["compact"]);

    let watch = Watch::new(&client);
    let error = cluster::next_change(&mut watch.stream(request().since(&old))).await.unwrap_err();
    assert!(error.is_gone(), "{error:?}");
    assert!(error.status().is_some());

    let list = request().send(&client).await.unwrap();
    assert_eq!(list.items.iter().map(ConfigMap::name).collect::<Vec<_>>(), ["missed"]);
    let mut events = watch.stream(request().since(&list));
    create("seen").await;
    let (kind, object) = cluster::next_change(&mut events).await.unwrap();
    assert_eq!((kind, object.name()), ("ADDED", "seen"));
}
