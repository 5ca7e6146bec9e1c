use bytes::{Bytes, BytesMut};

use super::head::{BREAK, BYTES, Head, LIST, MAP, TAG, TEXT};
use crate::json::{DecodeError, MAX_DEPTH};

/// Splits a stream of bytes into documents: a CBOR sequence (RFC 8742), such as the response to a watch.
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
/// Every byte is examined once, however the stream is divided into chunks. A document over the limit is refused as soon
/// as its size is known, before it is buffered.
#[derive(Debug)]
pub struct Sequence {
    buffer: BytesMut,
    /// The number of bytes of the first document that have been examined.
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

    /// Appends the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether the stream may end here, since no document has begun.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// The next document; `None` if it is not complete yet.
    ///
    /// # Errors
    /// Returns an error if the bytes are not CBOR or the document is too large. The rest of the stream can't be read
    /// then.
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
        // An item has ended, and with it every container whose last item it was.
        while let Some(Open::Items(remaining)) = self.open.last_mut() {
            *remaining -= 1;
            if *remaining > 0 {
                return Ok(false);
            }
            self.open.pop();
        }
        Ok(self.open.is_empty())
    }

    /// Checks that a document with `more` bytes after those scanned stays within the limit.
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
