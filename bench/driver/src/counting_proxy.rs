//! A way to a server that counts the bytes, TLS included.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::bench::Result;

/// Its threads wait for connections until the program ends.
pub(crate) struct CountingProxy {
    kubeconfig: PathBuf,
    received: Arc<AtomicU64>,
}

const SERVER: &str = "https://127.0.0.1:";

impl CountingProxy {
    /// Listens before the server of a kubeconfig, and writes one that leads here, beside the first, as paths in it are
    /// relative to its folder.
    pub(crate) fn before(kubeconfig: &Path) -> Result<Self> {
        let file = kubeconfig.with_file_name("kubeconfig-proxied");
        let text = fs::read_to_string(kubeconfig)?;
        let (_, rest) = text.split_once(SERVER).ok_or("the cluster's server is not on this machine")?;
        let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
        let server = SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse::<u16>()?));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let here = listener.local_addr()?.port();
        fs::write(&file, text.replace(&format!("{SERVER}{port}"), &format!("{SERVER}{here}")))?;
        let received = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&received);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A client whose server is not there finds its connection closed.
                _ = forward(client, server, &counter);
            }
        });
        Ok(Self { kubeconfig: file, received })
    }

    /// The kubeconfig that leads through here.
    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// How many bytes have come from the server so far.
    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }
}

impl Drop for CountingProxy {
    fn drop(&mut self) {
        // It stands among the files of the cluster, which `scripts/test-cluster down` removes if all are its own.
        _ = fs::remove_file(&self.kubeconfig);
    }
}

fn forward(client: TcpStream, server: SocketAddr, received: &Arc<AtomicU64>) -> std::io::Result<()> {
    let server = TcpStream::connect(server)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (up, down) = ((client.try_clone()?, server.try_clone()?), (server, client));
    let counter = Arc::clone(received);
    thread::spawn(move || copy(up.0, up.1, None));
    thread::spawn(move || copy(down.0, down.1, Some(&counter)));
    Ok(())
}

/// Until either side ends.
fn copy(mut from: TcpStream, mut to: TcpStream, counter: Option<&AtomicU64>) {
    let mut space = vec![0; 256 * 1024];
    while let Ok(length @ 1..) = from.read(&mut space) {
        if let Some(counter) = counter {
            counter.fetch_add(length as u64, Ordering::Relaxed);
        }
        if to.write_all(&space[..length]).is_err() {
            break;
        }
    }
    _ = to.shutdown(Shutdown::Write);
}
