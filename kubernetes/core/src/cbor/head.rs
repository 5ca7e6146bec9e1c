//! The head of a data item (RFC 8949, §3): its major type and its argument.

pub(super) const UNSIGNED: u8 = 0;
pub(super) const NEGATIVE: u8 = 1;
pub(super) const BYTES: u8 = 2;
pub(super) const TEXT: u8 = 3;
pub(super) const LIST: u8 = 4;
pub(super) const MAP: u8 = 5;
pub(super) const TAG: u8 = 6;
pub(super) const SIMPLE: u8 = 7;

/// Ends an item of indefinite length.
pub(super) const BREAK: u8 = 0xFF;

/// The additional information that announces an indefinite length.
const INDEFINITE: u8 = 31;

#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) major: u8,
    /// The lower five bits: a small argument, or the length of the argument.
    pub(super) info: u8,
    /// The argument; zero if the length is indefinite.
    pub(super) argument: u64,
    /// The length of the head in bytes.
    pub(super) length: usize,
}

impl Head {
    /// The head that `bytes` start with; `None` if there are too few bytes.
    #[inline]
    pub(super) fn read(bytes: &[u8]) -> Result<Option<Self>, &'static str> {
        let Some((first, rest)) = bytes.split_first() else { return Ok(None) };
        let (major, info) = (first >> 5, first & 0x1F);
        let width = match info {
            0..24 => return Ok(Some(Self { major, info, argument: info.into(), length: 1 })),
            24..28 => 1 << (info - 24),
            INDEFINITE if matches!(major, BYTES | TEXT | LIST | MAP) || *first == BREAK => 0,
            _ => return Err("not CBOR: a head with a reserved value"),
        };
        let Some(argument) = rest.get(..width) else { return Ok(None) };
        let argument = argument.iter().fold(0, |argument, byte| argument << 8 | u64::from(*byte));
        Ok(Some(Self { major, info, argument, length: 1 + width }))
    }

    pub(super) fn is_indefinite(self) -> bool {
        self.info == INDEFINITE && self.major != SIMPLE
    }

    /// Appends the shortest head with this argument.
    pub(super) fn write(bytes: &mut Vec<u8>, major: u8, argument: u64) {
        let major = major << 5;
        if let Ok(argument) = u8::try_from(argument) {
            if argument < 24 {
                bytes.push(major | argument);
            } else {
                bytes.extend([major | 24, argument]);
            }
        } else if let Ok(argument) = u16::try_from(argument) {
            bytes.push(major | 25);
            bytes.extend(argument.to_be_bytes());
        } else if let Ok(argument) = u32::try_from(argument) {
            bytes.push(major | 26);
            bytes.extend(argument.to_be_bytes());
        } else {
            bytes.push(major | 27);
            bytes.extend(argument.to_be_bytes());
        }
    }

    /// Appends the head of a list or map of indefinite length, which a [`BREAK`] must end.
    pub(super) fn write_indefinite(bytes: &mut Vec<u8>, major: u8) {
        bytes.push(major << 5 | INDEFINITE);
    }
}
