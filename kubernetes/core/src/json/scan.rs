use memchr::memchr2;

/// The end of the run of plain string content that starts at `from`: a quote, a backslash, a control character, or the
/// end of `bytes`.
#[inline]
pub(super) fn string_end(bytes: &[u8], from: usize) -> usize {
    // Most strings end within this length; for longer ones a function call pays off.
    let Some(short) = bytes.get(from..).and_then(<[u8]>::first_chunk::<SHORT>) else {
        return long_string_end(bytes, from);
    };
    for (index, word) in short.as_chunks::<8>().0.iter().enumerate() {
        let special = special_bytes(u64::from_le_bytes(*word));
        if special != 0 {
            return from + index * 8 + (special.trailing_zeros() / 8) as usize;
        }
    }
    long_string_end(bytes, from + SHORT)
}

#[inline(never)]
fn long_string_end(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let (run, _) = rest.split_at(memchr2(b'"', b'\\', rest).unwrap_or(rest.len()));
    let control = if has_control(run) { run.iter().position(|byte| *byte < 0x20) } else { None };
    from + control.unwrap_or(run.len())
}

/// Whether a string is known to need no escapes; only short strings are examined.
///
/// The last eight bytes come last, although some have been seen before: a loop over the remainder takes longer.
#[inline]
pub(super) fn is_short_and_plain(bytes: &[u8]) -> bool {
    if bytes.len() > SHORT {
        return false;
    }
    let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) else {
        return !bytes.iter().any(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1F));
    };
    let Some(end) = bytes.last_chunk::<8>() else {
        let word = u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last));
        return special_bytes(word) == 0;
    };
    let (words, _) = bytes.as_chunks::<8>();
    let found = words.iter().chain([end]).fold(0, |found, word| found | special_bytes(u64::from_le_bytes(*word)));
    found == 0
}

/// Whether any byte is a control character: the least byte in each column of blocks, which are compared as vectors.
fn has_control(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk::<BLOCK>() else { return bytes.iter().any(|byte| *byte < 0x20) };
    let mut least = *last;
    for block in bytes.as_chunks::<BLOCK>().0 {
        for (least, byte) in least.iter_mut().zip(block) {
            *least = (*least).min(*byte);
        }
    }
    least.iter().fold(u8::MAX, |least, byte| least.min(*byte)) < 0x20
}

/// Up to this length, words of eight bytes are faster than a call of a function that processes more at once.
const SHORT: usize = 32;
const BLOCK: usize = 32;

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
    use super::{SHORT, is_short_and_plain, string_end};

    fn is_special(byte: &u8) -> bool {
        matches!(byte, b'"' | b'\\' | 0..=0x1F)
    }

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
