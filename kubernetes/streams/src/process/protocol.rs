//! The channels of exec and attach: the first byte of each message says which one it is of.
//!
//! <https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/kubelet/pkg/cri/streaming/remotecommand/websocket.go>

use bytes::{BufMut, Bytes, BytesMut};

use super::terminal::TerminalSize;

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

/// A message of a server.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ServerMessage {
    Output(Channel, Bytes),
    /// A `Status` in JSON: the end of the process.
    Status(Bytes),
    /// A message without content, which opens a channel, or one of a channel that this client does not know.
    Nothing,
}

impl ServerMessage {
    pub(super) fn decode(mut message: Bytes) -> Self {
        if message.len() < 2 {
            return Self::Nothing;
        }
        let payload = message.split_off(1);
        match message.first() {
            Some(&STDOUT) => Self::Output(Channel::Stdout, payload),
            Some(&STDERR) => Self::Output(Channel::Stderr, payload),
            Some(&STATUS) => Self::Status(payload),
            channel => {
                tracing::debug!(?channel, "ignored a message of an unknown channel");
                Self::Nothing
            }
        }
    }
}

/// A message with input.
pub(super) fn stdin(bytes: &[u8]) -> Bytes {
    let mut message = BytesMut::with_capacity(1 + bytes.len());
    message.put_u8(STDIN);
    message.put_slice(bytes);
    message.freeze()
}

/// The message that ends the input, in version 5.
pub(super) fn close_stdin() -> Bytes {
    Bytes::from_static(&[CLOSE, STDIN])
}

/// A message with the size of the terminal.
pub(super) fn resize(size: TerminalSize) -> Bytes {
    let mut message = vec![RESIZE];
    message.extend(format!(r#"{{"Width":{},"Height":{}}}"#, size.width, size.height).into_bytes());
    message.into()
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

    #[test]
    fn messages_are_read_by_their_channel() {
        let decode = |message: &'static [u8]| ServerMessage::decode(Bytes::from_static(message));
        assert_eq!(decode(b"\x01a"), ServerMessage::Output(Channel::Stdout, Bytes::from_static(b"a")));
        assert_eq!(decode(b"\x02\0"), ServerMessage::Output(Channel::Stderr, Bytes::from_static(b"\0")));
        assert_eq!(decode(b"\x03{}"), ServerMessage::Status(Bytes::from_static(b"{}")));
        for message in [&b""[..], b"\x01", b"\x03", b"\0a", b"\x04a", b"\x07a", b"\xff\x01"] {
            assert_eq!(decode(message), ServerMessage::Nothing, "{message:?}");
        }
    }
}
