use std::future::Future;
use std::time::Duration;

use kubernetes_serving::{CertificatesError, Server, Tls};
use tokio::net::TcpListener;

use super::Admin;

impl Admin {
    /// Serves HTTP/1.1 on a listener until `shutdown` completes, and then ends the requests that are under way, within
    /// 5 s.
    ///
    /// At most 64 connections are open; for a further one, the one that has been idle longest is closed. A connection has
    /// 10 s to send its first request, 16 KiB for the headers of each, and is closed after 2 minutes without one.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes all connections.
    pub async fn serve(&self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        server().serve(listener, self.clone(), shutdown).await;
    }

    /// Like [`serve`](Self::serve), over TLS, with HTTP/1.1 and HTTP/2.
    ///
    /// ```no_run
    /// # use kubernetes_controller::Admin;
    /// use kubernetes_controller::{Certificates, Tls};
    /// use tokio::net::TcpListener;
    ///
    /// # async fn example(admin: Admin) -> Result<(), Box<dyn std::error::Error>> {
    /// let certificates = Certificates::files("/certs/tls.crt", "/certs/tls.key")?;
    /// let listener = TcpListener::bind("0.0.0.0:8443").await?;
    /// admin.serve_tls(listener, &Tls::new(&certificates), std::future::pending()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A kubelet does not verify the certificate of a probe with `scheme: HTTPS`, and shows none of its own.
    ///
    /// # Errors
    ///
    /// Returns an error if the client CA can't be used, or no cryptography provider is available ([`Tls::check`]).
    ///
    /// # Cancel safety
    ///
    /// Like [`serve`](Self::serve).
    pub async fn serve_tls(
        &self,
        listener: TcpListener,
        tls: &Tls,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), CertificatesError> {
        server().serve_tls(listener, tls, self.clone(), shutdown).await
    }
}

fn server() -> Server {
    Server::new("admin")
        // More connections than the kubelet and several Prometheus open.
        .max_connections(64)
        .header_timeout(Duration::from_secs(5))
        .max_header_bytes(16 * 1024)
        .grace(Duration::from_secs(5))
}
