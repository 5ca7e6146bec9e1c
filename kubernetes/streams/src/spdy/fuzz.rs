//! Properties of any bytes in place of a server's frames; checked by the fuzz target `spdy`, and on its corpus.

use bytes::Bytes;

use super::decoder::InvalidFrame;
use super::{Decoder, Frame};

/// The frames of bytes, data frames in one piece, and the error that they end with.
type Outcome = (Vec<Frame>, Option<InvalidFrame>);

/// Frames do not depend on the pieces that they come in, and are those that a reader of the whole text finds.
///
/// The first byte is the size of the pieces.
pub(crate) fn check(input: &[u8]) {
    let Some((size, input)) = input.split_first() else { return };
    let expected = read_whole(input);
    for size in [1, usize::from(*size).max(1), input.len().max(1)] {
        assert_eq!(read_in_pieces(input.chunks(size)), expected, "in pieces of {size}");
    }
}

fn read_in_pieces<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Outcome {
    let (mut decoder, mut frames) = (Decoder::default(), Vec::new());
    let mut is_open = false;
    for piece in pieces {
        let mut piece = Bytes::copy_from_slice(piece);
        loop {
            match decoder.next(&mut piece) {
                Ok(Some(frame)) => add(&mut frames, frame, &mut is_open),
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
        assert!(piece.is_empty(), "the decoder asks for more while it has {} bytes", piece.len());
    }
    (frames, None)
}

/// Joins data of one stream: frames of it may be cut anywhere.
fn add(frames: &mut Vec<Frame>, frame: Frame, is_open: &mut bool) {
    match (frames.last_mut(), frame) {
        (Some(Frame::Data { id, bytes, fin }), Frame::Data { id: of, bytes: more, fin: ends })
            if *id == of && *is_open =>
        {
            *bytes = [&bytes[..], &more[..]].concat().into();
            *fin = ends;
            *is_open = !ends;
        }
        (_, frame) => {
            *is_open = matches!(frame, Frame::Data { fin: false, .. });
            frames.push(frame);
        }
    }
}

/// Reads frame by frame, with the whole text at hand.
fn read_whole(mut input: &[u8]) -> Outcome {
    let (mut frames, mut is_open) = (Vec::new(), false);
    while let [a, b, c, d, flags, e, f, g, rest @ ..] = input {
        let (length, fin) = (u32::from_be_bytes([0, *e, *f, *g]) as usize, flags & 1 != 0);
        let (payload, after) = rest.split_at(rest.len().min(length));
        input = after;
        if *a < 0x80 {
            let (id, is_whole) = (u32::from_be_bytes([*a, *b, *c, *d]), payload.len() == length);
            if !payload.is_empty() || (fin && is_whole) {
                let bytes = Bytes::copy_from_slice(payload);
                add(&mut frames, Frame::Data { id, bytes, fin: fin && is_whole }, &mut is_open);
            }
            continue;
        }
        let (version, kind) = (u16::from_be_bytes([*a & 0x7f, *b]), u16::from_be_bytes([*c, *d]));
        if version != 3 {
            return (frames, Some(InvalidFrame::Version(version)));
        }
        let wanted = match kind {
            1 | 2 | 6 | 8 => 4,
            3 | 7 => 8,
            _ => continue,
        };
        if length < wanted {
            return (frames, Some(InvalidFrame::TooShort { kind, length }));
        }
        let Some(payload) = payload.get(..wanted) else { break };
        let number = u32::from_be_bytes([payload[0], payload[1], payload[2], payload[3]]);
        let id = number & 0x7fff_ffff;
        let frame = match kind {
            1 => Frame::Open { id },
            2 => Frame::Reply { id, fin },
            3 => Frame::Reset { id, status: u32::from_be_bytes([payload[4], payload[5], payload[6], payload[7]]) },
            6 => Frame::Ping { id: number },
            7 => Frame::GoAway,
            _ => Frame::Headers { id, fin },
        };
        add(&mut frames, frame, &mut is_open);
    }
    (frames, None)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::collection::vec;
    use proptest::prelude::any;

    use super::check;

    #[test]
    fn the_corpus_of_the_fuzz_target_passes() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/spdy");
        let mut count = 0;
        for entry in std::fs::read_dir(&corpus).expect("the corpus is there") {
            check(&std::fs::read(entry.expect("an entry").path()).expect("a file"));
            count += 1;
        }
        assert!(count >= 5, "{} has {count} files", corpus.display());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_pass(bytes in vec(any::<u8>(), 0..200)) {
            check(&bytes);
        }

        /// Frames with plausible heads, which random bytes seldom have.
        #[test]
        fn any_frames_pass(size: u8, frames in vec((any::<bool>(), any::<u8>(), any::<u8>(), any::<bool>(), vec(any::<u8>(), 0..40)), 0..12)) {
            let mut input = vec![size];
            for (is_control, kind, id, fin, payload) in frames {
                input.extend(if is_control { [0x80, 3, 0, kind % 10] } else { [0, 0, 0, id] });
                input.extend([u8::from(fin), 0, 0, u8::try_from(payload.len() % 256).expect("a byte")]);
                input.extend(payload);
            }
            check(&input);
        }
    }
}
