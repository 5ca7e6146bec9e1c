//! Kubeconfigs and manifests have a YAML reader each: a scalar means the same to both.

use kubernetes_sdk::config::{Config, Credentials, Kubeconfig};
use kubernetes_sdk::core::{Json, yaml};
use serde_json::Value;

/// A value of a kubeconfig, as an exec plugin gets it.
fn in_kubeconfig(text: &str) -> Option<Value> {
    let kubeconfig = format!(
        "current-context: x\n\
         contexts: [{{ name: x, context: {{ cluster: c, user: u }} }}]\n\
         users: [{{ name: u, user: {{ exec: {{ apiVersion: client.authentication.k8s.io/v1, command: aws, \
         interactiveMode: Never, provideClusterInfo: true }} }} }}]\n\
         clusters: [{{ name: c, cluster: {{ server: 'https://10.0.0.1', extensions: \
         [{{ name: client.authentication.k8s.io/exec, extension: {text} }}] }} }}]\n"
    );
    let config = Config::from_kubeconfig(&Kubeconfig::parse(&kubeconfig, "config".as_ref()).ok()?, None).ok()?;
    let Credentials::Exec(exec) = config.credentials else { panic!("the user has a plugin") };
    Some(exec.cluster.and_then(|cluster| cluster.config).unwrap_or_default())
}

fn in_manifest(text: &str) -> Option<Value> {
    yaml::from_str::<Json>(text).ok().map(|json| serde_json::from_str(json.as_str()).expect("JSON"))
}

#[test]
fn a_scalar_means_the_same_in_kubeconfigs_and_manifests() {
    for text in [
        "[~, null, Null, NULL, nULL, '', \"null\"]",
        "[true, True, TRUE, yes, Yes, on, y, 'yes', false, No, OFF, n, \"no\"]",
        "[1, -1, +1, 1_000, 0x1F, -0x1f, 0o17, 017, 0b11]",
        "[-9223372036854775808, 9223372036854775807, 18446744073709551615]",
        "[1.5, -.5, 1.10, 1.5E-3, .25]",
        "[., +-1, 0x, 1e, e3, 1.2.3, inf, 100m, 1.5Gi, +]",
        "[2001-01-01, 2026-11-23T08:30:00Z, 1:30, 10.0.0.1, '#', <<]",
        "[!!str 1, !!int '1', !!null '']",
        "{ 1: a, true: b, on: c, '': d, 0x10: e }",
        "{ a: &x { k: v }, b: *x, c: [*x, &y z], d: *y }",
        "{ <<: { k: merged }, k: own }",
        "{ <<: [{ k: a }, { k: b, l: c }] }",
        "{ k: first, k: last }",
    ] {
        let value = in_kubeconfig(text);
        assert!(value.is_some(), "{text}");
        assert_eq!(in_manifest(text), value, "{text}");
    }
    for text in ["[.inf]", "[-.INF]", "[.nan]", "{ .nan: a }", "{ [a]: b }", "!!int a", "!!bool 1", "&a [*a]", "[*a]"] {
        assert_eq!((in_kubeconfig(text), in_manifest(text)), (None, None), "{text}");
    }
}

/// In rare places a manifest is not read as kubectl reads it. One that starts to be goes into the test above.
#[test]
fn known_differences_of_manifests_from_kubectl_are_these() {
    for text in [
        "[tRUE]",
        "[1e999]",
        "[1_, 1__0, .5_5]",
        "[!!timestamp 2001-01-01]",
        "[!!binary VE9LRU4=]",
        "{ k: own, <<: { k: merged } }",
    ] {
        assert_ne!(in_manifest(text), in_kubeconfig(text), "{text}");
    }
}
