//! Random faults on the frames of tunnels: every byte that a side has got is the next one that the other has sent, and a
//! stream that ends without an error is whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fastrand::Rng;
use futures_util::future::join_all;
use kubernetes_streams::port_forward::PortStream;
use kubernetes_testing::{Fault, TestServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, split};

use super::{POD, forwarder, pattern, pattern_from};

/// `CHAOS_SEED=7` repeats one.
#[test]
fn bytes_arrive_once_and_in_order_or_an_error_does() {
    let seeds = std::env::var("CHAOS_SEED").map(|seed| vec![seed.parse().unwrap()]);
    let mut outcomes = [0; 2];
    for seed in seeds.unwrap_or_else(|_| (0..25).collect()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| runtime.block_on(round(seed))));
        let [whole, failed] = found.unwrap_or_else(|_| panic!("failed with CHAOS_SEED={seed}"));
        outcomes[0] += whole;
        outcomes[1] += failed;
    }
    assert!(std::env::var("CHAOS_SEED").is_ok() || (outcomes[0] > 100 && outcomes[1] > 20), "{outcomes:?}");
}

async fn round(seed: u64) -> [usize; 2] {
    let mut random = Rng::with_seed(seed);
    let server = TestServer::in_process();
    server.load_yaml(POD).unwrap();
    // The bytes that pods have taken in, by connection, as their port.
    let taken: Arc<Vec<AtomicUsize>> = Arc::new((0..20).map(|_| AtomicUsize::new(0)).collect());
    let counts = Arc::clone(&taken);
    server.on_port_forward(move |request, io| {
        let counts = Arc::clone(&counts);
        async move {
            let number = usize::from(request.port - 1000);
            let (mut reader, mut writer) = split(io);
            let mut buffer = vec![0; 7_000];
            let sending = async {
                let _ = writer.write_all(&pattern(number, length(number))).await;
                let _ = writer.shutdown().await;
            };
            let reading = async {
                while let Ok(count @ 1..) = reader.read(&mut buffer).await {
                    let before = counts[number].fetch_add(count, Ordering::SeqCst);
                    let expected = pattern_from(number + 100, before, count);
                    assert!(expected == buffer[..count], "connection {number} at {before}");
                }
            };
            tokio::join!(sending, reading);
            Ok(())
        }
    });
    for fault in faults(&mut random) {
        server.inject(fault.resource("pods/portforward"));
    }
    let forwarder = forwarder(&server);
    let connections = (0..20).map(|number| {
        let (forwarder, pause) = (forwarder.clone(), Duration::from_millis(random.u64(0..100)));
        async move {
            tokio::time::sleep(pause).await;
            match forwarder.connect(1000 + u16::try_from(number).unwrap()).await {
                Ok(stream) => use_stream(stream, number).await,
                Err(_) => false,
            }
        }
    });
    let whole = join_all(connections).await;
    for (number, _) in whole.iter().enumerate().filter(|(_, is_whole)| **is_whole) {
        assert_eq!(taken[number].load(Ordering::SeqCst), length(number + 100), "connection {number}");
    }
    let count = whole.iter().filter(|is_whole| **is_whole).count();
    [count, whole.len() - count]
}

fn length(number: usize) -> usize {
    number * number * 37 % 150_000
}

fn faults(random: &mut Rng) -> Vec<Fault> {
    // So that connections last, and many are open when the tunnel breaks.
    let mut faults = vec![Fault::delay_frames(Duration::from_millis(5)).always()];
    for _ in 0..random.usize(1..4) {
        faults.push(match random.u8(0..5) {
            0 => Fault::split(random.usize(1..2_000)),
            1 => Fault::fragment(random.usize(1..2_000)),
            2 => Fault::bad_opcode(),
            _ => Fault::reset_after(random.usize(0..600_000)).times(random.usize(1..4)),
        });
    }
    faults
}

/// Whether both directions came to their ends without an error.
async fn use_stream(stream: PortStream, number: usize) -> bool {
    let (mut reader, mut writer) = stream.into_split();
    let sending = async {
        writer.write_all(&pattern(number + 100, length(number + 100))).await?;
        writer.shutdown().await
    };
    let mut output = Vec::new();
    let (sent, read) = tokio::join!(sending, reader.read_to_end(&mut output));
    let expected = pattern(number, length(number));
    assert!(expected.starts_with(&output), "connection {number} got other bytes than were sent");
    assert!(read.is_err() || output == expected, "connection {number} ended early, without an error");
    read.is_ok() && sent.is_ok()
}
