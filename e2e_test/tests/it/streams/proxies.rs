use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kubernetes_sdk::Client;
use kubernetes_sdk::streams::port_forward::PortForwarder;
use kubernetes_sdk::streams::{Error, Exec};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::{in_time, sleeping_pod};
use crate::cluster;

/// A proxy on loopback that carries connections to where it is asked, and counts them.
async fn proxy(is_socks: bool) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let carried = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&carried);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                let target = if is_socks { socks(&mut client).await } else { connect(&mut client).await };
                let mut server = TcpStream::connect(target.unwrap()).await.unwrap();
                count.fetch_add(1, Ordering::Relaxed);
                let _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    (address, carried)
}

async fn connect(client: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    let head = String::from_utf8_lossy(&head);
    Ok(head.strip_prefix("CONNECT ").expect("a tunnel").split(' ').next().unwrap_or_default().to_owned())
}

/// RFC 1928, without authentication.
async fn socks(client: &mut TcpStream) -> std::io::Result<String> {
    let mut head = [0; 2];
    client.read_exact(&mut head).await?;
    client.read_exact(&mut vec![0; head[1].into()]).await?;
    client.write_all(&[5, 0]).await?;
    let mut request = [0; 4];
    client.read_exact(&mut request).await?;
    let host = match request[3] {
        1 => std::net::Ipv4Addr::from(client.read_u32().await?).to_string(),
        _ => {
            let mut name = vec![0; client.read_u8().await?.into()];
            client.read_exact(&mut name).await?;
            String::from_utf8_lossy(&name).into_owned()
        }
    };
    let port = client.read_u16().await?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    Ok(format!("{host}:{port}"))
}

#[tokio::test]
async fn commands_run_through_proxies() {
    let (_, namespace) = sleeping_pod("exec-proxy").await;
    for (scheme, is_socks) in [("http", false), ("socks5", true)] {
        let (address, carried) = proxy(is_socks).await;
        let mut config = cluster::config("admin");
        config.proxy_url = Some(format!("{scheme}://{address}").parse().unwrap());
        let client = Client::new(config).unwrap();
        let input = vec![7; 3_000_000];
        let exec = Exec::new(&namespace, "web", ["cat"]);
        let output = in_time(exec.output_with_input(&client, &input[..])).await.unwrap();
        assert!(output.stdout == input);
        assert_eq!(carried.load(Ordering::Relaxed), 1, "{scheme}");
        // Nothing listens there, which the kubelet says over the tunnel.
        let forwarder = PortForwarder::to_pod(&client, &namespace, "web");
        let mut refused = in_time(forwarder.connect(9999)).await.unwrap();
        let error = in_time(refused.read_u8()).await.unwrap_err();
        assert!(Error::of_io(&error).unwrap().is_refused(), "{error}");
        assert_eq!(forwarder.state().counts().tunnels, 1, "{scheme}");
    }
}
