//! kubectl against the API server in memory.

use std::path::{Path, PathBuf};
use std::process::Output;

use kubernetes_testing::TestServer;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// The program that `scripts/test-cluster build` made.
fn program() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(|| home().join(".cache"), PathBuf::from);
    let built = std::env::var_os("CLUSTER_BIN").map(PathBuf::from);
    built.unwrap_or_else(|| cache.join("kubernetes-test-cluster/bin")).join("kubectl")
}

struct Kubectl {
    folder: tempfile::TempDir,
}

impl Kubectl {
    fn new(server: &TestServer) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("config"), server.kubeconfig()).expect("a kubeconfig");
        Self { folder }
    }

    fn command(&self, arguments: &str) -> Command {
        let path = |name: &str| -> PathBuf { Path::join(self.folder.path(), name) };
        let mut command = Command::new(program());
        command.arg("--kubeconfig").arg(path("config")).arg("--cache-dir").arg(path("cache"));
        command.args(arguments.split_whitespace()).kill_on_drop(true);
        command
    }

    async fn output(&self, arguments: &str, input: &str) -> Output {
        let mut command = self.command(arguments);
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        command.stderr(std::process::Stdio::piped());
        let mut child = command.spawn().expect("kubectl was built by scripts/test-cluster build");
        let mut stdin = child.stdin.take().expect("it was asked for");
        stdin.write_all(input.as_bytes()).await.expect("kubectl reads");
        drop(stdin);
        child.wait_with_output().await.expect("kubectl ends")
    }

    /// What a successful command says.
    async fn say(&self, arguments: &str, input: &str) -> String {
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
