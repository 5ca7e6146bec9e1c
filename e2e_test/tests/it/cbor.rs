//! The same objects in CBOR as in JSON.

use futures::TryStreamExt;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::client::{Client, ContentType};
use kubernetes_sdk::core::meta::v1::{DeleteOptions, Preconditions};
use kubernetes_sdk::core::{ApplyRequest, ByteString, Encoded, Execute, Path, Request};
use kubernetes_sdk::models::core::v1::{ConfigMap, Secret};
use kubernetes_sdk::watch::Watch;
use kubernetes_sdk::{List, Patch, api};
use serde_json::json;

use crate::cluster;

fn client() -> Client {
    Client::builder(cluster::config("admin")).content_type(ContentType::Cbor).build().unwrap()
}

fn media_type(answer: &Encoded) -> Result<String, kubernetes_sdk::core::json::DecodeError> {
    Ok(answer.media_type().to_owned())
}

#[tokio::test]
async fn every_verb_in_cbor() {
    let (json, namespace) = cluster::namespace("cbor").await;
    let cbor = client();

    let mut secret = Secret::named("token").with_data([("bytes", ByteString(vec![0, 159, 146, 150]))]);
    secret.string_data = [("text", "grüße")].into();
    let created = core_v1::create_namespaced_secret(&namespace, &secret).send(&cbor).await.unwrap();
    assert_eq!(&created.data["bytes"][..], [0, 159, 146, 150]);
    assert_eq!(&created.data["text"][..], "grüße".as_bytes());
    assert_eq!(core_v1::read_namespaced_secret(&namespace, "token").send(&json).await.unwrap(), created);

    let map = ConfigMap::named("settings").with_data([("mode", "slow")]);
    let applied = ApplyRequest::namespaced(&namespace, &map, "cbor-test").send(&cbor).await.unwrap();
    assert_eq!(applied.metadata.managed_fields[0].manager.as_deref(), Some("cbor-test"));
    let replaced = applied.with_data([("mode", "fast")]);
    core_v1::replace_namespaced_config_map(&namespace, "settings", &replaced).send(&cbor).await.unwrap();
    let patch = Patch::merge(&json!({"data": {"level": "9"}}));
    let patched = core_v1::patch_namespaced_config_map(&namespace, "settings", &patch).send(&cbor).await.unwrap();
    assert_eq!(patched.data, [("level", "9"), ("mode", "fast")].into());
    let list = core_v1::list_namespaced_config_map(&namespace);
    assert_eq!(list.clone().send(&cbor).await.unwrap(), list.send(&json).await.unwrap());

    let wrong = DeleteOptions {
        preconditions: Preconditions { uid: Some("another".into()), ..Default::default() }.into(),
        ..Default::default()
    };
    let delete = || core_v1::delete_namespaced_config_map(&namespace, "settings");
    assert!(delete().options(&wrong).send(&cbor).await.unwrap_err().is_conflict());
    delete().send(&cbor).await.unwrap();
    let gone = core_v1::read_namespaced_config_map(&namespace, "settings").send(&cbor).await.unwrap_err();
    assert_eq!(gone.status().unwrap().details.as_ref().unwrap().name.as_deref(), Some("settings"));
    let misnamed = ConfigMap::named("Not A Name");
    let invalid = core_v1::create_namespaced_config_map(&namespace, &misnamed).send(&cbor).await;
    assert!(invalid.unwrap_err().is_invalid());
}

#[tokio::test]
async fn the_server_answers_in_cbor() {
    let (_, namespace) = cluster::namespace("cbor").await;
    let cbor = client();
    let list = || core_v1::list_namespaced_secret(&namespace);
    for request in [list().request().clone(), list().metadata_only().request().clone()] {
        assert_eq!(cbor.execute(request, media_type).await.unwrap(), "application/cbor");
    }
    let missing = Request::new(http::Method::GET, Path::new("/api/v1/namespaces/{n}", &["missing"]));
    assert!(cbor.execute(missing, media_type).await.unwrap_err().is_not_found());
    // What the server has in JSON only.
    let version = Request::new(http::Method::GET, Path::new("/version", &[]));
    assert_eq!(cbor.execute(version, media_type).await.unwrap(), "application/json");

    assert!(!api::core::v1::get_api_resources().send(&cbor).await.unwrap().resources.is_empty());
    let table = list().table().send(&cbor).await.unwrap();
    assert_eq!(table.column_definitions[0].name, "Name");
    let metadata = core_v1::list_namespace().metadata_only().send(&cbor).await.unwrap();
    assert!(metadata.items.iter().any(|item| item.metadata.name.as_deref() == Some(&namespace)));
}

#[tokio::test]
async fn a_watch_and_its_lists_stand_beside_cbor() {
    let (_, namespace) = cluster::namespace("cbor").await;
    let cbor = client();
    let mut events = Watch::new(&cbor).stream(core_v1::list_namespaced_config_map(&namespace));
    core_v1::create_namespaced_config_map(&namespace, &ConfigMap::named("late")).send(&cbor).await.unwrap();
    loop {
        let (_, map) = cluster::next_change(&mut events).await.unwrap();
        if map.name() == "late" {
            break;
        }
    }
    let pages = core_v1::list_namespaced_config_map(&namespace).limit(1).pages(&cbor);
    let pages: Vec<List<ConfigMap>> = pages.try_collect().await.unwrap();
    assert!(pages.len() >= 2);
}
