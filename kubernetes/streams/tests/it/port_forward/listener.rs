use std::io::{ErrorKind, Write};
use std::time::{Duration, Instant};

use kubernetes_streams::port_forward::{PodTarget, PortForwarder, PortMapping};
use kubernetes_testing::TestServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{POD, echo_server, echo_servers, forwarder, pattern};

#[tokio::test]
async fn local_ports_lead_to_ports_of_the_pod() {
    for server in echo_servers().await {
        let listener = forwarder(&server).listen(&["127.0.0.1"], &[PortMapping::new(0, 80)]).await.unwrap();
        let mut clients = tokio::task::JoinSet::new();
        let address = listener.bindings()[0].local();
        for client in 0..20 {
            clients.spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                let bytes = pattern(client, 200_000);
                let (mut reader, mut writer) = stream.split();
                let mut echo = Vec::new();
                let sending = async {
                    writer.write_all(&bytes).await.unwrap();
                    writer.shutdown().await.unwrap();
                };
                let ((), read) = tokio::join!(sending, reader.read_to_end(&mut echo));
                read.unwrap();
                assert!(echo == bytes, "client {client}");
            });
        }
        while let Some(client) = clients.join_next().await {
            client.unwrap();
        }
    }
}

#[tokio::test]
async fn localhost_is_both_loopback_addresses() {
    let server = echo_server();
    let ports = ["0:80".parse().unwrap(), ":82".parse().unwrap()];
    let listener = forwarder(&server).listen(&["localhost", "127.0.0.1"], &ports).await.unwrap();
    let bindings = listener.bindings();
    let has_ipv6 = TcpListener::bind("[::1]:0").await.is_ok();
    assert_eq!(bindings.len(), if has_ipv6 { 4 } else { 2 }, "{bindings:?}");
    for of_port in bindings.chunks(bindings.len() / 2) {
        assert!(of_port.iter().all(|binding| binding.local().port() == of_port[0].local().port()), "{bindings:?}");
        assert!(of_port[0].local().is_ipv4() && of_port[0].local().port() != 0);
    }
    assert_eq!((bindings[0].remote(), bindings[bindings.len() - 1].remote()), (&80.into(), &82.into()));
    for binding in bindings {
        let mut stream = TcpStream::connect(binding.local()).await.unwrap();
        stream.write_all(b"x").await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), b'x');
    }
}

