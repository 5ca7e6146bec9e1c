use std::io::{self, Read};

use tar::PaxExtensions;

use super::entry::invalid;

/// Names are a path long, and other attributes are few.
const MAX_EXTENSION_BYTES: u64 = 64 * 1024;

/// The attributes of the next entry that don't fit its header.
#[derive(Debug, Default)]
pub(super) struct Extended {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
}

impl Extended {
    /// Takes a name of GNU tar: a text with a zero behind it.
    pub(super) fn name(content: impl Read, size: u64) -> io::Result<Vec<u8>> {
        let mut name = read(content, size)?;
        if name.last() == Some(&0) {
            name.pop();
        }
        Ok(name)
    }

    /// Takes the attributes of POSIX.1-2001.
    pub(super) fn add_pax(&mut self, content: impl Read, size: u64) -> io::Result<()> {
        let content = read(content, size)?;
        for attribute in PaxExtensions::new(&content) {
            let attribute = attribute?;
            let value = attribute.value_bytes();
            match attribute.key_bytes() {
                b"path" => self.path = Some(value.to_vec()),
                b"linkpath" => self.link = Some(value.to_vec()),
                b"size" => {
                    let size = std::str::from_utf8(value).ok().and_then(|size| size.parse().ok());
                    self.size = Some(size.ok_or_else(|| invalid("the size of an entry is not a number"))?);
                }
                key if key.starts_with(b"GNU.sparse.") => return Err(invalid("sparse files are not supported")),
                _ => {}
            }
        }
        Ok(())
    }
}

fn read(content: impl Read, size: u64) -> io::Result<Vec<u8>> {
    if size > MAX_EXTENSION_BYTES {
        return Err(invalid("the name of an entry is too long"));
    }
    let mut bytes = Vec::new();
    content.take(size).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == size { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
