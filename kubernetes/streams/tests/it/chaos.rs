//! Damaged frames: every byte arrives once and in order, or there is an error.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kubernetes_testing::{Fault, TestServer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::support::{exec, in_process, random_bytes};

/// The damage of a seed to a connection by which the server sends at least `bytes`, and whether it must fail.
fn damage(server: &TestServer, random: &mut fastrand::Rng, bytes: usize) -> bool {
    let mut must_fail = false;
    for _ in 0..random.usize(0..4) {
        let fault = match random.u8(0..10) {
            0..3 => Fault::split(random.usize(1..2000)),
            3..6 => Fault::fragment(random.usize(1..5000)),
            6 => Fault::delay_frames(Duration::from_millis(random.u64(1..3000))),
            7 => {
                must_fail = true;
                Fault::bad_opcode()
            }
            _ => {
                must_fail = true;
                Fault::reset_after(random.usize(0..bytes))
            }
        };
        server.inject(fault.resource("pods/exec"));
    }
    must_fail
}

#[tokio::test(start_paused = true)]
async fn acknowledged_bytes_arrive_once_and_in_order_or_there_is_an_error() {
    let (mut whole, mut failed, mut failed_late) = (0, 0, 0);
    for seed in 0..300 {
        let mut random = fastrand::Rng::with_seed(seed);
        let server = in_process();
        let size = random.usize(2000..200_000);
        let code = random.i32(0..3);
        let input = Arc::new(random_bytes(seed, size));
        let is_damaged = Arc::new(AtomicBool::new(false));
        let (expected, noticed) = (Arc::clone(&input), Arc::clone(&is_damaged));
        server.on_exec(move |_, io| {
            let (expected, noticed) = (Arc::clone(&expected), Arc::clone(&noticed));
            async move {
                let mut stderr = io.stderr;
                let errors = random_bytes(seed + 1, size);
                let noise = async { stderr.write_all(&errors).await };
                let (is_as_expected, _) = tokio::join!(echo(io.stdin, io.stdout, &expected), noise);
                noticed.fetch_or(!is_as_expected, Ordering::Relaxed);
                code
            }
        });
        let must_fail = damage(&server, &mut random, 2 * size);
        let buffer = random.usize(1..100_000);
        let result = transfer(&server, &input, buffer).await;
        let (stdout, stderr, ended) = result;
        assert!(!is_damaged.load(Ordering::Relaxed), "seed {seed}: stdin differs");
        assert!(input.starts_with(&stdout), "seed {seed}: stdout differs");
        assert!(random_bytes(seed + 1, size).starts_with(&stderr), "seed {seed}: stderr differs");
        match ended {
            Ok(status) => {
                assert_eq!((stdout.len(), stderr.len(), status), (size, size, code), "seed {seed}");
                assert!(!must_fail, "seed {seed}: nobody noticed the damage");
                whole += 1;
            }
            Err(_) => {
                failed += 1;
                failed_late += usize::from(stdout.len() > 10_000 && stderr.len() > 10_000);
            }
        }
    }
    assert!(whole > 100 && failed > 50 && failed_late > 25, "{whole} {failed} {failed_late}");
}

/// Sends its input back; returns whether the bytes that arrived are the expected ones.
async fn echo(mut stdin: impl AsyncRead + Unpin, mut stdout: impl AsyncWrite + Unpin, expected: &[u8]) -> bool {
    let (mut rest, mut buffer) = (expected, vec![0; 10_000]);
    while let Ok(count @ 1..) = stdin.read(&mut buffer).await {
        let Some(next) = rest.strip_prefix(&buffer[..count]) else { return false };
        rest = next;
        if stdout.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
    true
}

/// Returns all that came back, and the exit code if everything went well.
async fn transfer(
    server: &TestServer,
    input: &[u8],
    buffer: usize,
) -> (Vec<u8>, Vec<u8>, Result<i32, Box<dyn std::error::Error>>) {
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let ended = async {
        let mut process = exec().stdin(true).buffer(buffer).start(&server.client()).await?;
        let mut stdin = process.stdin().ok_or("no stdin")?;
        let (mut stdout, mut stderr) = (process.stdout().ok_or("no stdout")?, process.stderr().ok_or("no stderr")?);
        let writing = async {
            stdin.write_all(input).await?;
            stdin.shutdown().await
        };
        let (written, out, err, status) =
            tokio::join!(writing, stdout.read_to_end(&mut output), stderr.read_to_end(&mut errors), process.wait());
        let status = status?;
        written?;
        out?;
        err?;
        Ok(status.code())
    };
    let ended = ended.await;
    (output, errors, ended)
}
