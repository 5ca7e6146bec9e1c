//! Commands, their input, their ends, and refusals.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use http::Method;
use kubernetes_core::{ConnectRequest, Path};
use kubernetes_streams::{Error, Exec, TerminalSize};
use kubernetes_testing::{Exit, Fault};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf, copy};

use crate::support::{exec, in_process, random_bytes, servers};

#[tokio::test]
async fn a_command_runs_with_its_arguments_and_its_output_is_collected() {
    for server in servers().await {
        server.on_exec(|request, mut io| async move {
            assert_eq!(request.command, ["printf", "%s\n", "a b", "ü&?#"]);
            assert_eq!((request.namespace.as_str(), request.pod.as_str()), ("default", "web"));
            assert!(!request.stdin && request.stdout && request.stderr && !request.tty);
            io.stdout.write_all(b"out").await.unwrap();
            io.stderr.write_all(b"err").await.unwrap();
            3
        });
        let command = Exec::new("default", "web", ["printf", "%s\n", "a b", "ü&?#"]);
        let output = command.output(&server.client()).await.unwrap();
        assert_eq!((output.stdout, output.stderr, output.status.code()), (b"out".to_vec(), b"err".to_vec(), 3));
    }
}

#[tokio::test]
async fn input_comes_back_on_either_output() {
    for server in servers().await {
        for to_stderr in [false, true] {
            server.on_exec(move |_, io| async move {
                let (mut stdin, mut stdout, mut stderr) = (io.stdin, io.stdout, io.stderr);
                let copied = match to_stderr {
                    true => copy(&mut stdin, &mut stderr).await,
                    false => copy(&mut stdin, &mut stdout).await,
                };
                copied.map(drop)
            });
            for size in [0, 1, 2, 125, 126, 4096, 32 * 1024, 64 * 1024 + 1, 3 * 1024 * 1024] {
                let input = random_bytes(size as u64, size);
                let output = exec().output_with_input(&server.client(), &input[..]).await.unwrap();
                let (same, other) =
                    if to_stderr { (output.stderr, output.stdout) } else { (output.stdout, output.stderr) };
                assert!(same == input && other.is_empty(), "{size} bytes, to stderr: {to_stderr}");
                assert!(output.status.success());
            }
        }
    }
}

#[tokio::test]
async fn writes_and_reads_of_any_size_lose_nothing() {
    let server = in_process();
    server.on_exec(|_, mut io| async move { copy(&mut io.stdin, &mut io.stdout).await.map(drop) });
    let input = random_bytes(1, 200_000);
    for (write, read) in [(1, 65536), (65536, 1), (1000, 77), (1024 * 1024, 1024 * 1024)] {
        let input = &input[..if write.min(read) == 1 { 5000 } else { input.len() }];
        let mut process = exec().stdin(true).start(&server.client()).await.unwrap();
        let (mut stdin, mut stdout) = (process.stdin().unwrap(), process.stdout().unwrap());
        let writing = async {
            for chunk in input.chunks(write) {
                stdin.write_all(chunk).await.unwrap();
            }
            stdin.shutdown().await.unwrap();
        };
        let reading = async {
            let mut output = Vec::new();
            let mut buffer = vec![0; read];
            while let count @ 1.. = stdout.read(&mut buffer).await.unwrap() {
                output.extend_from_slice(&buffer[..count]);
            }
            output
        };
        let ((), output) = tokio::join!(writing, reading);
        assert!(output == input, "written by {write}, read by {read}");
        assert!(process.wait().await.unwrap().success());
    }
}

#[tokio::test]
async fn output_goes_on_after_the_input_has_ended() {
    for server in servers().await {
        server.on_exec(|_, mut io| async move {
            let mut input = String::new();
            io.stdin.read_to_string(&mut input).await.unwrap();
            for _ in 0..1000 {
                io.stdout.write_all(format!("{input};").as_bytes()).await.unwrap();
            }
        });
        // By shutting it down, by dropping it, and by way of the process.
        for way in 0..3 {
            let mut process = exec().stdin(true).start(&server.client()).await.unwrap();
            let mut stdin = process.stdin().unwrap();
            stdin.write_all(b"to the end").await.unwrap();
            match way {
                0 => stdin.shutdown().await.unwrap(),
                1 => drop(stdin),
                _ => {
                    process.close_stdin().await.unwrap();
                    process.close_stdin().await.unwrap();
                    assert_eq!(stdin.write_all(b"more").await.unwrap_err().kind(), std::io::ErrorKind::BrokenPipe);
                    stdin.shutdown().await.unwrap();
                }
            }
            let output = process.output(usize::MAX).await.unwrap();
            assert_eq!(output.stdout, "to the end;".repeat(1000).as_bytes());
        }
    }
}

