use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::TryStreamExt;
use kubernetes_sdk::api::core::v1 as core_v1;
use kubernetes_sdk::streams::{Error, Exec, TerminalSize};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};

use super::{container, in_time, run, sleeping_pod};
use crate::cluster;

/// The size of large streams: `STREAM_MIB=1024` for longer.
fn large() -> u64 {
    let mib = std::env::var("STREAM_MIB").map_or(64, |mib| mib.parse().expect("a number"));
    mib * 1024 * 1024
}

/// Bytes that repeat late, as many as are wanted.
struct Bytes {
    state: u64,
    left: u64,
    seen: Sha256,
}

impl Bytes {
    fn new(count: u64) -> Self {
        Self { state: 1, left: count, seen: Sha256::new() }
    }

    fn sum(self) -> String {
        self.seen.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl AsyncRead for Bytes {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut chunk = [0; 8 * 1024];
        let count = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.remaining()).min(chunk.len());
        for word in chunk.chunks_exact_mut(8) {
            self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            word.copy_from_slice(&self.state.to_be_bytes());
        }
        buffer.put_slice(&chunk[..count]);
        self.seen.update(&chunk[..count]);
        self.left -= count as u64;
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn commands_end_with_their_exit_codes() {
    let (client, namespace) = sleeping_pod("exec").await;
    let exec = |command: &[&'static str]| Exec::new(&namespace, "web", command.iter().copied());
    for (script, code) in [("exit 0", 0), ("exit 1", 1), ("exit 3", 3), ("exit 255", 255), ("kill -9 $$", 137)] {
        let output = in_time(exec(&["sh", "-c", script]).output(&client)).await.unwrap();
        assert_eq!(output.status.code(), code, "{script}");
    }
    let output = in_time(exec(&["printf", "%s|", "a b", "ü", "", "&?#%"]).output(&client)).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "a b|ü||&?#%|");
    let error = in_time(exec(&["no-such-program"]).output(&client)).await.unwrap_err();
    assert!(error.to_string().contains("executable file not found"), "{error}");
    assert!(error.status().is_some(), "{error:?}");
    let output = in_time(exec(&["sh", "-c", "echo out; echo err >&2"]).output(&client)).await.unwrap();
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"out\n"[..], &b"err\n"[..]));
}

#[tokio::test]
async fn large_streams_arrive_whole_in_both_directions() {
    let (client, namespace) = sleeping_pod("exec-large").await;
    let exec = |command: &[&'static str]| Exec::new(&namespace, "web", command.iter().copied());
    let started = std::time::Instant::now();
    let mut process = exec(&["cat"]).stdin(true).start(&client).await.unwrap();
    let (mut stdin, mut stdout) = (process.stdin().unwrap(), process.stdout().unwrap());
    let mut input = Bytes::new(large());
    let writing = async {
        tokio::io::copy(&mut input, &mut stdin).await.unwrap();
        stdin.shutdown().await.unwrap();
    };
    let mut seen = Sha256::new();
    let reading = async {
        while let Some(bytes) = stdout.try_next().await.unwrap() {
            seen.update(&bytes);
        }
    };
    tokio::join!(writing, reading);
    assert!(in_time(process.wait()).await.unwrap().success());
    let expected = input.sum();
    assert_eq!(seen.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>(), expected);
    eprintln!("{} bytes there and back in {:?}", large(), started.elapsed());
    let output = exec(&["sha256sum"]).output_with_input(&client, Bytes::new(large())).await.unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).starts_with(&expected));
}

