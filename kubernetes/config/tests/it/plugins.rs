//! Exec plugins and auth providers: the resulting configuration, and what is refused.

use kubernetes_config::{Config, Credentials, ExecApiVersion, ExecConfig, InteractiveMode, OidcConfig, Secret};

use crate::support::{self, CERTIFICATE, Files, KEY, SERVER, base64, kubeconfig};

const V1: &str = "apiVersion: client.authentication.k8s.io/v1";

fn load(files: &Files, cluster: &str, user: &str) -> Config {
    let text = kubeconfig(&format!("{SERVER}\n{cluster}"), user);
    files.load(&text).unwrap_or_else(|error| panic!("{}\n{text}", files.error_text(&error)))
}

fn exec(files: &Files, cluster: &str, keys: &str) -> ExecConfig {
    match load(files, cluster, &format!("exec:\n  {}", keys.replace('\n', "\n  "))).credentials {
        Credentials::Exec(exec) => *exec,
        other => panic!("no exec: {other:?}"),
    }
}

fn oidc(files: &Files, keys: &str) -> OidcConfig {
    let user = format!("auth-provider:\n  name: oidc\n  config:\n    {}", keys.replace('\n', "\n    "));
    match load(files, "", &user).credentials {
        Credentials::Oidc(oidc) => *oidc,
        other => panic!("no OIDC: {other:?}"),
    }
}

fn refused(user: &str) -> String {
    support::refused(&kubeconfig(SERVER, user))
}

#[test]
fn an_exec_plugin_is_data() {
    let files = Files::new();
    let plugin = exec(
        &files,
        "",
        &format!(
            "{V1}\ncommand: aws\nargs: [eks, ~, '1']\nenv:\n- {{ name: A, value: hidden }}\n- {{ name: B }}\n\
             installHint: \"get \\e[1mit\\e[0m:\\n\\tapt\"\ninteractiveMode: Always\nfuture: 1"
        ),
    );
    assert_eq!(plugin.api_version, ExecApiVersion::V1);
    assert_eq!(plugin.command.to_str(), Some("aws"), "looked for in $PATH");
    assert_eq!(plugin.args, ["eks", "", "1"]);
    assert_eq!(plugin.env, [("A".to_owned(), Secret::new("hidden")), ("B".to_owned(), Secret::new(""))]);
    assert_eq!(plugin.install_hint.as_deref(), Some("get U+001B[1mitU+001B[0m:\n\tapt"));
    assert_eq!(plugin.interactive_mode, InteractiveMode::Always);
    assert_eq!(plugin.cluster, None);
    assert_eq!(
        plugin.exec_info(true),
        r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":true}}"#
    );
    assert!(!format!("{plugin:?}").contains("hidden"));
}

