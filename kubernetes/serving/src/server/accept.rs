use std::io;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use crate::clock;

/// The next connection.
pub(super) async fn accept(server: &str, listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Responses are written in one go. A socket that refuses is slower, and works.
                let _ = stream.set_nodelay(true);
                return stream;
            }
            Err(error) if is_of_connection(&error) => {}
            Err(error) => {
                // A transient condition, such as too many open files.
                tracing::warn!(server, %error, "can't accept connections");
                clock::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Whether the error is one of the connection that was to be accepted.
fn is_of_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
