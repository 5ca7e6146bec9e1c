//! kube's streams: `listen PORT…` forwards local ports and prints them, `exec BYTES` reads the output of a command.

use std::error::Error;

use k8s_openapi::api::core::v1::Pod;
use kube::api::AttachParams;
use kube::{Api, Client};
use tokio::io::{AsyncWriteExt, copy, copy_bidirectional, sink};
use tokio::net::{TcpListener, TcpStream};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let pods: Api<Pod> = Api::namespaced(Client::try_default().await?, "default");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["listen", ports @ ..] => {
            let mut tasks = Vec::new();
            for port in ports.iter().map(|port| port.parse()) {
                let listener = TcpListener::bind("127.0.0.1:0").await?;
                println!("{}", listener.local_addr()?.port());
                tasks.push(tokio::spawn(accept(pods.clone(), listener, port?)));
            }
            for task in tasks {
                task.await??;
            }
        }
        ["exec", bytes] => {
            let parameters = AttachParams::default().stderr(false).max_stdout_buf_size(64 * 1024);
            let mut process = pods.exec("web", ["source", *bytes], &parameters).await?;
            let mut output = process.stdout().ok_or("no output")?;
            println!("{}", copy(&mut output, &mut sink()).await?);
        }
        ["exec-input", bytes] => {
            let parameters = AttachParams::default().stdin(true).stderr(false).max_stdin_buf_size(64 * 1024);
            let mut process = pods.exec("web", ["sink"], &parameters).await?;
            let mut input = process.stdin().ok_or("no input")?;
            let mut left: usize = bytes.parse()?;
            let chunk = vec![7; 64 * 1024];
            while left > 0 {
                let count = left.min(chunk.len());
                input.write_all(&chunk[..count]).await?;
                left -= count;
            }
            input.shutdown().await?;
            drop(input);
            let mut output = process.stdout().ok_or("no output")?;
            copy(&mut output, &mut tokio::io::stdout()).await?;
        }
        _ => return Err("expected listen PORT…, exec BYTES or exec-input BYTES".into()),
    }
    Ok(())
}

/// As kube's example `pod_portforward_bind`: a WebSocket for each connection.
async fn accept(pods: Api<Pod>, listener: TcpListener, port: u16) -> Result<()> {
    loop {
        let (connection, _) = listener.accept().await?;
        connection.set_nodelay(true)?;
        tokio::spawn(forward(pods.clone(), connection, port));
    }
}

async fn forward(pods: Api<Pod>, mut connection: TcpStream, port: u16) -> Result<()> {
    let mut forwarder = pods.portforward("web", &[port]).await?;
    let mut stream = forwarder.take_stream(port).ok_or("no stream")?;
    copy_bidirectional(&mut connection, &mut stream).await?;
    drop(stream);
    forwarder.join().await?;
    Ok(())
}
