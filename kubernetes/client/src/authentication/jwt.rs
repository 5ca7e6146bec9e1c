//! When an ID token expires. Whether it is genuine is for the server to say.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;

use crate::authentication::fields::Fields;
use crate::error::AuthenticationError;

pub(super) fn expiry(token: &str) -> Result<Timestamp, AuthenticationError> {
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(AuthenticationError::new("the ID token is not a JWT"));
    };
    let claims = URL_SAFE_NO_PAD.decode(payload).ok().and_then(|json| Fields::parse(&json).ok());
    // Seconds since 1970, with or without a fraction (RFC 7519, §2).
    let expires = claims.and_then(|claims| claims.number("exp")).and_then(|seconds| {
        #[expect(clippy::cast_possible_truncation, reason = "it saturates, and is checked after that")]
        let seconds = seconds as i64;
        Timestamp::from_second(seconds).ok()
    });
    expires.ok_or_else(|| AuthenticationError::new("the ID token does not say when it expires"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.c2lnbmF0dXJl", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn reads_when_a_token_expires() {
        for exp in ["1795422600", "1795422600.75", "1.7954226e9"] {
            let expires = expiry(&token(&format!(r#"{{"sub": "jane", "exp": {exp}}}"#))).unwrap();
            assert_eq!(expires.as_second(), 1_795_422_600, "{exp}");
        }
    }

    #[test]
    fn refuses_what_it_can_not_read() {
        for claims in ["", "{}", r#"{"exp": "s3cret"}"#, r#"{"exp": 1e300}"#, r#"{"exp": null}"#] {
            let text = expiry(&token(claims)).unwrap_err().to_string();
            assert_eq!(text, "the ID token does not say when it expires", "{claims}");
        }
        for text in ["s3cret", "a.b", "a.b.c.d", "a.=.c"] {
            assert!(!expiry(text).unwrap_err().to_string().contains("s3cret"));
        }
    }
}
