//! The channels of exec and attach: the first byte of each message says which one it is of.
//!
//! <https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/kubelet/pkg/cri/streaming/remotecommand/websocket.go>

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::terminal::TerminalSize;
use crate::error::Error;
use crate::websocket::Part;

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const STATUS: u8 = 3;
const RESIZE: u8 = 4;
const CLOSE: u8 = 255;

/// The version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V4,
    /// A client can end stdin.
    V5,
}

impl Version {
    /// The names of the versions, the preferred one first.
    pub(crate) const NAMES: &[&str] = &[Self::V5.name(), Self::V4.name()];

    const fn name(self) -> &'static str {
        match self {
            Self::V4 => "v4.channel.k8s.io",
            Self::V5 => "v5.channel.k8s.io",
        }
    }

    /// The version of a name among [`NAMES`](Self::NAMES).
    pub(crate) fn of(name: &str) -> Self {
        if name == Self::V5.name() { Self::V5 } else { Self::V4 }
    }
}

/// An output of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    Stdout,
    Stderr,
}

impl Channel {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }

    pub(super) fn other(self) -> Self {
        match self {
            Self::Stdout => Self::Stderr,
            Self::Stderr => Self::Stdout,
        }
    }
}

/// An item that a server sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ServerMessage {
    /// Output, as much as has come of it.
    Output(Channel, Bytes),
    /// A `Status` in JSON: the end of the process.
    Status(Bytes),
}

/// Reads the messages of a server, which may come in parts.
#[derive(Debug, Default)]
pub(super) struct Messages {
    /// The channel of the message that has begun.
    channel: Option<u8>,
    status: BytesMut,
}

/// A `Status` is smaller by far.
const MAX_STATUS_BYTES: usize = 1024 * 1024;

impl Messages {
    /// Takes a part of a message in; `None` for one without content, which opens a channel, and one of a channel that
    /// this client does not know.
    ///
    /// # Errors
    /// Returns an error if the status is too large.
    pub(super) fn receive(&mut self, part: Part) -> Result<Option<ServerMessage>, Error> {
        let Part { mut bytes, is_last } = part;
        let channel = self.channel.or_else(|| (!bytes.is_empty()).then(|| bytes.get_u8()));
        self.channel = if is_last { None } else { channel };
        match channel {
            Some(STATUS) if self.status.len() + bytes.len() > MAX_STATUS_BYTES => {
                Err(Error::protocol(format!("the status of the process has more than {MAX_STATUS_BYTES} bytes")))
            }
            Some(STATUS) => {
                self.status.extend_from_slice(&bytes);
                let is_whole = is_last && !self.status.is_empty();
                Ok(is_whole.then(|| ServerMessage::Status(self.status.split().freeze())))
            }
            _ if bytes.is_empty() => Ok(None),
            Some(STDOUT) => Ok(Some(ServerMessage::Output(Channel::Stdout, bytes))),
            Some(STDERR) => Ok(Some(ServerMessage::Output(Channel::Stderr, bytes))),
            channel => {
                tracing::debug!(?channel, "ignored a message of an unknown channel");
                Ok(None)
            }
        }
    }
}

/// A message with input.
pub(super) fn stdin(bytes: &[u8]) -> BytesMut {
    let mut message = BytesMut::with_capacity(1 + bytes.len());
    message.put_u8(STDIN);
    message.put_slice(bytes);
    message
}

/// The message that ends the input, in version 5.
pub(super) fn close_stdin() -> BytesMut {
    BytesMut::from(&[CLOSE, STDIN][..])
}

/// A message with the size of the terminal.
pub(super) fn resize(size: TerminalSize) -> BytesMut {
    let mut message = BytesMut::from(&[RESIZE][..]);
    message.put_slice(format!(r#"{{"Width":{},"Height":{}}}"#, size.width, size.height).as_bytes());
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_those_of_the_protocol() {
        assert_eq!(Version::NAMES, ["v5.channel.k8s.io", "v4.channel.k8s.io"]);
        for name in Version::NAMES {
            assert_eq!(Version::of(name).name(), *name);
        }
        assert_eq!(stdin(b"ab"), &b"\0ab"[..]);
        assert_eq!(close_stdin(), &[255, 0][..]);
        assert_eq!(resize(TerminalSize::new(80, 24)), &b"\x04{\"Width\":80,\"Height\":24}"[..]);
    }

    fn read(parts: &[&'static [u8]]) -> Vec<ServerMessage> {
        let mut messages = Messages::default();
        let parts = parts
            .iter()
            .enumerate()
            .map(|(number, bytes)| Part { bytes: Bytes::from_static(bytes), is_last: number + 1 == parts.len() });
        parts.filter_map(|part| messages.receive(part).unwrap()).collect()
    }

    #[test]
    fn messages_are_read_by_their_channel() {
        let output = |channel, bytes| ServerMessage::Output(channel, Bytes::from_static(bytes));
        assert_eq!(read(&[b"\x01a"]), [output(Channel::Stdout, b"a")]);
        assert_eq!(read(&[b"\x02\0"]), [output(Channel::Stderr, b"\0")]);
        assert_eq!(read(&[b"\x03{}"]), [ServerMessage::Status(Bytes::from_static(b"{}"))]);
        for message in [&b""[..], b"\x01", b"\x03", b"\0a", b"\x04a", b"\x07a", b"\xff\x01"] {
            assert_eq!(read(&[message]), [], "{message:?}");
        }
    }

    #[test]
    fn output_does_not_wait_for_the_rest_of_its_message_and_a_status_does() {
        let output = |bytes| ServerMessage::Output(Channel::Stdout, Bytes::from_static(bytes));
        assert_eq!(read(&[b"", b"\x01", b"ab", b"c", b""]), [output(b"ab"), output(b"c")]);
        assert_eq!(read(&[b"\x03{", b"", b"}"]), [ServerMessage::Status(Bytes::from_static(b"{}"))]);
        let mut messages = Messages::default();
        let endless = Part { bytes: Bytes::from_static(&[STATUS; 1024]), is_last: false };
        let error = std::iter::repeat_with(|| messages.receive(endless.clone())).take(1100).find_map(Result::err);
        assert!(error.expect("it has a limit").to_string().contains("more than 1048576 bytes"));
    }
}
