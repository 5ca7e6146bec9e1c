//! Values given inline as base64, or as the path of a file.

use std::path::PathBuf;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

use crate::error::Place;
use crate::kubeconfig::entry::{Entry, set};
use crate::kubeconfig::from_node::Field;
use crate::{Error, files};

/// Go's `base64.StdEncoding`: padded, and tolerant of unused bits in the last character.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// Both places of one value. Data takes precedence over the file.
pub(crate) struct DataOrFile<'a, T> {
    pub(crate) entry: &'a Entry<T>,
    pub(crate) key: &'a str,
    pub(crate) data: &'a Field<String>,
    pub(crate) file: &'a Field<String>,
}

/// Bytes, and the file that they come from.
pub(crate) struct Loaded {
    pub(crate) bytes: Vec<u8>,
    pub(crate) place: Place,
    /// `None` for inline data.
    pub(crate) path: Option<PathBuf>,
}

impl<T> DataOrFile<'_, T> {
    pub(crate) fn read(&self) -> Result<Option<Loaded>, Error> {
        let key = self.key;
        if let Some(data) = set(self.data) {
            let place = self.entry.field(&format!("{key}-data"), self.data);
            let bytes = decode_base64(&data.value).ok_or_else(|| Error::new(place.clone(), "is not valid base64"))?;
            return Ok(Some(Loaded { bytes, place, path: None }));
        }
        let Some(file) = set(self.file) else { return Ok(None) };
        let place = self.entry.field(key, self.file);
        let path = self.entry.resolve(&file.value);
        match files::read(&path) {
            Ok(bytes) => Ok(Some(Loaded { bytes, place, path: Some(path) })),
            Err(error) => Err(Error::new(place, format!("can't read {}", path.display())).with_source(error)),
        }
    }
}

impl Loaded {
    pub(crate) fn checked(self, fault: impl Fn(&[u8]) -> Option<&'static str>) -> Result<Self, Error> {
        match (fault(&self.bytes), &self.path) {
            (None, _) => Ok(self),
            (Some(fault), None) => Err(Error::new(self.place, fault)),
            (Some(fault), Some(path)) => Err(Error::new(self.place, format!("{} {fault}", path.display()))),
        }
    }
}

/// Without the decoder's error, which would quote the invalid character.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    // Go's decoder ignores line breaks, which block scalars have.
    let text: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    BASE64.decode(text).ok()
}
