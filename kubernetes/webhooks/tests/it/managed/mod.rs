//! Certificates that replicas make for themselves.

mod rotation;

use std::time::Duration;

use kubernetes_core::schema::Definition;
use kubernetes_core::{
    ApplyRequest, ByteString, CreateRequest, DeleteRequest, JsonPatch, Patch, PatchRequest, ReadRequest,
};
use kubernetes_models::admissionregistration::v1::ValidatingWebhookConfiguration;
use kubernetes_models::core::v1::Secret;
use kubernetes_testing::{CustomResource, Fault, TestServer};
use kubernetes_webhooks::{
    AdmissionRequest, CaBundle, CertificatesError, Configuration, Denied, Endpoint, ManagedCertificates, Webhook,
    WebhookServer, Webhooks,
};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::support::{Lantern, converter};

fn webhooks() -> Webhooks {
    Webhooks::new().validate(|_: AdmissionRequest<Lantern>| async { Ok::<(), Denied>(()) }).convert(converter())
}

fn endpoint() -> Endpoint {
    Endpoint::service("default", "lights")
}

/// A server that has the configuration.
async fn configured() -> (TestServer, Configuration) {
    let server = TestServer::builder().resource(CustomResource::of::<Lantern>()).in_process();
    let configuration = Configuration::new("lights", &webhooks(), &endpoint(), &CaBundle::Unset);
    configuration.apply(&server.client(), "operator").await.expect("the configuration is applied");
    (server, configuration)
}

fn managed(server: &TestServer, configuration: &Configuration) -> ManagedCertificates {
    ManagedCertificates::new(&server.client(), "default", "lights-ca", &endpoint())
        .name("localhost")
        .configuration(configuration)
}

/// Runs until it is stopped, or aborted.
fn run(managed: ManagedCertificates) -> (oneshot::Sender<()>, JoinHandle<Result<(), CertificatesError>>) {
    let (stop, stopped) = oneshot::channel::<()>();
    (stop, tokio::spawn(async move { managed.run_until(async { stopped.await.unwrap_or_default() }).await }))
}

/// The CA bundle that the API server has now.
async fn bundle(server: &TestServer) -> Option<ByteString> {
    let request = ReadRequest::<ValidatingWebhookConfiguration>::cluster("lights");
    let configuration = request.send(&server.client()).await.expect("the configuration");
    configuration.webhooks[0].client_config.ca_bundle.clone()
}

/// The CA bundle of the definition's conversion.
async fn definition_bundle(server: &TestServer) -> Option<ByteString> {
    let request = ReadRequest::<Definition>::cluster("lanterns.light.example.com");
    let definition = request.send(&server.client()).await.expect("the definition");
    let bundle = definition.spec().at("/conversion/webhook/clientConfig/caBundle")?.as_str()?;
    ByteString::from_base64(bundle)
}

async fn secret(server: &TestServer) -> Option<Secret> {
    ReadRequest::<Secret>::namespaced("default", "lights-ca").send(&server.client()).await.ok()
}

/// Waits for something within seconds of the server's time: watches show changes at once.
async fn eventually(mut condition: impl AsyncFnMut() -> bool) {
    for _ in 0..100 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it has not happened");
}

#[tokio::test(start_paused = true)]
async fn the_ca_is_shared_and_set_by_a_manager_of_its_own() {
    let (server, configuration) = configured().await;
    let managed = managed(&server, &configuration);
    let ready = WebhookServer::new(webhooks(), managed.certificates()).ready_check();
    let (stop, task) = run(managed);
    eventually(async || bundle(&server).await.is_some()).await;
    assert_eq!(ready(), Err("the webhook server is not listening, or is shutting down".to_owned()));
    let ca = secret(&server).await.and_then(|secret| secret.data.get("ca.crt").cloned());
    assert_eq!(ca, bundle(&server).await);
    eventually(async || definition_bundle(&server).await == ca).await;
    // A new apply of the rest leaves it alone.
    configuration.apply(&server.client(), "operator").await.expect("the configuration is applied again");
    assert_eq!((&ca, &ca), (&bundle(&server).await, &definition_bundle(&server).await));
    stop.send(()).expect("it runs");
    task.await.expect("no panic").expect("the settings are valid");
}

#[tokio::test(start_paused = true)]
async fn settings_that_can_t_work_are_errors() {
    let (server, configuration) = configured().await;
    let minute = Duration::from_secs(60);
    for managed in [
        managed(&server, &configuration).name("ä"),
        managed(&server, &configuration).name(""),
        managed(&server, &configuration).overlap(Duration::from_secs(200 * 24 * 3600)),
        managed(&server, &configuration).certificate_lifetime(minute),
        managed(&server, &configuration).ca_lifetime(Duration::ZERO),
        managed(&server, &configuration).interval(Duration::ZERO),
    ] {
        assert!(managed.run_until(std::future::pending()).await.is_err(), "{managed:?}");
    }
}

