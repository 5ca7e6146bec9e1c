//! Where the configuration is looked for: `$KUBECONFIG`, the home directory, the pod.

use std::path::PathBuf;

use kubernetes_config::{Config, Credentials, Environment, Kubeconfig};

use crate::support::{CERTIFICATE, Files, SERVER, kubeconfig};

fn with_kubeconfig(paths: &[PathBuf]) -> Environment {
    let mut environment = Environment::default();
    environment.kubeconfig = Some(std::env::join_paths(paths).expect("paths without separators"));
    environment
}

/// A pod with a service account in the directory `account`.
fn pod(files: &Files) -> Environment {
    files.write("account/token", "pod-token\n");
    files.write("account/ca.crt", CERTIFICATE);
    files.write("account/namespace", "shop\n");
    let mut environment = Environment::default();
    environment.service_host = Some("10.96.0.1".to_owned());
    environment.service_port = Some("443".to_owned());
    environment.service_account = files.path("account");
    environment
}

#[test]
fn the_first_file_wins_by_name_and_for_the_current_context() {
    let files = Files::new();
    let first =
        files.write("one/config", "contexts: [{ name: x, context: { cluster: c, user: u, namespace: first } }]");
    let second = files.write(
        "two/config",
        kubeconfig("server: https://second\ncertificate-authority: ca.pem", "token: second")
            .replace("    user: u\n", "    user: u\n    namespace: second\n"),
    );
    files.write("two/ca.pem", CERTIFICATE);
    let third = files.write(
        "three/config",
        kubeconfig("server: https://third", "token: third").replace("current-context: x", "current-context: other"),
    );
    let environment =
        with_kubeconfig(&[files.path("missing"), first.clone(), second.clone(), third.clone(), first.clone()]);

    let merged = Kubeconfig::from_environment(&environment).expect("three kubeconfigs");
    assert_eq!(merged.files().collect::<Vec<_>>(), [&first, &second, &third]);
    assert_eq!(merged.current_context(), Some("x"));
    let config = Config::from_environment(&environment).expect("the context x");
    assert_eq!(config.default_namespace, "first");
    assert_eq!(config.server, "https://second");
    assert_eq!(config.credentials, Credentials::Token("second".into()));
    assert_eq!(config.certificate_authority.as_deref(), Some(CERTIFICATE.as_bytes()), "relative to its own file");
}

#[test]
fn a_broken_file_among_several_is_an_error() {
    let files = Files::new();
    let good = files.write("good", kubeconfig(SERVER, "token: abc"));
    let bad = files.write("bad", "clusters: 7\n");
    let error = Config::from_environment(&with_kubeconfig(&[good, bad])).unwrap_err();
    assert_eq!(files.error_text(&error), "bad:1: clusters: expected a list");
}

#[test]
fn a_directory_is_an_error_even_in_a_pod() {
    let files = Files::new();
    let mut environment = pod(&files);
    environment.kubeconfig = Some(files.path("certs").into());
    let error = Config::from_environment(&environment).unwrap_err();
    assert_eq!(files.error_text(&error), "certs: can't read the kubeconfig <- Is a directory (os error 21)");
}

#[test]
fn the_home_directory_counts_only_without_the_variable() {
    let files = Files::new();
    files.write(".kube/config", kubeconfig(SERVER, "token: home"));
    let named = files.write("named", kubeconfig(SERVER, "token: named"));
    let mut environment = Environment::default();
    environment.home = Some(files.path(""));
    let config = Config::from_environment(&environment).expect("the file in the home directory");
    assert_eq!(config.credentials, Credentials::Token("home".into()));
    environment.kubeconfig = Some(named.into());
    let config = Config::from_environment(&environment).expect("the named file");
    assert_eq!(config.credentials, Credentials::Token("named".into()));
}

#[test]
fn a_pod_finds_its_service_account() {
    let files = Files::new();
    let config = Config::from_environment(&pod(&files)).expect("an in-cluster configuration");
    assert_eq!(config.server, "https://10.96.0.1:443");
    assert_eq!(config.credentials, Credentials::TokenFile(files.path("account/token")));
    assert_eq!(config.certificate_authority.as_deref(), Some(CERTIFICATE.as_bytes()));
    assert_eq!(config.default_namespace, "shop");
}

#[test]
fn a_pod_prefers_a_kubeconfig_unless_it_has_no_current_context() {
    let files = Files::new();
    let mut environment = pod(&files);
    environment.kubeconfig = Some(files.write("config", kubeconfig(SERVER, "token: abc")).into());
    let config = Config::from_environment(&environment).expect("the kubeconfig");
    assert_eq!(config.credentials, Credentials::Token("abc".into()));

    environment.kubeconfig = Some(files.write("config", "apiVersion: v1\nkind: Config\n").into());
    let config = Config::from_environment(&environment).expect("the in-cluster configuration");
    assert_eq!(config.server, "https://10.96.0.1:443");
}

