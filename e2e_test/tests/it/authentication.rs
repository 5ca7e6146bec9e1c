//! Every way to say who one is: the server knows us, and says so, or why not.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kubernetes_sdk::api::authentication::v1 as authentication_v1;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::api::rbac::v1 as rbac_v1;
use kubernetes_sdk::config::{
    ClientIdentity, Credentials, ExecApiVersion, ExecConfig, Impersonate, Kubeconfig, Secret,
};
use kubernetes_sdk::models::authentication::v1::{SelfSubjectReview, TokenRequest, TokenRequestSpec, UserInfo};
use kubernetes_sdk::models::core::v1::ServiceAccount;
use kubernetes_sdk::models::rbac::v1::{PolicyRule, Role, RoleBinding, RoleRef, Subject};
use kubernetes_sdk::{Client, Config, Error, Str};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, Issuer, KeyPair, date_time_ymd};

use crate::cluster;

/// The test cluster as nobody, and the directory of its keys.
pub(crate) fn cluster_config() -> (Config, PathBuf) {
    let kubeconfig = Kubeconfig::from_env().expect("KUBECONFIG names the test cluster's kubeconfig");
    let config = Config::from_kubeconfig(&kubeconfig, Some("anonymous")).expect("the kubeconfig has this context");
    let authority = config.certificate_authority_file.clone().expect("the cluster's authority is a file");
    (config, authority.parent().expect("a file is in a directory").to_owned())
}

/// A client of the test cluster with these credentials.
pub(crate) fn with_credentials(credentials: Credentials) -> Client {
    let (mut config, _) = cluster_config();
    config.credentials = credentials;
    Client::new(config).unwrap()
}

/// As whom the server sees the client.
async fn whoami(client: &Client) -> Result<UserInfo, Error> {
    let review = authentication_v1::create_self_subject_review(&SelfSubjectReview::default()).send(client).await?;
    let status = review.status.expect("a review has a status");
    Ok(*status.user_info.expect("the status has the user"))
}

/// A token of a new service account.
async fn service_account(admin: &Client, namespace: &str, name: &str) -> Secret {
    let account = ServiceAccount::named(name);
    core_v1::create_namespaced_service_account(namespace, &account).send(admin).await.unwrap();
    token(admin, namespace, name).await
}

/// A token of a service account.
pub(crate) async fn token(admin: &Client, namespace: &str, name: &str) -> Secret {
    let spec = TokenRequestSpec { expiration_seconds: Some(600), ..Default::default() };
    let request = TokenRequest { spec: Some(spec.into()), ..Default::default() };
    let request = core_v1::create_namespaced_service_account_token(namespace, name, &request).send(admin);
    let status = request.await.unwrap().status.expect("a token request has a status");
    Secret::new(status.token.expect("the status has the token").to_string())
}

async fn allow_reading_pods(admin: &Client, namespace: &str, subject: Subject) {
    let rule = PolicyRule {
        api_groups: vec!["".into()],
        resources: vec!["pods".into()],
        verbs: vec!["get".into(), "list".into()],
        ..Default::default()
    };
    let role = Role { rules: vec![rule], ..Role::named("pod-reader") };
    rbac_v1::create_namespaced_role(namespace, &role).send(admin).await.unwrap();
    let group = "rbac.authorization.k8s.io";
    let role_ref = RoleRef { api_group: Some(group.into()), kind: "Role".into(), name: "pod-reader".into() };
    let binding = RoleBinding { role_ref, subjects: vec![subject], ..RoleBinding::named("pod-reader") };
    rbac_v1::create_namespaced_role_binding(namespace, &binding).send(admin).await.unwrap();
}

