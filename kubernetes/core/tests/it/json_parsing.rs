//! The cases of the published JSON parsing suite, <https://github.com/nst/JSONTestSuite>.
//!
//! Each line of the data is a verdict and the bytes of a document, one character a byte: `y` must be accepted, `n`
//! must be refused, of `i` the grammar says nothing, and there the verdict is serde_json's.

use kubernetes_core::Json;
use kubernetes_core::json::{self, DecodeError, Reader};

fn skip(bytes: &[u8]) -> Result<(), DecodeError> {
    let mut reader = Reader::from_slice(bytes)?;
    reader.skip()?;
    reader.end()
}

fn check(verdict: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]);
    let theirs = serde_json::from_slice::<serde_json::Value>(bytes);
    let wanted = match verdict {
        "y" => true,
        "n" => false,
        _ => theirs.is_ok(),
    };
    assert_eq!(skip(bytes).is_ok(), wanted, "{text}");
    let read = json::from_slice::<Json>(bytes);
    assert_eq!(read.is_ok(), wanted, "{text}");
    if let (Ok(read), Ok(theirs)) = (read, theirs) {
        assert_eq!(read.decode::<serde_json::Value>().unwrap(), theirs, "{text}");
    }
}

#[test]
fn the_published_cases_get_their_verdict() {
    let mut counts = [0; 3];
    for line in include_str!("../data/json_parsing.jsonl").lines() {
        let (verdict, document): (String, String) = serde_json::from_str(line).unwrap();
        let bytes: Vec<u8> = document.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect();
        check(&verdict, &bytes);
        counts["yni".find(&verdict).unwrap()] += 1;
    }
    assert_eq!(counts, [95, 186, 34]);
}

/// The suite's long cases, in numbers that a machine stack would not survive without a limit.
#[test]
fn deep_documents_are_refused() {
    check("i", format!("{}{}", "[".repeat(500), "]".repeat(500)).as_bytes());
    check("n", "[".repeat(100_000).as_bytes());
    check("n", "[{\"\":".repeat(50_000).as_bytes());
}
