//! Compressed responses.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use crate::buffer::LimitedBuffer;
use crate::error::{Error, Kind};

/// Decompresses a body as it arrives, up to a limit: a small one may be large when it is decompressed.
pub(crate) struct Gunzip {
    decoder: MultiGzDecoder<Limited>,
    limit: usize,
}

impl Gunzip {
    /// A decompressor for a response with these headers; `None` if it is not compressed.
    pub(crate) fn of(headers: &HeaderMap, limit: usize) -> Result<Option<Self>, Error> {
        let encoding = headers.get(CONTENT_ENCODING).map_or(&b"identity"[..], |value| value.as_bytes());
        if encoding.eq_ignore_ascii_case(b"identity") {
            return Ok(None);
        }
        if !encoding.eq_ignore_ascii_case(b"gzip") {
            let encoding = String::from_utf8_lossy(encoding);
            let message = format!("it has the Content-Encoding {encoding:?}, which the client does not accept");
            return Err(Error::new(Kind::Compression(message.into())));
        }
        let decoder = MultiGzDecoder::new(Limited { bytes: LimitedBuffer::new(limit), exceeded: false });
        Ok(Some(Self { decoder, limit }))
    }

    pub(crate) fn write(&mut self, chunk: &[u8]) -> Result<(), Error> {
        self.decoder.write_all(chunk).map_err(|error| self.fail(error))
    }

    pub(crate) fn finish(mut self) -> Result<Bytes, Error> {
        self.decoder.try_finish().map_err(|error| self.fail(error))?;
        match self.decoder.finish() {
            Ok(limited) => Ok(limited.bytes.finish()),
            Err(error) => Err(Error::new(Kind::Compression(error.into()))),
        }
    }

    fn fail(&self, error: io::Error) -> Error {
        if self.decoder.get_ref().exceeded {
            return Error::new(Kind::TooLarge { limit: self.limit });
        }
        Error::new(Kind::Compression(error.into()))
    }
}

/// Bytes, up to a limit.
struct Limited {
    bytes: LimitedBuffer,
    exceeded: bool,
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.extend(bytes).is_err() {
            self.exceeded = true;
            return Err(io::Error::other("larger than the limit"));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
