//! Manifests, sets and waits on a real server, beside kubectl.

use std::collections::BTreeMap;
use std::path::Path;

use kubernetes_sdk::Client;
use kubernetes_sdk::core::json::Tree;
use kubernetes_sdk::core::{Object, json};
use kubernetes_sdk::dynamic::{DynamicObject, Mapper};
use kubernetes_sdk::utils::ApplySet;
use kubernetes_sdk::utils::manifests::{Action, Difference, Manifests, Report};

use crate::cluster::{LIMIT, namespace};
use crate::kubectl::Kubectl;

/// Objects of many kinds, without a namespace.
const FOLDER: &[(&str, &str)] = &[
    (
        "a_config.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, labels: {app: web}}\ndata: {key: value, other: '1'}\n---\n\
         apiVersion: v1\nkind: Secret\nmetadata: {name: password}\nstringData: {password: hunter2}\n---\n\
         apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n",
    ),
    (
        "b_workloads.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 0\n  selector: {matchLabels: {app: web}}\n  \
         template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers:\n      - name: web\n        image: web:1\n        \
         ports: [{containerPort: 80}]\n        resources: {requests: {cpu: 1000m, memory: 64Mi}}\n        env: [{name: A, value: b}]\n---\n\
         apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n---\n\
         apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\n\
         spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}\n",
    ),
    (
        "c_list.json",
        "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{\"apiVersion\": \"rbac.authorization.k8s.io/v1\", \
         \"kind\": \"Role\", \"metadata\": {\"name\": \"web\"}, \"rules\": [{\"apiGroups\": [\"\"], \"resources\": [\"pods\"], \
         \"verbs\": [\"get\"]}]}]}",
    ),
];

const KINDS: &[&str] =
    &["configmaps", "secrets", "serviceaccounts", "deployments.apps", "services", "poddisruptionbudgets", "roles"];

const MANAGER: &str = "deployer";

fn write(folder: &Path, change: impl Fn(&str) -> String) {
    for (name, text) in FOLDER {
        std::fs::write(folder.join(name), change(text)).expect("a folder");
    }
}

fn assert_succeeded(report: &Report) {
    report.check().expect("all objects");
}

/// The objects of a namespace that do not come with it, as they are without identity and times; of managed fields those
/// of the manager.
async fn objects(client: &Client, namespace: &str, manager: &str) -> BTreeMap<String, String> {
    let mapper = Mapper::new(client);
    let mut found = BTreeMap::new();
    for kind in KINDS {
        let resource = mapper.resource(kind).await.expect("a resource of every server");
        let list = resource.in_namespace(namespace).list().send(client).await.expect("a list");
        for mut object in list.items {
            if matches!(object.name(), "kube-root-ca.crt" | "default") {
                continue;
            }
            object.metadata.managed_fields.retain(|entry| entry.manager.as_deref() == Some(manager));
            object.metadata.managed_fields.iter_mut().for_each(|entry| entry.time = None);
            for field in ["uid", "resourceVersion", "creationTimestamp", "namespace", "generation"] {
                object.remove(format!("/metadata/{field}")).expect("a field");
            }
            for field in
                ["/status", "/spec/clusterIP", "/spec/clusterIPs", "/metadata/labels/applyset.kubernetes.io~1part-of"]
            {
                object.remove(field).expect("a field");
            }
            object.remove("/metadata/annotations/deployment.kubernetes.io~1revision").expect("a field");
            if object.metadata.annotations.is_empty() {
                object.remove("/metadata/annotations").expect("a field");
            }
            // The parent of a set names its namespace in its id.
            object.remove("/metadata/labels/applyset.kubernetes.io~1id").expect("a field");
            let tree: Tree = json::from_str(&object.to_text()).expect("JSON");
            found.insert(format!("{kind}/{}", object.name()), sorted(&tree));
        }
    }
    found
}

/// A document as text, with its keys in order.
fn sorted(tree: &Tree) -> String {
    serde_json::from_str::<serde_json::Value>(&tree.to_text()).expect("JSON").to_string()
}

