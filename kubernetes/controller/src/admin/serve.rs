use std::future::Future;
use std::time::Duration;

use kubernetes_serving::Server;
use tokio::net::TcpListener;

use super::Admin;

impl Admin {
    /// Serves HTTP/1.1 on a listener until `shutdown` completes, and then ends the requests that are under way, within
    /// 5 s.
    ///
    /// At most 64 connections are open; further ones wait. A connection has 5 s for the headers of a request, 16 KiB
    /// for them, and is closed after 2 minutes.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes all connections.
    pub async fn serve(&self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        Server::new("admin")
            // More connections than the kubelet and several Prometheus open.
            .max_connections(64)
            .header_timeout(Duration::from_secs(5))
            .max_header_bytes(16 * 1024)
            // One that reads slowly can't stay forever.
            .max_connection_age(Duration::from_secs(120))
            .grace(Duration::from_secs(5))
            .serve(listener, self.clone(), shutdown)
            .await;
    }
}
