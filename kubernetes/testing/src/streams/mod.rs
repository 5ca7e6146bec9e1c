//! Streams: exec, attach and port-forward over upgraded connections, and logs. A test's scripts simulate the
//! containers.
//!
//! <https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-connections> does not define the bytes; the
//! source does: `pkg/kubelet` and `staging/src/k8s.io/kubelet/pkg/cri/streaming` in
//! <https://github.com/kubernetes/kubernetes/tree/v1.37.2>.

mod channel_writer;
mod codec;
mod connection;
mod container_io;
mod exec;
mod handshake;
mod port_forward;
mod requests;
mod scripts;
mod tunnel;

pub(crate) use connection::{Connection, in_process};
pub use container_io::{ContainerIo, Input, Output, PortIo, TerminalSize, TerminalSizes};
pub(crate) use handshake::{Upgrade, is_upgrade};
pub use requests::{ExecRequest, Exit, LogRequest, PortForwardRequest};
pub(crate) use scripts::{LogScript, Script, Scripts};
