//! Objects as the real server writes them come back from the models unchanged.

use kubernetes_sdk::client::Client;
use kubernetes_sdk::core::json;
use kubernetes_sdk::core::{Execute, Path, Request};
use kubernetes_sdk::{List, models};

use crate::cluster;

/// Reads the list at `path` as the model has it, and as any JSON, and compares what the model writes with the latter.
async fn round_trips<K: kubernetes_sdk::core::Object>(client: &Client, path: &str) -> usize {
    let request = Request::new(http::Method::GET, Path::new(path, &[]));
    let (text, list) = client
        .execute(request, |answer| {
            Ok((String::from_utf8_lossy(answer.bytes()).into_owned(), answer.decode::<List<K>>()?))
        })
        .await
        .unwrap_or_else(|error| panic!("{path}: {error}"));
    let ours: serde_json::Value = serde_json::from_str(&json::to_string(&list).unwrap()).unwrap();
    let theirs: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut differences = Vec::new();
    compare("", &theirs, &ours, &mut differences);
    assert!(differences.is_empty(), "{path}: {differences:#?}");
    list.items.len()
}

/// Notes fields that the server sent and the model lost. Fields that the model adds (types of items, empty metadata) are not a loss, and
/// neither is a null or an empty list or map left out.
fn compare(path: &str, theirs: &serde_json::Value, ours: &serde_json::Value, differences: &mut Vec<String>) {
    use serde_json::Value::{Array, Null, Object};
    match (theirs, ours) {
        (Object(theirs), Object(ours)) => {
            for (key, value) in theirs {
                let empty =
                    value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(|o| o.is_empty());
                match ours.get(key) {
                    Some(ours) => compare(&format!("{path}.{key}"), value, ours, differences),
                    None if empty || *value == Null => {}
                    None => differences.push(format!("{path}.{key} is lost: {value}")),
                }
            }
        }
        (Array(theirs), Array(ours)) if theirs.len() == ours.len() => {
            for (index, (theirs, ours)) in theirs.iter().zip(ours).enumerate() {
                compare(&format!("{path}[{index}]"), theirs, ours, differences);
            }
        }
        _ if theirs == ours => {}
        _ => differences.push(format!("{path}: {theirs} became {ours}")),
    }
}

#[tokio::test]
async fn every_object_of_the_cluster_survives_decoding_and_encoding() {
    let client = cluster::client("admin");
    let mut objects = 0;
    macro_rules! lists {
        ($($type:ty = $path:literal),* $(,)?) => {$(
            objects += round_trips::<$type>(&client, $path).await;
        )*};
    }
    lists!(
        models::core::v1::Namespace = "/api/v1/namespaces",
        models::core::v1::Node = "/api/v1/nodes",
        models::core::v1::Service = "/api/v1/services",
        models::core::v1::ConfigMap = "/api/v1/configmaps",
        models::core::v1::ServiceAccount = "/api/v1/serviceaccounts",
        models::core::v1::Event = "/api/v1/events",
        models::core::v1::Pod = "/api/v1/pods",
        models::events::v1::Event = "/apis/events.k8s.io/v1/events",
        models::apps::v1::Deployment = "/apis/apps/v1/deployments",
        models::rbac::v1::ClusterRole = "/apis/rbac.authorization.k8s.io/v1/clusterroles",
        models::rbac::v1::ClusterRoleBinding = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
        models::flowcontrol::v1::FlowSchema = "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas",
        models::flowcontrol::v1::PriorityLevelConfiguration =
            "/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations",
        models::scheduling::v1::PriorityClass = "/apis/scheduling.k8s.io/v1/priorityclasses",
        models::coordination::v1::Lease = "/apis/coordination.k8s.io/v1/leases",
        models::discovery::v1::EndpointSlice = "/apis/discovery.k8s.io/v1/endpointslices",
        models::apiregistration::v1::APIService = "/apis/apiregistration.k8s.io/v1/apiservices",
        models::apiextensions::v1::CustomResourceDefinition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    );
    assert!(objects > 150, "a cluster has more objects than {objects}");
}
