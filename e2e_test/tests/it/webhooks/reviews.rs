//! The API server authenticates and authorizes by webhooks.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::config::{Credentials, Secret};
use kubernetes_sdk::core::CreateRequest;
use kubernetes_sdk::models::authentication::v1::UserInfo;
use kubernetes_sdk::models::core::v1::{self as models, ConfigMap};
use kubernetes_sdk::models::rbac::v1::RoleBinding;
use kubernetes_sdk::webhooks::{Authentication, Authorization, Caller, Certificates, WebhookServer, Webhooks};
use kubernetes_sdk::{Client, Error};
use rcgen::{CertificateParams, KeyPair};
use tokio::net::TcpListener;

use crate::authentication::with_credentials;
use crate::cluster::{self, RestoreApiServer, test_cluster};

/// The group of the one user, by which access is allowed: it shows that groups arrive.
const GROUP: &str = "e2e:webhook-users";

/// The reviews of access that were asked for about this user.
type Reviews = Arc<Mutex<Vec<String>>>;

fn webhooks(reviews: &Reviews) -> Webhooks {
    let noted = Arc::clone(reviews);
    Webhooks::new()
        .authenticate_callers(|caller: Caller| async move {
            if caller.bearer_token() == Some("api-server") { Ok(()) } else { Err("unknown".to_owned()) }
        })
        .authenticate_tokens(|request| async move {
            let ann = UserInfo {
                username: Some("ann".into()),
                uid: Some("7".into()),
                groups: vec![GROUP.into()],
                extra: [("e2e.example.com/floor", vec!["3".into()])].into(),
            };
            match request.spec.token.as_str() {
                "token-of-ann" => Ok(Authentication::authenticated(ann)),
                "token-that-fails" => Err(format!("can't check {}", request.spec.token)),
                _ => Ok(Authentication::unauthenticated()),
            }
        })
        .authorize(move |request| {
            let spec = &request.spec;
            let decision = match &spec.resource_attributes {
                Some(to) if spec.groups.iter().any(|group| group == GROUP) => {
                    let verb = to.verb.as_deref().unwrap_or_default();
                    let floor = spec.extra.get("e2e.example.com/floor").map(|floors| floors.join(","));
                    noted
                        .lock()
                        .expect("no test panics with it")
                        .push(format!("{:?} {:?} {floor:?} {verb} {:?}", spec.user, spec.uid, to.resource));
                    match verb {
                        "get" => Ok(Authorization::allow().reason("everyone reads")),
                        "delete" => Ok(Authorization::deny().reason("nobody deletes")),
                        "list" => Ok(Authorization::no_opinion().reason("ask others")),
                        _ => Err("the rules can't be read"),
                    }
                }
                _ => Ok(Authorization::no_opinion()),
            };
            async { decision }
        })
}

/// The files by which an API server reaches a webhook server.
struct Files {
    folder: tempfile::TempDir,
    ca: PathBuf,
    address: SocketAddr,
}

impl Files {
    /// Those of a server that runs until the test ends.
    async fn of_server(reviews: &Reviews) -> Self {
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(["127.0.0.1".to_owned()]).expect("an address").self_signed(&key);
        let pem = certificate.expect("a certificate").pem();
        let certificates = Certificates::pem(pem.as_bytes(), key.serialize_pem().as_bytes()).expect("a certificate");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = WebhookServer::new(webhooks(reviews), certificates);
        tokio::spawn(async move { server.serve(listener, std::future::pending()).await });
        let folder = tempfile::TempDir::new().expect("a folder");
        let ca = folder.path().join("ca.crt");
        std::fs::write(&ca, pem).expect("a file");
        Self { folder, ca, address }
    }

    /// A kubeconfig of the webhook at a path.
    fn kubeconfig(&self, path: &str) -> PathBuf {
        let server = format!("https://{}/{path}", self.address);
        let config = serde_json::json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "webhook", "cluster": {"server": server, "certificate-authority": self.ca}}],
            "users": [{"name": "api-server", "user": {"token": "api-server"}}],
            "contexts": [{"name": "webhook", "context": {"cluster": "webhook", "user": "api-server"}}],
            "current-context": "webhook",
        });
        self.write(path, &config.to_string())
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }
}

fn client(token: &str) -> Client {
    with_credentials(Credentials::Token(Secret::new(token.to_owned())))
}

fn code<T>(result: Result<T, Error>) -> (i32, String) {
    let status = result.err().expect("it is refused").status().cloned().expect("the server has refused it");
    (status.code.unwrap_or_default(), status.message.unwrap_or_default().to_string())
}

