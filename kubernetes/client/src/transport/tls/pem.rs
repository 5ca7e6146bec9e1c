use rustls::pki_types::pem::Error;

/// A description of an error in PEM. The error itself may quote a key.
pub fn fault(error: &Error) -> &'static str {
    match error {
        Error::MissingSectionEnd { .. } => "its END line is missing",
        Error::IllegalSectionStart { .. } => "its BEGIN line is wrong",
        Error::Base64Decode(_) => "it is not valid base64 between the BEGIN and END lines",
        Error::NoItemsFound => "there is no BEGIN line of the kind",
        _ => "it can't be read",
    }
}
