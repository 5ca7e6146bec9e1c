//! Trust in servers, and client certificates.

use std::process::Command;
use std::{env, fs};

use kubernetes_client::{Client, Error};
use kubernetes_config::{ClientIdentity, Config};
use kubernetes_core::Execute;
use rustls::ServerConfig;

use crate::certificates::Authority;
use crate::server::{Server, answer, hello, provider, tls_config};
use crate::{chain, config, fetch, get};

fn server_tls(authority: &Authority, names: &[&str]) -> ServerConfig {
    tls_config(&authority.server(names), &["h2", "http/1.1"], None)
}

fn trusting(authority: &Authority, server: &Server) -> Config {
    let mut config = config(&server.url("https"));
    config.certificate_authority = Some(authority.pem.clone().into_bytes());
    config
}

/// The error of a request that must not have reached the server.
async fn refused(config: Config, server: &Server) -> Error {
    let error = fetch(&Client::new(config).unwrap()).await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    assert!(!error.is_retryable(), "another attempt meets the same certificate: {error:?}");
    assert!(error.is_certificate(), "{error:?}");
    assert!(server.requests().is_empty());
    error
}

#[tokio::test]
async fn refuses_an_unknown_authority() {
    let authority = Authority::new();
    let server = Server::tls(server_tls(&authority, &["127.0.0.1"]), hello).await;
    let error = refused(trusting(&Authority::new(), &server), &server).await;
    let expected = format!(
        "GET /version failed: can't connect to {}: the server's certificate is signed by an unknown authority: \
         set certificate-authority to the cluster's CA",
        server.url("https")
    );
    assert_eq!(error.to_string(), expected);
    assert!(chain(&error).contains("invalid peer certificate"), "{}", chain(&error));
}

#[tokio::test]
async fn refuses_a_certificate_for_another_name() {
    let authority = Authority::new();
    let server = Server::tls(server_tls(&authority, &["api.example.com"]), hello).await;
    let error = refused(trusting(&authority, &server), &server).await;
    assert!(
        error.to_string().contains("is for another name: connect by a name it covers, or set tls-server-name"),
        "{error}"
    );
    assert!(chain(&error).contains("only valid for DnsName(\"api.example.com\")"), "{}", chain(&error));
}

#[tokio::test]
async fn refuses_a_certificate_at_the_wrong_time() {
    let authority = Authority::new();
    let cases = [
        (2020, 2021, "has expired: renew it, or correct the clock of this machine"),
        (4000, 4001, "is not valid yet: check the clock of this machine"),
    ];
    for (from, until, expected) in cases {
        let signed = authority.server_between("127.0.0.1", from, until);
        let server = Server::tls(tls_config(&signed, &["h2"], None), hello).await;
        let error = refused(trusting(&authority, &server), &server).await;
        assert!(error.to_string().ends_with(&format!("the server's certificate {expected}")), "{error}");
    }
}

#[tokio::test]
async fn refuses_a_certificate_for_clients() {
    let authority = Authority::new();
    let server = Server::tls(tls_config(&authority.client("127.0.0.1"), &["h2"], None), hello).await;
    let error = fetch(&Client::new(trusting(&authority, &server)).unwrap()).await.unwrap_err();
    assert!(error.is_certificate() && error.is_connect(), "{error:?}");
}

#[tokio::test]
async fn tells_when_the_server_does_not_speak_tls() {
    let server = Server::plain(hello).await;
    let error = fetch(&Client::new(trusting(&Authority::new(), &server)).unwrap()).await.unwrap_err();
    assert!(error.is_connect() && !error.is_certificate(), "{error:?}");
    assert!(error.to_string().contains("does not speak TLS"), "{}", chain(&error));
}

#[tokio::test]
async fn speaks_tls_1_2_and_1_3() {
    let authority = Authority::new();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let signed = authority.server(&["127.0.0.1", "::1", "localhost"]);
        let tls = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[version]).unwrap();
        let tls = tls.with_no_client_auth().with_single_cert(vec![signed.der.clone()], signed.key_der()).unwrap();
        let server = Server::tls(tls, hello).await;
        assert_eq!(fetch(&Client::new(trusting(&authority, &server)).unwrap()).await.unwrap(), "hello");
        // By name, for which the same certificate is good.
        let mut named = trusting(&authority, &server);
        named.server = format!("https://localhost:{}", server.address.port()).parse().unwrap();
        assert_eq!(fetch(&Client::new(named).unwrap()).await.unwrap(), "hello");
    }
}