/// In both versions that API servers send: `v1beta1` is their default.
#[tokio::test(flavor = "multi_thread")]
async fn the_server_asks_webhooks_who_a_user_is_and_what_it_may_do() {
    let (admin, namespace) = cluster::namespace("reviews").await;
    let map = ConfigMap::named("settings");
    core_v1::create_namespaced_config_map(&namespace, &map).send(&admin).await.expect("it is created");
    let reviews = Reviews::default();
    let files = Files::of_server(&reviews).await;
    let flag = |name: &str, path: &str| format!("--{name}-webhook-config-file={}", files.kubeconfig(path).display());
    // After RBAC, which the cluster has anyway.
    let flags = [
        "--authorization-mode=Webhook".to_owned(),
        flag("authentication-token", "authenticate"),
        flag("authorization", "authorize"),
    ];
    let in_v1 = ["--authentication-token-webhook-version=v1", "--authorization-webhook-version=v1"];
    let _restore = RestoreApiServer;
    for versions in [&[][..], &in_v1] {
        let arguments = ["restart-apiserver"].into_iter().chain(flags.iter().map(String::as_str));
        test_cluster(&arguments.chain(versions.iter().copied()).collect::<Vec<_>>());
        decided(&namespace).await;
        let asked = std::mem::take(&mut *reviews.lock().expect("no test panics with it"));
        let ann = |verb: &str| format!(r#"Some("ann") Some("7") Some("3") {verb} Some("configmaps")"#);
        for verb in ["get", "delete", "list", "update"] {
            assert!(asked.contains(&ann(verb)), "{verb}: {asked:?}");
        }
    }
    core_v1::delete_namespace(&namespace).send(&admin).await.expect("the namespace is deleted");
}

/// The webhook denies although RBAC allows, and is asked about nothing but secrets.
#[tokio::test(flavor = "multi_thread")]
async fn the_documented_order_of_authorizers_lets_a_webhook_deny() {
    let (admin, namespace) = cluster::namespace("authorizers").await;
    let (map, secret) = (ConfigMap::named("settings"), models::Secret::named("password"));
    core_v1::create_namespaced_config_map(&namespace, &map).send(&admin).await.expect("it is created");
    core_v1::create_namespaced_secret(&namespace, &secret).send(&admin).await.expect("it is created");
    let binding: RoleBinding = serde_json::from_value(serde_json::json!({
        "metadata": {"name": "all"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": GROUP}],
    }))
    .expect("a binding");
    CreateRequest::namespaced(&namespace, &binding).send(&admin).await.expect("it is created");

    let reviews = Reviews::default();
    let files = Files::of_server(&reviews).await;
    let page = include_str!("../../../../docs/webhooks.md");
    let (_, rest) = page.split_once("# The file of --authorization-config.\n").expect("the page has the file");
    let (configuration, _) = rest.split_once("```").expect("the file ends");
    let authorize = files.kubeconfig("authorize").display().to_string();
    let configuration = configuration.replace("/etc/webhooks/authorize.kubeconfig", &authorize);
    let _restore = RestoreApiServer;
    test_cluster(&[
        "restart-apiserver",
        &format!("--authorization-config={}", files.write("authorizers", &configuration).display()),
        &format!("--authentication-token-webhook-config-file={}", files.kubeconfig("authenticate").display()),
    ]);

    let ann = client("token-of-ann");
    crate::subresources::until("RBAC allows", async || {
        core_v1::delete_namespaced_config_map(&namespace, "settings").send(&ann).await.is_ok()
    })
    .await;
    let (status, message) = code(core_v1::delete_namespaced_secret(&namespace, "password").send(&ann).await);
    assert!(status == 403 && message.ends_with(": nobody deletes"), "{message}");
    let asked = std::mem::take(&mut *reviews.lock().expect("no test panics with it"));
    assert!(asked.iter().all(|review| review.ends_with(r#"Some("secrets")"#)), "{asked:?}");
    core_v1::delete_namespace(&namespace).send(&admin).await.expect("the namespace is deleted");
}

async fn decided(namespace: &str) {
    let ann = client("token-of-ann");
    let map = core_v1::read_namespaced_config_map(namespace, "settings").send(&ann).await.expect("it is allowed");
    let (status, message) = code(core_v1::delete_namespaced_config_map(namespace, "settings").send(&ann).await);
    assert_eq!(status, 403);
    assert!(message.contains(r#"User "ann" cannot delete"#) && message.ends_with(": nobody deletes"), "{message}");
    let (status, message) = code(core_v1::list_namespaced_config_map(namespace).send(&ann).await);
    assert!(status == 403 && message.contains("ask others"), "{message}");
    let (status, message) = code(core_v1::replace_namespaced_config_map(namespace, "settings", &map).send(&ann).await);
    assert!(status == 500 && message.contains("the rules can't be read"), "nobody has decided: {message}");
    for token in ["another-token", "token-that-fails"] {
        let read = core_v1::read_namespaced_config_map(namespace, "settings").send(&client(token)).await;
        assert_eq!(code(read).0, 401, "{token}");
    }
}
