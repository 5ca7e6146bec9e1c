//! Byte streams to and from the containers of pods: exec, attach, port-forward, and copy.
//!
//! ```no_run
//! # use kubernetes_client::Client;
//! # use kubernetes_streams::{Error, Exec};
//! # async fn example(client: &Client) -> Result<(), Error> {
//! let output = Exec::new("shop", "web", ["cat", "/etc/hostname"]).output(client).await?;
//! println!("{}", String::from_utf8_lossy(&output.stdout));
//! # Ok(())
//! # }
//! ```
//!
//! - [`Exec`] runs a command in a container, [`Attach`] joins its main process; both return a [`Process`].
//! - [`Upload`] and [`Download`] copy files and folders (on Unix).
//! - [`PortForwarder`](port_forward::PortForwarder) connects to ports of pods.
//! - [`PodLogs`] reads the logs of several containers, as their pods come and go.
//!
//! Each has its own connection outside the client's pool, with the client's TLS, proxy and credentials. While nothing
//! arrives, a ping is sent every 5 s, and a connection ends after 61 s without a response. Otherwise, it may be idle for
//! any time.

mod attach;
mod clock;
mod container;
#[cfg(unix)]
mod copy;
mod error;
mod exec;
#[cfg(test)]
mod fake_server;
mod logs;
mod pod;
pub mod port_forward;
mod process;
mod process_request;
mod spdy;
mod websocket;

pub use attach::Attach;
#[cfg(unix)]
pub use copy::{Copied, Download, Links, Progress, Upload};
pub use error::Error;
pub use exec::Exec;
pub use logs::{LogLine, PodLogStream, PodLogs};
pub use process::{DetachKeys, ExitStatus, Output, OutputStream, Process, Stdin, TerminalSize};

/// For the fuzz target of this name.
#[cfg(fuzzing)]
#[doc(hidden)]
pub fn check_spdy(input: &[u8]) {
    spdy::fuzz::check(input);
}