/// The kubelet closes its connection behind the last bytes, which are then on their way. From that time on, whatever is
/// sent to it makes the API server drop them.
#[tokio::test]
async fn output_that_waits_for_its_reader_arrives_whole() {
    const BYTES: usize = 3_000_000;
    let (client, namespace) = sleeping_pod("exec-late").await;
    let command = ["head", "-c", &BYTES.to_string(), "/dev/zero"];
    let mut process = Exec::new(&namespace, "web", command).start(&client).await.unwrap();
    let mut stdout = process.stdout().unwrap();
    let mut output = vec![1; 1];
    in_time(stdout.read_exact(&mut output)).await.unwrap();
    // Longer than the time between pings.
    tokio::time::sleep(Duration::from_secs(7)).await;
    in_time(stdout.read_to_end(&mut output)).await.unwrap();
    assert_eq!(output.len(), BYTES);
    assert!(in_time(process.wait()).await.unwrap().success());
}

#[tokio::test]
async fn output_goes_on_after_the_input_has_ended() {
    let (client, namespace) = sleeping_pod("exec-stdin").await;
    let script = "n=$(wc -c); for i in 1 2 3 4 5; do echo $n; sleep 0.2; done; exit 7";
    let mut process = Exec::new(&namespace, "web", ["sh", "-c", script]).stdin(true).start(&client).await.unwrap();
    let mut stdin = process.stdin().unwrap();
    stdin.write_all(b"twelve bytes").await.unwrap();
    process.close_stdin().await.unwrap();
    let output = in_time(process.output(1000)).await.unwrap();
    assert_eq!((output.stdout.as_slice(), output.status.code()), (&b"12\n12\n12\n12\n12\n"[..], 7));
}

#[tokio::test]
async fn stderr_and_the_exit_code_pass_a_stdout_that_nobody_reads() {
    let (client, namespace) = sleeping_pod("exec-unread").await;
    let script = "head -c 16000000 /dev/zero; echo done >&2; exit 3";
    let exec = || Exec::new(&namespace, "web", ["sh", "-c", script]);
    for is_dropped in [false, true] {
        let mut process = exec().start(&client).await.unwrap();
        if is_dropped {
            drop(process.stdout());
        }
        let mut errors = String::new();
        in_time(process.stderr().unwrap().read_to_string(&mut errors)).await.unwrap();
        assert_eq!((errors.as_str(), in_time(process.wait()).await.unwrap().code()), ("done\n", 3));
    }
    let process = exec().start(&client).await.unwrap();
    assert_eq!(in_time(process.wait()).await.unwrap().code(), 3);
    let error = in_time(exec().output_limit(1000).output(&client)).await.unwrap_err();
    assert!(error.is_too_much_output(), "{error}");
}

#[tokio::test]
async fn a_terminal_has_the_size_that_it_is_given() {
    let (client, namespace) = sleeping_pod("exec-tty").await;
    let mut process = Exec::new(&namespace, "web", ["sh"]).stdin(true).tty(true).start(&client).await.unwrap();
    process.resize(TerminalSize::new(132, 50)).await.unwrap();
    let (mut stdin, stdout) = (process.stdin().unwrap(), process.stdout().unwrap());
    let mut lines = tokio::io::BufReader::new(stdout).lines();
    let sized = async {
        // A resize takes effect some time later.
        loop {
            stdin.write_all(b"stty size; echo end=$?\n").await.unwrap();
            let mut seen = false;
            while let Some(line) = lines.next_line().await.unwrap() {
                seen |= line.trim() == "50 132";
                if line.trim() == "end=0" {
                    break;
                }
            }
            if seen {
                return;
            }
        }
    };
    in_time(sized).await;
    stdin.write_all(b"exit 4\n").await.unwrap();
    drop(lines);
    assert_eq!(in_time(process.wait()).await.unwrap().code(), 4);
}

