//! Custom resources derived from Rust types: their definitions are in force, and mean what the types say.

mod cases;
mod random;
mod types;
mod versions;

use kubernetes_sdk::api::apiextensions::v1 as apiextensions;
use kubernetes_sdk::core::{
    CreateRequest, ListRequest, PatchRequest, Path, RawExtension, ReadRequest, ReplaceRequest, json,
};
use kubernetes_sdk::models::autoscaling::v1::{Scale, ScaleSpec};
use kubernetes_sdk::utils::ensure_definition;
use kubernetes_sdk::{Client, CustomResource, Patch};
use serde_json::{Value, json};

use self::types::Probe;
use crate::cluster;
use crate::kubectl::Kubectl;

#[tokio::test]
async fn the_server_takes_derived_definitions_and_keeps_their_rules() {
    let (client, namespace) = cluster::namespace("derived").await;
    let definition = Probe::definition().expect("the definition is structural");
    let established = ensure_definition(&client, &definition, "e2e").await.unwrap();
    assert_eq!(established.metadata.annotations["derived.example.com/note"], "kept");
    // Applied again, it changes nothing.
    let again = ensure_definition(&client, &definition, "e2e").await.unwrap();
    assert_eq!(again.metadata.generation, established.metadata.generation);

    let cases = cases::all();
    assert!(cases.len() >= 60, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    for (index, (spec, expected)) in cases.iter().enumerate() {
        if let Err(problem) = check(&client, &namespace, index, spec, expected).await {
            wrong.push(format!("{spec}: {problem}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    rules_of_the_object(&client, &namespace).await;
    transitions(&client, &namespace).await;
    subresources(&client, &namespace).await;
    kubectl(&namespace).await;
    apiextensions::delete_custom_resource_definition(definition.name()).send(&client).await.unwrap();
}

fn text_of(name: &str, spec: &Value) -> String {
    json!({"apiVersion": "derived.example.com/v1", "kind": "Probe", "metadata": {"name": name}, "spec": spec})
        .to_string()
}

/// Creates an object by the text, so that nothing of it goes through our types; they read the answer, and write it as
/// it is.
async fn check(
    client: &Client,
    namespace: &str,
    index: usize,
    spec: &Value,
    expected: &Result<Value, &str>,
) -> Result<(), String> {
    let object: RawExtension =
        json::from_str(&text_of(&format!("p{index}"), spec)).map_err(|error| error.to_string())?;
    let created =
        CreateRequest::<RawExtension, RawExtension>::at(Path::of::<Probe>(Some(namespace)), &object).send(client).await;
    match (created, expected) {
        (Ok(_), Err(message)) => Err(format!("was taken, expected {message:?}")),
        (Err(error), Ok(_)) => Err(format!("was refused: {error}")),
        (Err(error), Err(message)) if error.to_string().contains(message) => Ok(()),
        (Err(error), Err(message)) => Err(format!("expected {message:?}: {error}")),
        (Ok(created), Ok(expected)) => {
            let mut expected = expected.clone();
            for (field, value) in [("replicas", json!(1)), ("color", json!("red"))] {
                let fields = expected.as_object_mut().expect("a spec is an object");
                fields.entry(field).or_insert(value);
            }
            let found: Value = serde_json::from_str(created.as_str()).expect("it is JSON");
            if found["spec"] != expected {
                return Err(format!("the server has {}, expected {expected}", found["spec"]));
            }
            let probe: Probe = json::from_str(created.as_str()).map_err(|error| format!("can't be read: {error}"))?;
            let written: Value =
                serde_json::from_str(&json::to_string(&probe).expect("it is written")).expect("it is JSON");
            let same = written["spec"] == expected;
            same.then_some(()).ok_or_else(|| format!("is written as {}", written["spec"]))
        }
    }
}

fn probe(name: &str, spec: Value) -> Probe {
    json::from_str(&text_of(name, &spec)).expect("it is a probe")
}

async fn rules_of_the_object(client: &Client, namespace: &str) {
    for (name, message) in [("a", "the name starts with p"), ("p-with-a-name-that-is-too-long", "Too long")] {
        let created = CreateRequest::namespaced(namespace, &probe(name, json!({}))).send(client).await;
        let error = created.unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

/// Rules about the object as it was.
async fn transitions(client: &Client, namespace: &str) {
    let object = probe("p-changes", json!({"fixed": "a", "growing": 2}));
    CreateRequest::namespaced(namespace, &object).send(client).await.unwrap();
    for (change, message) in [
        (json!({"spec": {"fixed": "b"}}), Some("field is immutable")),
        (json!({"spec": {"growing": 1}}), Some("grows only")),
        (json!({"spec": {"growing": 3}}), None),
    ] {
        let patched =
            PatchRequest::<Probe>::namespaced(namespace, "p-changes", &Patch::merge(&change)).send(client).await;
        match (patched, message) {
            (Ok(_), None) => {}
            (Err(error), Some(message)) if error.to_string().contains(message) => {}
            (result, _) => panic!("{change}: {:?}", result.map(|probe| probe.spec)),
        }
    }
}

async fn subresources(client: &Client, namespace: &str) {
    let mut object = probe("p-scaled", json!({"color": "green", "replicas": 2}));
    CreateRequest::namespaced(namespace, &object).send(client).await.unwrap();
    object = ReadRequest::<Probe>::namespaced(namespace, "p-scaled").send(client).await.unwrap();
    let status = r#"{"replicas":2,"selector":"a=b","conditions":[{"type":"Ready","status":"True","reason":"Up","message":"","lastTransitionTime":"2026-01-02T03:04:05Z"}]}"#;
    object.status = Some(json::from_str(status).unwrap());
    let replaced = ReplaceRequest::namespaced(namespace, &object).subresource("status").send(client).await.unwrap();
    assert_eq!(replaced.status, object.status);

    let path = || Path::namespaced::<Probe>(namespace, "p-scaled").subresource("scale");
    let mut scale = ReadRequest::<Scale>::at(path()).send(client).await.unwrap();
    assert_eq!(scale.status.as_ref().map(|status| status.replicas), Some(2));
    scale.spec = ScaleSpec { replicas: Some(5) }.into();
    ReplaceRequest::at(path(), &scale).send(client).await.unwrap();

    let green =
        ListRequest::<Probe>::namespaced(namespace).field_selector("spec.color=green").send(client).await.unwrap();
    assert_eq!(
        green.items.iter().map(|probe| (probe.name(), probe.spec.replicas)).collect::<Vec<_>>(),
        [("p-scaled", 5)]
    );
    let table = ListRequest::<Probe>::namespaced(namespace)
        .field_selector("spec.color=green")
        .table()
        .send(client)
        .await
        .unwrap();
    let columns: Vec<&str> = table.column_definitions.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(columns, ["Name", "Replicas", "Color", "Age"]);
    assert_eq!(table.rows[0].cells[1].as_str(), "5");
}

/// The names, columns, descriptions and scale of the definition, as people see them.
async fn kubectl(namespace: &str) {
    let (kubectl, arguments) = Kubectl::of_cluster();
    let say = async |command: &str| kubectl.say(&format!("{arguments} --namespace {namespace} {command}"), "").await;
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let narrow = say("get prb p-scaled").await;
    assert_eq!(words(narrow.lines().next().unwrap()), ["NAME", "REPLICAS", "AGE"]);
    let wide = say("get prb p-scaled -o wide").await;
    let lines: Vec<Vec<String>> = wide.lines().map(words).collect();
    assert_eq!(lines[0], ["NAME", "REPLICAS", "COLOR", "AGE"]);
    assert_eq!(lines[1][..3], ["p-scaled", "5", "green"]);
    assert!(say("get derived -o name").await.contains("probe.derived.example.com/p-scaled"), "by the category");
    let scaled = say("scale probe p-scaled --current-replicas=5 --replicas=7").await;
    assert_eq!(scaled, "probe.derived.example.com/p-scaled scaled\n");
    assert_eq!(say("get probe p-scaled -o jsonpath={.spec.replicas}").await, "7");
    let explained = say("explain probe").await;
    assert!(explained.contains("A resource that probes the server's handling of attributes."), "{explained}");
    let explained = say("explain probe.spec.enums.text").await;
    assert!(explained.contains("ENUM:\n    Always\n    Never\n"), "{explained}");
}
