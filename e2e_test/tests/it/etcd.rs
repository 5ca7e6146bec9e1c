//! Loopback is open to every user of the machine: the cluster's data must not be.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::cluster::config;

/// The answer of etcd's port to `GET /version`; empty if there is none.
fn version(scheme: &str, port: u16, pki: &Path, certificate: Option<(&str, &str)>) -> String {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--insecure", "--max-time", "30"]);
    if let Some((certificate, key)) = certificate {
        curl.arg("--cert").arg(pki.join(certificate)).arg("--key").arg(pki.join(key));
    }
    let output = curl.arg(format!("{scheme}://127.0.0.1:{port}/version")).stdin(Stdio::null()).output();
    String::from_utf8(output.expect("curl starts").stdout).expect("text")
}

#[test]
fn etcd_answers_the_api_server_alone() {
    let config = config("admin");
    let pki = config.certificate_authority_file.as_deref().and_then(Path::parent).expect("the folder of certificates");
    let port = config.server.port_u16().expect("the server's port") + 1;

    let own = Some(("etcd-client.crt", "etcd-client.key"));
    assert!(version("https", port, pki, own).contains("etcdserver"), "the port is etcd's");
    for port in [port, port + 1] {
        for certificate in [None, Some(("nobody.crt", "nobody.key")), Some(("admin.crt", "admin.key"))] {
            assert_eq!(version("https", port, pki, certificate), "", "port {port}, {certificate:?}");
        }
        assert_eq!(version("http", port, pki, None), "", "port {port}, in the clear");
    }
}