#[tokio::test]
async fn refusals_have_the_status_of_the_server() {
    let (client, namespace) = cluster::namespace("exec-refused").await;
    let containers = vec![container("first", "sleep 1000000"), container("second", "sleep 1000000")];
    run(&client, &namespace, "two", containers).await;
    let exec = |pod: &str| Exec::new(&namespace, pod, ["hostname"]);
    let error = exec("gone").output(&client).await.unwrap_err();
    assert!(error.is_not_found() && error.to_string().contains("pods \"gone\" not found"), "{error}");
    let error = exec("two").container("third").output(&client).await.unwrap_err();
    assert_eq!(error.status().and_then(|status| status.code), Some(400), "{error}");
    assert!(error.to_string().contains("third"), "{error}");
    let error = exec("two").output(&client).await.unwrap_err();
    assert!(error.to_string().contains("first") && error.to_string().contains("second"), "{error}");
    let output = in_time(exec("two").default_container().output(&client)).await.unwrap();
    assert_eq!(output.stdout, b"two\n");
    let error = exec("two").container("first").output(&cluster::client("nobody")).await.unwrap_err();
    assert!(error.is_forbidden() && error.to_string().contains("the verb create on pods/exec"), "{error}");
}

#[tokio::test]
async fn a_pod_that_goes_ends_its_commands() {
    let (client, namespace) = sleeping_pod("exec-gone").await;
    let process = Exec::new(&namespace, "web", ["sleep", "1000000"]).start(&client).await.unwrap();
    core_v1::delete_namespaced_pod(&namespace, "web").grace_period_seconds(0).send(&client).await.unwrap();
    // The runtime kills the command, and may tell so or only end the connection.
    match in_time(process.wait()).await {
        Ok(status) => assert_eq!(status.code(), 137),
        Err(error) => assert!(error.is_connection_lost() || error.status().is_some(), "{error:?}"),
    }
}

#[tokio::test]
async fn many_commands_run_at_once() {
    let (client, namespace) = sleeping_pod("exec-many").await;
    let commands = (0..30).map(|number| {
        let exec =
            Exec::new(&namespace, "web", ["sh".to_owned(), "-c".to_owned(), format!("echo {number}; exit {number}")]);
        let client = client.clone();
        tokio::spawn(async move { exec.output(&client).await })
    });
    for (number, output) in in_time(futures::future::join_all(commands)).await.into_iter().enumerate() {
        let output = output.unwrap().unwrap();
        assert_eq!((output.stdout, output.status.code()), (format!("{number}\n").into_bytes(), number as i32));
    }
}

#[tokio::test]
async fn an_idle_command_lives_and_a_reader_sees_its_end() {
    let (client, namespace) = sleeping_pod("exec-idle").await;
    let mut process = Exec::new(&namespace, "web", ["sh", "-c", "sleep 20; echo late"]).start(&client).await.unwrap();
    let mut output = String::new();
    in_time(process.stdout().unwrap().read_to_string(&mut output)).await.unwrap();
    assert_eq!(output, "late\n");
    let mut process = Exec::new(&namespace, "web", ["cat"]).stdin(true).start(&client).await.unwrap();
    process.close();
    let error = process.stdout().unwrap().read(&mut [0]).await.unwrap_err();
    assert!(Error::of_io(&error).is_some(), "{error}");
}

#[tokio::test]
async fn a_command_is_lost_with_the_api_server() {
    let (client, namespace) = sleeping_pod("exec-restart").await;
    let mut process = Exec::new(&namespace, "web", ["cat"]).stdin(true).start(&client).await.unwrap();
    let (mut stdin, mut stdout) = (process.stdin().unwrap(), process.stdout().unwrap());
    stdin.write_all(b"before").await.unwrap();
    let mut echo = [0; 6];
    in_time(stdout.read_exact(&mut echo)).await.unwrap();
    cluster::kill_apiserver();
    let error = in_time(process.wait()).await.unwrap_err();
    cluster::test_cluster(&["start-apiserver"]);
    assert!(error.is_connection_lost(), "{error:?}");
    let error = in_time(stdout.read(&mut echo)).await.unwrap_err();
    assert!(Error::of_io(&error).unwrap().is_connection_lost(), "{error}");
    let output = in_time(Exec::new(&namespace, "web", ["hostname"]).output(&client)).await.unwrap();
    assert_eq!(output.stdout, b"web\n");
}