async fn versions(client: &Client, namespace: &str) -> BTreeMap<String, String> {
    let mapper = Mapper::new(client);
    let mut found = BTreeMap::new();
    for kind in KINDS {
        let resource = mapper.resource(kind).await.expect("a resource of every server");
        for object in resource.in_namespace(namespace).list().send(client).await.expect("a list").items {
            let version = object.metadata().resource_version.clone().unwrap_or_default();
            found.insert(format!("{kind}/{}", object.name()), version.to_string());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_folder_gives_the_same_objects_as_kubectl() {
    let (client, ours) = namespace("manifests").await;
    let (_, theirs) = namespace("manifests-kubectl").await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().display().to_string();
    let (kubectl, to) = Kubectl::of_cluster();
    let apply = format!("{to} apply --server-side --field-manager={MANAGER} -n {theirs} -f {path}");
    let set = || ApplySet::secret(&ours, "set", "kubectl/v1.37.2").expect("a set");
    let prune = format!("{apply} --prune --applyset=set");

    // Applied.
    write(folder.path(), str::to_owned);
    kubectl.say(&apply, "").await;
    let manifests = Manifests::from_path(folder.path()).expect("a folder");
    let report = manifests.apply(MANAGER).namespace(&*ours).send(&client).await.expect("valid");
    assert_succeeded(&report);
    assert_eq!(report.len(), 7);
    assert_eq!(objects(&client, &ours, MANAGER).await, objects(&client, &theirs, MANAGER).await);

    // Changed.
    let change =
        |text: &str| text.replace(", other: '1'", "").replace("web:1", "web:2").replace("value: b", "value: c");
    write(folder.path(), change);
    kubectl.say(&apply, "").await;
    let manifests = Manifests::from_path(folder.path()).expect("a folder");
    let diffs = manifests.diff(MANAGER).namespace(&*ours).send(&client).await.expect("valid");
    let changed: Vec<_> = diffs.iter().filter(|diff| matches!(diff.result, Ok(Difference::Changed(_)))).collect();
    assert_eq!(changed.len(), 2, "{diffs:?}");
    let text = changed.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(text.contains(".data.other: \"1\" → (none)"), "{text}");
    assert!(text.contains(".spec.template.spec.containers[name=\"web\"].image: \"web:1\" → \"web:2\""), "{text}");
    assert_succeeded(&manifests.apply(MANAGER).namespace(&*ours).send(&client).await.expect("valid"));
    assert_eq!(objects(&client, &ours, MANAGER).await, objects(&client, &theirs, MANAGER).await);

    // Pruned.
    kubectl.say(&prune, "").await;
    assert_succeeded(&manifests.apply(MANAGER).namespace(&*ours).prune(set()).send(&client).await.expect("valid"));
    std::fs::remove_file(folder.path().join("c_list.json")).expect("a file");
    kubectl.say(&prune, "").await;
    let manifests = Manifests::from_path(folder.path()).expect("a folder");
    let report = manifests.apply(MANAGER).namespace(&*ours).prune(set()).send(&client).await.expect("valid");
    assert_succeeded(&report);
    assert!(report.iter().any(|outcome| outcome.to_string().ends_with("/web pruned")), "{report:?}");
    let (left, right) =
        (objects(&client, &ours, "kubectl-applyset").await, objects(&client, &theirs, "kubectl-applyset").await);
    assert!(left.contains_key("secrets/set") && !left.contains_key("roles/web"), "{left:?}");
    assert_eq!(left, right);

    // Deleted.
    kubectl.say(&format!("{to} delete -n {theirs} -f {path}"), "").await;
    assert_succeeded(&manifests.delete().namespace(&*ours).send(&client).await.expect("valid"));
    assert_eq!(objects(&client, &ours, MANAGER).await.keys().collect::<Vec<_>>(), ["secrets/set"]);
    assert_eq!(objects(&client, &ours, MANAGER).await, objects(&client, &theirs, MANAGER).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_apply_writes_nothing() {
    let (client, name) = namespace("manifests-twice").await;
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), str::to_owned);
    let manifests = Manifests::from_path(folder.path()).expect("a folder");
    assert_succeeded(&manifests.apply(MANAGER).namespace(&*name).send(&client).await.expect("valid"));
    // Controllers write their status once.
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let before = versions(&client, &name).await;
    assert_succeeded(&manifests.apply(MANAGER).namespace(&*name).send(&client).await.expect("valid"));
    let after = versions(&client, &name).await;
    let written: Vec<_> = before.iter().filter(|(key, version)| after.get(*key) != Some(version)).collect();
    assert!(written.is_empty(), "{written:?}");
}

/// Objects of kinds whose defaults the server sets inside of lists that an apply replaces as a whole, and others.
const COMPLETED: &[(&str, &str)] = &[
    ("ConfigMap", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: b}"),
    ("Secret with data", "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndata: {a: Yg==}"),
    ("Secret with stringData", "apiVersion: v1\nkind: Secret\nmetadata: {name: other}\nstringData: {a: b}"),
    (
        "Deployment",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {replicas: 0, selector: {matchLabels: {a: b}}, \
         template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: d, ports: [{containerPort: 80}], \
         env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.name}}}], \
         resources: {limits: {memory: 64Mi}}, readinessProbe: {httpGet: {port: 80}}}], \
         volumes: [{name: v, configMap: {name: x}}]}}}",
    ),
    (
        "Deployment with 1000m",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: other}\nspec: {replicas: 0, selector: {matchLabels: {a: b}}, \
         template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: d, \
         resources: {limits: {cpu: 1000m}}}]}}}",
    ),
    ("Service", "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {selector: {a: b}, ports: [{port: 80}]}"),
    (
        "NetworkPolicy",
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: x}\n\
         spec: {podSelector: {}, ingress: [{ports: [{port: 80}]}]}",
    ),
    (
        "Ingress",
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: x}\n\
         spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: x, port: {number: 80}}}}]}}]}",
    ),
    (
        "Role",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: x}\n\
         rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]",
    ),
    (
        "RoleBinding",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: x}\n\
         roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: x}\nsubjects: [{kind: User, name: u}]",
    ),
    (
        "LimitRange",
        "apiVersion: v1\nkind: LimitRange\nmetadata: {name: x}\nspec: {limits: [{type: Container, default: {memory: 64Mi}}]}",
    ),
    (
        "PersistentVolumeClaim",
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: x}\n\
         spec: {storageClassName: none, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}",
    ),
    (
        "CronJob",
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: x}\nspec: {schedule: '0 0 1 1 *', jobTemplate: {spec: \
         {template: {spec: {restartPolicy: Never, containers: [{name: c, image: d}]}}}}}",
    ),
];

