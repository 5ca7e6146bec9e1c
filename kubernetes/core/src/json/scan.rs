/// Where the run of plain string content that starts at `from` ends: at a quote, a backslash, a control character,
/// or the end of `bytes`.
#[inline]
pub(super) fn string_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let special = special_bytes(u64::from_le_bytes(*chunk));
        if special != 0 {
            return at + (special.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while let Some(byte) = bytes.get(at) {
        if matches!(byte, b'"' | b'\\' | 0..=0x1F) {
            break;
        }
        at += 1;
    }
    at
}

/// Whether a string has nothing that JSON escapes.
///
/// It ends with the last eight bytes, some of which it has then seen twice: a loop over a rest takes longer.
#[inline]
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk::<8>() else {
        return string_end(bytes, 0) == bytes.len();
    };
    let (words, _) = bytes.as_chunks::<8>();
    let found = words.iter().chain([last]).fold(0, |found, word| found | special_bytes(u64::from_le_bytes(*word)));
    found == 0
}

/// Sets the high bit of the lowest byte of `word` that ends a run (of higher bytes too, not exactly).
///
/// The borrow test `(x - 0x01…) & !x & 0x80…` is exact up to and including the lowest byte found, and only that is used.
#[inline]
fn special_bytes(word: u64) -> u64 {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let quote = (word ^ (LOW * b'"' as u64)).wrapping_sub(LOW);
    let backslash = (word ^ (LOW * b'\\' as u64)).wrapping_sub(LOW);
    let control = word.wrapping_sub(LOW * 0x20);
    // The high bit of a byte of 0x80 or more says nothing; with it masked, each difference has one where it borrowed.
    (quote | backslash | control) & !word & HIGH
}

#[cfg(test)]
mod tests {
    use super::{is_plain, string_end};

    #[test]
    fn every_byte_value_at_every_offset_agrees_with_a_plain_loop() {
        for byte in 0..=255u8 {
            for offset in 0..20 {
                for filler in [b'a', 0x7F, 0x80, 0xFF, b'!', b'#', b'[', b']', b' '] {
                    let mut bytes = [filler; 20];
                    bytes[offset] = byte;
                    let plain = bytes.iter().position(|b| matches!(b, b'"' | b'\\' | 0..=0x1F)).unwrap_or(20);
                    assert_eq!(string_end(&bytes, 0), plain, "byte {byte} at {offset} among {filler}");
                    for length in offset + 1..=20 {
                        assert_eq!(is_plain(&bytes[..length]), plain >= length, "byte {byte} at {offset} of {length}");
                    }
                }
            }
        }
    }
}
