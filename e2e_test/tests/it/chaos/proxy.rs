//! Leads connections to the API server, until it cuts them.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kubernetes_sdk::Config;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::cluster;

/// The fate of the existing connections.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Orders {
    cuts: usize,
    silences: usize,
}

pub(crate) struct Proxy {
    config: Config,
    orders: watch::Sender<Orders>,
    cut: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn start(context: &str) -> Self {
        let mut config = cluster::config(context);
        let server = config.server.authority().expect("a server has an address").to_string();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        config.server = format!("https://127.0.0.1:{port}").parse().expect("a URL");
        let (orders, received) = watch::channel(Orders::default());
        let cut = Arc::<AtomicUsize>::default();
        let task = tokio::spawn(accept(listener, server, received, Arc::clone(&cut)));
        Self { config, orders, cut, task }
    }

    /// How its clients come to the server.
    pub(crate) fn config(&self) -> Config {
        self.config.clone()
    }

    /// Closes all connections.
    pub(crate) fn cut(&self) {
        self.orders.send_modify(|orders| orders.cuts += 1);
    }

    /// Lets nothing through any more, on the connections that there are, and tells nobody.
    pub(crate) fn silence(&self) {
        self.orders.send_modify(|orders| orders.silences += 1);
    }

    /// How many connections have been closed, or lost without a word.
    pub(crate) fn cuts(&self) -> usize {
        self.cut.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, server: String, orders: watch::Receiver<Orders>, cut: Arc<AtomicUsize>) {
    while let Ok((client, _)) = listener.accept().await {
        let Ok(server) = TcpStream::connect(&server).await else { continue };
        tokio::spawn(lead(client, server, orders.clone(), Arc::clone(&cut)));
    }
}

async fn lead(
    mut client: TcpStream,
    mut server: TcpStream,
    mut orders: watch::Receiver<Orders>,
    cut: Arc<AtomicUsize>,
) {
    let before = *orders.borrow_and_update();
    tokio::select! {
        // Whatever ends it: both ends are closed.
        _ = copy_bidirectional(&mut client, &mut server) => return,
        _ = orders.changed() => {}
    }
    cut.fetch_add(1, Ordering::Relaxed);
    if orders.borrow().silences != before.silences {
        // Both ends stay open, until a cut closes them.
        let cuts = before.cuts;
        _ = orders.wait_for(|orders| orders.cuts > cuts).await;
    }
}