/// Objects that are sent although nothing changes, and why: the manager owns other values than the manifest has.
const SENT_AGAIN: &[(&str, &str)] = &[
    ("Secret with stringData", "the server turns it into data"),
    ("Deployment", "the server completes the atomic fieldRef, and the protocol, which is a part of a port's key"),
    ("Deployment with 1000m", "the server writes the quantity as 1"),
    ("Service", "the server adds the protocol, which is a part of a port's key"),
    ("NetworkPolicy", "the server completes the ports of an atomic list"),
    ("RoleBinding", "the server completes the subjects, an atomic list"),
    ("LimitRange", "the server completes the limits, an atomic list"),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_apply_sends_little_and_changes_nothing() {
    let (client, name) = namespace("manifests-unchanged").await;
    let mapper = Mapper::new(&client);
    let apply = |text: &'static str| {
        let (client, mapper, name) = (client.clone(), mapper.clone(), name.clone());
        async move {
            let manifests = read(text);
            let apply = manifests.apply(MANAGER).namespace(&*name).mapper(&mapper).skip_unchanged(true);
            let report = apply.send(&client).await.expect("valid");
            assert_succeeded(&report);
            report.iter().next().expect("an object").result.clone().expect("it was applied")
        }
    };
    let mut sent_again = Vec::new();
    for (title, text) in COMPLETED {
        assert_eq!(apply(text).await, Action::Created, "{title}");
    }
    // Controllers write their status once.
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    for (title, text) in COMPLETED {
        let before = client.counts().attempts();
        assert_eq!(apply(text).await, Action::Unchanged, "{title}");
        // Beside the read.
        if client.counts().attempts() - before > 1 {
            sent_again.push(*title);
        }
    }
    assert_eq!(sent_again, SENT_AGAIN.iter().map(|(title, _)| *title).collect::<Vec<_>>());
}

fn config_map(name: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n---\n")
}

