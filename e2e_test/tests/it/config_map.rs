//! Every verb on a ConfigMap, and the error of each that fails.

use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::models::core::v1::{ConfigMap, Secret};
use kubernetes_sdk::{Deleted, Map, Patch, Str};
use serde_json::json;

use crate::cluster;

#[tokio::test]
async fn namespaces_are_listed_in_pages() {
    let (client, _) = cluster::namespace("list").await;
    let all = core_v1::list_namespace().send(&client).await.unwrap();
    for name in ["default", "kube-system"] {
        assert!(all.items.iter().any(|namespace| namespace.name() == name), "no namespace {name}");
    }
    assert!(!all.resource_version().is_empty());

    let mut paged = Vec::new();
    let mut request = core_v1::list_namespace().limit(1);
    loop {
        let page = request.send(&client).await.unwrap();
        assert_eq!(page.items.len(), 1);
        let token = page.continue_token().map(str::to_owned);
        paged.extend(page.items.into_iter().map(|namespace| namespace.name().to_owned()));
        let Some(token) = token else { break };
        request = core_v1::list_namespace().limit(1).continue_(token);
    }
    let all: Vec<_> = all.items.iter().map(|namespace| namespace.name().to_owned()).collect();
    assert_eq!(paged, all);
}

#[tokio::test]
async fn a_config_map_lives_through_every_verb() {
    let (client, namespace) = cluster::namespace("verbs").await;
    let read = || core_v1::read_namespaced_config_map(&namespace, "settings").send(&client);

    let settings = ConfigMap::named("settings").with_data([("mode", "fast")]).with_binary_data([("blob", "\0\x01")]);
    let created = core_v1::create_namespaced_config_map(&namespace, &settings).field_manager("e2e").send(&client);
    let created = created.await.unwrap();
    assert_eq!((created.name(), created.namespace()), ("settings", Some(&*namespace)));
    assert!(!created.uid().is_empty());
    assert_eq!(created.data["mode"], "fast");
    assert_eq!(&*created.binary_data["blob"], [0, 1]);
    assert!(created.metadata.creation_timestamp.is_some());
    assert_eq!(created.metadata.managed_fields[0].manager.as_deref(), Some("e2e"));
    assert_eq!(read().await.unwrap(), created);

    let mut changed = created.clone();
    changed.data.insert("mode", "slow");
    let replaced =
        core_v1::replace_namespaced_config_map(&namespace, "settings", &changed).send(&client).await.unwrap();
    assert_eq!(replaced.data["mode"], "slow");
    assert_ne!(replaced.metadata.resource_version, created.metadata.resource_version);

    let patches = [
        Patch::json(&json!([{"op": "replace", "path": "/data/mode", "value": "json"}])),
        Patch::merge(&json!({"data": {"mode": "merge", "other": "1"}})),
        Patch::strategic(&ConfigMap::default().with_data([("mode", "strategic")])),
    ];
    for (patch, mode) in patches.iter().zip(["json", "merge", "strategic"]) {
        let patched = core_v1::patch_namespaced_config_map(&namespace, "settings", patch).send(&client).await.unwrap();
        assert_eq!(patched.data["mode"], mode);
    }
    let removal = Patch::merge(&json!({"data": {"other": null}}));
    let patched = core_v1::patch_namespaced_config_map(&namespace, "settings", &removal).send(&client).await.unwrap();
    assert!(!patched.data.contains_key("other"));

    let dry = core_v1::delete_namespaced_config_map(&namespace, "settings").dry_run("All").send(&client).await.unwrap();
    assert!(matches!(dry, Deleted::Status(status) if status.is_success()));
    read().await.expect("a dry run deletes nothing");
    core_v1::delete_namespaced_config_map(&namespace, "settings").send(&client).await.unwrap();
    assert!(read().await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn apply_creates_owns_and_gives_up_fields() {
    let (client, namespace) = cluster::namespace("apply").await;
    let apply = async |manager: &str, force: bool, data: &[(&str, &str)]| {
        let configuration = ConfigMap::named("settings")
            .with_data(data.iter().copied().map(|(key, value)| (key, Str::from(value))).collect::<Map<Str>>());
        let patch = Patch::apply(&configuration);
        let request = core_v1::patch_namespaced_config_map(&namespace, "settings", &patch).field_manager(manager);
        request.force(force).send(&client).await
    };

    let applied = apply("one", false, &[("a", "1"), ("b", "1")]).await.unwrap();
    assert_eq!(applied.data.len(), 2);
    let applied = apply("one", false, &[("a", "1")]).await.unwrap();
    assert!(!applied.data.contains_key("b"), "what is applied no more is removed");

    let error = apply("two", false, &[("a", "2")]).await.unwrap_err();
    assert!(error.is_conflict(), "{error}");
    let causes = &error.status().unwrap().details.as_ref().unwrap().causes;
    assert_eq!(causes[0].field.as_deref(), Some(".data.a"));
    let forced = apply("two", true, &[("a", "2")]).await.unwrap();
    assert_eq!(forced.data["a"], "2");
}

#[tokio::test]
async fn each_failure_has_its_own_error() {
    let (client, namespace) = cluster::namespace("errors").await;
    let settings = ConfigMap::named("settings").with_data([("mode", "fast")]);
    let created = core_v1::create_namespaced_config_map(&namespace, &settings).send(&client).await.unwrap();

    let error = core_v1::create_namespaced_config_map(&namespace, &settings).send(&client).await.unwrap_err();
    assert!(error.is_already_exists() && !error.is_conflict(), "{error}");

    let mut stale = created.clone();
    stale.data.insert("mode", "slow");
    core_v1::replace_namespaced_config_map(&namespace, "settings", &stale).send(&client).await.unwrap();
    let error = core_v1::replace_namespaced_config_map(&namespace, "settings", &stale).send(&client).await.unwrap_err();
    assert!(error.is_conflict() && !error.is_already_exists(), "{error}");

    let error = core_v1::read_namespaced_config_map(&namespace, "missing").send(&client).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    let message = error.to_string();
    assert!(message.contains("GET") && message.contains("configmaps \"missing\" not found"), "{message}");

    let invalid = ConfigMap::named("Not A Name");
    let error = core_v1::create_namespaced_config_map(&namespace, &invalid).send(&client).await.unwrap_err();
    assert!(error.is_invalid(), "{error}");
    let causes = &error.status().unwrap().details.as_ref().unwrap().causes;
    assert_eq!(causes[0].field.as_deref(), Some("metadata.name"));

    let error = core_v1::read_namespaced_config_map(&namespace, "").send(&client).await.unwrap_err();
    assert!(format!("{error:?}").contains("`name` is empty"), "{error:?}");
    // The API server decodes a slash before it routes: such a name would reach another object.
    core_v1::create_namespaced_secret(&namespace, &Secret::named("x")).send(&client).await.unwrap();
    let escaping = format!("../../{namespace}/secrets/x");
    for name in ["../secrets/x", &escaping, "kube-root-ca.crt/x", "a%2Fb"] {
        let error = core_v1::read_namespaced_config_map(&namespace, name).send(&client).await.unwrap_err();
        assert!(format!("{error:?}").contains("`name` must not contain"), "{error:?}");
        assert!(error.status().is_none(), "nothing is sent");
    }
}