/// All replicas still have certificates of the CA.
#[tokio::test(start_paused = true)]
async fn a_deleted_secret_comes_back() {
    let (server, configuration) = configured().await;
    let _running = run(managed(&server, &configuration));
    eventually(async || bundle(&server).await.is_some()).await;
    let before = secret(&server).await.expect("the Secret");
    DeleteRequest::<Secret>::namespaced("default", "lights-ca").send(&server.client()).await.expect("it is deleted");
    eventually(async || secret(&server).await.is_some()).await;
    assert_eq!(secret(&server).await.expect("it is back").data, before.data);
    assert_eq!(bundle(&server).await.as_ref(), before.data.get("ca.crt"));
    assert_eq!(definition_bundle(&server).await.as_ref(), before.data.get("ca.crt"));
}

/// Replicas that run on have certificates of the old CA.
#[tokio::test(start_paused = true)]
async fn a_ca_whose_secret_is_lost_stays_trusted() {
    let (server, configuration) = configured().await;
    let (stop, task) = run(managed(&server, &configuration));
    eventually(async || bundle(&server).await.is_some()).await;
    let old = String::from_utf8(bundle(&server).await.expect("a bundle").0).expect("PEM");
    stop.send(()).expect("it runs");
    task.await.expect("no panic").expect("the settings are valid");
    DeleteRequest::<Secret>::namespaced("default", "lights-ca").send(&server.client()).await.expect("it is deleted");
    let _running = run(managed(&server, &configuration));
    eventually(async || bundle(&server).await.is_some_and(|bundle| bundle.0.len() > old.len())).await;
    let new = String::from_utf8(bundle(&server).await.expect("a bundle").0).expect("PEM");
    assert!(new.ends_with(&old), "{new}");
}

/// The right to create Secrets can't be limited to a name, so charts create one for the program.
#[tokio::test(start_paused = true)]
async fn an_empty_secret_is_filled_and_one_of_others_is_not() {
    let (server, configuration) = configured().await;
    let client = server.client();
    let mut half = Secret::named("lights-ca");
    half.metadata.labels.insert("app", "lights");
    CreateRequest::namespaced("default", &half).send(&client).await.expect("it is created");
    let running = run(managed(&server, &configuration));
    eventually(async || bundle(&server).await.is_some()).await;
    let filled = secret(&server).await.expect("the Secret");
    assert_eq!(filled.metadata.labels["app"], "lights");
    assert_eq!(filled.data.get("ca.crt"), bundle(&server).await.as_ref());

    running.1.abort();
    let patch = Patch::json(&JsonPatch::new().remove("/data/ca.key"));
    PatchRequest::<Secret>::namespaced("default", "lights-ca", &patch).send(&client).await.expect("it is changed");
    let before = secret(&server).await;
    let _running = run(managed(&server, &configuration));
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(secret(&server).await, before, "it may be of another program");
}

