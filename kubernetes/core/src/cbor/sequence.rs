use bytes::{Bytes, BytesMut};

use super::head::{BREAK, BYTES, Head, LIST, MAP, TAG, TEXT};
use crate::json::{DecodeError, MAX_DEPTH};

/// Splits a stream of bytes into documents: a CBOR sequence (RFC 8742), as a watch is answered with.
///
/// ```
/// use kubernetes_core::cbor;
///
/// let stream = [cbor::from_json(r#"{"type": "ADDED"}"#)?, cbor::from_json("2")?].concat();
/// let mut documents = cbor::Sequence::new(1024);
/// let (some, rest) = stream.split_at(7);
/// documents.push(some);
/// assert_eq!(documents.next_document()?, None);
/// documents.push(rest);
/// assert_eq!(documents.next_document()?.as_deref().map(cbor::to_json).transpose()?.as_deref(), Some(r#"{"type":"ADDED"}"#));
/// assert!(documents.next_document()?.is_some());
/// assert!(documents.is_empty());
/// # Ok::<(), kubernetes_core::json::DecodeError>(())
/// ```
///
/// Every byte is looked at once, however the stream is cut. A document that will be larger than the limit is refused
/// when its size is known, and before it has been held.
#[derive(Debug)]
pub struct Sequence {
    buffer: BytesMut,
    /// How much of the first document has been looked at.
    scanned: usize,
    /// The rest of the containers that are open at `scanned`.
    open: Vec<Open>,
    limit: usize,
}

#[derive(Clone, Copy, Debug)]
enum Open {
    Items(u64),
    UntilBreak,
}

impl Sequence {
    /// Splits a stream of documents of at most `limit` bytes each.
    pub fn new(limit: usize) -> Self {
        Self { buffer: BytesMut::new(), scanned: 0, open: Vec::new(), limit }
    }

    /// Adds the bytes that came next.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether the stream could end here: no document has begun.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// The next document; `None` until more bytes have come.
    ///
    /// # Errors
    /// If the bytes are no CBOR or the document is too large. Nothing that follows can be read then.
    pub fn next_document(&mut self) -> Result<Option<Bytes>, DecodeError> {
        loop {
            let rest = self.buffer.get(self.scanned..).unwrap_or_default();
            let Some(head) = Head::read(rest).map_err(|message| self.error(message))? else {
                self.check_size(0)?;
                return Ok(None);
            };
            let content = match head.major {
                BYTES | TEXT => usize::try_from(head.argument).unwrap_or(usize::MAX),
                _ => 0,
            };
            self.check_size(head.length.saturating_add(content))?;
            if rest.len() - head.length < content {
                return Ok(None);
            }
            let is_break = rest.first() == Some(&BREAK);
            self.scanned += head.length + content;
            if self.ends_document(head, is_break)? {
                let document = self.buffer.split_to(self.scanned).freeze();
                self.scanned = 0;
                return Ok(Some(document));
            }
        }
    }

    fn ends_document(&mut self, head: Head, is_break: bool) -> Result<bool, DecodeError> {
        let opened = match head.major {
            _ if is_break => match self.open.pop() {
                Some(Open::UntilBreak) => None,
                _ => return Err(self.error("not CBOR: a break where nothing can end")),
            },
            TAG => return Ok(false),
            _ if head.is_indefinite() => Some(Open::UntilBreak),
            LIST if head.argument > 0 => Some(Open::Items(head.argument)),
            MAP if head.argument > 0 => Some(Open::Items(head.argument.saturating_mul(2))),
            _ => None,
        };
        if let Some(opened) = opened {
            if self.open.len() >= MAX_DEPTH as usize {
                return Err(self.error(format!("nested deeper than {MAX_DEPTH} levels")));
            }
            self.open.push(opened);
            return Ok(false);
        }
        // An item has ended, and with it the containers of which it was the last.
        while let Some(Open::Items(remaining)) = self.open.last_mut() {
            *remaining -= 1;
            if *remaining > 0 {
                return Ok(false);
            }
            self.open.pop();
        }
        Ok(self.open.is_empty())
    }

    /// Checks that a document which has `more` bytes behind those scanned stays within the limit.
    fn check_size(&self, more: usize) -> Result<(), DecodeError> {
        if self.scanned.saturating_add(more) <= self.limit {
            return Ok(());
        }
        Err(self.error(format!("a document of more than {} bytes", self.limit)))
    }

    #[cold]
    fn error(&self, message: impl Into<std::borrow::Cow<'static, str>>) -> DecodeError {
        DecodeError::new(message, self.scanned)
    }
}
