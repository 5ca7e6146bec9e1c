//! Names of hosts outside ASCII.

use crate::support::{Files, kubeconfig};

/// The server of a kubeconfig with this URL, or the error.
fn server(url: &str) -> Result<String, String> {
    let files = Files::new();
    let config = files.load(kubeconfig(&format!("server: '{url}'"), "token: abc"));
    config.map(|config| config.server.to_string()).map_err(|error| files.error_text(&error))
}

#[cfg(feature = "idna")]
#[test]
fn a_host_is_encoded_as_go_encodes_it() {
    // The results of `idna.Lookup.ToASCII`.
    for (url, expected) in [
        ("https://b\u{fc}cher.example", "https://xn--bcher-kva.example/"),
        ("https://B\u{dc}CHER.example:6443/k8s/c", "https://xn--bcher-kva.example:6443/k8s/c"),
        ("b\u{fc}cher.example:8080", "http://xn--bcher-kva.example:8080/"),
        ("https://fa\u{df}.example", "https://xn--fa-hia.example/"),
        ("https://\u{4f8b}\u{3048}.\u{30c6}\u{30b9}\u{30c8}", "https://xn--r8jz45g.xn--zckzah/"),
        ("https://a\u{3002}\u{fc}", "https://a.xn--tda/"),
    ] {
        assert_eq!(server(url).as_deref(), Ok(expected), "{url}");
    }
    for url in
        ["https://\u{fc}_a.example", "https://-\u{fc}.example", "https://\u{fc}.xn--a", "https://\u{378}.example"]
    {
        let error = server(url).unwrap_err();
        assert!(error.contains("is not a valid domain name"), "{url} {error}");
    }
    let error = server("https://a.example/\u{fc}").unwrap_err();
    assert!(
        error.ends_with("has characters outside ASCII in other parts than its host: percent-encode them"),
        "{error}"
    );
}

#[cfg(not(feature = "idna"))]
#[test]
fn a_host_outside_ascii_is_refused_with_advice() {
    assert_eq!(
        server("https://b\u{fc}cher.example").unwrap_err(),
        "config:12: clusters[name=c].cluster.server: has characters outside ASCII: write the host in its encoded form, \
         such as xn--bcher-kva.example, or build this program with the feature idna"
    );
}
