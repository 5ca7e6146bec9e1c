//! Exec, attach, port-forward and logs, in process and on a port.

use std::future::pending;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method};
use kubernetes_client::{Client, Error, Upgraded};
use kubernetes_core::{Path, Request};
use kubernetes_testing::{Exit, Fault, TestServer};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::spdy;
use crate::support::{get, post};
use crate::web_socket::{Message, WebSocket};

const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: a}, {name: b}]}}";

async fn upgrade(
    client: &Client,
    subresource: &str,
    query: &[(&'static str, &str)],
    protocols: &str,
) -> Result<Upgraded, Error> {
    let path = Path::new("/api/v1/namespaces/{namespace}/pods/{name}/{subresource}", &["default", "web", subresource]);
    let mut request = Request::new(Method::GET, path);
    request.accept = HeaderValue::from_static("*/*");
    for (name, _) in query {
        if request.query.get(name).is_none() {
            let values = query.iter().filter(|(other, _)| other == name).map(|(_, value)| *value);
            request.query.set_all(name, values);
        }
    }
    let mut headers = HeaderMap::new();
    headers.insert("sec-websocket-version", HeaderValue::from_static("13"));
    headers.insert("sec-websocket-key", HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ=="));
    headers.insert("sec-websocket-protocol", HeaderValue::from_str(protocols).unwrap());
    client.upgrade(request, HeaderValue::from_static("websocket"), headers).await
}

const EXEC: &[(&str, &str)] = &[
    ("container", "a"),
    ("command", "sh"),
    ("command", "-c"),
    ("stdin", "true"),
    ("stdout", "true"),
    ("stderr", "true"),
];

/// A server with a pod, of both kinds.
async fn servers() -> [TestServer; 2] {
    let servers = [TestServer::in_process(), TestServer::start().await.unwrap()];
    for server in &servers {
        server.load_yaml(POD).unwrap();
    }
    servers
}

async fn exec(server: &TestServer, protocols: &str) -> WebSocket {
    WebSocket::new(upgrade(&server.client(), "exec", EXEC, protocols).await.unwrap())
}

async fn tunnel(server: &TestServer) -> spdy::Tunnel {
    let upgraded = upgrade(&server.client(), "portforward", &[], "SPDY/3.1+portforward.k8s.io").await.unwrap();
    spdy::Tunnel::new(WebSocket::new(upgraded))
}

/// The status on the error channel.
fn status(message: &[u8]) -> Value {
    serde_json::from_slice(message).unwrap()
}

#[tokio::test]
async fn a_process_reads_and_writes_until_it_ends() {
    for server in servers().await {
        server.on_exec(|request, mut io| async move {
            assert_eq!((request.container.as_str(), request.command), ("a", vec!["sh".to_owned(), "-c".to_owned()]));
            let mut input = String::new();
            io.stdin.read_to_string(&mut input).await.unwrap();
            io.stdout.write_all(input.to_uppercase().as_bytes()).await.unwrap();
            io.stderr.write_all(b"done").await.unwrap();
            3
        });
        let mut socket = exec(&server, "v5.channel.k8s.io, v4.channel.k8s.io").await;
        assert_eq!(socket.headers()["sec-websocket-protocol"], "v5.channel.k8s.io");
        assert_eq!(socket.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        socket.send(b"\0a").await;
        socket.send_text("\0b").await;
        socket.send(&[255, 0]).await;
        let channels = socket.read_channels().await;
        assert_eq!((channels.text(1), channels.text(2)), ("AB", "done"));
        let status = status(channels.bytes(3));
        assert_eq!(
            (&status["reason"], &status["details"]["causes"][0]["message"]),
            (&json!("NonZeroExitCode"), &json!("3"))
        );
        assert_eq!(channels.code, Some(1000));
    }
}

#[tokio::test]
async fn large_streams_arrive_whole_in_both_directions() {
    for server in servers().await {
        server.on_exec(|_, mut io| async move {
            let copied = tokio::io::copy(&mut io.stdin, &mut io.stdout).await.unwrap();
            io.stderr.write_all(copied.to_string().as_bytes()).await
        });
        let (mut reader, mut writer) = exec(&server, "v5.channel.k8s.io").await.split();
        const CHUNKS: usize = 64;
        let sending = async {
            for chunk in 0..CHUNKS {
                writer.send(&[&[0][..], &vec![u8::try_from(chunk).unwrap(); 64 * 1024]].concat()).await;
            }
            writer.send(&[255, 0]).await;
        };
        let ((), channels) = tokio::join!(sending, reader.read_channels());
        let expected: Vec<u8> = (0..CHUNKS).flat_map(|chunk| vec![u8::try_from(chunk).unwrap(); 64 * 1024]).collect();
        assert!(channels.bytes(1) == expected);
        assert_eq!(channels.text(2), expected.len().to_string());
        assert_eq!(status(channels.bytes(3))["status"], "Success");
    }
}

#[tokio::test]
async fn attach_follows_the_size_of_the_terminal() {
    let [server, _] = servers().await;
    server.on_attach(|request, mut io| async move {
        assert!(request.tty && request.command.is_empty());
        let size = io.sizes.next().await.unwrap();
        io.stdout.write_all(format!("{}x{}", size.width, size.height).as_bytes()).await.unwrap();
        Exit::Error("gone".to_owned())
    });
    let query = [("container", "b"), ("stdout", "true"), ("tty", "true")];
    let mut socket = WebSocket::new(upgrade(&server.client(), "attach", &query, "v4.channel.k8s.io").await.unwrap());
    socket.send(b"\x04{\"Width\":132,\"Height\":50}").await;
    let channels = socket.read_channels().await;
    assert_eq!(channels.text(1), "132x50");
    assert_eq!(status(channels.bytes(3))["reason"], "InternalError");
}

#[tokio::test]
async fn a_client_that_goes_ends_the_process() {
    let [server, port] = servers().await;
    for server in [server, port] {
        let (alive, mut ended) = tokio::sync::mpsc::channel::<()>(1);
        server.on_exec(move |_, io| {
            let alive = alive.clone();
            async move {
                let _held = (io, alive);
                pending::<()>().await;
            }
        });
        let mut socket = exec(&server, "v4.channel.k8s.io").await;
        socket.send(b"\0x").await;
        drop(socket);
        // The script holds a sender, and the server the one that is cloned for each run.
        server.on_exec(|_, _| async {});
        assert_eq!(ended.recv().await, None);
    }
}

#[tokio::test]
async fn a_stream_has_no_media_type_to_choose() {
    let [server, _] = servers().await;
    server.on_port_forward(|_, _| async { Ok(()) });
    let path = Path::new("/api/v1/namespaces/default/pods/web/portforward", &[]);
    let mut request = Request::new(Method::GET, path);
    let headers = || {
        let mut headers = HeaderMap::new();
        headers.insert("sec-websocket-key", HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ=="));
        headers.insert("sec-websocket-protocol", HeaderValue::from_static("SPDY/3.1+portforward.k8s.io"));
        headers
    };
    for (accept, is_accepted) in [("application/json", false), ("application/json, */*;q=0.8", true)] {
        request.accept = HeaderValue::from_static(accept);
        let upgraded = server.client().upgrade(request.clone(), HeaderValue::from_static("websocket"), headers()).await;
        match upgraded {
            Ok(_) => assert!(is_accepted, "{accept}"),
            Err(error) => assert!(!is_accepted && error.status().unwrap().code == Some(406), "{error}"),
        }
    }
}

#[tokio::test]
async fn refused_upgrades_have_a_status() {
    let [server, port] = servers().await;
    for server in [server, port] {
        let client = server.client();
        let refused = |subresource: &'static str, query: &'static [(&str, &str)], protocols: &'static str| {
            let client = client.clone();
            async move { upgrade(&client, subresource, query, protocols).await.unwrap_err() }
        };
        let unscripted = refused("exec", EXEC, "v5.channel.k8s.io").await;
        assert!(unscripted.to_string().contains("TestServer::on_exec"), "{unscripted}");
        server.on_exec(|_, _| async {});
        server.on_port_forward(|_, _| async { Ok(()) });
        for (subresource, query, protocols, message) in [
            ("exec", EXEC, "v1.other", "the server has none of the protocols [\"v1.other\"]"),
            (
                "exec",
                &[("command", "a"), ("stdout", "1")],
                "v5.channel.k8s.io",
                "a container name must be specified for pod web, choose one of: [a b]",
            ),
            (
                "exec",
                &[("command", "a"), ("stdout", "1"), ("container", "c")],
                "v5.channel.k8s.io",
                "container c is not valid for pod web",
            ),
            (
                "exec",
                &[("command", "a"), ("container", "a")],
                "v5.channel.k8s.io",
                "you must specify at least 1 of stdin, stdout, stderr",
            ),
            ("portforward", &[("ports", "0")], "v4.channel.k8s.io", "\"0\" is not a valid port"),
        ]
            as [(&'static str, &'static [(&'static str, &'static str)], &'static str, &str); 5]
        {
            let error = refused(subresource, query, protocols).await;
            assert!(error.to_string().contains(message), "{error}");
            assert_eq!(error.status().unwrap().code, Some(400));
        }
    }
    let [server, _] = servers().await;
    server.on_exec(|_, _| async {});
    let plain = get(&server, "/api/v1/namespaces/default/pods/web/exec?container=a&command=x&stdout=1").await;
    assert_eq!((plain.status, plain.message()), (400, "Upgrade request required"));
    assert_eq!(post(&server, "/api/v1/namespaces/default/pods/gone/exec", Value::Null).await.status, 404);
}

#[tokio::test]
async fn frames_are_damaged_as_a_test_asks() {
    for server in servers().await {
        server.on_exec(|_, mut io| async move { io.stdout.write_all(b"0123456789").await });
        let read = async |fault: Fault| {
            server.inject(fault.resource("pods/exec"));
            exec(&server, "v4.channel.k8s.io").await.read_channels().await
        };
        for fault in [Fault::split(1), Fault::fragment(3), Fault::delay_frames(Duration::from_millis(1))] {
            let channels = read(fault).await;
            assert_eq!((channels.text(1), channels.code), ("0123456789", Some(1000)));
        }
        let reset = read(Fault::reset_after(9)).await;
        assert_eq!((reset.text(1), reset.error), ("", Some(std::io::ErrorKind::ConnectionReset)));
        let reserved = read(Fault::bad_opcode()).await;
        assert_eq!(reserved.error, Some(std::io::ErrorKind::InvalidData));
    }
}

#[tokio::test]
async fn pings_are_answered_unless_a_test_forbids_it() {
    let [server, _] = servers().await;
    server.on_exec(|_, mut io| async move {
        let _ = io.stdin.read_to_end(&mut Vec::new()).await;
    });
    let mut socket = exec(&server, "v5.channel.k8s.io").await;
    socket.ping(b"now").await;
    assert_eq!(socket.next_but_data().await, Message::Pong(b"now".to_vec()));
    server.inject(Fault::drop_pongs());
    let mut socket = exec(&server, "v5.channel.k8s.io").await;
    socket.ping(b"now").await;
    socket.send(&[255, 0]).await;
    assert_eq!(socket.next_but_data().await, Message::Close(Some(1000)));
}

#[tokio::test]
async fn a_tunnel_has_many_connections_which_end_on_their_own() {
    for server in servers().await {
        server.on_port_forward(|request, io| async move {
            if request.port == 81 {
                return Err("connection refused".to_owned());
            }
            let (mut reader, mut writer) = tokio::io::split(io);
            // It answers when the client has ended its side, which is half-closed.
            let mut input = Vec::new();
            reader.read_to_end(&mut input).await.unwrap();
            writer.write_all(&[format!("{}:", request.port).as_bytes(), &input].concat()).await.unwrap();
            Ok(())
        });
        let mut tunnel = tunnel(&server).await;
        for request in 0..20 {
            let port = if request == 7 { 81 } else { 80 };
            tunnel.open(request, port).await;
        }
        for request in 0..20 {
            tunnel.send(request, format!("request {request}").as_bytes()).await;
        }
        let answers = tunnel.read_all(20).await;
        for (request, answer) in answers.iter().enumerate() {
            match request {
                7 => {
                    assert_eq!(answer.data, b"");
                    let error = String::from_utf8_lossy(&answer.error);
                    assert!(error.contains("81 -> 81") && error.contains("connection refused"), "{error}");
                }
                _ => assert_eq!(
                    (String::from_utf8_lossy(&answer.data), answer.error.len()),
                    (format!("80:request {request}").into(), 0)
                ),
            }
        }
        assert_eq!(tunnel.ping(2).await, 2);
        assert!(tunnel.is_reset_for(&[("streamtype", "data"), ("port", "0"), ("requestid", "x")]).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_its_other_is_given_up() {
    let server = TestServer::in_process();
    server.load_yaml(POD).unwrap();
    server.on_port_forward(|_, _| async { Ok(()) });
    let mut tunnel = tunnel(&server).await;
    let [data, error] = ["data", "error"].map(|kind| [("streamtype", kind), ("port", "80"), ("requestid", "0")]);
    assert!(tunnel.is_reset_for(&error).await);
    tunnel.open_and_reset(&data).await;
    assert!(tunnel.is_reset_for(&error).await, "the stream that was reset is not its other");
    // A connection that was made has nothing to do with later streams of its name.
    tunnel.open(0, 80).await;
    tunnel.read_all(1).await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    let start = tokio::time::Instant::now();
    assert!(tunnel.is_reset_for(&error).await);
    assert!(start.elapsed() >= Duration::from_secs(30), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_second_stream_of_a_kind_is_refused() {
    let server = TestServer::in_process();
    server.load_yaml(POD).unwrap();
    server.on_port_forward(|_, _| async { Ok(()) });
    let mut tunnel = tunnel(&server).await;
    let headers = [("streamtype", "data"), ("port", "80"), ("requestid", "0")];
    tunnel.open_stream(&headers).await;
    let start = tokio::time::Instant::now();
    assert!(tunnel.is_reset_for(&headers).await);
    assert_eq!(start.elapsed(), Duration::ZERO, "the server does not wait for the other stream");
}

#[tokio::test]
async fn a_script_that_panics_ends_the_client_s_connection() {
    for server in servers().await {
        server.on_port_forward(|request, mut io| async move {
            if request.port == 81 {
                panic!("this panic is part of the test");
            }
            let _ = io.read(&mut [0]).await;
            Ok(())
        });
        let mut tunnel = tunnel(&server).await;
        tunnel.open(0, 80).await;
        tunnel.open(1, 81).await;
        tunnel.end().await;
        let query = [("ports", "80"), ("ports", "81")];
        let upgraded = upgrade(&server.client(), "portforward", &query, "v4.channel.k8s.io").await.unwrap();
        let channels = WebSocket::new(upgraded).read_channels().await;
        assert_eq!(channels.code, None, "the connection ends without a close");
    }
}

#[tokio::test]
async fn the_older_protocol_has_two_channels_for_a_port() {
    for server in servers().await {
        server.on_port_forward(|request, mut io| async move {
            if request.port == 81 {
                return Err("connection refused".to_owned());
            }
            let mut input = [0; 4];
            io.read_exact(&mut input).await.unwrap();
            io.write_all(&input).await.map_err(|error| error.to_string())
        });
        let query = [("ports", "80"), ("ports", "81")];
        let upgraded = upgrade(&server.client(), "portforward", &query, "v5.channel.k8s.io, v4.channel.k8s.io").await;
        let mut socket = WebSocket::new(upgraded.unwrap());
        assert_eq!(socket.headers()["sec-websocket-protocol"], "v4.channel.k8s.io");
        socket.send(b"\0ping").await;
        let channels = socket.read_channels().await;
        assert_eq!((channels.bytes(0), channels.bytes(1)), (&b"P\0ping"[..], &b"P\0"[..]));
        assert_eq!(channels.bytes(2), b"Q\0");
        assert!(channels.text(3).ends_with("connection refused"), "{}", channels.text(3));
    }
}

#[tokio::test]
async fn logs_are_what_a_script_writes() {
    for server in servers().await {
        server.on_log(|request, mut log| async move {
            log.write_all(
                format!("{} {:?} {:?}\n", request.container, request.tail_lines, request.since_seconds).as_bytes(),
            )
            .await
            .unwrap();
            if request.follow {
                pending::<()>().await;
            }
        });
        let log = kubernetes_core::LogRequest::at(Path::new("/api/v1/namespaces/default/pods/web/log", &[]))
            .container("a")
            .tail_lines(3);
        assert_eq!(log.clone().send(&server.client()).await.unwrap(), "a Some(3) None\n");
        assert_eq!(log.clone().limit_bytes(4).send(&server.client()).await.unwrap(), "a So");
        let path = "/api/v1/namespaces/default/pods/web/log";
        assert_eq!(get(&server, &format!("{path}?container=c")).await.status, 400);
    }
}
