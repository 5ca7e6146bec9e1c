//! The example operator with the rights that the documentation gives it, and children that can't be changed.

use std::sync::{Arc, Mutex};

use kubernetes_sdk::Client;
use kubernetes_sdk::api::coordination::v1 as coordination_v1;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::api::rbac::v1 as rbac_v1;
use kubernetes_sdk::config::Credentials;
use kubernetes_sdk::controller::{Action, Change, ClientMetrics, Context, Controller, OwnedError, Settings};
use kubernetes_sdk::core::{CreateRequest, DeleteRequest, ListRequest, Patch, ReadRequest};
use kubernetes_sdk::models::core::v1::{ConfigMap, Container, Pod, PodSpec};
use kubernetes_sdk::models::events::v1::Event;
use kubernetes_sdk::models::rbac::v1::{RoleBinding, RoleRef};
use kubernetes_sdk::utils::manifests::Manifests;
use serde_json::json;

use crate::authentication::{cluster_config, token};
use crate::cluster;
use crate::operators::until;
use crate::operators::website_operator::{self, Website, website};

/// The namespace and the service account of the documented operator.
const OPERATOR: &str = "website-operator";

/// The manifest in `docs/operator.md`, without the Deployment: the operator runs here.
fn documented() -> Manifests {
    let page = include_str!("../../../docs/operator.md");
    let section = page.split("## The manifest").nth(1).expect("a section");
    let manifest = section.split("```").nth(1).expect("a block").trim_start_matches("yaml");
    let mut manifests = Manifests::from_text("operator.yaml", manifest).expect("objects");
    manifests.retain(|manifest| manifest.object.kind() != "Deployment");
    manifests
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_operator_needs_no_more_than_the_documented_rights() {
    let (admin, namespace) = cluster::namespace("rights").await;
    let manifests = documented();
    manifests.apply("e2e-test").send(&admin).await.expect("valid").check().expect("all objects");
    let (mut config, _) = cluster_config();
    config.credentials = Credentials::Token(token(&admin, OPERATOR, OPERATOR).await);
    let requests = ClientMetrics::new("kubernetes");
    let waiting = Client::new(config.clone()).expect("a client");
    // The server takes a moment to know of the bindings.
    until("the rights", async || website_operator::define(&waiting).await.is_ok()).await;
    let client = Client::builder(config).observe(requests.observer()).build().expect("a client");

    let mut settings = Settings::new(OPERATOR);
    (settings.admin_address, settings.lease_namespace) = (None, Some(OPERATOR.to_owned()));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let manager = website_operator::manager(&client, &requests, settings);
    let metrics = manager.metrics().clone();
    website_operator::define(&client).await.expect("the resource can be defined");
    let operator = tokio::spawn(manager.run_until(async { drop(stopped.await) }));

    CreateRequest::namespaced(&namespace, &website("a", "a.example.com")).send(&admin).await.unwrap();
    let read = async || ReadRequest::<Website>::namespaced(&namespace, "a").send_opt(&admin).await.unwrap();
    until("a condition", async || {
        let status = read().await.and_then(|website| website.status);
        status.is_some_and(|status| status.conditions.is_some())
    })
    .await;
    let change = Patch::merge(&json!({"spec": {"page": "<h1>Good evening</h1>"}}));
    kubernetes_sdk::core::PatchRequest::<Website>::namespaced(&namespace, "a", &change).send(&admin).await.unwrap();
    until("the new page", async || {
        let page = core_v1::read_namespaced_config_map(&namespace, "a").send(&admin).await;
        page.is_ok_and(|page| page.data["index.html"].contains("evening"))
    })
    .await;
    DeleteRequest::<Website>::namespaced(&namespace, "a").send(&admin).await.unwrap();
    until("the website to go", async || read().await.is_none()).await;
    drop(stop);
    operator.await.unwrap().expect("it ends in order");

    let lease = coordination_v1::read_namespaced_lease(OPERATOR, OPERATOR).send(&admin).await.unwrap();
    assert_eq!(lease.spec.unwrap().holder_identity.as_deref(), Some(""), "it is released");
    for (of, reason) in [(namespace.as_str(), "Published"), (&namespace, "HostReleased"), (OPERATOR, "LeaderElection")]
    {
        let events = ListRequest::<Event>::namespaced(of).send(&admin).await.unwrap().items;
        assert!(events.iter().any(|event| event.reason.as_deref() == Some(reason)), "{reason} is recorded");
    }
    let text = metrics.render();
    let refused: Vec<_> =
        text.lines().filter(|line| line.starts_with("rest_client_requests_total{code=\"403\"")).collect();
    assert_eq!(refused, [""; 0], "the page lacks a right");
    assert!(text.contains("rest_client_requests_total{code=\"200\""), "{text}");
    manifests.delete().send(&admin).await.expect("valid").check().expect("all objects");
}

/// A role binding and a pod that name what a ConfigMap says, in fields that can't be changed.
async fn reconcile(
    map: Arc<ConfigMap>,
    context: Context<ConfigMap>,
    changes: Arc<Mutex<Vec<(&'static str, Change)>>>,
) -> Result<Action, OwnedError> {
    let wanted = map.data["wanted"].to_string();
    let group = Some("rbac.authorization.k8s.io".into());
    let role_ref = RoleRef { api_group: group, kind: "Role".into(), name: wanted.as_str().into() };
    let binding = RoleBinding { role_ref, ..RoleBinding::named("immutable") };
    let container = Container {
        name: "main".into(),
        image: Some("localhost/busybox:1".into()),
        command: vec![wanted.as_str().into()],
        ..Container::default()
    };
    // No node has it, so that nothing holds up a deletion.
    let node_selector = [("example.com/none", "none")].into();
    let spec = PodSpec { containers: vec![container], node_selector, ..PodSpec::default() };
    let pod = Pod::named("immutable").with_spec(spec);
    let set = context.owned_set(&*map).child(binding).child(pod).recreate_immutable();
    let made = set.apply().await?;
    changes.lock().unwrap().extend(made.iter().map(|change| (change.kind, change.change)));
    Ok(Action::await_change())
}

/// The refusals of a real server are known as those of fields that can't be changed.
#[tokio::test(flavor = "multi_thread")]
async fn role_bindings_and_pods_are_recreated() {
    let (client, namespace) = cluster::namespace("recreate").await;
    let changes = Arc::new(Mutex::new(Vec::new()));
    let maps = ListRequest::<ConfigMap>::namespaced(&namespace).label_selector("role=owner");
    let controller = Controller::new(&client, maps)
        .named("e2e.example.com/recreate")
        .owns(ListRequest::<RoleBinding>::namespaced(&namespace))
        .owns(ListRequest::<Pod>::namespaced(&namespace))
        .run({
            let changes = Arc::clone(&changes);
            move |map, context| reconcile(map, context, Arc::clone(&changes))
        });
    let controller = tokio::spawn(controller);
    let mut owner = ConfigMap::named("owner").with_data([("wanted", "first")]);
    owner.metadata.labels = [("role", "owner")].into();
    core_v1::create_namespaced_config_map(&namespace, &owner).send(&client).await.unwrap();
    let have = |kind: &'static str, change| changes.lock().unwrap().contains(&(kind, change));
    until("both to be created", async || have("RoleBinding", Change::Created) && have("Pod", Change::Created)).await;
    let change = Patch::merge(&json!({"data": {"wanted": "second"}}));
    core_v1::patch_namespaced_config_map(&namespace, "owner", &change).send(&client).await.unwrap();
    until("both to be recreated", async || have("RoleBinding", Change::Recreated) && have("Pod", Change::Recreated))
        .await;
    let binding = rbac_v1::read_namespaced_role_binding(&namespace, "immutable").send(&client).await.unwrap();
    assert_eq!(binding.role_ref.name, "second");
    let pod = core_v1::read_namespaced_pod(&namespace, "immutable").send(&client).await.unwrap();
    assert_eq!(pod.spec.unwrap().containers[0].command, ["second"]);
    assert!(!controller.is_finished());
    controller.abort();
}
