use std::time::Duration;

use kubernetes_streams::Error;
use kubernetes_streams::port_forward::{PodTarget, PortForwarder, PortForwarderBuilder};
use kubernetes_testing::TestServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{POD, exchange, pattern};

const LENGTH: usize = 3_000_000;

/// A pod that sends a lot on port 80, and echoes elsewhere.
fn server() -> TestServer {
    let server = TestServer::in_process();
    server.load_yaml(POD).unwrap();
    server.on_port_forward(|request, mut io| async move {
        if request.port != 80 {
            return super::echo(request, io).await;
        }
        io.write_all(&pattern(0, LENGTH)).await.map_err(|error| error.to_string())
    });
    server
}

fn builder(server: &TestServer) -> PortForwarderBuilder {
    PortForwarder::builder(&server.client(), PodTarget::new("default", "web"))
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_alone_may_take_its_time() {
    let server = server();
    let mut stream = builder(&server).build().connect(80).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    assert!(bytes == pattern(0, LENGTH));
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_holds_up_the_others_for_a_while() {
    let server = server();
    let forwarder = builder(&server).stall_timeout(Duration::from_secs(5)).build();
    let other = forwarder.connect(82).await.unwrap();
    let mut slow = forwarder.connect(80).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let start = tokio::time::Instant::now();
    assert_eq!(exchange(other, b"late").await.unwrap(), b"late");
    assert!((3..=5).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    let error = slow.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(
        Error::of_io(&error).unwrap().to_string(),
        "the connection to port 80 was reset: half of its buffer was not read within 5s, which blocked the others"
    );
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_goes_on_in_time_loses_nothing() {
    let server = server();
    let forwarder = builder(&server).stall_timeout(Duration::from_secs(5)).receive_buffer(10_000).build();
    let other = forwarder.connect(82).await.unwrap();
    let mut slow = forwarder.connect(80).await.unwrap();
    let reading = async {
        let (mut bytes, mut buffer) = (Vec::new(), vec![0; 200_000]);
        loop {
            tokio::time::sleep(Duration::from_secs(4)).await;
            let mut read = 0;
            while read < buffer.len() {
                match slow.read(&mut buffer[read..]).await.unwrap() {
                    0 => {
                        bytes.extend_from_slice(&buffer[..read]);
                        return bytes;
                    }
                    count => read += count,
                }
            }
            bytes.extend_from_slice(&buffer);
        }
    };
    let (bytes, echo) = tokio::join!(reading, exchange(other, b"patient"));
    assert!(bytes == pattern(0, LENGTH));
    assert_eq!(echo.unwrap(), b"patient");
}

/// It reads again and again, but too little for others to go on.
#[tokio::test(start_paused = true)]
async fn a_reader_that_trickles_holds_up_the_others_for_a_while() {
    let server = server();
    let forwarder = builder(&server).stall_timeout(Duration::from_secs(5)).build();
    let other = forwarder.connect(82).await.unwrap();
    let mut slow = forwarder.connect(80).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let start = tokio::time::Instant::now();
    let trickling = async {
        loop {
            tokio::time::sleep(Duration::from_secs(2)).await;
            match slow.read(&mut [0; 40_000]).await {
                Ok(0) => panic!("it was not reset"),
                Ok(_) => {}
                Err(error) => return error,
            }
        }
    };
    let exchanging = async {
        assert_eq!(exchange(other, b"late").await.unwrap(), b"late");
        start.elapsed()
    };
    let (error, elapsed) = tokio::join!(trickling, exchanging);
    assert!(Error::of_io(&error).unwrap().to_string().contains("within 5s"), "{error}");
    assert!(elapsed.as_secs() <= 6, "{elapsed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_was_dropped_holds_up_nobody() {
    let server = server();
    let forwarder = builder(&server).stall_timeout(Duration::from_secs(3600)).build();
    let (reader, _writer) = forwarder.connect(80).await.unwrap().into_split();
    drop(reader);
    let start = tokio::time::Instant::now();
    assert_eq!(exchange(forwarder.connect(82).await.unwrap(), b"now").await.unwrap(), b"now");
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

/// A pod that does not read: its writer waits, while a bounded number of bytes is on the way.
#[tokio::test(start_paused = true)]
async fn a_writer_waits_for_a_pod_that_does_not_read() {
    let server = TestServer::in_process();
    server.load_yaml(POD).unwrap();
    server.on_port_forward(|_, mut io| async move {
        tokio::time::sleep(Duration::from_secs(1000)).await;
        let mut input = Vec::new();
        io.read_to_end(&mut input).await.map_err(|error| error.to_string())?;
        io.write_all(&input).await.map_err(|error| error.to_string())
    });
    let stream = builder(&server).build().connect(80).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let input = pattern(3, 5_000_000);
    let start = tokio::time::Instant::now();
    let writing = async {
        writer.write_all(&input).await.unwrap();
        writer.shutdown().await.unwrap();
        start.elapsed()
    };
    let mut output = Vec::new();
    let (written, read) = tokio::join!(writing, reader.read_to_end(&mut output));
    read.unwrap();
    assert!(written >= Duration::from_secs(1000), "{written:?}");
    assert!(output == input);
}
