//! The frames of streaming protocols, as the server's side reads and writes them. Only [`websocket`] does I/O, on any
//! stream of bytes.

pub(super) mod channel;
mod dictionary;
pub(super) mod spdy;
pub(super) mod websocket;
