//! The properties of reading any output of a plugin; checked by the fuzz target `exec_output`, and on its corpus.

use std::error::Error as StdError;

use kubernetes_config::ExecApiVersion;
use serde_json::Value;

use super::{credential, process};

/// Stands in the seeds where secrets stand.
const SECRET: &str = "s3cret";

/// Nothing panics, what is taken is what was printed, and no error shows a secret or steers a terminal.
pub(crate) fn check(output: &[u8]) {
    check_reason(&process::reason(output));
    for version in [ExecApiVersion::V1, ExecApiVersion::V1Beta1] {
        // Neither UTF-8 nor depth matters in what is passed over.
        let document = serde_json::from_str::<Value>(&String::from_utf8_lossy(output)).unwrap_or_default();
        let status = &document["status"];
        let text = |key: &str| status[key].as_str().filter(|text| !text.is_empty());
        match credential::read(output, version) {
            Ok(_) if document.is_null() => {}
            Ok(issued) => {
                assert_eq!(document["apiVersion"], version.as_str());
                assert_eq!(document["kind"], "ExecCredential");
                let header = text("token").map(|token| format!("Bearer {token}").into_bytes());
                assert_eq!(issued.header.as_ref().map(|header| header.as_bytes().to_vec()), header);
                assert!(issued.header.is_none_or(|header| header.is_sensitive()));
                assert_eq!(issued.identity.is_some(), text("clientCertificateData").is_some());
                assert_eq!(issued.identity.is_some(), text("clientKeyData").is_some());
                assert!(issued.expires.is_some() || status["expirationTimestamp"].is_null());
            }
            Err(failure) => {
                let may_quote = document["apiVersion"].as_str().is_some_and(|version| version.contains(SECRET));
                let mut next: Option<&dyn StdError> = Some(&failure);
                while let Some(error) = next {
                    let shown = error.to_string();
                    assert!(may_quote || !shown.contains(SECRET), "{shown}");
                    assert!(!shown.contains(char::is_control), "{shown:?}");
                    assert!(shown.len() < 2000, "{shown}");
                    next = error.source();
                }
            }
        }
    }
}

fn check_reason(reason: &str) {
    assert!(reason.starts_with(": ") || reason.starts_with(", and said nothing"), "{reason}");
    assert!(!reason.contains(char::is_control), "{reason:?}");
    // Each byte may have become a replacement character.
    assert!(reason.len() <= 3 * process::KEPT_ERROR_BYTES + 16, "{reason}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_of_the_fuzz_target_passes() {
        let fuzz = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
        // A packaged crate comes without it.
        if !fuzz.exists() {
            return;
        }
        let corpus = fuzz.join("corpus/exec_output");
        let mut count = 0;
        for entry in std::fs::read_dir(&corpus).expect("the corpus is there") {
            check(&std::fs::read(entry.expect("a readable entry").path()).expect("a readable file"));
            count += 1;
        }
        assert!(count >= 5, "only {count} inputs in {}", corpus.display());

        // What is refused passes the check as well, so that one that must not be is looked at by itself.
        let token = std::fs::read(corpus.join("token")).expect("a readable file");
        let issued = credential::read(&token, ExecApiVersion::V1).unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!(issued.header.expect("a header"), "Bearer s3cret");
    }
}
