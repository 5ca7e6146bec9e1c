//! kubectl against the API server in memory.

use std::path::{Path, PathBuf};
use std::process::Output;

use kubernetes_testing::TestServer;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

#[path = "../../../kubernetes/testing/tests/it/widgets.rs"]
mod definition;

use definition::widgets;

/// The program that `scripts/test-cluster build` made.
fn program() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(|| home().join(".cache"), PathBuf::from);
    let built = std::env::var_os("CLUSTER_BIN").map(PathBuf::from);
    built.unwrap_or_else(|| cache.join("kubernetes-test-cluster/bin")).join("kubectl")
}

pub(crate) struct Kubectl {
    folder: tempfile::TempDir,
}

impl Kubectl {
    pub(crate) fn new(server: &TestServer) -> Self {
        Self::with(&server.kubeconfig())
    }

    /// For the server of a kubeconfig.
    pub(crate) fn with(kubeconfig: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("config"), kubeconfig).expect("a kubeconfig");
        Self { folder }
    }

    /// For the test cluster, with the arguments that every command starts with.
    pub(crate) fn of_cluster() -> (Self, String) {
        let kubeconfig = std::env::var("KUBECONFIG").expect("the test cluster's kubeconfig");
        (Self::with(""), format!("--kubeconfig {kubeconfig} --context admin"))
    }

    /// The folder of its disk cache.
    pub(crate) fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    pub(crate) fn command(&self, arguments: &str) -> Command {
        let path = |name: &str| -> PathBuf { Path::join(self.folder.path(), name) };
        let mut command = Command::new(program());
        command.arg("--kubeconfig").arg(path("config")).arg("--cache-dir").arg(path("cache"));
        command.args(arguments.split_whitespace()).kill_on_drop(true);
        // Sets of `kubectl apply --prune --applyset` are still alpha.
        command.env("KUBECTL_APPLYSET", "true");
        command
    }

    pub(crate) async fn output(&self, arguments: &str, input: &str) -> Output {
        let mut command = self.command(arguments);
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        command.stderr(std::process::Stdio::piped());
        let mut child = command.spawn().expect("kubectl was built by scripts/test-cluster build");
        let mut stdin = child.stdin.take().expect("it was asked for");
        stdin.write_all(input.as_bytes()).await.expect("kubectl reads");
        drop(stdin);
        child.wait_with_output().await.expect("kubectl ends")
    }

    /// The output of a successful command.
    pub(crate) async fn say(&self, arguments: &str, input: &str) -> String {
        let output = self.output(arguments, input).await;
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }
}

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: 'web:1'}]}
";

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_works() {
    let server = TestServer::start().await.expect("a port");
    let kubectl = Kubectl::new(&server);
    let changed = DEPLOYMENT.replace("replicas: 2", "replicas: 3");
    let transcript = [
        (
            "get namespaces -o name",
            "",
            "namespace/default\nnamespace/kube-node-lease\nnamespace/kube-public\nnamespace/kube-system\n",
        ),
        ("apply -f -", DEPLOYMENT, "deployment.apps/web created\n"),
        ("apply -f -", &changed, "deployment.apps/web configured\n"),
        ("apply -f -", &changed, "deployment.apps/web unchanged\n"),
        ("apply --server-side -f -", &changed, "deployment.apps/web serverside-applied\n"),
        ("get deploy web -o jsonpath={.spec.replicas}", "", "3"),
        ("scale deploy web --replicas=5", "", "deployment.apps/web scaled\n"),
        ("set image deploy/web web=web:2", "", "deployment.apps/web image updated\n"),
        ("label deploy web tier=front", "", "deployment.apps/web labeled\n"),
        ("get deploy -l tier=front -o name", "", "deployment.apps/web\n"),
        (
            "patch deploy web --type=json -p [{\"op\":\"remove\",\"path\":\"/metadata/labels/tier\"}]",
            "",
            "deployment.apps/web patched\n",
        ),
        ("patch deploy web --type=merge -p {\"spec\":{\"paused\":true}}", "", "deployment.apps/web patched\n"),
        (
            "patch deploy web -p {\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"web\",\"tty\":true}]}}}}",
            "",
            "deployment.apps/web patched\n",
        ),
        ("get deploy web -o jsonpath={.spec.template.spec.containers[0].image}", "", "web:2"),
        ("run one --image=x", "", "pod/one created\n"),
        ("wait --for=jsonpath={.status.phase}=Pending pod/one --timeout=5s", "", "pod/one condition met\n"),
        ("delete pod one", "", "pod \"one\" deleted from default namespace\n"),
        ("wait --for=delete pod/one --timeout=5s", "", ""),
        ("delete deploy web", "", "deployment.apps \"web\" deleted from default namespace\n"),
    ];
    for (arguments, input, expected) in transcript {
        assert_eq!(kubectl.say(arguments, input).await, expected, "kubectl {arguments}");
    }
    let missing = kubectl.output("get pod one", "").await;
    assert_eq!(String::from_utf8_lossy(&missing.stderr), "Error from server (NotFound): pods \"one\" not found\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_describes_conflicts_and_watches() {
    let server = TestServer::start().await.expect("a port");
    let kubectl = Kubectl::new(&server);
    kubectl.say("apply -f -", DEPLOYMENT).await;
    let description = kubectl.say("describe deploy web", "").await;
    for line in ["Name:               web", "Replicas:           2 desired", "Image:         web:1"] {
        assert!(description.contains(line), "{description}");
    }
    let other = DEPLOYMENT.replace("replicas: 2", "replicas: 7");
    let conflict = kubectl.output("apply --server-side --field-manager=other -f -", &other).await;
    let text = String::from_utf8_lossy(&conflict.stderr).into_owned();
    assert!(text.contains("Apply failed with 1 conflict") && text.contains(".spec.replicas"), "{text}");
    kubectl.say("apply --server-side --force-conflicts --field-manager=other -f -", &other).await;

    let mut watch = kubectl.command("get configmaps -w -o name");
    let mut watch = watch.stdout(std::process::Stdio::piped()).spawn().expect("kubectl");
    let mut lines = tokio::io::BufReader::new(watch.stdout.take().expect("it was asked for"));
    let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: late}}";
    kubectl.say("apply -f -", map).await;
    let mut line = String::new();
    tokio::io::AsyncBufReadExt::read_line(&mut lines, &mut line).await.expect("a line");
    assert_eq!(line, "configmap/late\n");
}

