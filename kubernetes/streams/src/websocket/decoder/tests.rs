use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// All items of an input that arrives in pieces.
fn decode(input: &[u8], pieces: &[usize]) -> Result<Vec<Received>, SocketError> {
    let (mut decoder, mut buffer, mut received) = (Decoder::default(), BytesMut::new(), Vec::new());
    let mut rest = input;
    for piece in pieces.iter().copied().chain([input.len()]) {
        let (piece, left) = rest.split_at(piece.min(rest.len()));
        rest = left;
        buffer.extend_from_slice(piece);
        while let Some(next) = decoder.next(&mut buffer)? {
            received.push(next);
        }
    }
    assert!(buffer.is_empty(), "all of it is taken in");
    Ok(received)
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    let head = FrameHeader { is_final: first & 0x80 != 0, opcode: (first & 0xf).into(), ..FrameHeader::default() };
    head.format(payload.len() as u64, &mut frame).expect("a head");
    frame.extend_from_slice(payload);
    frame
}

proptest! {
    #[test]
    fn messages_are_the_same_however_they_arrive(
        messages in vec(vec((vec(any::<u8>(), 0..6000), any::<bool>()), 1..4), 0..4),
        pieces in vec(0..3000_usize, 0..20),
    ) {
        let (mut input, mut expected) = (Vec::new(), Vec::new());
        for fragments in &messages {
            for (number, (payload, pings)) in fragments.iter().enumerate() {
                let last = if number + 1 == fragments.len() { 0x80 } else { 0 };
                let code = if number == 0 { 2 } else { 0 };
                input.extend(frame(last | code, payload));
                if *pings {
                    input.extend(frame(0x89, b"ping"));
                }
            }
            expected.push(fragments.iter().flat_map(|(payload, _)| payload.clone()).collect::<Vec<u8>>());
        }
        let (mut decoded, mut message, mut pings) = (Vec::new(), Vec::new(), 0);
        for received in decode(&input, &pieces).expect("valid frames") {
            match received {
                Received::Data(part) => {
                    message.extend_from_slice(&part.bytes);
                    if part.is_last {
                        decoded.push(std::mem::take(&mut message));
                    }
                }
                Received::Ping(payload) => {
                    prop_assert_eq!(&payload[..], b"ping");
                    pings += 1;
                }
                other => panic!("{other:?}"),
            }
        }
        prop_assert_eq!(decoded, expected);
        prop_assert_eq!(pings, messages.iter().flatten().filter(|(_, pings)| *pings).count());
    }

    #[test]
    fn no_input_makes_it_panic(input in vec(any::<u8>(), 0..300), pieces in vec(0..50_usize, 0..10)) {
        let (mut decoder, mut buffer, mut rest) = (Decoder::default(), BytesMut::new(), &input[..]);
        for piece in pieces.iter().copied().chain([input.len()]) {
            let (piece, left) = rest.split_at(piece.min(rest.len()));
            rest = left;
            buffer.extend_from_slice(piece);
            while let Ok(Some(_)) = decoder.next(&mut buffer) {}
        }
    }
}

#[test]
fn frames_that_a_server_may_not_send_are_refused() {
    let masked = [0x82, 0x81, 1, 2, 3, 4, 5];
    let cases: [(&[u8], ProtocolError); 7] = [
        (&[0xc2, 0], ProtocolError::NonZeroReservedBits),
        (&masked, ProtocolError::MaskedFrameFromServer),
        (&[0x09, 0], ProtocolError::FragmentedControlFrame),
        (&[0x89, 126, 0, 126], ProtocolError::ControlFrameTooBig),
        (&[0x80, 0], ProtocolError::UnexpectedContinueFrame),
        (&[0x02, 0, 0x82, 0], ProtocolError::ExpectedFragment(Data::Binary)),
        (&[0x88, 1, 3], ProtocolError::InvalidCloseSequence),
    ];
    for (input, expected) in cases {
        let error = decode(input, &[]).expect_err("it is refused");
        assert!(matches!(&error, SocketError::Protocol(protocol) if *protocol == expected), "{error:?}");
    }
    assert!(decode(&[0x83, 0], &[]).is_err(), "a reserved code");
    let text = frame(0x81, b"hello");
    assert!(matches!(Decoder::default().next(&mut BytesMut::from(&text[..])), Ok(Some(Received::Text))));
}