#[tokio::test]
async fn addresses_that_can_t_be_listened_on_are_errors() {
    let server = echo_server();
    let forwarder = forwarder(&server);
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap().into_std().unwrap();
    let port = taken.local_addr().unwrap().port();
    for (addresses, ports, kind, message) in [
        (&["127.0.0.1"][..], vec![PortMapping::new(port, 80)], ErrorKind::AddrInUse, "can't listen on 127.0.0.1:"),
        (
            &["example.org"],
            vec![PortMapping::new(0, 80)],
            ErrorKind::InvalidInput,
            "\"example.org\" is not an IP address",
        ),
        (&[], vec![PortMapping::new(0, 80)], ErrorKind::InvalidInput, "at least one address and one port"),
        (&["localhost"], vec![], ErrorKind::InvalidInput, "at least one address and one port"),
        (&["localhost"], vec![PortMapping::new(0, 0_u16)], ErrorKind::InvalidInput, "must not be 0"),
        (
            &["localhost"],
            vec![PortMapping::new(8080, 80), PortMapping::new(0, 81), PortMapping::new(8080, 82)],
            ErrorKind::InvalidInput,
            "the local port 8080 is listed twice",
        ),
    ] {
        let error = forwarder.listen(addresses, &ports).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_reset_and_the_others_go_on() {
    for server in echo_servers().await {
        let ports = [PortMapping::new(0, 81), PortMapping::new(0, 80)];
        let listener = forwarder(&server).listen(&["127.0.0.1"], &ports).await.unwrap();
        let [refused, good] = listener.bindings() else { panic!("{listener:?}") };
        let mut failures = listener.failures();
        let mut before = TcpStream::connect(good.local()).await.unwrap();
        before.write_all(b"a").await.unwrap();
        let mut lost = TcpStream::connect(refused.local()).await.unwrap();
        let error = lost.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        let failure = failures.next().await.unwrap();
        assert_eq!((&failure.binding, failure.client), (refused, lost.local_addr().unwrap()));
        assert!(failure.error.is_refused() && !failure.error.is_local(), "{:?}", failure.error);
        before.write_all(b"b").await.unwrap();
        let mut bytes = [0; 2];
        before.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"ab");
        before.set_zero_linger().unwrap();
        let (binding, client) = (good.clone(), before.local_addr().unwrap());
        drop(before);
        let failure = failures.next().await.unwrap();
        assert_eq!((failure.binding, failure.client), (binding, client));
        assert!(failure.error.is_local(), "{:?}", failure.error);
        drop(listener);
        assert!(failures.next().await.is_none());
    }
}

#[tokio::test]
async fn port_0_is_refused() {
    let server = echo_server();
    let error = forwarder(&server).connect(0).await.unwrap_err();
    assert!(error.is_invalid(), "{error}");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_response_is_whole_though_its_client_goes_on_writing() {
    let server = TestServer::in_process();
    server.load_yaml(POD).unwrap();
    server.on_port_forward(|_, mut io| async move {
        io.read_u8().await.unwrap();
        io.write_all(&pattern(4, 100_000)).await.map_err(|error| error.to_string())
    });
    let listener = forwarder(&server).listen(&["127.0.0.1"], &[PortMapping::new(0, 80)]).await.unwrap();
    let mut stream = TcpStream::connect(listener.bindings()[0].local()).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let writing = async {
        for _ in 0..50 {
            writer.write_all(&[1; 1000]).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    let mut response = Vec::new();
    let ((), read) = tokio::join!(writing, reader.read_to_end(&mut response));
    read.unwrap();
    assert!(response == pattern(4, 100_000));
}

/// On the only thread of the runtime, which must remain free for the timer and for all else.
#[tokio::test]
async fn a_client_that_never_stops_writing_is_reset_after_the_linger() {
    const LIMIT: Duration = Duration::from_secs(20);
    let server = TestServer::in_process();
    server.load_yaml(POD).unwrap();
    server.on_port_forward(|_, _| async { Ok(()) });
    let forwarder = PortForwarder::builder(&server.client(), PodTarget::new("default", "web"));
    let forwarder = forwarder.linger(Duration::from_millis(100)).build();
    let listener = forwarder.listen(&["127.0.0.1"], &[PortMapping::new(0, 80)]).await.unwrap();
    let mut failures = listener.failures();
    let stream = std::net::TcpStream::connect(listener.bindings()[0].local()).unwrap();
    let start = Instant::now();
    // Two, so that there are always bytes to read.
    let writers = [stream.try_clone().unwrap(), stream].map(|mut stream| {
        tokio::task::spawn_blocking(move || {
            while start.elapsed() < LIMIT {
                stream.write_all(&[1; 256 * 1024])?;
            }
            std::io::Result::Ok(())
        })
    });
    for writer in writers {
        writer.await.unwrap().expect_err("it is reset");
    }
    let failure = failures.next().await.unwrap();
    assert!(failure.error.is_local(), "{:?}", failure.error);
}

#[tokio::test]
async fn a_listener_stops_when_its_connections_have_ended() {
    let server = echo_server();
    let listener = forwarder(&server).listen(&["127.0.0.1"], &[PortMapping::new(0, 80)]).await.unwrap();
    let address = listener.bindings()[0].local();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"a").await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'a');
    let stopping = tokio::spawn(listener.stop());
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    stream.write_all(b"b").await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'b');
    assert!(!stopping.is_finished());
    drop(stream);
    stopping.await.unwrap();
}

#[tokio::test]
async fn dropping_a_listener_resets_its_connections() {
    let server = echo_server();
    let listener = forwarder(&server).listen(&["127.0.0.1"], &[PortMapping::new(0, 80)]).await.unwrap();
    let mut stream = TcpStream::connect(listener.bindings()[0].local()).await.unwrap();
    stream.write_all(b"a").await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'a');
    drop(listener);
    // An end would look like that of the response.
    let error = stream.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_reset_of_a_local_client_is_no_end_of_its_input() {
    let server = TestServer::in_process();
    server.load_yaml(POD).unwrap();
    let (sender, mut outcomes) = tokio::sync::mpsc::unbounded_channel();
    server.on_port_forward(move |_, mut io| {
        let sender = sender.clone();
        async move {
            let byte = io.read_u8().await.map_err(|error| error.to_string())?;
            let unfinished = Unfinished(sender);
            io.write_all(&[byte]).await.map_err(|error| error.to_string())?;
            let _ = io.read_to_end(&mut Vec::new()).await;
            let _ = unfinished.0.send("the end of the input");
            Ok(())
        }
    });
    let forwarder = forwarder(&server);
    let listener = forwarder.listen(&["127.0.0.1"], &[PortMapping::new(0, 80)]).await.unwrap();
    let mut stream = TcpStream::connect(listener.bindings()[0].local()).await.unwrap();
    stream.write_all(b"a").await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'a');
    stream.set_zero_linger().unwrap();
    drop(stream);
    assert_eq!(outcomes.recv().await.unwrap(), "a reset");
}

/// Tells that the script was ended, as the testing server does when its stream is reset.
struct Unfinished(tokio::sync::mpsc::UnboundedSender<&'static str>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = self.0.send("a reset");
    }
}
