//! The client's side of the part of SPDY/3.1 that Kubernetes uses: streams without flow control, as `spdystream` has
//! them.
//!
//! It does no I/O and keeps no more than the head of one frame, however long the frame says it is.
//!
//! <https://datatracker.ietf.org/doc/html/draft-mbelshe-httpbis-spdy-00> and <https://github.com/moby/spdystream>.

mod decoder;
mod encoder;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;

pub(crate) use decoder::{Decoder, Frame};
pub(crate) use encoder::Encoder;

const VERSION: u16 = 3;
const CONTROL: u16 = 0x8000;
const SYN_STREAM: u16 = 1;
const SYN_REPLY: u16 = 2;
const RST_STREAM: u16 = 3;
const PING: u16 = 6;
const GO_AWAY: u16 = 7;
const HEADERS: u16 = 8;
/// The flag of the last frame of a stream in one direction.
const FIN: u8 = 1;
const HEADER_LENGTH: usize = 8;

/// The highest id of a stream; the bit above it marks control frames.
pub(crate) const MAX_STREAM_ID: u32 = 0x7fff_ffff;

/// The status of a reset: the receiver refuses the stream before it has done anything for it.
pub(crate) const REFUSED_STREAM: u32 = 3;
/// The status of a reset: the sender no longer wants the stream.
pub(crate) const CANCEL: u32 = 5;
