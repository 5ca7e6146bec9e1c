use std::fs::{self, File, Metadata};
use std::io::{self, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tar::{Builder, EntryType, Header};

use super::walk::{Kind, walk};
use crate::copy::PERMISSIONS;
use crate::copy::links::Links;
use crate::copy::progress::Counter;
use crate::error::{CopyError, Error};

/// Writes files and folders as an archive.
pub(in crate::copy) struct ArchiveWriter<'a, W: Write> {
    builder: Builder<W>,
    counter: &'a mut Counter,
    links: Links,
}

impl<'a, W: Write> ArchiveWriter<'a, W> {
    pub(in crate::copy) fn new(writer: W, counter: &'a mut Counter, links: Links) -> Self {
        Self { builder: Builder::new(writer), counter, links }
    }

    /// Adds a file, a link, or a folder with all that is in it, as `name`.
    pub(in crate::copy) fn add(&mut self, source: &Path, name: &Path) -> Result<(), Error> {
        walk(source, name, self.links, |source, name, metadata| match Kind::of(metadata) {
            Kind::Directory => self.add_directory(metadata, name),
            Kind::Link if self.links == Links::Skip => {
                self.counter.skip();
                Ok(())
            }
            Kind::Link => self.add_link(source, metadata, name),
            Kind::File => self.add_file(source, name),
            Kind::Special => {
                self.counter.skip();
                Ok(())
            }
        })
    }

    fn add_directory(&mut self, metadata: &Metadata, name: &Path) -> Result<(), Error> {
        let mut header = header(metadata, EntryType::Directory, 0);
        self.counter.directory(name);
        self.builder.append_data(&mut header, name, io::empty()).map_err(CopyError::transfer)
    }

    fn add_link(&mut self, source: &Path, metadata: &Metadata, name: &Path) -> Result<(), Error> {
        let target = fs::read_link(source).map_err(|error| CopyError::local("read", source, error))?;
        let mut header = header(metadata, EntryType::Symlink, 0);
        self.counter.link(name);
        self.builder.append_link(&mut header, name, target).map_err(CopyError::transfer)
    }

    fn add_file(&mut self, source: &Path, name: &Path) -> Result<(), Error> {
        let read_error = |error| CopyError::local("read", source, error);
        let file = File::open(source).map_err(read_error)?;
        // Of what was opened: the name may be another file's by now.
        let metadata = file.metadata().map_err(read_error)?;
        let mut header = header(&metadata, EntryType::Regular, metadata.len());
        self.counter.file(name);
        let content = Content { file, left: metadata.len(), counter: self.counter, failure: None };
        // The builder asks for little at a time.
        let mut content = BufReader::with_capacity(READ_BYTES, content);
        let added = self.builder.append_data(&mut header, name, &mut content);
        match (content.into_inner().failure, added) {
            (Some(error), _) => Err(CopyError::local("read", source, error)),
            (None, added) => added.map_err(CopyError::transfer),
        }
    }

    /// Adds a file with this content.
    pub(in crate::copy) fn add_marker(&mut self, name: &str) -> Result<(), Error> {
        let mut header = Header::new_gnu();
        header.set_size(0);
        header.set_mode(0o600);
        self.builder.append_data(&mut header, name, io::empty()).map_err(CopyError::transfer)
    }

    /// Writes the end of the archive.
    pub(in crate::copy) fn finish(self) -> Result<W, Error> {
        self.builder.into_inner().map_err(CopyError::transfer)
    }
}

/// How much of a file is read at once.
const READ_BYTES: usize = 64 * 1024;

/// The owner is left out: it means nothing in the container.
fn header(metadata: &Metadata, kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(metadata.permissions().mode() & PERMISSIONS);
    header
}

/// Reads as many bytes of a file as its header says.
struct Content<'a> {
    file: File,
    left: u64,
    counter: &'a mut Counter,
    failure: Option<io::Error>,
}

impl Read for Content<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = (&mut self.file).take(self.left).read(buffer);
        let count = match read {
            Ok(0) if self.left > 0 && !buffer.is_empty() => {
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file became shorter while it was read"))
            }
            read => read,
        };
        match count {
            Ok(count) => {
                self.left -= count as u64;
                self.counter.bytes(count as u64);
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let kind = error.kind();
                self.failure = Some(error);
                Err(kind.into())
            }
        }
    }
}
