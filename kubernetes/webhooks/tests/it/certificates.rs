//! controller-runtime's `certwatcher_test.go`: files that are replaced while the server runs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use kubernetes_serving::MetricsText;
use kubernetes_webhooks::{AdmissionRequest, Certificates, Denied, WebhookServer, Webhooks};
use tempfile::TempDir;

use crate::support::Lantern;
use crate::tls::{Ca, Connection, Running, ca, certificate, start};

/// Writes a certificate by this CA, and its key.
fn write(folder: &Path, ca: &Ca) {
    let (pem, key) = certificate(ca, "localhost");
    fs::write(folder.join("tls.crt"), pem).and_then(|()| fs::write(folder.join("tls.key"), key)).expect("files");
}

async fn serve(folder: &Path) -> Running {
    let certificates = Certificates::files(folder.join("tls.crt"), folder.join("tls.key")).expect("certificates");
    let webhooks = Webhooks::new().validate(|_: AdmissionRequest<Lantern>| async { Ok::<(), Denied>(()) });
    start(&WebhookServer::new(webhooks, certificates)).await
}

/// Lets the time pass after which files are read again.
async fn pass() {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(11)).await;
    tokio::time::resume();
}

async fn is_trusted(server: &Running, ca: &Ca) -> bool {
    Connection::open(server.address, ca.pem(), true, None).await.is_ok()
}

#[tokio::test]
async fn should_reload_currentcert_when_changed() {
    let (folder, old, new) = (TempDir::new().expect("a folder"), ca(), ca());
    write(folder.path(), &old);
    let server = serve(folder.path()).await;
    assert!(is_trusted(&server, &old).await && !is_trusted(&server, &new).await, "the initial one");
    write(folder.path(), &new);
    assert!(is_trusted(&server, &old).await, "the files are not read for each connection");
    pass().await;
    assert!(is_trusted(&server, &new).await && !is_trusted(&server, &old).await);
}

#[tokio::test]
async fn should_reload_currentcert_when_changed_with_rename() {
    let (folder, old, new) = (TempDir::new().expect("a folder"), ca(), ca());
    write(folder.path(), &old);
    let server = serve(folder.path()).await;
    let other = TempDir::new_in(folder.path()).expect("a folder");
    write(other.path(), &new);
    for name in ["tls.crt", "tls.key"] {
        fs::rename(other.path().join(name), folder.path().join(name)).expect("a rename");
    }
    pass().await;
    assert!(is_trusted(&server, &new).await);
}

/// As the kubelet replaces the files of a Secret: the folder behind a symbolic link is another.
#[tokio::test]
async fn should_reload_when_the_link_of_a_mounted_secret_is_swapped() {
    let (folder, old, new) = (TempDir::new().expect("a folder"), ca(), ca());
    let path = |name: &str| folder.path().join(name);
    for (name, ca) in [("..1", &old), ("..2", &new)] {
        fs::create_dir(path(name)).expect("a folder");
        write(&path(name), ca);
    }
    symlink("..1", path("..data")).expect("a link");
    for name in ["tls.crt", "tls.key"] {
        symlink(format!("..data/{name}"), path(name)).expect("a link");
    }
    let server = serve(folder.path()).await;
    assert!(is_trusted(&server, &old).await);
    symlink("..2", path("..data_tmp")).and_then(|()| fs::rename(path("..data_tmp"), path("..data"))).expect("a swap");
    pass().await;
    assert!(is_trusted(&server, &new).await);
}

#[tokio::test]
async fn the_last_good_certificate_is_used_meanwhile() {
    let (folder, old, new) = (TempDir::new().expect("a folder"), ca(), ca());
    write(folder.path(), &old);
    let server = serve(folder.path()).await;
    let (pem, key) = certificate(&new, "localhost");
    fs::write(folder.path().join("tls.crt"), pem).expect("a file");
    pass().await;
    assert!(is_trusted(&server, &old).await, "the key is still the old one");
    fs::write(folder.path().join("tls.key"), key).expect("a file");
    pass().await;
    assert!(is_trusted(&server, &new).await);
    fs::remove_file(folder.path().join("tls.crt")).expect("the file is there");
    pass().await;
    assert!(is_trusted(&server, &new).await, "after move out");
}

/// Like `GetCertificate` of Go's TLS settings, such as for certificates of Vault.
#[tokio::test]
async fn should_prefer_the_certificate_that_the_program_sets() {
    let (old, new) = (ca(), ca());
    let certificates = Certificates::unset();
    let webhooks = Webhooks::new().validate(|_: AdmissionRequest<Lantern>| async { Ok::<(), Denied>(()) });
    let server = WebhookServer::new(webhooks, certificates.clone());
    let ready = server.ready_check();
    let server = start(&server).await;
    assert!(!is_trusted(&server, &old).await, "there is none yet");
    assert_eq!(ready(), Err("the server has no certificate yet".to_owned()));
    for ca in [&old, &new] {
        let (pem, key) = certificate(ca, "localhost");
        certificates.set(&pem, &key).expect("they match");
        assert!(is_trusted(&server, ca).await);
    }
    assert_eq!(ready(), Ok(()));
    certificates.set(b"garbage", b"").expect_err("no certificate");
    assert!(is_trusted(&server, &new).await, "the last one stays");
    let folder = TempDir::new().expect("a folder");
    write(folder.path(), &old);
    let files = Certificates::files(folder.path().join("tls.crt"), folder.path().join("tls.key")).expect("files");
    let (pem, key) = certificate(&new, "localhost");
    assert!(files.set(&pem, &key).expect_err("they have a source").to_string().contains("tls.crt"));
}

#[tokio::test]
async fn should_get_updated_on_certificate_reads_and_read_errors() {
    let (folder, ca) = (TempDir::new().expect("a folder"), ca());
    write(folder.path(), &ca);
    let certificates =
        Certificates::files(folder.path().join("tls.crt"), folder.path().join("tls.key")).expect("certificates");
    let counts = || {
        let mut text = MetricsText::default();
        certificates.metrics()(&mut text);
        let text = text.to_string();
        let label = format!("{{certificate=\"{}\"}} ", folder.path().join("tls.crt").display());
        ["certwatcher_read_certificate_total", "certwatcher_read_certificate_errors_total"].map(|name| {
            let line = format!("{name}{label}");
            text.lines().find_map(|text| text.strip_prefix(&line)?.parse::<u64>().ok())
        })
    };
    assert_eq!(counts(), [Some(1), Some(0)]);
    let webhooks = Webhooks::new().validate(|_: AdmissionRequest<Lantern>| async { Ok::<(), Denied>(()) });
    let server = start(&WebhookServer::new(webhooks, certificates.clone())).await;
    fs::remove_file(folder.path().join("tls.key")).expect("the file is there");
    pass().await;
    assert!(is_trusted(&server, &ca).await);
    assert_eq!(counts(), [Some(2), Some(1)]);
}
