//! Kubeconfigs read by the SDK and by kubectl of the test cluster's version: the same server, namespace and credentials,
//! or both refuse. kubectl never gets further than a closed port of this machine.

mod cases;
mod generated;
mod kubectl;
mod summary;

use std::error::Error as _;
use std::path::Path;

use base64::Engine as _;
use kubernetes_sdk::Config;
use kubernetes_sdk::config::{Environment, Error, Kubeconfig, Overrides};

use cases::Case;
use kubectl::Kubectl;
use summary::Summary;

/// Where the two differ on purpose: the case, whether the SDK accepts it (and kubectl then refuses it), and why.
const DIFFERENCES: &[(&str, bool, &str)] = &[
    ("authority as data and file", true, "data beats the file; kubectl says so, and stops"),
    ("authority as data and missing file", true, "data beats the file, which is then not read"),
    ("certificate and key as data and file", true, "data beats the file; kubectl says so, and stops"),
    ("JSON with escaped slashes", true, "YAML 1.2 contains JSON; kubectl's YAML does not"),
    ("a fault in another user", true, "only what the context joins must be right"),
    ("http with a missing file", true, "nothing of the file is used for an http server"),
    ("proxy socks5h", true, "curl's name for what Go does with socks5"),
    ("password alone", false, "never a request as nobody by mistake"),
    ("a key without certificate", false, "never a request as nobody by mistake"),
    ("a user in the server's URL", false, "a password there would be shown in errors"),
    ("a space in the server's path", false, "no URL, which Go mends by escaping"),
    ("an OIDC provider over http", false, "the refresh token would be there for anyone to read"),
];

/// The files that cases refer to.
fn prepare(directory: &Path) {
    let key = rcgen::KeyPair::generate().expect("a key");
    let parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let certificate = parameters.self_signed(&key).expect("a certificate").pem();
    for (name, content) in [
        ("ca.pem", certificate.as_str()),
        ("client.pem", &certificate),
        ("client.key", &key.serialize_pem()),
        ("token", " from-file\n"),
        ("empty-token", "\n"),
        ("garbage", "garbage"),
    ] {
        std::fs::write(directory.join(name), content).expect("a file");
    }
}

fn encoded(directory: &Path, name: &str) -> String {
    let content = std::fs::read(directory.join(name)).expect("a file");
    base64::engine::general_purpose::STANDARD.encode(content)
}

fn told(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(": {error}"));
        source = error.source();
    }
    text
}

fn ours(path: &Path) -> Result<Summary, String> {
    let config = Kubeconfig::read(path).and_then(|kubeconfig| Config::from_kubeconfig(&kubeconfig, None));
    config.as_ref().map(summary::ours).map_err(told)
}

/// The fault of a case, if there is one.
fn compare(kubectl: &Kubectl, directory: &Path, case: &Case) -> Option<String> {
    let path = directory.join("config");
    std::fs::write(&path, &case.content).expect("the kubeconfig");
    let ours = ours(&path);
    let theirs =
        kubectl.view(&path).and_then(|view| kubectl.accepts(&path).map(|()| summary::theirs(&view, directory)));
    let known = DIFFERENCES.iter().find(|(name, ..)| *name == case.name);
    let wrong = match (known, &ours, &theirs) {
        (Some((_, true, _)), Ok(_), Err(_)) | (Some((_, false, _)), Err(_), Ok(_)) => None,
        (Some((_, _, why)), ..) => Some(format!("is no longer different ({why})")),
        (None, Ok(ours), Ok(theirs)) => (ours != theirs).then(|| "differs".to_owned()),
        (None, Err(_), Err(_)) => None,
        (None, ..) => Some("is refused by one of the two".to_owned()),
    };
    wrong.map(|wrong| {
        let content = String::from_utf8_lossy(&case.content);
        format!("{} {wrong}\n  ours:   {ours:?}\n  theirs: {theirs:?}\n{content}", case.name)
    })
}

fn check(cases: &[Case], directory: &Path) {
    let kubectl = Kubectl::find();
    let wrong: Vec<String> = cases.iter().filter_map(|case| compare(&kubectl, directory, case)).collect();
    assert!(wrong.is_empty(), "{} of {} kubeconfigs:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn written_kubeconfigs_mean_the_same_as_in_kubectl() {
    let directory = tempfile::tempdir().expect("a directory");
    prepare(directory.path());
    let cases = cases::all(&encoded(directory.path(), "client.pem"), &encoded(directory.path(), "client.key"));
    assert!(cases.len() >= 60, "only {} cases", cases.len());
    for (name, ..) in DIFFERENCES {
        assert!(cases.iter().any(|case| case.name == *name), "no case {name}");
    }
    check(&cases, directory.path());
}

#[test]
fn generated_kubeconfigs_mean_the_same_as_in_kubectl() {
    let directory = tempfile::tempdir().expect("a directory");
    prepare(directory.path());
    let cases =
        generated::cases(60, &encoded(directory.path(), "client.pem"), &encoded(directory.path(), "client.key"));
    let accepted = cases.iter().filter(|case| {
        let kubeconfig = Kubeconfig::parse(&String::from_utf8_lossy(&case.content), &directory.path().join("config"));
        kubeconfig.and_then(|kubeconfig| Config::from_kubeconfig(&kubeconfig, None)).is_ok()
    });
    assert!(accepted.count() > 20, "most of the generated kubeconfigs must be good ones");
    check(&cases, directory.path());
}

#[test]
fn plain_scalars_mean_the_same_as_in_kubectl() {
    let kubectl = Kubectl::find();
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("config");
    let mut wrong = Vec::new();
    for scalar in cases::SCALARS.split_whitespace() {
        let text = cases::Text { context: format!("cluster: c\nuser: u\nnamespace: {scalar}"), ..Default::default() };
        std::fs::write(&path, text.render()).expect("the kubeconfig");
        let ours = ours(&path).map(|summary| summary.namespace());
        let theirs = kubectl.view(&path).map(|view| summary::theirs(&view, directory.path()).namespace());
        if ours.as_ref().ok() != theirs.as_ref().ok() {
            wrong.push(format!("{scalar}: ours {ours:?}, theirs {theirs:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Of several files, and of contexts that are asked for.
#[test]
fn merged_kubeconfigs_mean_the_same_as_in_kubectl() {
    let kubectl = Kubectl::find();
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in cases::MERGED {
        std::fs::write(directory.path().join(name), text).expect("a kubeconfig");
    }
    let names: Vec<&str> = cases::MERGED.iter().map(|(name, _)| *name).chain(["missing"]).collect();
    for first in &names {
        for second in names.iter().filter(|second| *second != first) {
            for context in [None, Some("a"), Some("b"), Some("none")] {
                let files: Vec<_> = [first, second].map(|name| directory.path().join(name)).into();
                let mut environment = Environment::default();
                environment.kubeconfig = Some(std::env::join_paths(&files).expect("paths"));
                let mut overrides = Overrides::default();
                overrides.context = context.map(str::to_owned);
                let ours = Kubeconfig::from_environment(&environment)
                    .and_then(|kubeconfig| Config::from_kubeconfig_with(&kubeconfig, &overrides))
                    .map(|config| summary::ours(&config))
                    .map_err(|error| told(&error));
                let theirs = kubectl
                    .view_merged(environment.kubeconfig.as_deref().unwrap_or_default(), context)
                    .map(|view| summary::theirs(&view, directory.path()));
                assert_eq!(
                    ours.as_ref().ok(),
                    theirs.as_ref().ok(),
                    "{first}:{second} {context:?} {ours:?} {theirs:?}"
                );
            }
        }
    }
}
