use kubernetes_streams::Exec;
use kubernetes_testing::TestServer;

const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: a}]}}";

/// A server in process with a pod.
pub(crate) fn in_process() -> TestServer {
    let server = TestServer::in_process();
    server.load_yaml(POD).unwrap();
    server
}

/// A server with a pod, of both kinds.
pub(crate) async fn servers() -> [TestServer; 2] {
    let port = TestServer::start().await.unwrap();
    port.load_yaml(POD).unwrap();
    [in_process(), port]
}

/// A command in the pod, which the server's script plays.
pub(crate) fn exec() -> Exec {
    Exec::new("default", "web", ["command"])
}

/// Bytes that follow from a seed.
pub(crate) fn random_bytes(seed: u64, count: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut bytes = vec![0; count];
    random.fill(&mut bytes);
    bytes
}
