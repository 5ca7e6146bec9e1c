use std::io::ErrorKind;
use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use kubernetes_streams::Error;
use kubernetes_streams::port_forward::PortForwarder;
use kubernetes_testing::{Fault, TestServer};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, split};
use tokio::sync::mpsc;

use super::{POD, echo_server, echo_servers, exchange, forwarder, pattern};

#[tokio::test]
async fn a_connection_carries_bytes_in_both_directions() {
    for server in echo_servers().await {
        let forwarder = forwarder(&server);
        let mut stream = forwarder.connect(80).await.unwrap();
        assert_eq!(stream.port(), 80);
        stream.write_all(b"hello").await.unwrap();
        assert_eq!(stream.fill_buf().await.unwrap(), b"hello");
        let mut bytes = [0; 5];
        stream.read_exact(&mut bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        assert_eq!(stream.read(&mut bytes).await.unwrap(), 0);
        assert_eq!(stream.write(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        let counts = forwarder.state().counts();
        assert_eq!((counts.open, counts.opened, counts.failed, counts.tunnels), (1, 1, 0, 1));
        assert_eq!((counts.sent_bytes, counts.received_bytes), (5, 5));
        drop(stream);
        assert_eq!(forwarder.state().counts().open, 0);
    }
}

#[tokio::test]
async fn a_hundred_connections_share_a_tunnel() {
    for server in echo_servers().await {
        share_a_tunnel(&server, 100, 100_000).await;
    }
}

/// Takes some seconds.
#[tokio::test]
#[ignore = "long"]
async fn a_thousand_connections_share_a_tunnel() {
    for server in echo_servers().await {
        share_a_tunnel(&server, 1000, 300_000).await;
    }
}

async fn share_a_tunnel(server: &TestServer, count: usize, length: usize) {
    let forwarder = forwarder(server);
    let streams = try_join_all((0..count).map(|_| forwarder.connect(80))).await.unwrap();
    assert_eq!(forwarder.state().counts().open, count as u64);
    let echoes = streams.into_iter().enumerate().map(|(number, stream)| async move {
        let bytes = pattern(number, length + number);
        assert!(exchange(stream, &bytes).await.unwrap() == bytes, "connection {number}");
    });
    join_all(echoes).await;
    assert_eq!(forwarder.state().counts().tunnels, 1);
    let opened = server.requests().iter().filter(|request| request.resource() == "pods/portforward").count();
    assert_eq!(opened, 1);
}

#[tokio::test]
async fn a_refused_port_disturbs_no_other() {
    for server in echo_servers().await {
        let forwarder = forwarder(&server);
        let mut before = forwarder.connect(80).await.unwrap();
        for _ in 0..3 {
            // The server accepts the connection before it knows.
            let error = exchange(forwarder.connect(81).await.unwrap(), b"lost").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            let error = Error::of_io(&error).unwrap();
            assert!(error.is_refused() && error.to_string().contains("port 81 failed"), "{error}");
            assert!(error.to_string().contains("connection refused"), "{error}");
        }
        before.write_all(b"still here").await.unwrap();
        before.shutdown().await.unwrap();
        let mut response = String::new();
        before.read_to_string(&mut response).await.unwrap();
        assert_eq!(response, "still here");
        assert_eq!(exchange(forwarder.connect(82).await.unwrap(), b"new").await.unwrap(), b"new");
        let counts = forwarder.state().counts();
        assert_eq!((counts.failed, counts.tunnels), (3, 1));
    }
}

#[tokio::test]
async fn bytes_before_a_failure_are_read_first() {
    let server = TestServer::in_process();
    server.load_yaml(POD).unwrap();
    server.on_port_forward(|_, mut io| async move {
        io.write_all(&pattern(0, 50_000)).await.unwrap();
        Err("the program has crashed".to_owned())
    });
    let mut stream = forwarder(&server).connect(80).await.unwrap();
    let mut bytes = Vec::new();
    let error = stream.read_to_end(&mut bytes).await.unwrap_err();
    assert!(error.to_string().contains("the program has crashed"), "{error}");
    assert!(bytes == pattern(0, 50_000));
    assert!(stream.write_all(b"x").await.is_err());
}

#[tokio::test]
async fn the_client_may_end_first() {
    for server in echo_servers().await {
        server.on_port_forward(|_, io| async move {
            let (mut reader, mut writer) = split(io);
            let mut input = Vec::new();
            reader.read_to_end(&mut input).await.unwrap();
            writer.write_all(&[b"got ", &input[..]].concat()).await.unwrap();
            Ok(())
        });
        let response = exchange(forwarder(&server).connect(80).await.unwrap(), b"all").await.unwrap();
        assert_eq!(response, b"got all");
    }
}

#[tokio::test]
async fn the_pod_may_end_first() {
    for server in echo_servers().await {
        let (inputs, mut received) = mpsc::channel(1);
        server.on_port_forward(move |_, io| {
            let inputs = inputs.clone();
            async move {
                let (mut reader, mut writer) = split(io);
                writer.write_all(b"first").await.unwrap();
                writer.shutdown().await.unwrap();
                let mut input = Vec::new();
                reader.read_to_end(&mut input).await.unwrap();
                inputs.send(input).await.unwrap();
                Ok(())
            }
        });
        let mut stream = forwarder(&server).connect(80).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        assert_eq!(response, "first");
        let input = pattern(1, 300_000);
        stream.write_all(&input).await.unwrap();
        stream.shutdown().await.unwrap();
        assert!(received.recv().await.unwrap() == input);
    }
}

#[tokio::test]
async fn what_was_written_is_sent_after_the_drop() {
    for server in echo_servers().await {
        let (inputs, mut received) = mpsc::channel(1);
        server.on_port_forward(move |_, mut io| {
            let inputs = inputs.clone();
            async move {
                let mut input = Vec::new();
                io.read_to_end(&mut input).await.unwrap();
                inputs.send(input).await.unwrap();
                Ok(())
            }
        });
        // The forwarder goes too, and with the last connection the tunnel.
        let mut stream = forwarder(&server).connect(80).await.unwrap();
        let input = pattern(2, 200_000);
        stream.write_all(&input).await.unwrap();
        drop(stream);
        assert!(received.recv().await.unwrap() == input);
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_connection_that_gets_data_is_reset() {
    let server = TestServer::in_process();
    server.load_yaml(POD).unwrap();
    let (alive, mut ended) = mpsc::channel::<()>(1);
    server.on_port_forward(move |_, mut io| {
        let alive = alive.clone();
        async move {
            let _held = alive;
            loop {
                io.write_all(&[0; 1000]).await.map_err(|error| error.to_string())?;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    });
    drop(forwarder(&server).connect(80).await.unwrap());
    server.on_port_forward(|_, _| async { Ok(()) });
    assert_eq!(ended.recv().await, None, "the script was ended");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_connection_does_not_linger_for_ever() {
    let server = TestServer::in_process();
    server.load_yaml(POD).unwrap();
    let (alive, mut ended) = mpsc::channel::<()>(1);
    server.on_port_forward(move |_, io| {
        let alive = alive.clone();
        async move {
            let _held = (alive, io);
            std::future::pending::<()>().await;
            Ok(())
        }
    });
    let start = tokio::time::Instant::now();
    drop(forwarder(&server).connect(80).await.unwrap());
    server.on_port_forward(|_, _| async { Ok(()) });
    assert_eq!(ended.recv().await, None, "the script was ended");
    let waited = start.elapsed().as_secs();
    assert!((60..=75).contains(&waited), "{waited} s");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_the_server_does_not_answer_times_out() {
    let server = echo_server();
    server.inject(Fault::delay_frames(Duration::from_secs(100)).always());
    let builder =
        PortForwarder::builder(&server.client(), kubernetes_streams::port_forward::PodTarget::new("default", "web"));
    let forwarder = builder.open_timeout(Duration::from_secs(20)).build();
    let error = forwarder.connect(80).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(error.to_string(), "timed out after 20s waiting for the server to accept a connection to port 80");
}

#[tokio::test]
async fn the_number_of_connections_is_limited() {
    let server = echo_server();
    let target = kubernetes_streams::port_forward::PodTarget::new("default", "web");
    let forwarder = PortForwarder::builder(&server.client(), target).max_connections(2).build();
    let first = forwarder.connect(80).await.unwrap();
    let _second = forwarder.connect(80).await.unwrap();
    let error = forwarder.connect(80).await.unwrap_err();
    assert_eq!(error.to_string(), "the forwarder reached its limit of 2 connections");
    drop(first);
    forwarder.connect(80).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn connections_that_wait_count_for_the_limit() {
    let server = TestServer::in_process();
    server.load_yaml(&POD.replace("Running", "Pending")).unwrap();
    let target = kubernetes_streams::port_forward::PodTarget::new("default", "web");
    let forwarder = PortForwarder::builder(&server.client(), target).max_connections(2).build();
    let errors = join_all((0..3).map(|_| forwarder.connect(80))).await;
    assert_eq!(errors.iter().filter(|result| result.as_ref().unwrap_err().is_timeout()).count(), 2);
}

#[tokio::test]
async fn a_lost_tunnel_is_an_error_of_its_connections() {
    for server in echo_servers().await {
        // After the answer to the handshake, and some bytes.
        server.inject(Fault::reset_after(20_000).resource("pods/portforward"));
        let forwarder = forwarder(&server);
        let streams = try_join_all((0..5).map(|_| forwarder.connect(80))).await.unwrap();
        for result in join_all(streams.into_iter().map(|stream| exchange(stream, &[7; 10_000]))).await {
            if let Err(error) = result {
                assert!(Error::of_io(&error).unwrap().is_connection_lost(), "{error}");
            }
        }
        let state = forwarder.state();
        assert!(state.pod().is_none() && state.counts().failed >= 4, "{state:?}");
        assert_eq!(exchange(forwarder.connect(80).await.unwrap(), b"again").await.unwrap(), b"again");
        assert_eq!(forwarder.state().counts().tunnels, 2);
    }
}
