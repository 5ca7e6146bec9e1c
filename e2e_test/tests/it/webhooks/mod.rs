//! The API server calls validating, mutating and converting webhooks, with certificates that are managed.

mod reviews;
mod rotation;
mod subresources;

use std::time::Duration;

use kubernetes_sdk::api::apiextensions::v1 as apiextensions;
use kubernetes_sdk::core::conversion::Spoke;
use kubernetes_sdk::core::json::{self, Tree};
use kubernetes_sdk::core::schema::Definition;
use kubernetes_sdk::core::{CreateRequest, DeleteRequest, ListRequest, Object, ObjectMeta, PatchRequest, ReadRequest};
use kubernetes_sdk::models::admissionregistration::v1::ValidatingWebhookConfiguration;
use kubernetes_sdk::utils::ensure_definition;
use kubernetes_sdk::webhooks::{
    AdmissionRequest, Allowed, CaBundle, Configuration, Converter, Denied, Endpoint, FailurePolicy,
    ManagedCertificates, Mutated, Operation, Webhook, WebhookServer, Webhooks,
};
use kubernetes_sdk::{Client, CustomResource, Patch, Schema, api};
use tokio::net::TcpListener;

use crate::cluster;

#[derive(Clone, Debug, PartialEq, CustomResource)]
#[kubernetes(group = "webhooks.example.com", version = "v1", namespaced)]
struct Lantern {
    metadata: ObjectMeta,
    spec: LanternSpec,
}

#[derive(Clone, Debug, PartialEq, Schema)]
struct LanternSpec {
    color: String,
    #[kubernetes(default = 0)]
    bulbs: i32,
}

mod v1beta1 {
    use super::{CustomResource, Lantern, LanternSpec, ObjectMeta, Spoke};

    #[derive(Clone, Debug, PartialEq, CustomResource)]
    #[kubernetes(group = "webhooks.example.com", version = "v1beta1", kind = "Lantern", namespaced)]
    pub(super) struct OldLantern {
        pub(super) metadata: ObjectMeta,
        pub(super) color: String,
    }

    impl Spoke for OldLantern {
        type Hub = Lantern;

        fn to_hub(&self) -> Lantern {
            let spec = LanternSpec { color: self.color.clone(), bulbs: 1 };
            Lantern { metadata: ObjectMeta::default(), spec }
        }

        fn from_hub(hub: &Lantern) -> Self {
            Self { metadata: ObjectMeta::default(), color: hub.spec.color.clone() }
        }
    }
}

use v1beta1::OldLantern;

fn webhooks() -> Webhooks {
    let lit = |mut lantern: Lantern, _: AdmissionRequest<Lantern>| async move {
        lantern.metadata.labels.insert("lit/by", "webhook");
        lantern.spec.bulbs = lantern.spec.bulbs.max(1);
        Ok::<_, Denied>(Mutated::new(lantern, Allowed::new().warning("a lantern needs a bulb")))
    };
    let guard = |request: AdmissionRequest<Lantern>| async move {
        let color = |lantern: &Lantern| lantern.spec.color.clone();
        match request.object.as_ref().map(color).as_deref() {
            Some("black") => Err(Denied::new("a black light is none").cause("spec.color", "must not be black")),
            Some("panic") => panic!("a bug"),
            Some("slow") => {
                tokio::time::sleep(Duration::from_secs(60)).await;
                Ok(())
            }
            None if request.old_object.as_ref().map(color).as_deref() == Some("eternal") => {
                Err(Denied::new("it burns forever"))
            }
            _ => Ok(()),
        }
    };
    let operations = [Operation::Create, Operation::Update, Operation::Delete];
    let guard = Webhook::validating(guard).operations(operations).timeout(Duration::from_secs(2));
    let ignored = Webhook::validating(|request: AdmissionRequest<Lantern>| async move {
        match request.object.map(|lantern| lantern.spec.color).as_deref() {
            Some("ignored") => panic!("a bug"),
            Some("late") => tokio::time::sleep(Duration::from_secs(60)).await,
            _ => {}
        }
        Ok::<(), Denied>(())
    });
    let ignored = ignored.path("ignored").name("ignored.lanterns.example.com").failure_policy(FailurePolicy::Ignore);
    let ignored = ignored.timeout(Duration::from_secs(1));
    let converter = Converter::hub::<Lantern>().spoke::<OldLantern>();
    Webhooks::new().with(Webhook::mutating(lit)).with(guard).with(ignored).convert(converter)
}