#[test]
fn a_pod_in_an_ipv6_cluster() {
    let files = Files::new();
    let mut environment = pod(&files);
    for host in ["fd00:10:96::1", "[fd00:10:96::1]"] {
        environment.service_host = Some(host.to_owned());
        let config = Config::from_environment(&environment).expect("an in-cluster configuration");
        assert_eq!(config.server, "https://[fd00:10:96::1]:443");
    }
}

#[test]
fn the_namespace_of_a_pod() {
    let files = Files::new();
    let mut environment = pod(&files);
    let namespace = |environment: &Environment| Config::from_environment(environment).map(|it| it.default_namespace);
    environment.pod_namespace = Some("from-variable".to_owned());
    assert_eq!(namespace(&environment).expect("a configuration"), "from-variable");
    environment.pod_namespace = None;
    files.write("account/namespace", " \n");
    assert_eq!(namespace(&environment).expect("a configuration"), "default");
    std::fs::remove_file(files.path("account/namespace")).expect("remove the file");
    assert_eq!(namespace(&environment).expect("a configuration"), "default");
}

#[test]
fn a_pod_without_the_cluster_certificate_trusts_the_platform() {
    let files = Files::new();
    let environment = pod(&files);
    std::fs::remove_file(files.path("account/ca.crt")).expect("remove the file");
    let config = Config::from_environment(&environment).expect("an in-cluster configuration");
    assert_eq!((config.certificate_authority, config.insecure_skip_tls_verify), (None, false));
}

#[test]
fn only_where_nothing_is_set_up_there_is_no_configuration() {
    let files = Files::new();
    let is_not_found = |environment: &Environment| {
        Config::from_environment(environment).expect_err("no usable configuration").is_not_found()
    };
    let nothing = Environment::default();
    assert!(is_not_found(&nothing));
    assert!(Kubeconfig::from_environment(&nothing).expect_err("no file").is_not_found());
    let mut home = nothing.clone();
    home.home = Some(files.path("home"));
    assert!(is_not_found(&home));

    assert!(!is_not_found(&with_kubeconfig(&[files.path("no")])), "who names a file means it");
    assert!(!is_not_found(&with_kubeconfig(&[files.write("empty", "")])), "incomplete");
    assert!(!is_not_found(&with_kubeconfig(&[files.write("wrong", "clusters: 7")])), "wrong");
    let mut half_a_pod = pod(&files);
    half_a_pod.service_port = None;
    assert!(!is_not_found(&half_a_pod));
    let mut without_token = pod(&files);
    without_token.service_account = files.path("missing");
    assert!(!is_not_found(&without_token));
}

#[test]
fn the_error_tells_everything_that_was_tried() {
    let files = Files::new();
    let text = |environment: &Environment| {
        files.error_text(&Config::from_environment(environment).expect_err("nothing is there"))
    };
    let tried = |kubeconfig: &str, pod: &str| {
        format!(
            "no cluster configuration found; tried the kubeconfig ({kubeconfig}), \
             and the in-cluster configuration ({pod})"
        )
    };
    let no_pod = "$KUBERNETES_SERVICE_HOST is not set: not running in a pod";

    let one = with_kubeconfig(&[files.path("no")]);
    assert_eq!(text(&one), tried("$KUBECONFIG names no, which does not exist", no_pod));
    let two = with_kubeconfig(&[files.path("no"), files.path("none")]);
    assert_eq!(text(&two), tried("$KUBECONFIG names no, none, none of which exists", no_pod));

    let mut home = Environment::default();
    let homeless = "$KUBECONFIG is not set, and there is no home directory with a .kube/config";
    assert_eq!(text(&home), tried(homeless, no_pod));
    home.home = Some(files.path("home"));
    let homely = "$KUBECONFIG is not set; looked for home/.kube/config, which does not exist";
    assert_eq!(text(&home), tried(homely, no_pod));
    home.kubeconfig = Some(":".into());
    assert_eq!(text(&home), tried("$KUBECONFIG names no file", no_pod));

    let empty = with_kubeconfig(&[files.write("config", "")]);
    let no_context =
        "config: current-context: no current-context is set and no context was given; there are no contexts";
    assert_eq!(text(&empty), tried(no_context, no_pod));

    let mut tokenless = pod(&files);
    std::fs::remove_file(files.path("account/token")).expect("remove the file");
    tokenless.kubeconfig = Some(files.path("no").into());
    let no_token =
        "account/token: can't read the service account's token; caused by: No such file or directory (os error 2)";
    assert_eq!(text(&tokenless), tried("$KUBECONFIG names no, which does not exist", no_token));
}

#[test]
fn a_pod_with_a_broken_certificate_or_port_is_told_so() {
    let files = Files::new();
    let mut environment = pod(&files);
    files.write("account/ca.crt", "garbage");
    let error = Config::from_environment(&environment).unwrap_err();
    assert!(files.error_text(&error).contains("account/ca.crt: is not PEM"), "{error}");
    environment.service_port = Some("tcp://10.0.0.1:443".to_owned());
    let error = Config::from_environment(&environment).unwrap_err();
    assert!(
        error.to_string().contains("KUBERNETES_SERVICE_PORT: https://10.96.0.1:tcp://10.0.0.1:443 is not a valid URL"),
        "{error}"
    );
}