/// Waits until the server has heard of the binding.
async fn list_pods_when_allowed(client: &Client, namespace: &str) {
    let listing = async {
        loop {
            match core_v1::list_namespaced_pod(namespace).send(client).await {
                Ok(_) => return,
                Err(error) => assert!(error.is_forbidden(), "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(cluster::LIMIT, listing).await.expect("the role is bound");
}

#[tokio::test]
async fn a_service_account_has_the_rights_that_it_was_given() {
    let (admin, namespace) = cluster::namespace("service-account").await;
    let token = service_account(&admin, &namespace, "robot").await;
    let name = format!("system:serviceaccount:{namespace}:robot");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    fs::write(&file, format!("{}\n", token.expose())).unwrap();

    let by_token = with_credentials(Credentials::Token(token));
    let by_file = with_credentials(Credentials::TokenFile(file));
    for client in [&by_token, &by_file] {
        assert_eq!(whoami(client).await.unwrap().username.as_deref(), Some(name.as_str()));
        let error = core_v1::list_namespaced_pod(&namespace).send(client).await.unwrap_err();
        assert!(error.is_forbidden() && !error.is_retryable(), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(&name) && text.contains("cannot list resource \"pods\""), "{text}");
    }

    let subject = Subject {
        kind: "ServiceAccount".into(),
        name: "robot".into(),
        namespace: Some(namespace.as_str().into()),
        ..Default::default()
    };
    allow_reading_pods(&admin, &namespace, subject).await;
    list_pods_when_allowed(&by_token, &namespace).await;
    let error = core_v1::delete_namespaced_pod(&namespace, "web").send(&by_token).await.unwrap_err();
    assert!(error.is_forbidden(), "{error}");
    let error = core_v1::list_namespaced_pod("kube-system").send(&by_token).await.unwrap_err();
    assert!(error.is_forbidden(), "{error}");
}

#[tokio::test]
async fn a_token_that_ends_with_its_account_is_replaced_by_the_plugin() {
    let (admin, namespace) = cluster::namespace("exec").await;
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    let script = r#"
        echo run >> runs
        api=client.authentication.k8s.io/v1
        printf '{"apiVersion": "%s", "kind": "ExecCredential", "status": {"token": "%s"}}' "$api" "$(cat token)"
    "#;
    fs::write(file("plugin"), format!("cd '{}'\n{script}", directory.path().display())).unwrap();
    let mut exec = ExecConfig::new(ExecApiVersion::V1, "/bin/sh");
    exec.args = vec![file("plugin").display().to_string()];
    let client = with_credentials(Credentials::Exec(Box::new(exec)));
    let runs = || fs::read_to_string(file("runs")).unwrap().lines().count();

    for (name, expected_runs) in [("first", 1), ("second", 2)] {
        let token = service_account(&admin, &namespace, name).await;
        fs::write(file("token"), token.expose()).unwrap();
        // Without the first account, the server no longer takes its token.
        if name == "second" {
            core_v1::delete_namespaced_service_account(&namespace, "first").send(&admin).await.unwrap();
        }
        let username = format!("system:serviceaccount:{namespace}:{name}");
        let knowing = async {
            while whoami(&client).await.unwrap().username.as_deref() != Some(username.as_str()) {
                // The server may take a token for good for some seconds after its account is gone.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(cluster::LIMIT, knowing).await.expect("the plugin is run again");
        assert_eq!(runs(), expected_runs);
    }
}

#[tokio::test]
async fn acts_as_someone_else() {
    let (admin, namespace) = cluster::namespace("impersonate").await;
    let kubeconfig = Kubeconfig::from_env().unwrap();
    let mut config = Config::from_kubeconfig(&kubeconfig, Some("admin")).unwrap();
    let mut jane = Impersonate::new("jürgen@example.com");
    jane.groups = vec!["developers".to_owned(), "on call".to_owned()];
    jane.uid = Some("06f6ce97".to_owned());
    let team = vec!["shop".to_owned(), "search".to_owned()];
    jane.extra = BTreeMap::from([("example.com/team %21".to_owned(), team)]);
    config.impersonate = Some(jane);
    let client = Client::new(config).unwrap();

    let user = whoami(&client).await.unwrap();
    assert_eq!(user.username.as_deref(), Some("jürgen@example.com"));
    assert_eq!(user.groups, ["developers", "on call", "system:authenticated"]);
    assert_eq!(user.uid.as_deref(), Some("06f6ce97"));
    let extra: Vec<(&str, &[Str])> = user.extra.iter().map(|(key, values)| (&**key, values.as_slice())).collect();
    assert_eq!(extra, [("example.com/team %21", &["shop".into(), "search".into()][..])]);

    let error = core_v1::list_namespaced_pod(&namespace).send(&client).await.unwrap_err();
    assert!(error.is_forbidden() && error.to_string().contains("jürgen@example.com"), "{error}");
    let subject = Subject {
        api_group: Some("rbac.authorization.k8s.io".into()),
        kind: "Group".into(),
        name: "on call".into(),
        ..Default::default()
    };
    allow_reading_pods(&admin, &namespace, subject).await;
    list_pods_when_allowed(&client, &namespace).await;
}

/// A certificate and key of a user, signed by the cluster's authority, and good for so long.
fn signed(pki: &Path, user: &str, lifetime: Duration) -> (String, String) {
    let authority = KeyPair::from_pem(&fs::read_to_string(pki.join("ca.key")).unwrap()).unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "test-ca");
    let issuer = Issuer::new(params, authority);

    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::OrganizationName, "e2e");
    params.distinguished_name.push(DnType::CommonName, user);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let now = date_time_ymd(1970, 1, 1) + std::time::UNIX_EPOCH.elapsed().unwrap();
    (params.not_before, params.not_after) = (now - Duration::from_secs(60), now + lifetime);
    let key = KeyPair::generate().unwrap();
    (params.signed_by(&key, &issuer).unwrap().pem(), key.serialize_pem())
}

#[tokio::test]
async fn a_certificate_that_expires_is_told_and_replaced() {
    let (mut config, pki) = cluster_config();
    let directory = tempfile::tempdir().unwrap();
    let (certificate_file, key_file) = (directory.path().join("tls.crt"), directory.path().join("tls.key"));
    let (certificate, key) = signed(&pki, "shortly", Duration::from_secs(4));
    fs::write(&certificate_file, &certificate).unwrap();
    fs::write(&key_file, &key).unwrap();
    let mut identity = ClientIdentity::new(certificate, key);
    (identity.certificate_file, identity.key_file) = (Some(certificate_file.clone()), Some(key_file.clone()));
    config.client_identity = Some(identity);
    let client = Client::new(config).unwrap();
    assert_eq!(whoami(&client).await.unwrap().username.as_deref(), Some("shortly"));

    // The connection stays, but who it belongs to is asked for every request.
    let expiring = async {
        loop {
            match whoami(&client).await {
                Ok(user) => assert_eq!(user.username.as_deref(), Some("shortly")),
                Err(error) => return error,
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let error = tokio::time::timeout(cluster::LIMIT, expiring).await.expect("the certificate expires");
    assert!(error.is_unauthorized() && !error.is_retryable(), "{error:?}");
    assert!(error.to_string().contains("the client certificate expired at 20"), "{error}");

    let (certificate, key) = signed(&pki, "shortly", Duration::from_secs(600));
    fs::write(&certificate_file, certificate).unwrap();
    fs::write(&key_file, key).unwrap();
    assert_eq!(whoami(&client).await.unwrap().username.as_deref(), Some("shortly"), "no minute has to pass");
}

#[tokio::test]
async fn an_authority_that_is_not_the_clusters_is_told() {
    let (mut config, pki) = cluster_config();
    let other = CertificateParams::default().self_signed(&KeyPair::generate().unwrap()).unwrap();
    config.certificate_authority = Some(other.pem().into_bytes());
    config.certificate_authority_file = None;
    let error = whoami(&Client::new(config.clone()).unwrap()).await.unwrap_err();
    assert!(error.is_certificate() && error.is_connect() && !error.is_retryable(), "{error:?}");
    assert!(error.to_string().contains("set certificate-authority to the cluster's CA"), "{error}");

    // The file has the right one by the time it is needed.
    config.certificate_authority_file = Some(pki.join("ca.crt"));
    let error = whoami(&Client::new(config.clone()).unwrap()).await.unwrap_err();
    assert!(error.is_forbidden() && error.to_string().contains("system:anonymous"), "{error}");

    config.tls_server_name = Some("api.example.com".to_owned());
    let error = whoami(&Client::new(config).unwrap()).await.unwrap_err();
    assert!(error.is_certificate() && error.to_string().contains("for another name"), "{error}");
}
