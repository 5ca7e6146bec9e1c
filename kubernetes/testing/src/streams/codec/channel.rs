//! The channel protocols of exec, attach and port-forward: the first byte of each message is the channel.
//!
//! <https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/kubelet/pkg/cri/streaming/remotecommand/websocket.go>

use bytes::{BufMut, Bytes, BytesMut};
use serde_json::Value;

pub(crate) const STDIN: u8 = 0;
pub(crate) const STDOUT: u8 = 1;
pub(crate) const STDERR: u8 = 2;
pub(crate) const ERROR: u8 = 3;
const RESIZE: u8 = 4;
const CLOSE: u8 = 255;

/// The most bytes of a process or a connection in one message, as in the kubelet.
pub(crate) const MAX_MESSAGE_BYTES: usize = 32 * 1024;

/// The version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V4,
    /// A client can end stdin.
    V5,
}

impl Version {
    /// The first of the client's protocols that the server supports.
    pub(crate) fn choose<'a>(offered: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        offered.into_iter().find_map(|protocol| match protocol {
            "v5.channel.k8s.io" => Some(Self::V5),
            "v4.channel.k8s.io" => Some(Self::V4),
            _ => None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::V4 => "v4.channel.k8s.io",
            Self::V5 => "v5.channel.k8s.io",
        }
    }
}

/// A message of a client of exec or attach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ClientMessage {
    Stdin(Bytes),
    CloseStdin,
    Resize { width: u16, height: u16 },
}

impl ClientMessage {
    /// `None` for a message without meaning in this version, which is ignored.
    pub(crate) fn decode(version: Version, mut message: Bytes) -> Option<Self> {
        if message.is_empty() {
            return None;
        }
        let payload = message.split_off(1);
        match *message.first()? {
            STDIN => Some(Self::Stdin(payload)),
            RESIZE => {
                let size: Value = serde_json::from_slice(&payload).ok()?;
                let side = |name: &str| size.get(name)?.as_u64().and_then(|side| u16::try_from(side).ok());
                Some(Self::Resize { width: side("Width")?, height: side("Height")? })
            }
            CLOSE if version == Version::V5 && payload.first() == Some(&STDIN) => Some(Self::CloseStdin),
            _ => None,
        }
    }
}

/// A message for a channel.
pub(crate) fn encode(channel: u8, payload: &[u8]) -> Bytes {
    let mut message = BytesMut::with_capacity(1 + payload.len());
    message.put_u8(channel);
    message.put_slice(payload);
    message.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_first_that_both_have() {
        assert_eq!(Version::choose(["v9", "v4.channel.k8s.io", "v5.channel.k8s.io"]), Some(Version::V4));
        assert_eq!(Version::choose(["channel.k8s.io"]), None);
    }

    #[test]
    fn messages_are_read_by_their_channel() {
        let decode = |version, bytes: &'static [u8]| ClientMessage::decode(version, Bytes::from_static(bytes));
        assert_eq!(decode(Version::V4, b"\0ab"), Some(ClientMessage::Stdin(Bytes::from_static(b"ab"))));
        assert_eq!(decode(Version::V5, &[255, 0]), Some(ClientMessage::CloseStdin));
        let resize = ClientMessage::Resize { width: 80, height: 24 };
        assert_eq!(decode(Version::V5, b"\x04{\"Width\":80,\"Height\":24}"), Some(resize));
        for ignored in [&b""[..], &[255, 1], &[7, 0], b"\x04{}", b"\x04{\"Width\":-1,\"Height\":99999}"] {
            assert_eq!(decode(Version::V5, ignored), None, "{ignored:?}");
        }
        assert_eq!(decode(Version::V4, &[255, 0]), None);
    }
}
