use std::io::{self, Read};

use tar::{EntryType, Header};

use super::entry::{Entry, EntryKind, invalid};
use super::extended::Extended;

/// Headers and contents take whole blocks.
pub(in crate::copy) const BLOCK_BYTES: usize = 512;

/// An entry has its own header, and may have those of a long name, a long link and other attributes.
const MAX_HEADERS: usize = 16;

/// Reads the entries of an archive one after the other, without holding any: its content is read from here.
///
/// Unlike `tar::Archive`, it bounds what it takes into memory.
#[derive(Debug)]
pub(in crate::copy) struct Entries<R> {
    reader: R,
    /// The rest of the content of the present entry, and the padding behind it.
    content: u64,
    padding: u64,
    is_complete: bool,
}

impl<R: Read> Entries<R> {
    pub(in crate::copy) fn new(reader: R) -> Self {
        Self { reader, content: 0, padding: 0, is_complete: false }
    }

    /// The next entry; `None` at the end of the archive.
    ///
    /// # Errors
    /// Returns an error if the archive ends without its closing blocks, is not valid, or can't be read.
    pub(in crate::copy) fn next(&mut self) -> io::Result<Option<Entry>> {
        let mut extended = Extended::default();
        for _ in 0..MAX_HEADERS {
            self.skip_content()?;
            let Some(header) = self.read_header()? else { return Ok(None) };
            let kind = header.entry_type();
            let size = match kind {
                EntryType::GNULongName | EntryType::GNULongLink | EntryType::XHeader | EntryType::XGlobalHeader => None,
                _ => extended.size,
            };
            let size = size.map_or_else(|| header.entry_size(), Ok)?;
            self.content = size;
            self.padding = size.wrapping_neg() % BLOCK_BYTES as u64;
            match kind {
                EntryType::GNULongName => extended.path = Some(Extended::name(&mut *self, size)?),
                EntryType::GNULongLink => extended.link = Some(Extended::name(&mut *self, size)?),
                EntryType::XHeader => extended.add_pax(&mut *self, size)?,
                EntryType::XGlobalHeader => {}
                _ => return self.entry(&header, extended).map(Some),
            }
        }
        Err(invalid("an entry has too many headers"))
    }

    fn entry(&mut self, header: &Header, extended: Extended) -> io::Result<Entry> {
        let path = extended.path.unwrap_or_else(|| header.path_bytes().into_owned());
        let link = || {
            let link = extended.link.or_else(|| header.link_name_bytes().map(|link| link.into_owned()));
            link.ok_or_else(|| invalid("a link has no target"))
        };
        let kind = match header.entry_type() {
            // As in archives from before POSIX.
            EntryType::Regular if path.ends_with(b"/") => EntryKind::Directory,
            EntryType::Regular | EntryType::Continuous => EntryKind::File,
            EntryType::Directory => EntryKind::Directory,
            EntryType::Symlink => EntryKind::SymbolicLink(link()?),
            EntryType::Link => EntryKind::HardLink(link()?),
            EntryType::GNUSparse => return Err(invalid("sparse files are not supported")),
            _ => EntryKind::Special,
        };
        Ok(Entry { path, kind, mode: header.mode()?, size: self.content })
    }

    /// The next header; `None` for the block of zeros behind the last entry.
    fn read_header(&mut self) -> io::Result<Option<Header>> {
        if self.is_complete {
            return Ok(None);
        }
        let mut header = Header::new_old();
        self.reader.read_exact(header.as_mut_bytes())?;
        let bytes = header.as_bytes();
        if bytes.iter().all(|byte| *byte == 0) {
            self.is_complete = true;
            return Ok(None);
        }
        // The checksum is that of the header with spaces in its place.
        let others = bytes[..148].iter().chain(&bytes[156..]);
        let checksum = others.map(|byte| u32::from(*byte)).sum::<u32>() + 8 * u32::from(b' ');
        if header.cksum()? != checksum {
            return Err(invalid("the checksum of an entry is wrong"));
        }
        Ok(Some(header))
    }