#[tokio::test]
async fn trusts_a_certificate_that_signed_itself_when_it_is_the_authority() {
    // What `openssl req -x509` makes: an authority that is the server, too. Go takes it as well.
    let signed = Authority::server_of_its_own(&["127.0.0.1"], 4000);
    let server = Server::tls(tls_config(&signed, &["h2"], None), hello).await;
    let mut config = config(&server.url("https"));
    config.certificate_authority = Some(signed.pem.clone().into_bytes());
    let good = Client::new(config.clone()).unwrap();

    config.tls_server_name = Some("api.example.com".to_owned());
    let error = refused(config.clone(), &server).await;
    assert!(error.to_string().contains("another name"), "{error}");

    config.tls_server_name = None;
    config.certificate_authority = Some(Authority::server_of_its_own(&["127.0.0.1"], 4000).pem.into_bytes());
    refused(config, &server).await;
    assert_eq!(fetch(&good).await.unwrap(), "hello");

    let signed = Authority::server_of_its_own(&["127.0.0.1"], 2021);
    let server = Server::tls(tls_config(&signed, &["h2"], None), hello).await;
    let mut config = crate::config(&server.url("https"));
    config.certificate_authority = Some(signed.pem.clone().into_bytes());
    let error = refused(config, &server).await;
    assert!(error.to_string().contains("has expired"), "{error}");
}

#[tokio::test]
async fn tells_when_the_clients_certificate_has_expired() {
    let authority = Authority::new();
    let signed = authority.expired_client("alice");
    // The server looks at it in TLS …
    for alpn in ["h2", "http/1.1"] {
        let tls = tls_config(&authority.server(&["127.0.0.1"]), &[alpn], Some(&authority));
        let server = Server::tls(tls, hello).await;
        let mut config = trusting(&authority, &server);
        config.client_identity = Some(signed.identity());
        let error = fetch(&Client::new(config).unwrap()).await.unwrap_err();
        assert!(
            error.to_string().ends_with("(the client certificate expired at 2021-01-01T00:00:00Z: renew it)"),
            "{error}"
        );
        assert!(error.is_certificate(), "{error:?}");
        assert!(error.to_string().contains("the server refuses the client certificate: it has expired"), "{error}");
    }
    // … or afterwards, as the API server does.
    let tls = tls_config(&authority.server(&["127.0.0.1"]), &["h2"], None);
    let server = Server::tls(tls, |_| async { answer(401, "Unauthorized") }).await;
    let mut config = trusting(&authority, &server);
    config.client_identity = Some(signed.identity());
    let error = fetch(&Client::new(config.clone()).unwrap()).await.unwrap_err();
    assert!(error.is_unauthorized());
    assert!(
        error.to_string().ends_with("(the client certificate expired at 2021-01-01T00:00:00Z: renew it)"),
        "{error}"
    );
    config.client_identity = Some(authority.client("alice").identity());
    let error = fetch(&Client::new(config).unwrap()).await.unwrap_err();
    assert!(!error.to_string().contains("certificate"), "{error}");
}

#[tokio::test]
async fn expects_the_tls_server_name() {
    let authority = Authority::new();
    let server = Server::tls(server_tls(&authority, &["api.example.com"]), hello).await;
    let mut config = trusting(&authority, &server);

    config.tls_server_name = Some("api.example.com".to_owned());
    assert_eq!(fetch(&Client::new(config.clone()).unwrap()).await.unwrap(), "hello");

    config.tls_server_name = Some("not a name".to_owned());
    let error = Client::new(config).unwrap_err();
    assert!(error.to_string().contains("tls-server-name"), "{error}");
}

#[tokio::test]
async fn the_wrong_tls_server_name_is_refused() {
    let authority = Authority::new();
    let server = Server::tls(server_tls(&authority, &["127.0.0.1"]), hello).await;
    let mut config = trusting(&authority, &server);
    config.tls_server_name = Some("api.example.com".to_owned());
    refused(config, &server).await;
}

#[tokio::test]
async fn accepts_any_certificate_only_when_told_so() {
    let server = Server::tls(server_tls(&Authority::new(), &["api.example.com"]), hello).await;
    let mut config = trusting(&Authority::new(), &server);
    config.certificate_authority = None;
    config.insecure_skip_tls_verify = true;
    assert_eq!(fetch(&Client::new(config).unwrap()).await.unwrap(), "hello");
}

