use bytes::{BufMut, BytesMut};
use tokio_tungstenite::tungstenite::Error as SocketError;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::OpCode;

/// The most that comes before a payload (RFC 6455, 5.2).
const MAX_HEAD_BYTES: usize = 14;

/// Writes the frame of a client, with a whole message, to the end of a buffer.
pub(super) fn encode(output: &mut BytesMut, opcode: OpCode, payload: &[u8]) -> Result<(), SocketError> {
    let mask: [u8; 4] = std::array::from_fn(|_| fastrand::u8(..));
    let head = FrameHeader { opcode, mask: Some(mask), ..FrameHeader::default() };
    output.reserve(MAX_HEAD_BYTES + payload.len());
    head.format(payload.len() as u64, &mut output.writer())?;
    let start = output.len();
    output.extend_from_slice(payload);
    apply(mask, &mut output[start..]);
    Ok(())
}

/// Masks bytes, eight at a time.
fn apply(mask: [u8; 4], bytes: &mut [u8]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (chunks, rest) = bytes.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.into_iter().cycle()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use tokio_tungstenite::tungstenite::protocol::frame::coding::Data;

    use super::*;

    proptest! {
        #[test]
        fn a_server_reads_what_was_written(payload in vec(any::<u8>(), 0..70_000)) {
            let mut output = BytesMut::from(&b"before"[..]);
            encode(&mut output, OpCode::Data(Data::Binary), &payload).expect("a frame");
            let mut input = std::io::Cursor::new(&output[6..]);
            let (head, length) = FrameHeader::parse(&mut input).expect("a head").expect("all of it");
            prop_assert!(head.is_final && head.opcode == OpCode::Data(Data::Binary));
            prop_assert_eq!(length, payload.len() as u64);
            let start = 6 + usize::try_from(input.position()).expect("a length");
            let mask = head.mask.expect("clients mask");
            let read = output[start..].iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask);
            prop_assert!(read.eq(payload));
        }
    }
}
