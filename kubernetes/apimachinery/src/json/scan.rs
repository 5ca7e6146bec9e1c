/// The end of the run of plain string content that starts at `from`: a quote, a backslash, a control character, or the
/// end of `bytes`.
#[inline]
pub(super) fn string_end(bytes: &[u8], from: usize) -> usize {
    // Most strings end within this length; for longer ones a function call pays off.
    let Some(short) = bytes.get(from..).and_then(<[u8]>::first_chunk::<SHORT>) else {
        return long_string_end(bytes, from);
    };
    match special_in_words(short.as_chunks().0) {
        Some(at) => from + at,
        None => long_string_end(bytes, from + SHORT),
    }
}

#[inline(never)]
fn long_string_end(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let plain = rest.as_chunks::<BLOCK>().0.iter().take_while(|block| is_plain(block)).count() * BLOCK;
    let (words, tail) = rest.get(plain..).unwrap_or_default().as_chunks();
    let end = special_in_words(words)
        .unwrap_or_else(|| words.len() * 8 + tail.iter().take_while(|byte| !is_special(byte)).count());
    from + plain + end
}

/// The position of the first special byte.
#[inline]
fn special_in_words(words: &[[u8; 8]]) -> Option<usize> {
    words.iter().enumerate().find_map(|(index, word)| {
        let special = special_bytes(u64::from_le_bytes(*word));
        (special != 0).then(|| index * 8 + (special.trailing_zeros() / 8) as usize)
    })
}

/// Whether a block has no special bytes, in operations that compilers have for many bytes at once.
#[inline]
fn is_plain(block: &[u8; BLOCK]) -> bool {
    let mut found = [0u8; 16];
    for part in block.as_chunks::<16>().0 {
        for (found, byte) in found.iter_mut().zip(part) {
            // As in `special_bytes`.
            *found |= 0x21u8.saturating_sub(byte ^ 0x02) | 1u8.saturating_sub(byte ^ b'\\');
        }
    }
    u128::from_ne_bytes(found) == 0
}

fn is_special(byte: &u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..=0x1F)
}

/// Whether a string is known to need no escapes; only short strings are examined.
///
/// The first and the last bytes are, which overlap in the middle: a loop over the remainder takes longer.
#[inline]
pub(super) fn is_short_and_plain(bytes: &[u8]) -> bool {
    let special = |bytes: &[u8; 8]| special_bytes(u64::from_le_bytes(*bytes));
    if let (Some(first), Some(last)) = (bytes.first_chunk::<16>(), bytes.last_chunk::<16>()) {
        let found = [first, last].map(|half| half.as_chunks().0.iter().fold(0, |found, word| found | special(word)));
        return bytes.len() <= SHORT && found == [0; 2];
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return special(first) | special(last) == 0;
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let word = u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last));
        return special_bytes(word) == 0;
    }
    !bytes.iter().any(is_special)
}

/// Up to this length, words of eight bytes are faster than a call of a function that processes more at once.
const SHORT: usize = 32;
const BLOCK: usize = 64;

/// Sets the high bit of the lowest byte of `word` that ends a run (of higher bytes too, not exactly).
///
/// The borrow test `(x - n) & !x & 0x80…` for bytes below `n` is exact up to and including the lowest byte found, and
/// only that is used. A quote is among the control characters, and nothing else, when the second bit is turned over.
#[inline]
fn special_bytes(word: u64) -> u64 {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let quote_or_control = (word ^ (LOW * 0x02)).wrapping_sub(LOW * 0x21);
    let backslash = (word ^ (LOW * b'\\' as u64)).wrapping_sub(LOW);
    // The high bit of a byte of 0x80 or more says nothing; with it masked, each difference has one where it borrowed.
    (quote_or_control | backslash) & !word & HIGH
}

#[cfg(test)]
mod tests {
    use super::{SHORT, is_short_and_plain, is_special, string_end};

    #[test]
    fn every_byte_value_at_every_offset_agrees_with_a_plain_loop() {
        for byte in 0..=255u8 {
            for offset in 0..20 {
                for filler in [b'a', 0x7F, 0x80, 0xFF, b'!', b'#', b'[', b']', b' '] {
                    let mut bytes = [filler; 20];
                    bytes[offset] = byte;
                    let plain = bytes.iter().position(is_special).unwrap_or(20);
                    assert_eq!(string_end(&bytes, 0), plain, "byte {byte} at {offset} among {filler}");
                    for length in offset + 1..=20 {
                        assert_eq!(
                            is_short_and_plain(&bytes[..length]),
                            plain >= length,
                            "byte {byte} at {offset} of {length}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn every_length_around_the_sizes_of_blocks_agrees_with_a_plain_loop() {
        for length in 0..140 {
            for filler in [b'a', 0xC3, b' '] {
                let plain = vec![filler; length];
                assert_eq!(string_end(&plain, 0), length, "{length} of {filler}");
                assert_eq!(is_short_and_plain(&plain), length <= SHORT, "{length} of {filler}");
                for byte in [0, 0x1F, b'"', b'\\', 0x20, 0x7F] {
                    for offset in 0..length {
                        let mut bytes = plain.clone();
                        bytes[offset] = byte;
                        let end = bytes.iter().position(is_special).unwrap_or(length);
                        assert_eq!(string_end(&bytes, 0), end, "byte {byte} at {offset} of {length}");
                        assert_eq!(
                            is_short_and_plain(&bytes),
                            end == length && length <= SHORT,
                            "byte {byte} at {offset} of {length}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn of_two_special_bytes_the_first_ends_a_string() {
        for (first, second) in [(b'"', 0), (0, b'"'), (b'\\', b'"'), (b'\n', b'\\'), (0x1F, 0)] {
            for (at, behind) in [(3, 5), (30, 33), (33, 34), (40, 99), (70, 71)] {
                let mut bytes = [b'a'; 100];
                (bytes[at], bytes[behind]) = (first, second);
                for from in 0..=at {
                    assert_eq!(string_end(&bytes, from), at, "{first} at {at}, {second} at {behind}, from {from}");
                }
            }
        }
    }
}