/// All who may read it would get the key of a CA.
#[tokio::test(start_paused = true)]
async fn a_secret_with_other_content_is_not_filled() {
    let (server, configuration) = configured().await;
    let mut other = Secret::named("lights-ca");
    other.data.insert("password", ByteString::from("hidden"));
    CreateRequest::namespaced("default", &other).send(&server.client()).await.expect("it is created");
    let _running = run(managed(&server, &configuration));
    tokio::time::sleep(Duration::from_secs(100)).await;
    let keys: Vec<_> = secret(&server).await.expect("the Secret").data.keys().cloned().collect();
    assert_eq!(keys, ["password"]);
    assert_eq!(bundle(&server).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_broken_successor_is_replaced() {
    let (server, configuration) = configured().await;
    let managed = managed(&server, &configuration)
        .ca_lifetime(Duration::from_secs(3600))
        .certificate_lifetime(Duration::from_secs(600));
    let _running = run(managed);
    eventually(async || bundle(&server).await.is_some()).await;
    let broken = serde_json::json!({"data": {"next-ca.crt": "Z2FyYmFnZQ==", "next-ca.key": "Z2FyYmFnZQ=="}});
    let patch = Patch::merge(&broken);
    let request = PatchRequest::<Secret>::namespaced("default", "lights-ca", &patch);
    let first = request.send(&server.client()).await.expect("it is changed").data.get("ca.crt").cloned();
    tokio::time::sleep(Duration::from_secs(3300)).await;
    let now = secret(&server).await.expect("the Secret").data.get("ca.crt").cloned();
    assert_ne!(now, first, "another successor signs");
}

#[tokio::test(start_paused = true)]
async fn a_bundle_that_was_lost_is_set_again() {
    let (server, configuration) = configured().await;
    let _running = run(managed(&server, &configuration));
    eventually(async || bundle(&server).await.is_some()).await;
    let before = bundle(&server).await;
    let patch = Patch::json(&JsonPatch::new().remove("/webhooks/0/clientConfig/caBundle"));
    let request = PatchRequest::<ValidatingWebhookConfiguration>::cluster("lights", &patch);
    request.send(&server.client()).await.expect("it is changed");
    assert_eq!(bundle(&server).await, None);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(bundle(&server).await, before);
    // So is one that others set.
    let mut other = ValidatingWebhookConfiguration::named("lights");
    other.webhooks = configuration.validating.clone().expect("a webhook").webhooks;
    other.webhooks[0].client_config.ca_bundle = before.clone().map(|bundle| ByteString([&*bundle, b"\n"].concat()));
    let request = ApplyRequest::cluster(&other, "other").force(true);
    request.send(&server.client()).await.expect("it is applied");
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(bundle(&server).await, before);
}

/// How often the configuration's webhooks, or what conversions are told, was to be changed.
fn patches(server: &TestServer, resource: &str) -> usize {
    let requests = server.requests().into_iter();
    requests.filter(|request| request.verb() == "patch" && request.path.contains(resource)).count()
}

/// As cert-manager does with an annotation that was left.
#[tokio::test(start_paused = true)]
async fn a_program_that_sets_another_bundle_is_not_answered_without_a_pause() {
    let (server, configuration) = configured().await;
    let _running = run(managed(&server, &configuration));
    eventually(async || bundle(&server).await.is_some()).await;
    let other = ByteString::from("other");
    let patch = JsonPatch::new().replace("/webhooks/0/clientConfig/caBundle", other.to_base64());
    let (before, end) = (patches(&server, "validating"), Instant::now() + Duration::from_secs(600));
    let mut others = 0;
    while Instant::now() < end {
        if bundle(&server).await.as_ref() != Some(&other) {
            let patch = Patch::json(&patch);
            let request = PatchRequest::<ValidatingWebhookConfiguration>::cluster("lights", &patch);
            request.send(&server.client()).await.expect("it is changed");
            others += 1;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let ours = patches(&server, "validating") - before - others;
    assert!((10..=30).contains(&ours), "{ours}");
}

#[tokio::test(start_paused = true)]
async fn an_object_that_refuses_the_bundle_is_asked_ever_less() {
    let (server, configuration) = configured().await;
    server.inject(Fault::status(403).verb("patch").resource("customresourcedefinitions").always());
    let before = patches(&server, "customresourcedefinitions");
    let _running = run(managed(&server, &configuration));
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let tries = patches(&server, "customresourcedefinitions") - before;
    assert!((30..=70).contains(&tries), "{tries}");
    assert!(bundle(&server).await.is_some(), "others have it");
}

/// The replica that leads still knows the old webhooks, and sees each step.
#[tokio::test(start_paused = true)]
async fn a_webhook_is_renamed_while_the_bundle_is_maintained() {
    let server = TestServer::builder().resource(CustomResource::of::<Lantern>()).in_process();
    let configuration = |name: &str| {
        let guard = Webhook::validating(|_: AdmissionRequest<Lantern>| async { Ok::<(), Denied>(()) }).name(name);
        let webhooks = Webhooks::new().with(guard);
        let webhooks = webhooks.mutate(|it: Lantern, _: AdmissionRequest<Lantern>| async move { Ok::<_, Denied>(it) });
        Configuration::new("lights", &webhooks, &endpoint(), &CaBundle::Unset)
    };
    let old = configuration("old.example.com");
    old.apply(&server.client(), "operator").await.expect("the configuration is applied");
    let _running = run(managed(&server, &old));
    eventually(async || bundle(&server).await.is_some()).await;
    let before = bundle(&server).await;
    let slow = || Fault::delay(Duration::from_secs(5)).verb("patch");
    server.inject(slow().resource("mutatingwebhookconfigurations"));
    server.inject(slow().resource("validatingwebhookconfigurations").nth(2));
    let new = configuration("new.example.com");
    new.apply(&server.client(), "operator").await.expect("the configuration is applied");
    tokio::time::sleep(Duration::from_secs(10)).await;
    let request = ReadRequest::<ValidatingWebhookConfiguration>::cluster("lights");
    let webhooks = request.send(&server.client()).await.expect("the configuration").webhooks;
    assert_eq!(webhooks.iter().map(|webhook| webhook.name.as_str()).collect::<Vec<_>>(), ["new.example.com"]);
    assert_eq!(bundle(&server).await, before);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_others_change_meanwhile_is_read_again() {
    let (server, configuration) = configured().await;
    CreateRequest::namespaced("default", &Secret::named("lights-ca")).send(&server.client()).await.expect("a Secret");
    server.inject(Fault::status(409).verb("update").resource("secrets"));
    let _running = run(managed(&server, &configuration));
    eventually(async || bundle(&server).await.is_some()).await;
    let updates = server.requests().into_iter().filter(|request| request.verb() == "update");
    let codes: Vec<_> =
        updates.filter(|request| request.path.ends_with("lights-ca")).map(|request| request.status).collect();
    assert_eq!(codes[..2].iter().flatten().map(|code| code.as_u16()).collect::<Vec<_>>(), [409, 200], "{codes:?}");
}