#[tokio::test]
async fn every_exit_code_is_told() {
    for server in servers().await {
        for code in [0, 1, 3, 137, 255] {
            server.on_exec(move |_, _| async move { code });
            let process = exec().start(&server.client()).await.unwrap();
            for _ in 0..2 {
                let status = process.wait().await.unwrap();
                assert_eq!((status.code(), status.success()), (code, code == 0));
            }
        }
        server.on_exec(|_, _| async { Exit::Error("no such file or directory".to_owned()) });
        let error = exec().output(&server.client()).await.unwrap_err();
        assert_eq!(error.status().unwrap().code, Some(500));
        let expected = "/api/v1/namespaces/default/pods/web/exec: Internal error occurred: error executing command in \
                        container: no such file or directory";
        assert_eq!(error.to_string(), expected);
    }
}

#[tokio::test]
async fn a_process_may_end_without_reading_its_input() {
    for server in servers().await {
        server.on_exec(|_, mut io| async move {
            io.stdin.read_exact(&mut [0; 3]).await.unwrap();
            io.stdout.write_all(b"enough").await.unwrap();
            1
        });
        let output = exec().output_with_input(&server.client(), tokio::io::repeat(7)).await.unwrap();
        assert_eq!((output.stdout, output.status.code()), (b"enough".to_vec(), 1));
    }
}

/// A file on a disk that breaks.
struct Failing;

impl AsyncRead for Failing {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::Error::new(io::ErrorKind::NotFound, "the disk is gone")))
    }
}

#[tokio::test]
async fn an_input_that_fails_is_the_error() {
    let server = in_process();
    server.on_exec(|_, mut io| async move { copy(&mut io.stdin, &mut io.stdout).await.map(drop) });
    let failing = AsyncReadExt::chain(&b"begin"[..], Failing);
    let error = exec().output_with_input(&server.client(), failing).await.unwrap_err();
    assert!(error.is_input() && format!("{error:?}").contains("the disk is gone"), "{error:?}");
}

#[tokio::test]
async fn a_terminal_sees_each_of_its_sizes_in_order() {
    for server in servers().await {
        server.on_exec(|request, mut io| async move {
            assert!(request.tty && request.stdout && !request.stderr);
            for _ in 0..3 {
                let size = io.sizes.next().await.unwrap();
                io.stdout.write_all(format!("{}x{} ", size.width, size.height).as_bytes()).await.unwrap();
            }
        });
        let process = exec().stdin(true).tty(true).start(&server.client()).await.unwrap();
        for size in [(80, 24), (132, 50), (0, u16::MAX)] {
            process.resize(TerminalSize::new(size.0, size.1)).await.unwrap();
        }
        let output = process.output(100).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "80x24 132x50 0x65535 ");

        server.on_exec(|_, _| async {});
        let process = exec().start(&server.client()).await.unwrap();
        let error = process.resize(TerminalSize::new(80, 24)).await.unwrap_err();
        assert!(error.is_invalid() && error.to_string().contains("tty(true)"), "{error}");
    }
}

#[tokio::test]
async fn refusals_have_the_status_of_the_server() {
    for server in servers().await {
        server.on_exec(|_, _| async {});
        let client = server.client();
        let refused = |exec: Exec| async { exec.output(&client).await.unwrap_err() };
        let error = refused(Exec::new("default", "gone", ["ls"])).await;
        assert!(error.is_not_found(), "{error}");
        let expected = "GET /api/v1/namespaces/default/pods/gone/exec failed: 404 Not Found: pods \"gone\" not found";
        assert_eq!(error.to_string(), expected);
        let error = refused(exec().container("b")).await;
        assert_eq!(error.status().unwrap().code, Some(400));
        assert!(error.to_string().contains("container b is not valid for pod web"), "{error}");
        server.inject(Fault::status(403));
        let error = refused(exec()).await;
        assert!(error.is_forbidden() && error.to_string().contains("the verb create on pods/exec"), "{error}");
    }
}

