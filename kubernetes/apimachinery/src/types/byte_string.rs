use std::fmt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use {
    base64::engine::{Simd, general_purpose::PAD},
    std::sync::LazyLock,
};

use crate::json::{DecodeError, Reader, Value, Writer};

/// Bytes, which are base64 in JSON (RFC 4648, §4): certificates, and the data of secrets.
///
/// ```
/// use kubernetes_core::{ByteString, json};
///
/// let password = ByteString::from("hunter2");
/// assert_eq!(json::to_string(&password)?, r#""aHVudGVyMg==""#);
/// assert_eq!(format!("{password:?}"), "ByteString(7 bytes)");
/// # Ok::<(), json::EncodeError>(())
/// ```
///
/// `Debug` does not show them, as they may be secret.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteString(pub Vec<u8>);

impl ByteString {
    /// The bytes of a base64 text, as JSON has it; `None` if it is not base64.
    ///
    /// ```
    /// use kubernetes_core::ByteString;
    ///
    /// let bytes = ByteString::from_base64("aHVudGVyMg==").ok_or("not base64")?;
    /// assert_eq!((&*bytes, bytes.to_base64().as_str()), (&b"hunter2"[..], "aHVudGVyMg=="));
    /// # Ok::<(), &str>(())
    /// ```
    pub fn from_base64(text: &str) -> Option<Self> {
        decode(text).ok().map(Self)
    }

    /// The bytes as base64.
    pub fn to_base64(&self) -> String {
        BASE64.encode(&self.0)
    }
}

/// As Go reads base64, which few others write.
fn decode(text: &str) -> Result<Vec<u8>, base64::DecodeError> {
    LENIENT.decode(text.replace(['\r', '\n'], ""))
}

impl fmt::Debug for ByteString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ByteString({} bytes)", self.0.len())
    }
}

impl std::ops::Deref for ByteString {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for ByteString {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for ByteString {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<&str> for ByteString {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl From<String> for ByteString {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl Value for ByteString {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        // Base64 has no characters that JSON escapes.
        if let Some(bytes) = reader.string_by(|text| BASE64.decode(text).ok()) {
            self.0 = bytes;
            return Ok(());
        }
        self.0.clear();
        if reader.null()? {
            return Ok(());
        }
        let text = reader.string()?;
        self.0 = decode(&text).map_err(|error| reader.error(format!("not base64: {error}")))?;
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        if writer.redacts() {
            return writer.string(&format!("{self:?}"));
        }
        writer.plain_string(|text| BASE64.encode_string(&self.0, text));
    }
}
crate::serde_by_json!(ByteString);

/// Base64 as Go decodes it after removing line breaks: trailing bits are ignored.
const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// The fastest implementation for the processor.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
static BASE64: LazyLock<Simd> = LazyLock::new(|| Simd::standard(PAD));
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
use base64::engine::general_purpose::STANDARD as BASE64;
