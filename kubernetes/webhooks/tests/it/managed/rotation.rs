//! An API server trusts all replicas at any time, while their CA is replaced.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use http_body_util::BodyExt as _;
use kubernetes_client::support::{provider, time_provider};
use kubernetes_core::{ByteString, ReplaceRequest};
use kubernetes_testing::{Fault, TestServer};
use kubernetes_webhooks::{Certificates, Configuration, ManagedCertificates, WebhookServer};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};
use serde_json::Value;
use tokio::time::Instant;

use super::{bundle, configured, definition_bundle, eventually, managed, run, secret, webhooks};
use crate::support::{VALIDATE, lantern, review};
use crate::tls::{Connection, start};

/// A handshake in memory, with a client that has these CAs.
fn shake(certificates: &Certificates, bundle: &[u8]) -> Result<(), rustls::Error> {
    let mut roots = RootCertStore::empty();
    let parsed = CertificateDer::pem_slice_iter(bundle).map(|certificate| certificate.expect("the bundle is PEM"));
    roots.add_parsable_certificates(parsed);
    let provider = Arc::new(provider().expect("cryptography"));
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

/// The Secret is lost, and the replica that leads is a new one, which makes another CA. API servers may see later than the
/// replicas that it is trusted.
#[tokio::test(start_paused = true)]
async fn replicas_keep_their_certificates_until_another_ca_is_trusted() {
    let (server, configuration) = configured().await;
    let replica = short_lived(managed(&server, &configuration));
    let certificates = replica.certificates();
    let _running = run(replica);
    eventually(async || bundle(&server).await.is_some_and(|bundle| shake(&certificates, &bundle).is_ok())).await;
    let old = bundle(&server).await.expect("a bundle");

    // As the new leader would create it.
    let new = replace_ca(&server, Some(&old)).await;
    eventually(async || bundle(&server).await.is_some_and(|bundle| bundle.0.starts_with(&new))).await;

    let end = Instant::now() + OVERLAP / 2;
    while Instant::now() < end {
        shake(&certificates, &old).expect("the old CA has signed it");
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    tokio::time::sleep(OVERLAP).await;
    shake(&certificates, &new).expect("the new CA has signed it");
}

/// Replaces the CA in the Secret by another, beside which this one stays trusted. Returns the new one.
async fn replace_ca(server: &TestServer, retired: Option<&ByteString>) -> ByteString {
    let (elsewhere, configuration) = configured().await;
    let _other = run(short_lived(managed(&elsewhere, &configuration)));
    eventually(async || secret(&elsewhere).await.is_some()).await;
    let mut lost = secret(server).await.expect("the Secret");
    lost.data = secret(&elsewhere).await.expect("the Secret").data;
    if let Some(retired) = retired {
        lost.data.insert("retired-ca.crt", retired.clone());
    }
    let new = lost.data.get("ca.crt").cloned().expect("a CA");
    ReplaceRequest::namespaced("default", &lost).send(&server.client()).await.expect("it is replaced");
    new
}

/// An administrator has removed a CA whose key has leaked, or restored another Secret.
#[tokio::test(start_paused = true)]
async fn a_certificate_of_a_ca_that_is_no_longer_trusted_is_replaced_at_once() {
    let (server, configuration) = configured().await;
    let replica = short_lived(managed(&server, &configuration));
    let certificates = replica.certificates();
    let _running = run(replica);
    eventually(async || bundle(&server).await.is_some_and(|bundle| shake(&certificates, &bundle).is_ok())).await;
    let new = replace_ca(&server, None).await;
    let begin = Instant::now();
    eventually(async || shake(&certificates, &new).is_ok()).await;
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
}

/// API servers under load: they keep connections, and their watch of the bundle may be late by half of the overlap.
struct Load {
    seen: Mutex<VecDeque<(Instant, ByteString)>>,
    end: Instant,
    calls: AtomicUsize,
}

impl Load {
    async fn look(&self, server: &TestServer) -> usize {
        let latest = bundle(server).await.expect("there is one");
        let mut seen = self.seen.lock().expect("no test panics with it");
        let is_new = seen.back().is_none_or(|(_, known)| *known != latest);
        if is_new {
            seen.push_back((Instant::now(), latest));
        }
        if seen.get(1).is_some_and(|(since, _)| since.elapsed() >= OVERLAP / 2) {
            seen.pop_front();
        }
        is_new.into()
    }

    /// Calls a replica on one connection after another, each for some calls.
    async fn call(self: Arc<Self>, replica: SocketAddr, calls: usize) {
        let body = review("CREATE", &lantern("red"), &Value::Null).to_string().into_bytes();
        while Instant::now() < self.end {
            let bundle = self.seen.lock().expect("no test panics with it")[0].1.clone();
            let connection = Connection::open(replica, &*bundle, false, None).await;
            let mut connection = connection.expect("the certificate is trusted");
            for _ in 0..calls {
                let response = connection.post(VALIDATE, body.clone()).await.expect("a response");
                assert_eq!(response.status(), StatusCode::OK);
                response.into_body().collect().await.expect("a body");
                self.calls.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_secs(10)).await;
            }
        }
    }
}

/// Over TCP, by the protocol that API servers speak.
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
    let end = Instant::now() + Duration::from_secs(2400);
    let load = Arc::new(Load { seen: Mutex::default(), end, calls: AtomicUsize::new(0) });
    let mut bundles = load.look(&server).await;
    // From 20 s to four minutes: some connections outlive the certificate that they began with.
    let callers = replicas
        .iter()
        .flat_map(|replica| [2, 5, 13, 25].map(|calls| tokio::spawn(Arc::clone(&load).call(replica.address, calls))));
    let callers: Vec<_> = callers.collect();
    while Instant::now() < end {
        tokio::time::sleep(Duration::from_secs(5)).await;
        bundles += load.look(&server).await;
    }
    for caller in callers {
        caller.await.expect("every call is answered");
    }
    assert!(bundles >= 5 && load.calls.load(Ordering::SeqCst) > 1500, "{bundles} {:?}", load.calls);
    assert_eq!(definition_bundle(&server).await, bundle(&server).await);
    for (stop, task) in tasks {
        stop.send(()).expect("it runs");
        task.await.expect("no panic").expect("the settings are valid");
    }
}
