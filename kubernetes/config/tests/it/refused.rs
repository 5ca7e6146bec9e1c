//! Kubeconfigs that do not work, and the whole text of the error, for it is all that a user sees.

use kubernetes_config::{Config, Kubeconfig};

use crate::support::{CERTIFICATE, Files, KEY, SERVER, base64, kubeconfig, refused};

/// Each case: what it is, the kubeconfig, and the error with its sources, behind the directory.
fn check(cases: Vec<(&str, String, &str)>) {
    for (name, text, expected) in cases {
        assert_eq!(refused(&text), expected, "{name}:\n{text}");
    }
}

#[test]
fn documents() {
    let plain = kubeconfig(SERVER, "token: abc");
    check(vec![
        (
            "empty",
            String::new(),
            "config: current-context: no current-context is set and no context was given; there are no contexts",
        ),
        (
            "no current context",
            plain.replace("current-context: x\n", ""),
            "config: current-context: no current-context is set and no context was given; the contexts are \"x\"",
        ),
        (
            "unknown context",
            plain.replace("current-context: x", "current-context: other"),
            "config:3: current-context: there is no context \"other\"; the contexts are \"x\"",
        ),
        (
            "unknown cluster",
            plain.replace("cluster: c\n", "cluster: d\n"),
            "config:7: contexts[name=x].context.cluster: there is no cluster \"d\"; the clusters are \"c\"",
        ),
        (
            "no cluster",
            plain.replace("    cluster: c\n", ""),
            "config:5: contexts[name=x].context.cluster: is missing; the clusters are \"c\"",
        ),
        (
            "unknown user",
            plain.replace("user: u\n", "user: v\n"),
            "config:8: contexts[name=x].context.user: there is no user \"v\"; the users are \"u\"",
        ),
        (
            "a name twice",
            format!("{plain}- name: u\n  user: {{ token: other }}\n"),
            "config:17: users[name=u]: the name is defined twice in this file",
        ),
        ("another kind", plain.replace("kind: Config", "kind: Pod"), "config:2: kind: must be Config in a kubeconfig"),
        (
            "another version",
            plain.replace("apiVersion: v1", "apiVersion: v2"),
            "config:1: apiVersion: must be v1 in a kubeconfig",
        ),
        ("no YAML", "{[".to_owned(), "config:1: is not valid YAML; check indentation, quotes and colons"),
        ("a list", "- a\n- b\n".to_owned(), "config:1: expected a mapping"),
        ("a mapping for a list", plain.replace("- name: u\n  user:", "  u:"), "config:14: users: expected a list"),
        (
            "a number for a string",
            kubeconfig(SERVER, "token: 12345"),
            "config:16: users[0].user.token: expected a string; put a number or boolean in quotes",
        ),
        (
            "a string for a boolean",
            kubeconfig(&format!("{SERVER}\ninsecure-skip-tls-verify: 'true'"), ""),
            "config:13: clusters[0].cluster.insecure-skip-tls-verify: expected true or false",
        ),
    ]);
}

#[test]
fn clusters() {
    let cluster = |keys: &str| kubeconfig(keys, "token: abc");
    check(vec![
        (
            "no server",
            cluster("server: ''"),
            "config:12: clusters[name=c].cluster.server: is missing: the URL of the API server",
        ),
        (
            "not HTTP",
            cluster("server: ftp://10.0.0.1"),
            "config:12: clusters[name=c].cluster.server: must start with https:// or http://",
        ),
        (
            "a path without scheme",
            cluster("server: 10.0.0.1:1/a"),
            "config:12: clusters[name=c].cluster.server: must be a URL such as https://10.0.0.1:6443, or a host and port",
        ),
        (
            "no number as port",
            cluster("server: https://10.0.0.1:99999"),
            "config:12: clusters[name=c].cluster.server: is not a valid URL: the port must be between 0 and 65535",
        ),
        (
            "a password in the URL",
            cluster("server: https://me:hidden@10.0.0.1"),
            "config:12: clusters[name=c].cluster.server: must not contain a user or password; set username and password of the user",
        ),
    ]);
}

