//! kubectl's streams against the API server in memory, whose containers run this machine's own commands.

use std::process::Stdio;
use std::time::Duration;

use kubernetes_testing::TestServer;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy, split};
use tokio::net::TcpStream;

use crate::host;
use crate::kubectl::Kubectl;

const POD: &str =
    "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: default}, spec: {containers: [{name: a}]},
                    status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}}";

async fn server() -> (TestServer, Kubectl) {
    let server = TestServer::start().await.expect("a port");
    server.load_yaml(POD).expect("a pod");
    host::play_containers(&server);
    let kubectl = Kubectl::new(&server);
    (server, kubectl)
}

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("it ends in time")
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_exec_has_input_outputs_and_exit_codes() {
    let (_server, kubectl) = server().await;
    assert_eq!(in_time(kubectl.say("exec web -- echo hello", "")).await, "hello\n");
    let input = "0123456789".repeat(100_000);
    assert!(in_time(kubectl.say("exec -i web -- cat", &input)).await == input);
    for code in [1, 3, 255] {
        let script = format!("exit${{IFS}}{code}");
        let output = in_time(kubectl.output(&format!("exec web -- sh -c {script}"), "")).await;
        assert_eq!(output.status.code(), Some(code));
    }
    let missing = in_time(kubectl.output("exec web -- no-such-program", "")).await;
    assert!(!missing.status.success() && !missing.stderr.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_cp_goes_both_ways() {
    let (_server, kubectl) = server().await;
    let (local, remote) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let (local, remote) = (local.path(), remote.path());
    std::fs::create_dir_all(local.join("up/inner")).expect("a folder");
    let large = vec![7; 3_000_000];
    std::fs::write(local.join("up/inner/large"), &large).expect("a file");
    std::fs::write(local.join("up/small"), "small").expect("a file");
    let (up, there) = (local.join("up"), remote.join("there"));
    in_time(kubectl.say(&format!("cp {} web:{}", up.display(), there.display()), "")).await;
    assert!(std::fs::read(there.join("inner/large")).expect("it is there") == large);
    let back = local.join("back");
    in_time(kubectl.say(&format!("cp web:{} {}", there.display(), back.display()), "")).await;
    assert!(std::fs::read(back.join("inner/large")).expect("it came back") == large);
    assert_eq!(std::fs::read_to_string(back.join("small")).expect("it came back"), "small");
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_port_forward_carries_many_connections() {
    let (server, kubectl) = server().await;
    server.on_port_forward(|_, io| async move {
        let (mut reader, mut writer) = split(io);
        copy(&mut reader, &mut writer).await.map(drop).map_err(|error| error.to_string())
    });
    let mut forward = kubectl.command("port-forward --address 127.0.0.1 pod/web :80");
    let mut forward = forward.stdout(Stdio::piped()).spawn().expect("kubectl");
    let mut lines = BufReader::new(forward.stdout.take().expect("piped")).lines();
    // Forwarding from 127.0.0.1:PORT -> 80
    let line = in_time(lines.next_line()).await.expect("text").expect("a line");
    let port: u16 = line.split([':', ' ']).find_map(|word| word.parse().ok()).expect(&line);
    let connections = (0..20_u8).map(|number| async move {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let sent = vec![number; 100_000];
        let mut received = vec![0; sent.len()];
        let (mut reader, mut writer) = stream.split();
        tokio::try_join!(writer.write_all(&sent), reader.read_exact(&mut received))?;
        std::io::Result::Ok(received == sent)
    });
    let echoed = in_time(futures::future::try_join_all(connections)).await.expect("twenty echoes");
    assert!(echoed.into_iter().all(|is_same| is_same));
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_logs_follows() {
    let (server, kubectl) = server().await;
    let (written, writes) = tokio::sync::watch::channel(0);
    server.on_log(move |request, mut log| {
        let mut writes = writes.clone();
        async move {
            let _ = log.write_all(b"first\n").await;
            if request.follow {
                let _ = writes.wait_for(|count| *count == 1).await;
                let _ = log.write_all(b"second\n").await;
            }
        }
    });
    assert_eq!(in_time(kubectl.say("logs web", "")).await, "first\n");
    let mut follow = kubectl.command("logs -f web");
    let mut follow = follow.stdout(Stdio::piped()).spawn().expect("kubectl");
    let mut lines = BufReader::new(follow.stdout.take().expect("piped")).lines();
    assert_eq!(in_time(lines.next_line()).await.expect("text").as_deref(), Some("first"));
    written.send_replace(1);
    assert_eq!(in_time(lines.next_line()).await.expect("text").as_deref(), Some("second"));
    assert!(in_time(follow.wait()).await.expect("it ends").success());
}
