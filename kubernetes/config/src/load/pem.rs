//! A minimal PEM parser that distinguishes certificates, keys and anything else.

/// The reason why `bytes` are not PEM certificates, if any.
pub(crate) fn certificate_fault(bytes: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(bytes);
    let mut labels = labels(&text).peekable();
    if labels.peek().is_none() {
        return Some("is not PEM: there is no complete block that starts with -----BEGIN CERTIFICATE-----");
    }
    (!labels.any(|label| label == "CERTIFICATE")).then_some("has no certificate among its PEM blocks")
}

/// The reason why `bytes` are not a PEM private key, if any.
pub(crate) fn key_fault(bytes: &[u8]) -> Option<&'static str> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Some("is not PEM: it is not text") };
    let mut encrypted = false;
    let mut empty = true;
    for label in labels(text) {
        match label {
            "ENCRYPTED PRIVATE KEY" => encrypted = true,
            "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY" => return None,
            _ => {}
        }
        empty = false;
    }
    Some(match (encrypted, empty) {
        (true, _) => "is an encrypted private key; decrypt it, since the program can't ask for the password",
        (_, true) => "is not PEM: there is no complete block that starts with -----BEGIN PRIVATE KEY-----",
        _ => "has no private key among its PEM blocks",
    })
}

/// The labels of the complete blocks, in one pass.
fn labels(text: &str) -> impl Iterator<Item = &str> {
    let mut open = None;
    text.lines().filter_map(move |line| {
        let line = line.trim().strip_suffix("-----")?;
        if let Some(label) = line.strip_prefix("-----BEGIN ") {
            open = Some(label);
            return None;
        }
        let label = line.strip_prefix("-----END ")?;
        open.take().filter(|begun| *begun == label)
    })
}
