//! Names of hosts outside ASCII.

#[cfg(feature = "idna")]
use crate::support::Files;
use crate::support::{kubeconfig, refused};

fn with_server(url: &str) -> String {
    kubeconfig(&format!("server: '{url}'"), "token: abc")
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
        assert_eq!(Files::new().load(with_server(url)).unwrap().server, expected, "{url}");
    }
    for url in
        ["https://\u{fc}_a.example", "https://-\u{fc}.example", "https://\u{fc}.xn--a", "https://\u{378}.example"]
    {
        let error = refused(&with_server(url));
        assert!(error.contains("is not a valid domain name"), "{url} {error}");
    }
    let error = refused(&with_server("https://a.example/\u{fc}"));
    assert!(error.ends_with("has non-ASCII characters outside its host: percent-encode them"), "{error}");
}

#[cfg(not(feature = "idna"))]
#[test]
fn a_host_outside_ascii_is_refused_with_advice() {
    assert_eq!(
        refused(&with_server("https://b\u{fc}cher.example")),
        "config:12: clusters[name=c].cluster.server: has non-ASCII characters: write the host in its encoded form, \
         such as xn--bcher-kva.example, or build this program with the feature idna"
    );
}
