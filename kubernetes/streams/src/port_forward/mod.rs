//! Connections to the ports of pods, through the API server.
//!
//! [`PortForwarder`] opens them, one by one or for a local [`Listener`], and [`Connector`] for HTTP clients. A [`Target`]
//! says which pod they lead to.

mod connector;
mod forwarder;
mod link;
mod listen;
mod port;
mod state;
mod target;
mod tunnel;

pub use connector::Connector;
pub use forwarder::{PortForwarder, PortForwarderBuilder};
pub use listen::{Binding, ConnectionFailure, ConnectionFailures, InvalidPortMapping, Listener, PortMapping};
pub use port::Port;
pub use state::{Counts, Phase, State, StateWatcher};
pub use target::{PodTarget, Target, TargetFuture, TargetPod};
pub use tunnel::{PortReader, PortStream, PortWriter};
