//! An API server trusts all replicas at any time, while their CA is replaced.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use kubernetes_client::support::{provider, time_provider};
use kubernetes_core::ByteString;
use kubernetes_testing::{Fault, TestServer};
use kubernetes_webhooks::{Certificates, Configuration, ManagedCertificates, WebhookServer};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};
use serde_json::Value;
use tokio::time::Instant;

use super::{bundle, configured, eventually, managed, run, secret, webhooks};
use crate::support::{VALIDATE, lantern, review};
use crate::tls::{Connection, start};

/// A handshake in memory, with a client that has these CAs.
fn shake(certificates: &Certificates, bundle: &[u8]) -> Result<(), rustls::Error> {
    let mut roots = RootCertStore::empty();
    let parsed = CertificateDer::pem_slice_iter(bundle).map(|certificate| certificate.expect("the bundle is PEM"));
    roots.add_parsable_certificates(parsed);
    let provider = Arc::new(provider());
    let client = ClientConfig::builder_with_details(Arc::clone(&provider), time_provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let server = ServerConfig::builder_with_details(provider, time_provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(certificates.clone()));
    let name = ServerName::try_from("lights.default.svc").expect("a name");
    let mut client = ClientConnection::new(Arc::new(client), name)?;
    let mut server = ServerConnection::new(Arc::new(server))?;
    while client.is_handshaking() || server.is_handshaking() {
        let mut sent = Vec::new();
        client.write_tls(&mut sent).expect("memory takes it");
        server.read_tls(&mut &*sent).expect("memory has it");
        server.process_new_packets()?;
        sent.clear();
        server.write_tls(&mut sent).expect("memory takes it");
        client.read_tls(&mut &*sent).expect("memory has it");
        client.process_new_packets()?;
    }
    Ok(())
}

const OVERLAP: Duration = Duration::from_secs(120);

/// With a CA that is valid for 20 minutes.
fn short_lived(managed: ManagedCertificates) -> ManagedCertificates {
    managed
        .ca_lifetime(Duration::from_secs(1200))
        .certificate_lifetime(Duration::from_secs(300))
        .interval(Duration::from_secs(30))
        .overlap(OVERLAP)
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_is_late_trusts_all_replicas_whoever_leads() {
    let (server, configuration) = configured().await;
    let (bundles, handovers) = rotate(&server, &configuration, None).await;
    assert!(handovers >= 3 && bundles >= 3 * handovers, "{handovers} {bundles}");
}

/// The others, which can be set, are not used any sooner.
#[tokio::test(start_paused = true)]
async fn an_api_server_that_is_late_trusts_all_replicas_while_an_object_can_t_be_set() {
    let (server, configuration) = configured().await;
    let refusal = Fault::status(403).verb("patch").resource("customresourcedefinitions").always();
    let (bundles, _) = rotate(&server, &configuration, Some(refusal)).await;
    assert!(bundles >= 5, "{bundles}");
}

/// Two replicas for an hour. The API server's watch may be late by half of the overlap. The replica that leads is gone
/// as soon as it has made a successor, and others go on; but it stays if there is a fault, which begins when all objects
/// have been set. Returns how often the bundle and the leader have changed.
async fn rotate(server: &TestServer, configuration: &Configuration, fault: Option<Fault>) -> (usize, usize) {
    let mut replicas = VecDeque::new();
    let begin = || {
        let managed = short_lived(managed(server, configuration));
        (managed.certificates(), run(managed))
    };
    for _ in 0..2 {
        replicas.push_back(begin());
        // The first one leads.
        tokio::time::sleep(Duration::from_secs(20)).await;
    }
    let hands_over = fault.is_none();
    fault.into_iter().for_each(|fault| server.inject(fault));
    let (end, mut seen) = (Instant::now() + Duration::from_secs(3600), VecDeque::<(Instant, ByteString)>::new());
    let (mut bundles, mut handovers, mut had_successor) = (1, 0, false);
    while Instant::now() < end {
        let latest = bundle(server).await.expect("there is one");
        if seen.back().is_none_or(|(_, known)| *known != latest) {
            seen.push_back((Instant::now(), latest));
            bundles += 1;
        }
        if seen.get(1).is_some_and(|(since, _)| since.elapsed() >= OVERLAP / 2) {
            seen.pop_front();
        }
        for (certificates, _) in &replicas {
            shake(certificates, &seen[0].1).expect("the certificate is trusted");
        }
        let has_successor = secret(server).await.expect("the Secret").data.contains_key("next-ca.crt");
        if hands_over && has_successor && !had_successor {
            handovers += 1;
            let (_, (_, task)) = replicas.pop_front().expect("two replicas");
            task.abort();
            replicas.push_back(begin());
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        had_successor = has_successor;
        tokio::time::sleep(Duration::from_secs(14)).await;
    }
    (bundles, handovers)
}

/// Connections of the protocol that API servers speak, over TCP.
#[tokio::test(start_paused = true)]
async fn certificates_are_rotated_under_load_without_an_error() {
    let (server, configuration) = configured().await;
    let (mut replicas, mut tasks) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        let managed = short_lived(managed(&server, &configuration));
        let certificates = managed.certificates();
        tasks.push(run(managed));
        eventually(async || bundle(&server).await.is_some_and(|bundle| shake(&certificates, &bundle).is_ok())).await;
        replicas.push(start(&WebhookServer::new(webhooks(), certificates)).await);
    }
    let body = review("CREATE", &lantern("red"), &Value::Null).to_string().into_bytes();
    let (end, mut bundles) = (Instant::now() + Duration::from_secs(2400), Vec::new());
    while Instant::now() < end {
        let bundle = bundle(&server).await.expect("there is one");
        if bundles.last() != Some(&bundle) {
            bundles.push(bundle.clone());
        }
        for replica in &replicas {
            let connection = Connection::open(replica.address, &*bundle, false, None).await;
            let mut connection = connection.expect("the certificate is trusted");
            let response = connection.post(VALIDATE, body.clone()).await.expect("a response");
            assert_eq!(response.status(), StatusCode::OK);
        }
        tokio::time::sleep(Duration::from_secs(20)).await;
    }
    assert!(bundles.len() >= 5, "{}", bundles.len());
    for (stop, task) in tasks {
        stop.send(()).expect("it runs");
        task.await.expect("no panic").expect("the settings are valid");
    }
}