#[test]
fn an_older_plugin_may_talk_if_it_can() {
    let files = Files::new();
    let plugin = exec(&files, "", "apiVersion: client.authentication.k8s.io/v1beta1\ncommand: aws");
    assert_eq!((plugin.api_version, plugin.interactive_mode), (ExecApiVersion::V1Beta1, InteractiveMode::IfAvailable));
    assert!(plugin.exec_info(false).starts_with(r#"{"apiVersion":"client.authentication.k8s.io/v1beta1","#));
}

#[test]
fn a_plugin_with_a_path_belongs_to_its_kubeconfig() {
    let files = Files::new();
    for (command, path) in [("bin/login", files.path("bin/login")), ("/bin/login", "/bin/login".into())] {
        let plugin = exec(&files, "", &format!("{V1}\ncommand: {command}\ninteractiveMode: Never"));
        assert_eq!(plugin.command, path);
    }
}

#[test]
fn a_plugin_is_told_of_the_cluster_when_it_asks() {
    let files = Files::new();
    let cluster = "certificate-authority: ca.pem\ntls-server-name: api\nproxy-url: http://me:hidden@127.0.0.1:3128\n\
                   disable-compression: true\nextensions:\n- { name: other, extension: { 1: x } }\n\
                   - name: client.authentication.k8s.io/exec\n  extension: { audience: '06e3', count: [1, 2.5, ~, true], 7: k }";
    let plugin =
        exec(&files, cluster, &format!("{V1}\ncommand: aws\ninteractiveMode: Never\nprovideClusterInfo: true"));
    let info: serde_json::Value = serde_json::from_str(&plugin.exec_info(false)).expect("JSON");
    assert_eq!(
        info["spec"]["cluster"],
        serde_json::json!({
            "server": "https://10.0.0.1:6443",
            "tls-server-name": "api",
            "certificate-authority-data": base64(CERTIFICATE),
            "proxy-url": "http://me:hidden@127.0.0.1:3128",
            "disable-compression": true,
            "config": { "audience": "06e3", "count": [1, 2.5, null, true], "7": "k" },
        })
    );
    let shown = format!("{plugin:?}");
    assert!(!shown.contains("hidden") && !shown.contains("06e3"), "{shown}");

    let plugin = exec(
        &files,
        "insecure-skip-tls-verify: true",
        &format!("{V1}\ncommand: aws\ninteractiveMode: Never\nprovideClusterInfo: true"),
    );
    assert!(
        plugin
            .exec_info(false)
            .contains(r#""cluster":{"insecure-skip-tls-verify":true,"server":"https://10.0.0.1:6443"}"#)
    );
}

#[test]
fn other_credentials_go_before_a_plugin() {
    let files = Files::new();
    let plugin = format!("exec: {{ {V1}, command: aws, interactiveMode: Never }}");
    let certificate = format!("client-certificate: certs/client.pem\nclient-key-data: {}", base64(KEY));
    let provider =
        "auth-provider: { name: oidc, config: { idp-issuer-url: 'https://a', client-id: b, id-token: a.b.c } }";
    let token = |user: &str| load(&files, "", user).credentials;
    assert_eq!(token(&format!("{plugin}\ntoken: abc")), Credentials::Token("abc".into()));
    assert_eq!(token(&format!("{plugin}\ntokenFile: token")), Credentials::TokenFile(files.path("token")));
    assert!(matches!(token(&format!("{plugin}\nusername: me")), Credentials::Basic { .. }));
    assert_eq!(token(&format!("{plugin}\n{certificate}")), Credentials::None);
    assert_eq!(token(&format!("{provider}\ntoken: abc")), Credentials::Token("abc".into()));
    assert!(matches!(token(&format!("{provider}\n{certificate}")), Credentials::Oidc(_)), "both are used");
}

#[test]
fn incomplete_plugins_are_refused() {
    for (keys, expected) in [
        ("command: aws", "exec.apiVersion: is missing: client.authentication.k8s.io/v1, or v1beta1 for older plugins"),
        (
            "command: aws, apiVersion: client.authentication.k8s.io/v1alpha1",
            "exec.apiVersion: v1alpha1 is no longer supported; update the plugin, and change its kubeconfig to \
             client.authentication.k8s.io/v1",
        ),
        (
            "command: aws, apiVersion: v1",
            "exec.apiVersion: must be client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1",
        ),
        (
            "command: aws, apiVersion: client.authentication.k8s.io/v1",
            "exec.interactiveMode: is missing: Never, IfAvailable or Always; v1 plugins need it",
        ),
        (
            "command: aws, apiVersion: client.authentication.k8s.io/v1beta1, interactiveMode: Perhaps",
            "exec.interactiveMode: must be Never, IfAvailable or Always",
        ),
        ("apiVersion: client.authentication.k8s.io/v1beta1", "exec.command: is missing: the program to run"),
        (
            "command: aws, apiVersion: client.authentication.k8s.io/v1beta1, env: [{ value: hidden }]",
            "exec.env.name: is missing: the name of the variable",
        ),
        (
            "command: aws, apiVersion: client.authentication.k8s.io/v1beta1, env: [{ name: A=B }]",
            "exec.env.name: must not contain = or a null character",
        ),
        ("", "exec.apiVersion: is missing: client.authentication.k8s.io/v1, or v1beta1 for older plugins"),
    ] {
        for token in ["", "\ntoken: abc"] {
            assert_eq!(
                refused(&format!("exec: {{ {keys} }}{token}")),
                format!("config:16: users[name=u].user.{expected}"),
                "{keys}"
            );
        }
    }
    assert_eq!(refused("exec: aws"), "config:16: users[0].user.exec: expected a mapping");
    assert_eq!(
        refused(&format!("exec: {{ {V1}, command: aws, interactiveMode: Never }}\nauth-provider: {{ name: oidc }}")),
        "config:16: users[name=u].user.exec: contradicts auth-provider; remove one of the two"
    );
}

#[test]
fn an_oidc_provider_is_data() {
    let files = Files::new();
    let provider = oidc(
        &files,
        "idp-issuer-url: https://login.example.com/realms/a/\nclient-id: shop\nclient-secret: hidden-1\n\
         id-token: hidden.2.x\nrefresh-token: hidden-3\nidp-certificate-authority: ca.pem\nextra-scopes: groups",
    );
    assert_eq!(provider.issuer_url, "https://login.example.com/realms/a/");
    assert_eq!(provider.client_id, "shop");
    assert_eq!(provider.client_secret, Some("hidden-1".into()));
    assert_eq!(provider.id_token, Some("hidden.2.x".into()));
    assert_eq!(provider.refresh_token, Some("hidden-3".into()));
    assert_eq!(provider.certificate_authority.as_deref(), Some(CERTIFICATE.as_bytes()));
    assert_eq!(provider.certificate_authority_file, Some(files.path("ca.pem")));
    let store = provider.store.as_ref().expect("a place for tokens");
    assert_eq!((store.file(), store.name()), (files.path("config").as_path(), "u"));
    assert!(!format!("{provider:?}").contains("hidden"));

    let data = base64(CERTIFICATE);
    let provider = oidc(
        &files,
        &format!(
            "idp-issuer-url: http://127.0.0.1:5556\nclient-id: a\nrefresh-token: b\n\
             idp-certificate-authority-data: {data}\nidp-certificate-authority: absent"
        ),
    );
    assert_eq!(provider.certificate_authority.as_deref(), Some(CERTIFICATE.as_bytes()), "data beats the file");
    assert_eq!((provider.certificate_authority_file, provider.id_token), (None, None));
}

#[test]
fn auth_providers_that_cannot_work_are_refused() {
    let oidc = |config: &str| format!("auth-provider: {{ name: oidc, config: {{ {config} }} }}");
    for (user, expected) in [
        (
            "auth-provider: { name: gcp }".to_owned(),
            "name: gcp is no longer an auth provider (Kubernetes 1.26); install gke-gcloud-auth-plugin and run gcloud \
             container clusters get-credentials, which sets up exec",
        ),
        (
            "auth-provider: { name: azure, config: { a: b } }".to_owned(),
            "name: azure is no longer an auth provider (Kubernetes 1.26); install kubelogin and run kubelogin \
             convert-kubeconfig, which sets up exec",
        ),
        (
            "auth-provider: { name: openstack }".to_owned(),
            "name: is not a known auth provider; use oidc, or exec for others",
        ),
        ("auth-provider: {}".to_owned(), "name: is missing: oidc is the only auth provider"),
        (oidc("client-id: a"), "config.idp-issuer-url: is missing, but required for oidc"),
        (oidc("idp-issuer-url: 'https://a'"), "config.client-id: is missing, but required for oidc"),
        (
            oidc("idp-issuer-url: 'http://a', client-id: b"),
            "config.idp-issuer-url: must start with https://, since tokens are sent there",
        ),
        (
            oidc("idp-issuer-url: 'https://me:hidden@a', client-id: b"),
            "config.idp-issuer-url: must not contain a user or password",
        ),
        (
            oidc("idp-issuer-url: 'https://a', client-id: b"),
            "config: has neither id-token nor refresh-token; log in again with the provider's tool",
        ),
        (
            oidc("idp-issuer-url: 'https://a', client-id: b, id-token: \"hidden\\n\""),
            "config.id-token: contains a line break or another character not allowed in a header",
        ),
        (
            oidc("idp-issuer-url: 'https://a', client-id: b, refresh-token: c, idp-certificate-authority: garbage"),
            "config.idp-certificate-authority: garbage is not PEM: there is no complete block that starts with -----BEGIN CERTIFICATE-----",
        ),
    ] {
        assert_eq!(refused(&user), format!("config:16: users[name=u].user.auth-provider.{expected}"), "{user}");
    }
}
