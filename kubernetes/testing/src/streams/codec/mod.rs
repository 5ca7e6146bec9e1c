//! The frames of streaming protocols, as the server's side reads and writes them. Nothing here does I/O but
//! [`websocket`], which reads and writes any stream of bytes.

pub(super) mod channel;
mod dictionary;
pub(super) mod spdy;
pub(super) mod websocket;