fn read(text: &str) -> Manifests {
    Manifests::from_text("test.yaml", text).expect("manifests")
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_and_the_sdk_work_on_one_set() {
    let (client, name) = namespace("apply-set").await;
    let (kubectl, to) = Kubectl::of_cluster();
    let version = kubectl.say("version --client -o json", "").await;
    let version: serde_json::Value = serde_json::from_str(&version).expect("JSON");
    let tooling = format!("kubectl/{}", version["clientVersion"]["gitVersion"].as_str().expect("a version"));
    let command = format!("{to} apply --server-side -n {name} --prune --applyset=set -f -");
    let set = |tooling: &str| ApplySet::secret(&name, "set", tooling.to_owned()).expect("a set");
    let names = || async {
        let maps = Mapper::new(&client).resource("configmaps").await.expect("config maps");
        let list = maps.in_namespace(&*name).list().send(&client).await.expect("a list");
        let names = list.items.iter().map(|map| map.name().to_owned()).filter(|name| name != "kube-root-ca.crt");
        names.collect::<Vec<_>>()
    };

    kubectl.say(&command, &format!("{}{}", config_map("a"), config_map("b"))).await;
    let by_sdk = read(&format!("{}{}", config_map("b"), config_map("c")));
    let apply = by_sdk.apply("kubectl").namespace(&*name).prune(set(&tooling));
    let report = apply.send(&client).await.expect("it is the same tool");
    assert_succeeded(&report);
    assert_eq!((report.len(), names().await), (3, vec!["b".to_owned(), "c".to_owned()]));
    let said = kubectl.say(&command, &config_map("c")).await;
    assert!(said.contains("configmap/c serverside-applied") && said.contains("configmap/b pruned"), "{said}");
    assert_eq!(names().await, ["c"]);

    let only = read(&config_map("d"));
    let refused = only.apply("other").namespace(&*name).prune(set("other/1")).send(&client).await;
    assert!(refused.expect_err("it is kubectl's").to_string().contains("belongs to \"kubectl\""));
    let take_over = only.apply("other").namespace(&*name).prune(set("other/1").take_over(true));
    assert_succeeded(&take_over.send(&client).await.expect("it is taken over"));
    assert_eq!(names().await, ["d"]);
    let refused = kubectl.output(&command, &config_map("e")).await;
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && text.contains("managed by tooling \"other\""), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_and_its_object_are_applied_together() {
    let (client, name) = namespace("definition").await;
    let group = format!("{name}.example.com");
    let text = format!(
        "apiVersion: {group}/v1\nkind: Lamp\nmetadata: {{name: l, namespace: new-{name}}}\nspec: {{watts: 5}}\n---\n\
         apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: new-{name}}}\n\
         spec: {{containers: [{{name: a, image: b}}]}}\n---\n\
         apiVersion: v1\nkind: Namespace\nmetadata: {{name: new-{name}}}\n---\n\
         apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: lamps.{group}}}\nspec:\n  \
         group: {group}\n  scope: Namespaced\n  names: {{plural: lamps, kind: Lamp}}\n  versions:\n  - name: v1\n    \
         served: true\n    storage: true\n    schema: {{openAPIV3Schema: {{type: object, \
         x-kubernetes-preserve-unknown-fields: true}}}}\n"
    );
    let manifests = read(&text);
    let report = manifests.apply(MANAGER).send(&client).await.expect("valid");
    assert_succeeded(&report);
    let order: Vec<_> = report.iter().map(|outcome| outcome.target.resource.kind.as_str()).collect();
    assert_eq!(&order[..2], ["Namespace", "CustomResourceDefinition"]);
    let lamps: Vec<DynamicObject> = {
        let lamps = Mapper::new(&client).resource(&format!("lamps.{group}")).await.expect("it is served");
        lamps.all_namespaces().list().send(&client).await.expect("a list").items
    };
    assert_eq!(lamps.len(), 1);
    let deleted = manifests.delete().wait_limit(LIMIT).send(&client).await.expect("valid");
    assert_succeeded(&deleted);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_applied_is_waited_for() {
    let (client, name) = namespace("wait").await;
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: none}\nspec: {replicas: 0, selector: {matchLabels: {a: b}}, \
                template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: d}]}}}\n---\n";
    let manifests = read(&format!("{text}{}", config_map("a")));
    let report = manifests.apply(MANAGER).namespace(&*name).send(&client).await.expect("valid");
    assert_succeeded(&report);
    report.wait_until_current(&client, LIMIT).await.expect("nothing is left to do");
}
