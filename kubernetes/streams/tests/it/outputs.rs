//! Outputs that are read slowly, late, or not at all.

use std::time::Duration;

use kubernetes_streams::Error;
use kubernetes_testing::Fault;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};

use crate::support::{exec, in_process, random_bytes, servers};

const LARGE: usize = 8 * 1024 * 1024;

/// Writes much to stdout, and then a little to stderr.
fn noisy(server: &kubernetes_testing::TestServer) {
    server.on_exec(|_, mut io| async move {
        io.stdout.write_all(&vec![b'x'; LARGE]).await.unwrap();
        io.stderr.write_all(b"done").await.unwrap();
        3
    });
}

#[tokio::test]
async fn stderr_and_the_exit_status_pass_a_stdout_that_nobody_takes() {
    for server in servers().await {
        noisy(&server);
        let mut process = exec().start(&server.client()).await.unwrap();
        let mut errors = String::new();
        process.stderr().unwrap().read_to_string(&mut errors).await.unwrap();
        assert_eq!((errors.as_str(), process.wait().await.unwrap().code()), ("done", 3));
        // Nothing is lost in silence.
        let mut output = Vec::new();
        let error = process.stdout().unwrap().read_to_end(&mut output).await.unwrap_err();
        let error = Error::of_io(&error).unwrap();
        assert!(error.is_discarded(), "{error}");
        let kept = output.len();
        assert!((1024 * 1024 - 64 * 1024..1024 * 1024 + 64 * 1024).contains(&kept), "{kept}");
        assert!(error.to_string().contains(&format!("{} bytes of stdout were discarded", LARGE - kept)), "{error}");
    }
}

#[tokio::test]
async fn whoever_only_waits_gets_the_exit_status() {
    for server in servers().await {
        noisy(&server);
        let process = exec().start(&server.client()).await.unwrap();
        assert_eq!(process.wait().await.unwrap().code(), 3);
    }
}

#[tokio::test]
async fn a_stdout_that_was_dropped_disturbs_nobody() {
    for server in servers().await {
        noisy(&server);
        let mut process = exec().buffer(1024).start(&server.client()).await.unwrap();
        let mut stdout = process.stdout().unwrap();
        stdout.read_exact(&mut [0; 1000]).await.unwrap();
        drop(stdout);
        let mut errors = String::new();
        process.stderr().unwrap().read_to_string(&mut errors).await.unwrap();
        assert_eq!((errors.as_str(), process.wait().await.unwrap().code()), ("done", 3));
    }
}

#[tokio::test]
async fn a_stdout_that_is_unread_holds_up_nothing_that_fits_its_buffer() {
    let server = in_process();
    server.on_exec(|_, mut io| async move {
        io.stdout.write_all(&random_bytes(1, 500 * 1024)).await.unwrap();
        io.stderr.write_all(b"done").await.unwrap();
        1
    });
    let mut process = exec().start(&server.client()).await.unwrap();
    let (mut stdout, mut stderr) = (process.stdout().unwrap(), process.stderr().unwrap());
    let mut errors = String::new();
    stderr.read_to_string(&mut errors).await.unwrap();
    assert_eq!((errors.as_str(), process.wait().await.unwrap().code()), ("done", 1));
    let mut output = Vec::new();
    stdout.read_to_end(&mut output).await.unwrap();
    assert!(output == random_bytes(1, 500 * 1024));
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_gets_everything_and_the_process_waits_for_it() {
    let server = in_process();
    let (progress, seen) = tokio::sync::watch::channel(0);
    let progress = std::sync::Arc::new(progress);
    server.on_exec(move |_, mut io| {
        let progress = std::sync::Arc::clone(&progress);
        async move {
            for chunk in random_bytes(2, LARGE).chunks(64 * 1024) {
                io.stdout.write_all(chunk).await.unwrap();
                progress.send_modify(|sent| *sent += chunk.len());
            }
        }
    });
    let mut process = exec().buffer(64 * 1024).start(&server.client()).await.unwrap();
    let mut stdout = process.stdout().unwrap();
    let waiting = tokio::spawn(async move { process.wait().await });
    // Much longer than the deadline of a connection that is silent.
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(*seen.borrow() < 1024 * 1024, "{} bytes are on their way", *seen.borrow());
    let mut output = Vec::new();
    while stdout.read_buf(&mut output).await.unwrap() > 0 {
        if output.len().is_multiple_of(7) {
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
    }
    assert!(output == random_bytes(2, LARGE));
    assert!(waiting.await.unwrap().unwrap().success());
}

#[tokio::test]
async fn both_outputs_and_the_input_flow_at_once() {
    for server in servers().await {
        server.on_exec(|_, io| async move {
            let (mut stdin, mut stdout, mut stderr) = (io.stdin, io.stdout, io.stderr);
            let echo = async { tokio::io::copy(&mut stdin, &mut stdout).await.unwrap() };
            let noise = random_bytes(5, LARGE);
            let errors = async { stderr.write_all(&noise).await.unwrap() };
            assert_eq!(tokio::join!(echo, errors).0, LARGE as u64);
        });
        let input = random_bytes(4, LARGE);
        let output = exec().output_with_input(&server.client(), &input[..]).await.unwrap();
        assert!(output.stdout == input);
        assert!(output.stderr == random_bytes(5, LARGE));
    }
}

#[tokio::test]
async fn collected_output_has_a_limit() {
    for server in servers().await {
        noisy(&server);
        let client = server.client();
        let output = exec().output_limit(LARGE).output(&client).await.unwrap();
        assert_eq!((output.stdout.len(), output.stderr.len()), (LARGE, 4));
        let error = exec().output_limit(LARGE - 1).output(&client).await.unwrap_err();
        assert!(error.is_too_much_output(), "{error}");
        assert!(error.to_string().contains("stdout is larger than the limit of 8388607 bytes"), "{error}");
        let error = exec().output_limit(3).stdout(false).output(&client).await.unwrap_err();
        assert!(error.to_string().contains("stderr is larger"), "{error}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_an_error_of_every_part() {
    for server in servers().await {
        server.on_exec(|_, mut io| async move { io.stdout.write_all(&vec![b'x'; 1000]).await });
        for fault in [Fault::reset_after(500), Fault::bad_opcode()] {
            server.inject(fault.resource("pods/exec"));
            let mut process = exec().stdin(true).start(&server.client()).await.unwrap();
            let (mut stdout, mut stderr) = (process.stdout().unwrap(), process.stderr().unwrap());
            for stream in [&mut stdout, &mut stderr] {
                let error = stream.read_to_end(&mut Vec::new()).await.unwrap_err();
                assert!(Error::of_io(&error).is_some(), "{error}");
            }
            let error = process.wait().await.unwrap_err();
            assert!(
                error.to_string().starts_with("/api/v1/namespaces/default/pods/web/exec: the connection"),
                "{error}"
            );
        }
    }
}

#[tokio::test]
async fn lines_are_read_without_a_further_buffer() {
    let server = in_process();
    server.on_exec(|_, mut io| async move { io.stdout.write_all("one\ntwo\nümlaut\nlast".as_bytes()).await });
    server.inject(Fault::fragment(3));
    let mut process = exec().start(&server.client()).await.unwrap();
    let mut lines = process.stdout().unwrap().lines();
    for line in ["one", "two", "ümlaut", "last"] {
        assert_eq!(lines.next_line().await.unwrap().as_deref(), Some(line));
    }
    assert_eq!(lines.next_line().await.unwrap(), None);
}
