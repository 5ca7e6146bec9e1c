//! This SDK's streams: `listen PORT…` forwards local ports and prints them, `exec BYTES` reads the output of a command,
//! `exec-input BYTES` writes its input, and `copy POD FROM TO` copies files as `kubectl cp` does.

use std::error::Error;

use kubernetes_client::Client;
use kubernetes_streams::port_forward::{PortForwarder, PortMapping};
use kubernetes_streams::{Download, Exec, Upload};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, sink};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::from_env()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["listen", ports @ ..] => {
            let ports = ports.iter().map(|port| format!(":{port}").parse()).collect::<Result<Vec<PortMapping>, _>>()?;
            let listener = PortForwarder::to_pod(&client, "default", "web").listen(&["127.0.0.1"], &ports).await?;
            for binding in listener.bindings() {
                println!("{}", binding.local().port());
            }
            listener.run().await;
        }
        ["exec", bytes] => {
            let mut process = Exec::new("default", "web", ["source", *bytes]).start(&client).await?;
            let mut output = process.stdout().ok_or("no output")?;
            println!("{}", copy(&mut output, &mut sink()).await?);
        }
        ["exec-input", bytes] => {
            let mut process = Exec::new("default", "web", ["sink"]).stdin(true).start(&client).await?;
            let mut input = process.stdin().ok_or("no input")?;
            let mut output = process.stdout().ok_or("no output")?;
            let mut left: usize = bytes.parse()?;
            let chunk = vec![7; 64 * 1024];
            while left > 0 {
                let count = left.min(chunk.len());
                input.write_all(&chunk[..count]).await?;
                left -= count;
            }
            input.shutdown().await?;
            let mut text = String::new();
            output.read_to_string(&mut text).await?;
            println!("{text}");
        }
        ["copy", pod, from, to] => match (from.strip_prefix(&format!("{pod}:")), to.strip_prefix(&format!("{pod}:"))) {
            (None, Some(remote)) => drop(Upload::new("default", *pod, from, remote).send(&client).await?),
            (Some(remote), None) => drop(Download::new("default", *pod, remote, to).send(&client).await?),
            _ => return Err("expected one path in the pod".into()),
        },
        _ => return Err("expected listen PORT…, exec BYTES, exec-input BYTES or copy POD FROM TO".into()),
    }
    Ok(())
}
