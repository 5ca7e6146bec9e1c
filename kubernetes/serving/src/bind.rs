use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;

/// Listens on an address. `[::]` is every address, of IPv4 too, and of IPv4 alone on a machine without IPv6, as in Go.
///
/// # Errors
///
/// Like [`TcpListener::bind`].
///
/// # Cancel safety
///
/// The future may be dropped at any time.
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    match TcpListener::bind(address).await {
        Err(_) if address.ip() == Ipv6Addr::UNSPECIFIED => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())).await
        }
        bound => bound,
    }
}
