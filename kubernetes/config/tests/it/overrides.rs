//! Overrides of the values of a kubeconfig.

use kubernetes_config::{Config, Credentials, Environment, Error, Impersonate, Kubeconfig, Overrides};

use crate::support::{CERTIFICATE, Files, KEY, SERVER, base64, kubeconfig};

fn overrides(change: impl FnOnce(&mut Overrides)) -> Overrides {
    let mut overrides = Overrides::default();
    change(&mut overrides);
    overrides
}

fn load(files: &Files, text: &str, change: impl FnOnce(&mut Overrides)) -> Result<Config, Error> {
    let kubeconfig = Kubeconfig::read(&files.write("config", text)).expect("a kubeconfig");
    Config::from_kubeconfig_with(&kubeconfig, &overrides(change))
}

fn two_of_each() -> String {
    let text = kubeconfig(&format!("{SERVER}\ntls-server-name: api"), "token: abc");
    text.replace("clusters:\n", "clusters:\n- { name: d, cluster: { server: 'https://d' } }\n")
        .replace("contexts:\n", "contexts:\n- { name: prod, context: { cluster: d, user: v, namespace: shop } }\n")
        + "- { name: v, user: { token: def } }\n"
}

#[test]
fn names_choose_other_entries() {
    let files = Files::new();
    let seen = |change: fn(&mut Overrides)| {
        let config = load(&files, &two_of_each(), change).expect("a configuration");
        (config.server.to_string(), config.default_namespace, config.credentials)
    };
    let token = |token: &str| Credentials::Token(token.into());
    let (c, d) = ("https://10.0.0.1:6443/".to_owned(), "https://d/".to_owned());
    let default = || "default".to_owned();
    assert_eq!(seen(|_| {}), (c.clone(), default(), token("abc")));
    assert_eq!(seen(|o| o.context = Some("prod".into())), (d.clone(), "shop".into(), token("def")));
    assert_eq!(seen(|o| o.cluster = Some("d".into())), (d, default(), token("abc")));
    assert_eq!(seen(|o| o.user = Some("v".into())), (c.clone(), default(), token("def")));
    assert_eq!(seen(|o| o.namespace = Some("mine".into())), (c.clone(), "mine".into(), token("abc")));
    assert_eq!(seen(|o| o.context = Some(String::new())), (c, default(), token("abc")));
}

#[test]
fn values_replace_values() {
    let files = Files::new();
    let load = |cluster: &str, user: &str, change: &dyn Fn(&mut Overrides)| {
        let text = kubeconfig(&format!("{SERVER}\n{cluster}"), user);
        load(&files, &text, change).unwrap_or_else(|error| panic!("{}", files.error_text(&error)))
    };
    let config = load("tls-server-name: api", "", &|o| o.server = Some("https://other".into()));
    assert_eq!((config.server.host(), config.tls_server_name), (Some("other"), None), "the name is another server's");
    let config = load("tls-server-name: api", "", &|o| o.tls_server_name = Some("name".into()));
    assert_eq!(config.tls_server_name.as_deref(), Some("name"));

    let data = format!("certificate-authority-data: {}", base64("no certificate"));
    let ca = files.path("ca.pem");
    let config = load(&data, "", &|o| o.certificate_authority = Some(ca.clone()));
    assert_eq!((config.certificate_authority_file, config.insecure_skip_tls_verify), (Some(ca.clone()), false));
    let config = load(&data, "", &|o| o.insecure_skip_tls_verify = true);
    assert_eq!((config.certificate_authority, config.insecure_skip_tls_verify), (None, true));
    let config = load("insecure-skip-tls-verify: true", "", &|o| o.certificate_authority = Some(ca.clone()));
    assert!(!config.insecure_skip_tls_verify, "an authority means verification");

    let config = load("", "client-certificate-data: eA==\nclient-key-data: eA==", &|o| {
        o.client_certificate = Some(files.path("certs/client.pem"));
        o.client_key = Some(files.path("certs/client.key"));
    });
    assert_eq!(config.client_identity.map(|identity| identity.key.expose().to_owned()).as_deref(), Some(KEY));

    let config = load("", "tokenFile: token", &|o| o.token = Some("mine".into()));
    assert_eq!(config.credentials, Credentials::Token("mine".into()));
    let exec = "exec: { apiVersion: client.authentication.k8s.io/v1, command: aws, interactiveMode: Never }";
    let config = load("", exec, &|o| o.token = Some("mine".into()));
    assert_eq!(config.credentials, Credentials::Token("mine".into()));
    let config = load("proxy-url: http://a", "as: jane\nas-groups: [a]", &|o| {
        o.proxy_url = Some("socks5://b".into());
        o.impersonate = Some(Impersonate::new("joe"));
        o.disable_compression = true;
    });
    assert_eq!((config.proxy_url.as_ref().and_then(|it| it.host()), config.disable_compression), (Some("b"), true));
    assert_eq!(config.impersonate, Some(Impersonate::new("joe")), "as a whole: no group of another user");
}

