use std::io;

/// An entry of an archive; its content follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::copy) struct Entry {
    /// The name as it stands in the archive: bytes of the container's file system.
    pub(in crate::copy) path: Vec<u8>,
    pub(in crate::copy) kind: EntryKind,
    /// The permission bits.
    pub(in crate::copy) mode: u32,
    /// The size of the content.
    pub(in crate::copy) size: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::copy) enum EntryKind {
    File,
    Directory,
    /// With its target, as it stands in the archive.
    SymbolicLink(Vec<u8>),
    /// With the name of an earlier entry.
    HardLink(Vec<u8>),
    /// A device, a pipe: nothing that can be copied.
    Special,
}

/// The error of an archive that breaks the rules of its format.
pub(super) fn invalid(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}