const VERSION: &str = "    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
    additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
";

const STATE: &str = "
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: default, creationTimestamp: '2026-01-01T00:00:00Z'}
spec: {nodeName: node-1, containers: [{name: web, image: 'web:1'}]}
status:
  phase: Running
  containerStatuses: [{name: web, ready: true, restartCount: 0, image: 'web:1', imageID: '', state: {running: {}}}]
---
apiVersion: v1
kind: Node
metadata: {name: node-1, creationTimestamp: '2026-01-01T00:00:00Z'}
status: {conditions: [{type: Ready, status: 'True'}], nodeInfo: {kubeletVersion: v1.37.2}}
---
apiVersion: v1
kind: Event
metadata: {name: e, namespace: default}
involvedObject: {kind: Pod, name: web-0}
type: Normal
reason: Started
message: Started container web
lastTimestamp: '2026-01-03T23:59:50Z'
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: w, namespace: default}
spec: {size: 3}
";

/// Lines with single spaces, whatever the width of the columns.
fn words(text: &str) -> Vec<String> {
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_shows_columns() {
    let now = "2026-01-04T00:00:00Z".parse().expect("a time");
    let server = TestServer::builder().now(now).start().await.expect("a port");
    server.load_yaml(&widgets(VERSION)).expect("a definition");
    server.load_yaml(STATE).expect("objects");
    let kubectl = Kubectl::new(&server);
    kubectl.say("apply -f -", DEPLOYMENT).await;
    let transcript = [
        ("get pods", ["NAME READY STATUS RESTARTS AGE", "web-0 1/1 Running 0 3d"]),
        ("get nodes", ["NAME STATUS ROLES AGE VERSION", "node-1 Ready <none> 3d v1.37.2"]),
        ("get deploy --no-headers", ["web 0/2 0 0 0s", ""]),
        ("get events", ["LAST SEEN TYPE REASON OBJECT MESSAGE", "10s Normal Started pod/web-0 Started container web"]),
        ("get widgets", ["NAME SIZE", "w 3"]),
        ("get pods --sort-by=.metadata.name -o name", ["pod/web-0", ""]),
        ("get namespaces default", ["NAME STATUS AGE", "default Active 0s"]),
    ];
    for (arguments, expected) in transcript {
        let mut said = words(&kubectl.say(arguments, "").await);
        said.resize(2, String::new());
        // What was made a moment ago may be some seconds old.
        let said =
            said.join("\n").replace(" 1s", " 0s").replace(" 2s", " 0s").replace("11s", "10s").replace("12s", "10s");
        assert_eq!(said, expected.join("\n"), "kubectl {arguments}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_waits_for_a_rollout_and_is_told_what_is_left_out() {
    let server = TestServer::start().await.expect("a port");
    let kubectl = Kubectl::new(&server);
    kubectl.say("apply -f -", DEPLOYMENT).await;
    let status = "patch deploy web --subresource=status --type=merge -p \
                  {\"status\":{\"observedGeneration\":1,\"replicas\":2,\"updatedReplicas\":2,\"readyReplicas\":2,\"availableReplicas\":2}}";
    kubectl.say(status, "").await;
    let said = kubectl.say("rollout status deploy/web --timeout=20s", "").await;
    assert_eq!(said, "deployment \"web\" successfully rolled out\n");
    // What clients in Go write without being given a file is protobuf.
    let refused = kubectl.output("create configmap a --from-literal=k=v", "").await;
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && text.contains("protobuf") && text.contains("kubectl create -f"), "{text}");
    let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}";
    assert_eq!(kubectl.say("create -f -", map).await, "configmap/a created\n");
    let review = "{apiVersion: authorization.k8s.io/v1, kind: SelfSubjectAccessReview, \
                   spec: {resourceAttributes: {verb: create, resource: pods, namespace: default}}}";
    assert_eq!(kubectl.say("create -o jsonpath={.status.allowed} -f -", review).await, "true");
    let account = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: builder}}";
    kubectl.say("create -f -", account).await;
    let request = r#"{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}"#;
    let path = "/api/v1/namespaces/default/serviceaccounts/builder/token";
    let token = kubectl.say(&format!("create --raw {path} -f -"), request).await;
    assert!(token.contains("\"token\":\""), "{token}");
}