#[test]
fn trust_and_proxies_of_clusters() {
    let more = |keys: &str| kubeconfig(&format!("{SERVER}\n{keys}"), "token: abc");
    check(vec![
        (
            "a missing file",
            more("certificate-authority: no.pem"),
            "config:13: clusters[name=c].cluster.certificate-authority: can't read no.pem <- No such file or directory (os error 2)",
        ),
        (
            "no PEM in the file",
            more("certificate-authority: garbage"),
            "config:13: clusters[name=c].cluster.certificate-authority: garbage is not PEM: there is no complete block that starts with -----BEGIN CERTIFICATE-----",
        ),
        (
            "a key as authority",
            more("certificate-authority: certs/client.key"),
            "config:13: clusters[name=c].cluster.certificate-authority: certs/client.key has no certificate among its PEM blocks",
        ),
        (
            "no base64",
            more("certificate-authority-data: '!!!'"),
            "config:13: clusters[name=c].cluster.certificate-authority-data: is not valid base64",
        ),
        (
            "insecure with authority",
            more("insecure-skip-tls-verify: true\ncertificate-authority: ca.pem"),
            "config:13: clusters[name=c].cluster.insecure-skip-tls-verify: contradicts certificate-authority; remove one of the two",
        ),
        (
            "a proxy without scheme",
            more("proxy-url: 127.0.0.1:3128"),
            "config:13: clusters[name=c].cluster.proxy-url: is not a valid URL: it does not start with a scheme such as https://",
        ),
        (
            "an unknown proxy",
            more("proxy-url: ftp://127.0.0.1"),
            "config:13: clusters[name=c].cluster.proxy-url: must start with http://, https://, socks5:// or socks5h://",
        ),
    ]);
}

#[test]
fn client_certificates() {
    let user = |keys: &str| kubeconfig(SERVER, keys);
    let certificate = format!("client-certificate-data: {}", base64(CERTIFICATE));
    let encrypted = base64(&KEY.replace("PRIVATE", "ENCRYPTED PRIVATE"));
    let truncated = base64(CERTIFICATE.split_at(40).0);
    check(vec![
        (
            "a certificate without key",
            user(&certificate),
            "config:14: users[name=u].user: has a client-certificate, but neither client-key-data nor client-key",
        ),
        (
            "only a key",
            user("client-key: certs/client.key"),
            "config:14: users[name=u].user: has a client-key, but no client-certificate to go with it",
        ),
        (
            "a certificate as key",
            user(&format!("{certificate}\nclient-key: ca.pem")),
            "config:17: users[name=u].user.client-key: ca.pem has no private key among its PEM blocks",
        ),
        (
            "an encrypted key",
            user(&format!("{certificate}\nclient-key-data: {encrypted}")),
            "config:17: users[name=u].user.client-key-data: is an encrypted private key; decrypt it, since the program can't ask for the password",
        ),
        (
            "half a certificate",
            user(&format!("client-certificate-data: {truncated}\nclient-key: certs/client.key")),
            "config:16: users[name=u].user.client-certificate-data: is not PEM: there is no complete block that starts with -----BEGIN CERTIFICATE-----",
        ),
    ]);
}

#[test]
fn tokens_and_passwords() {
    let user = |keys: &str| kubeconfig(SERVER, keys);
    check(vec![
        (
            "a missing token file",
            user("tokenFile: absent"),
            "config:16: users[name=u].user.tokenFile: can't read a token from absent <- No such file or directory (os error 2)",
        ),
        (
            "an empty token file",
            user("tokenFile: empty"),
            "config:16: users[name=u].user.tokenFile: can't read a token from empty <- the token is empty",
        ),
        (
            "a token of two lines",
            user("token: \"a\\nb\""),
            "config:16: users[name=u].user.token: contains a line break or another character not allowed in a header",
        ),
        (
            "token and password",
            user("token: abc\nusername: me\npassword: pw"),
            "config:16: users[name=u].user.token: contradicts username and password; remove one of the two",
        ),
        (
            "token file and password",
            user("password: pw\ntokenFile: token"),
            "config:17: users[name=u].user.tokenFile: contradicts username and password; remove one of the two",
        ),
        (
            "only a password",
            user("password: hidden"),
            "config:16: users[name=u].user.password: has no username to go with it",
        ),
        (
            "groups without user",
            user("as-groups: [a]"),
            "config:14: users[name=u].user.as: as-uid, as-groups and as-user-extra need a user to act as",
        ),
    ]);
}

#[test]
fn an_error_can_be_taken_apart() {
    let files = Files::new();
    let error = files.load(kubeconfig(SERVER, "client-certificate-data: '!'\nclient-key-data: '!'")).unwrap_err();
    assert_eq!(error.file(), Some(files.path("config").as_path()));
    assert_eq!(error.line(), Some(16));
    assert_eq!(error.field(), Some("users[name=u].user.client-certificate-data"));
}

#[test]
fn a_context_that_was_asked_for_does_not_blame_the_current_one() {
    let kubeconfig = Kubeconfig::parse(&kubeconfig(SERVER, ""), "/home/me/config".as_ref()).expect("a kubeconfig");
    let error = Config::from_kubeconfig(&kubeconfig, Some("prod")).unwrap_err();
    assert_eq!(error.to_string(), "/home/me/config: there is no context \"prod\"; the contexts are \"x\"");
}
