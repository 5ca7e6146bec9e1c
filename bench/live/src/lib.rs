//! What the programs share that are measured against a server: the job, and one report of its phases.

use clap::ValueEnum;

mod load;
mod phases;
mod requests;

pub use load::Load;
pub use phases::Phases;
pub use requests::{Ask, Requests, name, on_all_cores};

/// How many informers share a client, unless another number is asked for.
pub const INFORMERS: usize = 100;

/// What a program does with the pods of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Job {
    /// Take every event.
    Watch,
    /// As `watch`, with the first list streamed where pages are what the peer does by itself.
    WatchStreaming,
    /// Keep all pods in memory, and up to date.
    Reflector,
    /// As `reflector`, with the first list streamed where pages are what the peer does by itself.
    ReflectorStreaming,
    /// As `reflector`, in 100 parts.
    Informers,
    /// List all pods in one answer.
    List,
    /// Take no event after the first list, however many come.
    Stalled,
}