#[test]
fn what_is_asked_for_must_exist_and_be_right() {
    let files = Files::new();
    let text = |change: &dyn Fn(&mut Overrides)| {
        files.error_text(&load(&files, &two_of_each(), change).expect_err("it must be refused"))
    };
    assert_eq!(
        text(&|o| o.context = Some("z".into())),
        "config: there is no context \"z\"; the contexts are \"prod\", \"x\""
    );
    assert_eq!(
        text(&|o| o.cluster = Some("z".into())),
        "config: there is no cluster \"z\"; the clusters are \"d\", \"c\""
    );
    assert_eq!(text(&|o| o.user = Some("z".into())), "config: there is no user \"z\"; the users are \"u\", \"v\"");
    assert_eq!(
        text(&|o| o.server = Some("ftp://x".into())),
        "the override of server: must start with https:// or http://"
    );
    assert_eq!(
        text(&|o| o.certificate_authority = Some(files.path("absent"))),
        "the override of certificate-authority: can't read absent <- No such file or directory (os error 2)"
    );
    assert_eq!(
        text(&|o| o.token = Some("a\nb".into())),
        "the override of token: contains a line break or another character not allowed in a header"
    );
    assert_eq!(
        text(&|o| o.impersonate = Some(Impersonate::default())),
        "the override of as: as-uid, as-groups and as-user-extra need a user to act as"
    );
    assert_eq!(
        text(&|o| o.username = Some("me".into())),
        "config:19: users[name=u].user.token: contradicts username and password; remove one of the two"
    );
    assert_eq!(
        text(&|o| o.proxy_url = Some("ftp://me:hidden@b".into())),
        "the override of proxy-url: must start with http://, https://, socks5:// or socks5h://"
    );
}

#[test]
fn a_server_alone_is_enough() {
    let server = overrides(|o| {
        o.server = Some("https://alone".into());
        o.token = Some("mine".into());
    });
    let config = Config::from_environment_with(&Environment::default(), &server).expect("a configuration");
    assert_eq!((config.server.host(), config.credentials), (Some("alone"), Credentials::Token("mine".into())));

    let context = Overrides::context("dev");
    let error = Config::from_environment_with(&Environment::default(), &context).unwrap_err();
    assert_eq!(error.to_string(), "$KUBECONFIG is not set, and there is no home directory with a .kube/config");
}

#[test]
fn a_pod_can_be_overridden() {
    let files = Files::new();
    files.write("account/token", "pod-token\n");
    files.write("account/ca.crt", CERTIFICATE);
    let mut environment = Environment::default();
    environment.service_host = Some("10.96.0.1".to_owned());
    environment.service_port = Some("443".to_owned());
    environment.service_account = files.path("account");
    let overrides = overrides(|o| {
        o.namespace = Some("shop".into());
        o.impersonate = Some(Impersonate::new("jane"));
    });
    let config = Config::from_environment_with(&environment, &overrides).expect("a configuration");
    assert_eq!(config.server, "https://10.96.0.1:443");
    assert_eq!(config.credentials, Credentials::TokenFile(files.path("account/token")));
    assert_eq!(config.certificate_authority_file, Some(files.path("account/ca.crt")));
    assert_eq!((config.default_namespace.as_str(), config.impersonate), ("shop", Some(Impersonate::new("jane"))));
}
