//! kubectl's verbs on a real server.

use kubernetes_sdk::core::ObjectKey;
use kubernetes_sdk::dynamic::Mapper;
use kubernetes_sdk::utils::drain::{Drain, cordon, uncordon};
use kubernetes_sdk::utils::manifests::Manifests;
use kubernetes_sdk::utils::{Scale, Target, can_i, pods_of, rollout, whoami};

use crate::cluster::{LIMIT, namespace};

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {kubernetes.io/change-cause: first}}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: 'web:1'}]}}
";

#[tokio::test(flavor = "multi_thread")]
async fn a_rollout_is_changed_and_undone() {
    let (client, name) = namespace("rollout").await;
    let deployments = Mapper::new(&client).resource("deploy").await.expect("a resource");
    let web = Target::new(deployments, ObjectKey::new(&*name, "web"));
    for text in [DEPLOYMENT.to_owned(), DEPLOYMENT.replace("web:1", "web:2").replace("first", "second")] {
        let manifests = Manifests::from_text("web.yaml", &text).expect("a manifest");
        let report = manifests.apply("e2e").namespace(&*name).send(&client).await.expect("valid");
        report.check().expect("it is applied");
        rollout::status(&client, &web, LIMIT).await.expect("no pods are to be made");
    }
    let history = rollout::history(&client, &web).await.expect("a history");
    let causes: Vec<_> = history.iter().map(|revision| (revision.number, revision.change_cause.as_str())).collect();
    assert_eq!(causes, [(1, "first"), (2, "second")]);
    let undone =
        rollout::undo(&client, &web, None).await.expect("there is a revision before").expect("another template");
    assert_eq!(
        undone.get::<String>("/spec/template/spec/containers/0/image").expect("an image").as_deref(),
        Some("web:1")
    );
    rollout::status(&client, &web, LIMIT).await.expect("no pods are to be made");
    assert!(rollout::undo(&client, &web, Some(3)).await.expect("it is there").is_none());
    rollout::restart(&client, &web).await.expect("it is restarted");
    rollout::pause(&client, &web).await.expect("it is paused");
    assert!(rollout::restart(&client, &web).await.expect_err("it is paused").is_refused());
    rollout::resume(&client, &web).await.expect("it is resumed");
    Scale::new(web.clone(), 0).if_replicas(0).wait(LIMIT).send(&client).await.expect("it has none");
    assert!(pods_of(&client, &web).await.expect("no pods").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn users_access_and_nodes() {
    let (client, name) = namespace("verbs").await;
    assert!(!whoami(&client).await.expect("a user").username.is_empty());
    let mapper = Mapper::new(&client);
    let pods = mapper.resource("pods").await.expect("a resource");
    assert!(can_i(&client, "create", &pods, Some("exec"), &name, None).await.expect("an answer").allowed);

    // A node that no kubelet serves, and a pod that is bound to it.
    let node = format!("node-{name}");
    let text = format!(
        "apiVersion: v1\nkind: Node\nmetadata: {{name: {node}}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: \
         {{nodeName: {node}, terminationGracePeriodSeconds: 0, containers: [{{name: a, image: b}}]}}\n"
    );
    let manifests = Manifests::from_text("node.yaml", &text).expect("manifests");
    manifests.apply("e2e").namespace(&*name).send(&client).await.expect("valid").check().expect("they are applied");
    let plan = Drain::new(&*node).plan(&client).await.expect("a plan");
    assert!(plan.run(&client).await.expect_err("it has no controller").is_refused());
    let plan = Drain::new(&*node).force(true).within(LIMIT).plan(&client).await.expect("a plan");
    assert_eq!(plan.pods().len(), 1);
    plan.run(&client).await.expect("it is evicted");
    assert_eq!(cordon(&client, &node).await.expect("a node").get("/spec/unschedulable").expect("a field"), Some(true));
    uncordon(&client, &node).await.expect("a node");
    let nodes = mapper.resource("nodes").await.expect("a resource");
    nodes.cluster().delete(&node).send(&client).await.expect("it is deleted");
}
