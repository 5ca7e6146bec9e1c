//! Properties of arbitrary bytes in place of events, checked by the fuzz target `watch_events` and on its corpus.

use kubernetes_core::Str;
use kubernetes_core::json::{Caches, DecodeError, Reader};

use super::decode::decode;
use super::{EventReader, Slot};

/// The events that were read, as text, and whether the body ended properly.
type Outcome = (Vec<String>, bool);

/// Events do not depend on how the body is divided into chunks, and JSON that is a sequence of events is read as such.
pub(crate) fn check(body: &[u8]) {
    let whole = read(body.chunks(body.len().max(1)), false);
    for size in [1, 2, 3, 7, 64] {
        for pauses in [false, true] {
            assert_eq!(read(body.chunks(size), pauses), whole, "in chunks of {size}, with pauses: {pauses}");
        }
    }
    if let Some(events) = std::str::from_utf8(body).ok().and_then(events) {
        assert_eq!(whole, (events, true));
    }
}

fn read<'a>(chunks: impl Iterator<Item = &'a [u8]>, pauses: bool) -> Outcome {
    let (mut reader, mut slot, mut events) = (EventReader::default(), AnyObject::default(), Vec::new());
    for chunk in chunks {
        reader.push(bytes::Bytes::copy_from_slice(chunk));
        loop {
            let mut next = reader.next(&mut slot);
            if pauses && matches!(next, Ok(None)) {
                next = reader.next_unterminated(&mut slot);
            }
            match next {
                Ok(Some(event)) => events.push(format!("{event:?} {}", slot.0)),
                Ok(None) => break,
                Err(_) => return (events, false),
            }
        }
    }
    loop {
        match reader.next_at_end(&mut slot) {
            Ok(Some(event)) => events.push(format!("{event:?} {}", slot.0)),
            Ok(None) => return (events, true),
            Err(_) => return (events, false),
        }
    }
}

/// The events of a text that consists of events, according to the JSON reader.
fn events(text: &str) -> Option<Vec<String>> {
    let (mut reader, mut slot, mut events) = (Reader::new(text), AnyObject::default(), Vec::new());
    while reader.end().is_err() {
        let value = reader.raw().ok()?;
        let event = decode(value.as_bytes(), &mut slot, &mut Caches::default()).ok()?;
        events.push(format!("{event:?} {}", slot.0));
    }
    Some(events)
}

/// Keeps the text of an object.
#[derive(Default)]
struct AnyObject(String);

impl Slot for AnyObject {
    fn read_object(&mut self, reader: &mut Reader<'_>) -> Result<Str, DecodeError> {
        reader.raw()?.clone_into(&mut self.0);
        Ok("1".into())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_corpus_of_the_fuzz_target_passes() {
        let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/watch_events");
        // Packaged crates do not include it.
        let Ok(files) = std::fs::read_dir(corpus) else { return };
        let mut count = 0;
        for file in files {
            super::check(&std::fs::read(file.expect("a readable entry").path()).expect("a readable file"));
            count += 1;
        }
        assert!(count > 5, "{count} files");
    }

    proptest::proptest! {
        #[test]
        fn any_text_of_the_syntax_passes(parts in proptest::collection::vec(0..12_usize, 0..30)) {
            const PARTS: [&str; 12] = [
                r#"{"type":"ADDED","object":{}}"#, r#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7"}}}"#,
                r#"{"type":"ERROR","object":null}"#, "\n", " ", "{", "}", "\"", "\\", "[]", "null", "\u{fffd}",
            ];
            let text: String = parts.into_iter().map(|part| PARTS[part]).collect();
            super::check(text.as_bytes());
        }
    }
}