    fn skip_content(&mut self) -> io::Result<()> {
        let rest = self.content.saturating_add(self.padding);
        let skipped = io::copy(&mut (&mut self.reader).take(rest), &mut io::sink())?;
        (self.content, self.padding) = (0, 0);
        if skipped == rest { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    pub(in crate::copy) fn into_inner(self) -> R {
        self.reader
    }
}

/// The content of the present entry.
impl<R: Read> Read for Entries<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = (&mut self.reader).take(self.content).read(buffer)?;
        self.content -= count as u64;
        if count == 0 && self.content > 0 && !buffer.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(build: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        build(&mut builder);
        builder.into_inner().unwrap()
    }

    fn file(builder: &mut tar::Builder<Vec<u8>>, path: &str, content: &[u8]) {
        let mut header = Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o640);
        builder.append_data(&mut header, path, content).unwrap();
    }

    fn read(archive: &[u8]) -> io::Result<Vec<(Entry, Vec<u8>)>> {
        let mut entries = Entries::new(archive);
        let mut read = Vec::new();
        while let Some(entry) = entries.next()? {
            let mut content = Vec::new();
            entries.read_to_end(&mut content)?;
            read.push((entry, content));
        }
        Ok(read)
    }

    #[test]
    fn entries_are_read_with_their_content() {
        let long = format!("{}/{}", "d".repeat(150), "f".repeat(200));
        let archive = archive(|builder| {
            for (path, content) in [("a", &b""[..]), ("b/c", &[7; 512]), (&long, &[8; 1000])] {
                file(builder, path, content);
            }
            let mut header = Header::new_gnu();
            header.set_entry_type(EntryType::Symlink);
            header.set_mode(0o777);
            header.set_size(0);
            builder.append_link(&mut header, "link", &long).unwrap();
        });
        let entries = read(&archive).unwrap();
        let seen: Vec<_> = entries.iter().map(|(entry, content)| (entry.path.as_slice(), content.len())).collect();
        assert_eq!(seen, [(&b"a"[..], 0), (b"b/c", 512), (long.as_bytes(), 1000), (b"link", 0)]);
        assert_eq!(entries[1].0.mode, 0o640);
        assert_eq!(entries[3].0.kind, EntryKind::SymbolicLink(long.into_bytes()));
    }

    #[test]
    fn attributes_of_posix_count_for_the_next_entry() {
        let archive = archive(|builder| {
            let name = vec![b'n'; 300];
            let attributes = [("path", &name[..]), ("size", b"3"), ("comment", b"x")];
            builder.append_pax_extensions(attributes).unwrap();
            file(builder, "short", b"abc");
            file(builder, "next", b"");
        });
        let entries = read(&archive).unwrap();
        assert_eq!((entries[0].0.path.len(), entries[0].1.as_slice()), (300, &b"abc"[..]));
        assert_eq!(entries[1].0.path, b"next");
    }

    #[test]
    fn an_archive_that_is_cut_off_is_an_error_wherever() {
        let whole = archive(|builder| file(builder, "a", &[1; 700]));
        for length in 0..whole.len() - 512 {
            assert_eq!(read(&whole[..length]).unwrap_err().kind(), io::ErrorKind::UnexpectedEof, "{length}");
        }
        assert_eq!(read(&whole[..whole.len() - 512]).unwrap().len(), 1);
    }

    #[test]
    fn what_is_no_archive_is_an_error() {
        let mut damaged = archive(|builder| file(builder, "a", b"abc"));
        damaged[0] = b'b';
        assert!(read(&damaged).unwrap_err().to_string().contains("checksum"));
        assert!(read(&[b'x'; 1024]).is_err());
        let long = archive(|builder| {
            let mut header = Header::new_gnu();
            header.set_entry_type(EntryType::GNULongName);
            header.set_size(1 << 40);
            header.set_cksum();
            builder.append(&header, &[][..]).unwrap();
        });
        assert!(read(&long).unwrap_err().to_string().contains("too long"));
        let sparse = archive(|builder| {
            builder.append_pax_extensions([("GNU.sparse.major", &b"1"[..])]).unwrap();
            file(builder, "a", b"");
        });
        assert!(read(&sparse).unwrap_err().to_string().contains("sparse"));
    }
}