fn lantern(name: &str, color: &str) -> Lantern {
    let metadata = ObjectMeta { name: Some(name.into()), ..ObjectMeta::default() };
    Lantern { metadata, spec: LanternSpec { color: color.to_owned(), bulbs: 0 } }
}

async fn create(client: &Client, namespace: &str, color: &str) -> Result<Lantern, String> {
    let lantern = lantern(color, color);
    CreateRequest::namespaced(namespace, &lantern).send(client).await.map_err(|error| {
        error
            .status()
            .and_then(|status| status.message.clone())
            .map_or_else(|| error.to_string(), |text| text.to_string())
    })
}

#[tokio::test]
async fn the_server_calls_webhooks_whose_certificates_are_managed() {
    let (client, namespace) = cluster::namespace("webhooks").await;
    let definition = Lantern::definition().and_then(|definition| definition.with_version::<OldLantern>());
    let definition = definition.expect("both versions are structural");
    ensure_definition(&client, &definition, "e2e").await.expect("the definition is established");

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let endpoint = Endpoint::url(&format!("https://127.0.0.1:{port}"));
    let configuration = Configuration::new("e2e-webhooks", &webhooks(), &endpoint, &CaBundle::Unset);
    configuration.apply(&client, "e2e").await.expect("the server takes the configuration");
    let managed = ManagedCertificates::new(&client, &namespace, "webhook-ca", &endpoint);
    let managed = managed.configuration(&configuration).interval(Duration::from_millis(200));
    let server = WebhookServer::new(webhooks(), managed.certificates());
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let wait = |mut stopped: tokio::sync::watch::Receiver<bool>| async move {
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    let (maintaining, serving) = (wait(stopped.clone()), wait(stopped));
    let tasks = [
        tokio::spawn(async move { managed.run_until(maintaining).await.expect("the settings are valid") }),
        tokio::spawn(async move { server.serve(listener, serving).await.expect("the server can serve") }),
    ];
    let ready = async {
        while create(&client, &namespace, "first").await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(cluster::LIMIT, ready).await.expect("the server trusts the webhooks");

    admission(&client, &namespace).await;
    conversion(&client, &namespace).await;
    stop.send_replace(true);
    for task in tasks {
        task.await.expect("no panic");
    }
    unreachable(&client, &namespace).await;
    clean_up(&client, &namespace, &configuration).await;
}

async fn admission(client: &Client, namespace: &str) {
    let red = create(client, namespace, "red").await.expect("it is allowed");
    assert_eq!(red.spec.bulbs, 1, "it was changed");
    assert_eq!(red.labels()["lit/by"], "webhook");
    let message = create(client, namespace, "black").await.expect_err("it is refused");
    let expected =
        "admission webhook \"validate.lantern.v1.webhooks.example.com\" denied the request: a black light is none";
    assert_eq!(message, expected);
    let message = create(client, namespace, "panic").await.expect_err("a panic refuses");
    assert!(message.contains("denied the request: panic: a bug [recovered]"), "{message}");
    // An answer is an answer, whatever its code: only a failed call is ignored.
    let message = create(client, namespace, "ignored").await.expect_err("a panic refuses");
    assert!(message.contains("panic: a bug [recovered]"), "{message}");
    let message = create(client, namespace, "slow").await.expect_err("it takes too long");
    assert!(message.contains("failed calling webhook \"validate.lantern.v1.webhooks.example.com\""), "{message}");
    assert!(message.contains("context deadline exceeded"), "{message}");
    create(client, namespace, "late").await.expect("that the webhook took too long is ignored");

    create(client, namespace, "eternal").await.expect("it is allowed");
    let deletion = DeleteRequest::<Lantern>::namespaced(namespace, "eternal").send(client).await;
    let message = deletion.expect_err("it is refused").to_string();
    assert!(message.contains("it burns forever"), "{message}");
    let dry = CreateRequest::namespaced(namespace, &lantern("dry", "green")).dry_run("All").send(client).await;
    assert_eq!(dry.expect("there are no side effects").spec.bulbs, 1);
}

/// Both versions are read and written; a list has objects of each.
async fn conversion(client: &Client, namespace: &str) {
    let old = ReadRequest::<OldLantern>::namespaced(namespace, "red").send(client).await.expect("it is converted");
    assert_eq!(old.color, "red");
    let metadata = ObjectMeta { name: Some("blue".into()), ..ObjectMeta::default() };
    let blue = OldLantern { metadata, color: "blue".to_owned() };
    CreateRequest::namespaced(namespace, &blue).send(client).await.expect("it is converted to be stored");
    let new = ReadRequest::<Lantern>::namespaced(namespace, "blue").send(client).await.expect("it is stored");
    assert_eq!((new.spec.color.as_str(), new.spec.bulbs), ("blue", 1));
    let patch = Patch::merge(&serde_json::json!({"spec": {"bulbs": 7}}));
    PatchRequest::<Lantern>::namespaced(namespace, "blue", &patch).send(client).await.expect("it is changed");
    let patch = Patch::merge(&serde_json::json!({"color": "cyan"}));
    PatchRequest::<OldLantern>::namespaced(namespace, "blue", &patch).send(client).await.expect("it is changed");
    let new = ReadRequest::<Lantern>::namespaced(namespace, "blue").send(client).await.expect("it is stored");
    assert_eq!((new.spec.color.as_str(), new.spec.bulbs), ("cyan", 7), "the old version has kept the bulbs");
    let olds = ListRequest::<OldLantern>::namespaced(namespace).send(client).await.expect("all are converted");
    let colors: Vec<_> = olds.items.iter().map(|lantern| lantern.color.as_str()).collect();
    assert_eq!(colors, ["cyan", "eternal", "first", "late", "red"]);
}

/// Without a server, one failure policy refuses requests, and the other carries them out.
async fn unreachable(client: &Client, namespace: &str) {
    let message = create(client, namespace, "white").await.expect_err("nobody answers");
    assert!(message.contains("failed calling webhook") && message.contains("connection refused"), "{message}");
    let mut configuration = ReadRequest::<ValidatingWebhookConfiguration>::cluster("e2e-webhooks")
        .send(client)
        .await
        .expect("the configuration is there");
    configuration.webhooks.iter_mut().for_each(|webhook| webhook.failure_policy = Some("Ignore".into()));
    let patch = Patch::merge(&serde_json::json!({"webhooks": serde_json::from_str::<serde_json::Value>(
        &json::to_string(&configuration.webhooks).expect("a model is written")).expect("JSON")}));
    let request = PatchRequest::<ValidatingWebhookConfiguration>::cluster("e2e-webhooks", &patch);
    request.send(client).await.expect("the policy is changed");
    api::admissionregistration::v1::delete_mutating_webhook_configuration("e2e-webhooks")
        .send(client)
        .await
        .expect("the mutating webhook is gone");
    let allowed = async {
        while create(client, namespace, "white").await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(cluster::LIMIT, allowed).await.expect("the failure is ignored");
}

async fn clean_up(client: &Client, namespace: &str, configuration: &Configuration) {
    assert!(configuration.validating.is_some() && configuration.mutating.is_some());
    api::admissionregistration::v1::delete_validating_webhook_configuration("e2e-webhooks")
        .send(client)
        .await
        .expect("the configuration is deleted");
    let definition = "lanterns.webhooks.example.com";
    Configuration::release_conversion::<Lantern>(client, "e2e").await.expect("the conversion is released");
    let found = ReadRequest::<Definition>::cluster(definition).send(client).await.expect("the definition");
    let strategy = found.spec().at("/conversion").map(Tree::to_text);
    assert_eq!(strategy.as_deref(), Some(r#"{"strategy":"None"}"#), "the CA bundle is gone, too");
    apiextensions::delete_custom_resource_definition(definition).send(client).await.expect("the definition is deleted");
    api::core::v1::delete_namespace(namespace).send(client).await.expect("the namespace is deleted");
}
