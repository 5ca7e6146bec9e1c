//! Elections on the testing server, under a paused clock.

mod acquire;
mod candidates;
mod coordinated;
mod gate;
mod hold;
mod network;
mod recovery;
mod release;
mod shards;
mod support;