#[tokio::test]
async fn trusts_every_authority_of_the_file() {
    let authority = Authority::new();
    let server = Server::tls(server_tls(&authority, &["127.0.0.1"]), hello).await;
    let mut config = trusting(&authority, &server);
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    config.certificate_authority = Some(format!("{garbage}{}{}", Authority::new().pem, authority.pem).into_bytes());
    assert_eq!(fetch(&Client::new(config).unwrap()).await.unwrap(), "hello");
}

/// Where rustls-native-certs, like OpenSSL, looks for the certificates that the platform trusts.
const TRUSTED_FILE: &str = "SSL_CERT_FILE";
const IN_CHILD: &str = "KUBERNETES_CLIENT_TEST_IN_CHILD";

#[tokio::test]
async fn trusts_the_platform_when_no_authority_is_given() {
    if env::var_os(IN_CHILD).is_none() {
        // A process of its own, since the variable is for a whole process.
        let directory = tempfile::tempdir().unwrap();
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "tls::trusts_the_platform_when_no_authority_is_given"]);
        child.env(IN_CHILD, "1").env(TRUSTED_FILE, directory.path().join("trusted.pem")).env_remove("SSL_CERT_DIR");
        let output = child.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
        return;
    }
    let authority = Authority::new();
    let server = Server::tls(server_tls(&authority, &["127.0.0.1"]), hello).await;
    let mut config = trusting(&authority, &server);
    config.certificate_authority = None;
    let trusted = env::var_os(TRUSTED_FILE).unwrap();

    let error = Client::new(config.clone()).unwrap_err();
    assert!(error.to_string().contains("platform"), "{error}");
    Client::new(crate::config("http://127.0.0.1")).expect("without TLS there is nothing to trust");

    fs::write(&trusted, Authority::new().pem).unwrap();
    refused(config.clone(), &server).await;

    fs::write(&trusted, &authority.pem).unwrap();
    assert_eq!(fetch(&Client::new(config).unwrap()).await.unwrap(), "hello");
}

#[tokio::test]
async fn proves_who_it_is_by_certificate() {
    let authority = Authority::new();
    let signed = authority.client("alice");
    for alpn in ["h2", "http/1.1"] {
        let tls = tls_config(&authority.server(&["127.0.0.1"]), &[alpn], Some(&authority));
        let server = Server::tls(tls, hello).await;

        let mut config = trusting(&authority, &server);
        let error = fetch(&Client::new(config.clone()).unwrap()).await.unwrap_err();
        assert!(chain(&error).contains("CertificateRequired"), "{}", chain(&error));
        assert!(error.is_certificate() && !error.is_retryable(), "{error:?}");
        assert!(error.to_string().ends_with("the server requires a client certificate, but there is none"), "{error}");
        let error = Client::new(config.clone()).unwrap().open(get("/watch")).await.unwrap_err();
        assert!(error.is_certificate() && !error.is_retryable(), "a watch is not to try again: {error:?}");

        config.client_identity = Some(signed.identity());
        assert_eq!(fetch(&Client::new(config).unwrap()).await.unwrap(), "hello");
        assert_eq!(server.peers(), [Some(signed.der.clone())]);
    }
}

type Spoil<'a> = &'a dyn Fn(&mut Config);

#[test]
fn says_what_is_wrong_with_certificates() {
    let authority = Authority::new();
    let cases: [(&str, Spoil<'_>); 5] = [
        ("insecure_skip_tls_verify", &|config| config.insecure_skip_tls_verify = true),
        ("certificate authority", &|config| config.certificate_authority = Some(b"no PEM".to_vec())),
        ("client certificate", &|config| config.client_identity = Some(ClientIdentity::new("no PEM", "no PEM"))),
        ("client key", &|config| {
            let certificate = authority.client("alice").identity().certificate;
            config.client_identity = Some(ClientIdentity::new(certificate, "no PEM"));
        }),
        ("together", &|config| {
            let (alice, bob) = (authority.client("alice").identity(), authority.client("bob").identity());
            config.client_identity = Some(ClientIdentity::new(alice.certificate, bob.key));
        }),
    ];
    for (expected, spoil) in cases {
        let mut config = config("https://127.0.0.1");
        config.certificate_authority = Some(authority.pem.clone().into_bytes());
        spoil(&mut config);
        let error = Client::new(config).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.is_retryable() && !error.is_connect());
    }
}
