//! Certificates that replicas make for themselves.

use std::time::{Duration, Instant};

use http::StatusCode;
use kubernetes_core::{ByteString, ReadRequest};
use kubernetes_models::admissionregistration::v1::ValidatingWebhookConfiguration;
use kubernetes_models::core::v1::Secret;
use kubernetes_testing::{CustomResource, TestServer};
use kubernetes_webhooks::{
    AdmissionRequest, CaBundle, Configuration, Denied, Endpoint, ManagedCertificates, WebhookServer, Webhooks,
};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::support::{Lantern, VALIDATE, converter, lantern, review};
use crate::tls::{Connection, start};

fn webhooks() -> Webhooks {
    Webhooks::new().validate(|_: AdmissionRequest<Lantern>| async { Ok::<(), Denied>(()) }).convert(converter())
}

fn managed(server: &TestServer, configuration: &Configuration) -> ManagedCertificates {
    let endpoint = Endpoint::service("default", "lights");
    ManagedCertificates::new(&server.client(), "default", "lights-authority", &endpoint)
        .name("localhost")
        .configuration(configuration)
        .authority_lifetime(Duration::from_secs(6))
        .certificate_lifetime(Duration::from_secs(3))
        .overlap(Duration::from_secs(1))
        .interval(Duration::from_millis(100))
}

/// The authorities that the API server trusts now.
async fn bundle(server: &TestServer) -> Option<ByteString> {
    let request = ReadRequest::<ValidatingWebhookConfiguration>::cluster("lights");
    let configuration = request.send(&server.client()).await.expect("the configuration");
    configuration.webhooks[0].client_config.ca_bundle.clone()
}

/// The Service and its CA change some times while each call opens a connection, at two replicas.
#[tokio::test]
async fn certificates_are_rotated_under_load_without_an_error() {
    let server = TestServer::builder().resource(CustomResource::of::<Lantern>()).in_process();
    let webhooks = webhooks();
    let endpoint = Endpoint::service("default", "lights");
    let configuration = Configuration::new("lights", &webhooks, &endpoint, &CaBundle::Unset);
    configuration.apply(&server.client(), "operator").await.expect("the configuration is applied");
    let (mut replicas, mut tasks) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        let managed = managed(&server, &configuration);
        replicas.push(start(&WebhookServer::new(webhooks.clone(), managed.certificates())).await);
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async { stopped.await.unwrap_or_default() };
        tasks.push((stop, tokio::spawn(async move { managed.run_until(shutdown).await })));
    }
    let body = review("CREATE", &lantern("red"), &Value::Null).to_string().into_bytes();
    let (start, mut authorities, mut calls, mut is_ready) = (Instant::now(), Vec::new(), 0, false);
    while start.elapsed() < Duration::from_secs(12) {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let Some(bundle) = bundle(&server).await else { continue };
        if authorities.last() != Some(&bundle) {
            authorities.push(bundle.clone());
        }
        for replica in &replicas {
            let connection = Connection::open(replica.address, &*bundle, true, None).await;
            if connection.is_err() && !is_ready {
                continue; // A replica has no certificate yet.
            }
            let mut connection = connection.expect("the certificate is trusted");
            let response = connection.post(VALIDATE, body.clone()).await.expect("a response");
            assert_eq!(response.status(), StatusCode::OK);
            calls += 1;
        }
        is_ready |= calls >= 4;
    }
    assert!(authorities.len() >= 3, "the authorities have changed: {}", authorities.len());
    assert!(calls > 100, "{calls}");
    for (stop, task) in tasks {
        stop.send(()).expect("it runs");
        task.await.expect("no panic").expect("the settings are valid");
    }
}

#[tokio::test]
async fn the_authority_is_shared_and_set_by_a_manager_of_its_own() {
    let server = TestServer::builder().resource(CustomResource::of::<Lantern>()).in_process();
    let endpoint = Endpoint::service("default", "lights");
    let configuration = Configuration::new("lights", &webhooks(), &endpoint, &CaBundle::Unset);
    configuration.apply(&server.client(), "operator").await.expect("the configuration is applied");
    let managed = managed(&server, &configuration);
    let ready = WebhookServer::new(webhooks(), managed.certificates()).ready_check();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(async move { managed.run_until(async { stopped.await.unwrap_or_default() }).await });
    while bundle(&server).await.is_none() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(ready(), Err("the server does not listen yet".to_owned()));
    let secret = ReadRequest::<Secret>::namespaced("default", "lights-authority").send(&server.client()).await;
    let secret = secret.expect("the Secret is there");
    assert_eq!(secret.data.get("ca.crt"), bundle(&server).await.as_ref());
    // A new apply of the rest leaves it alone.
    configuration.apply(&server.client(), "operator").await.expect("the configuration is applied again");
    assert_eq!(secret.data.get("ca.crt"), bundle(&server).await.as_ref());
    stop.send(()).expect("it runs");
    task.await.expect("no panic").expect("the settings are valid");
}

#[tokio::test]
async fn a_name_that_no_certificate_can_have_is_an_error() {
    let server = TestServer::in_process();
    let endpoint = Endpoint::service("default", "lights");
    let managed = ManagedCertificates::new(&server.client(), "default", "lights", &endpoint).name("ä");
    assert!(managed.run_until(std::future::pending()).await.is_err());
}