#[tokio::test]
async fn requests_that_make_no_sense_are_not_sent() {
    let server = in_process();
    server.on_exec(|_, _| async {});
    let none = [""; 0];
    for (exec, expected) in [
        (Exec::new("default", "web", none), "the command is empty"),
        (exec().tty(true).stderr(true), "no separate stderr"),
        (exec().stdout(false).stderr(false), "none of stdin, stdout and stderr"),
        (Exec::new("default", "../web", ["ls"]), "the argument `name` must not contain"),
        (Exec::new("", "web", ["ls"]), "`namespace`"),
    ] {
        let error = exec.start(&server.client()).await.unwrap_err();
        assert!(error.is_invalid() && error.to_string().contains(expected), "{error}");
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn the_container_of_a_pod_with_several_is_the_one_kubectl_takes() {
    let server = in_process();
    let pod =
        "{apiVersion: v1, kind: Pod, metadata: {name: two, annotations: {kubectl.kubernetes.io/default-container: b}},
        spec: {containers: [{name: a}, {name: b}]}}";
    server.load_yaml(pod).unwrap();
    server.on_exec(|request, mut io| async move { io.stdout.write_all(request.container.as_bytes()).await });
    let command = || Exec::new("default", "two", ["hostname"]);
    let run = |exec: Exec| {
        let client = server.client();
        async move { exec.output(&client).await.map(|output| String::from_utf8(output.stdout).unwrap()) }
    };
    assert_eq!(run(command().default_container()).await.unwrap(), "b");
    assert_eq!(run(command().default_container().container("a")).await.unwrap(), "a");
    assert_eq!(run(exec().default_container()).await.unwrap(), "a");
    let error = run(command()).await.unwrap_err();
    assert!(error.to_string().contains("choose one of: [a b]"), "{error}");
    let gone = Exec::new("default", "gone", ["hostname"]).default_container();
    assert!(run(gone).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_request_of_the_api_s_function_is_run() {
    let server = in_process();
    server.on_exec(|request, mut io| async move {
        io.stdout.write_all(format!("{:?} {}", request.command, request.stderr).as_bytes()).await
    });
    let path = Path::new("/api/v1/namespaces/{namespace}/pods/{name}/exec", &["default", "web"]);
    let request = ConnectRequest::<kubernetes_core::Exec>::at(Method::POST, path).command(["ls"]).stderr(false);
    let output = Exec::from(request).output(&server.client()).await.unwrap();
    assert_eq!(output.stdout, br#"["ls"] false"#);
}

#[tokio::test]
async fn the_connection_closes_when_nobody_has_a_part_of_the_process() {
    for server in servers().await {
        let (started, mut ended) = tokio::sync::mpsc::channel::<()>(1);
        let started = Arc::new(Mutex::new(Some(started)));
        server.on_exec(move |_, io| {
            let running = started.lock().unwrap().take();
            async move {
                let _held = (io, running);
                std::future::pending::<()>().await;
            }
        });
        let mut process = exec().stdin(true).start(&server.client()).await.unwrap();
        let stdout = process.stdout().unwrap();
        drop(process);
        tokio::task::yield_now().await;
        assert!(ended.try_recv() != Err(tokio::sync::mpsc::error::TryRecvError::Disconnected), "stdout is still there");
        drop(stdout);
        assert_eq!(ended.recv().await, None);
    }
}

#[tokio::test]
async fn a_process_that_is_closed_is_told_to_all_its_parts() {
    let server = in_process();
    server.on_exec(|_, io| async move {
        let _io = io;
        std::future::pending::<()>().await;
    });
    let mut process = exec().stdin(true).start(&server.client()).await.unwrap();
    let (mut stdin, mut stdout) = (process.stdin().unwrap(), process.stdout().unwrap());
    process.close();
    let error = stdout.read(&mut [0; 10]).await.unwrap_err();
    assert!(Error::of_io(&error).unwrap().to_string().ends_with("the connection is closed"), "{error}");
    assert!(process.wait().await.is_err());
    while stdin.write_all(b"more").await.is_ok() {
        tokio::task::yield_now().await;
    }
}
