//! The output of a plugin: an `ExecCredential` in JSON.

use std::sync::Arc;

use jiff::Timestamp;
use kubernetes_config::{ClientIdentity, ExecApiVersion};

use crate::authentication::fields::{Fields, WrongType};
use crate::authentication::identity::{certified_key, expiry};
use crate::authentication::renewed::Issued;
use crate::authorization::bearer;
use crate::error::AuthenticationError;

/// Without `Debug`, as what it holds is secret.
struct Status {
    expiration_timestamp: Option<String>,
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

/// Reads what a plugin printed, which must be of the version that it was asked for.
pub(super) fn read(output: &[u8], expected: ExecApiVersion) -> Result<Issued, AuthenticationError> {
    if output.trim_ascii().is_empty() {
        return Err(AuthenticationError::new("standard output is empty"));
    }
    let not_credential = |place: String| {
        AuthenticationError::new(format!("standard output is not a single ExecCredential in JSON ({place})"))
    };
    // Without the error's text, which may quote a token.
    let mut credential = Fields::parse(output)
        .map_err(|error| not_credential(format!("line {}, column {}", error.line(), error.column())))?;
    let wrong_type = |WrongType(key)| not_credential(format!("{key} has the wrong type"));
    if credential.text("kind").map_err(wrong_type)?.as_deref() != Some("ExecCredential") {
        return Err(AuthenticationError::new("standard output is not an ExecCredential"));
    }
    let version = credential.text("apiVersion").map_err(wrong_type)?.unwrap_or_default();
    let expected = expected.as_str();
    if version != expected {
        let version: String = version.escape_debug().take(100).collect();
        return Err(AuthenticationError::new(format!(
            "its apiVersion is {version:?}, but that of users[].user.exec in the kubeconfig is {expected:?}: they must \
             be the same"
        )));
    }
    let status =
        credential.object("status").map_err(wrong_type)?.ok_or_else(|| AuthenticationError::new("it has no status"))?;
    Status::of(status).map_err(wrong_type)?.into_issued()
}

impl Status {
    fn of(mut fields: Fields) -> Result<Self, WrongType> {
        Ok(Self {
            expiration_timestamp: fields.text("expirationTimestamp")?,
            token: fields.text("token")?,
            client_certificate_data: fields.text("clientCertificateData")?,
            client_key_data: fields.text("clientKeyData")?,
        })
    }

    fn into_issued(self) -> Result<Issued, AuthenticationError> {
        let set = |text: Option<String>| text.filter(|text| !text.is_empty());
        let (token, certificate, key) = (set(self.token), set(self.client_certificate_data), set(self.client_key_data));
        let identity = match (certificate, key) {
            (Some(certificate), Some(key)) => Some(ClientIdentity::new(certificate, key)),
            (None, None) if token.is_none() => {
                return Err(AuthenticationError::new(
                    "its status has neither token, nor clientCertificateData and clientKeyData",
                ));
            }
            (None, None) => None,
            _ => {
                return Err(AuthenticationError::new(
                    "its status has only one of clientCertificateData and clientKeyData",
                ));
            }
        };
        let pair = identity.as_ref().map(certified_key).transpose();
        let identity = pair
            .map(|key| key.map(Arc::new))
            .map_err(|error| AuthenticationError::new(format!("its status can't be used: {error}")))?;
        let header = token
            .map(|token| {
                bearer(&token)
                    .ok_or_else(|| AuthenticationError::new("its token contains characters not allowed in a header"))
            })
            .transpose()?;
        let expires = match self.expiration_timestamp {
            Some(text) => Some(text.parse::<Timestamp>().map_err(|_| {
                AuthenticationError::new(
                    "its expirationTimestamp is not an RFC 3339 time (for example 2026-11-23T08:30:00Z)",
                )
            })?),
            // A certificate has an end of its own.
            None => identity.as_ref().and_then(|identity| expiry(identity)),
        };
        Ok(Issued { header, identity, expires })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(output: &str) -> String {
        match read(output.as_bytes(), ExecApiVersion::V1) {
            Ok(_) => panic!("{output} was taken"),
            Err(failure) => failure.to_string(),
        }
    }

    fn with_status(status: &str) -> String {
        format!(r#"{{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {status}}}"#)
    }

    #[test]
    fn reads_a_token_and_when_it_expires() {
        let output =
            with_status(r#"{"token": "s3cret", "expirationTimestamp": "2026-11-23T09:30:00+01:00", "new": 1}"#);
        let issued = read(output.as_bytes(), ExecApiVersion::V1).map_err(|failure| failure.to_string()).unwrap();
        assert_eq!(issued.header.unwrap(), "Bearer s3cret");
        assert_eq!(issued.expires, Some("2026-11-23T08:30:00Z".parse().unwrap()));
        assert!(issued.identity.is_none());

        let output = with_status(r#"{"token": "s3cret", "expirationTimestamp": null, "clientKeyData": ""}"#);
        let issued = read(output.as_bytes(), ExecApiVersion::V1).map_err(|failure| failure.to_string()).unwrap();
        assert!(issued.expires.is_none());
    }

    #[test]
    fn survives_any_output() {
        let whole = with_status(r#"{"token": "s3cret", "expirationTimestamp": "2026-11-23T09:30:00Z"}"#).into_bytes();
        for index in 0..whole.len() {
            assert!(read(&whole[..index], ExecApiVersion::V1).is_err());
            for byte in 0..=u8::MAX {
                let mut changed = whole.clone();
                changed[index] = byte;
                // Whatever it says, it does not panic.
                let _ = read(&changed, ExecApiVersion::V1);
            }
        }
        let deep = "[".repeat(1_000_000);
        assert!(read(deep.as_bytes(), ExecApiVersion::V1).is_err());
    }

    #[test]
    fn tells_what_is_wrong_and_no_secret() {
        let beta = with_status(r#"{"token": "s3cret"}"#).replace("/v1", "/v1beta1");
        let cases = [
            ("", "empty"),
            (" \n", "empty"),
            ("Logging in…\n{}", "line 1, column 1"),
            ("[]", "not a single ExecCredential in JSON"),
            ("{} {}", "(line 1, column 4)"),
            ("{}", "is not an ExecCredential"),
            (beta.as_str(), r#"its apiVersion is "client.authentication.k8s.io/v1beta1""#),
            (&with_status("null"), "no status"),
            (&with_status("{}"), "neither token"),
            (&with_status(r#"{"token": ""}"#), "neither token"),
            (&with_status(r#"{"token": "s3cret\n"}"#), "header"),
            (&with_status(r#"{"token": ["s3cret"]}"#), "in JSON"),
            (&with_status(r#"{"token": "s3cret", "expirationTimestamp": "s3cret"}"#), "expirationTimestamp"),
            (&with_status(r#"{"clientKeyData": "s3cret"}"#), "only one"),
            (
                &with_status(r#"{"clientCertificateData": "s3cret", "clientKeyData": "s3cret"}"#),
                "no certificate in PEM",
            ),
        ];
        for (output, expected) in cases {
            let text = refused(output);
            assert!(text.contains(expected), "{output}: {text}");
            assert!(!text.contains("s3cret"), "{output}: {text}");
        }
        assert!(!refused(r#""s3cret""#).contains("s3cret"));
    }
}
