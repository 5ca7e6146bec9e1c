//! YAML, as manifests are written, with several documents in a file (feature `yaml`).
//!
//! ```
//! use kubernetes_core::{GroupVersionKind, Json, ObjectMeta, yaml};
//!
//! let manifest = "
//! apiVersion: v1
//! kind: ConfigMap
//! metadata: {name: settings}
//! ---
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web}
//! ";
//! let documents: Vec<Json> = yaml::from_str_multiple(manifest)?;
//! assert_eq!(documents[1].group_version_kind(), Some(GroupVersionKind::new("apps", "v1", "Deployment")));
//! let labels: ObjectMeta = yaml::from_str("labels: {app: web}")?;
//! assert_eq!(yaml::to_string(&labels)?, "labels:\n  app: web\n");
//! # Ok::<(), kubernetes_core::yaml::YamlError>(())
//! ```
//!
//! Documents are transcoded to and from JSON text, so every value with a JSON form can be read and written. As in
//! kubectl, scalars follow YAML 1.1: `yes` and `on` are booleans, `0644` is octal (common for `defaultMode`), and
//! `version: 1.10` is a number, not a string. Like kubectl, it also reads JSON, including several objects in
//! succession. Unlike in kubectl, `tRUE` is a boolean, `1_` is text, a number beyond a float's range and plain text
//! tagged `!!timestamp` or `!!binary` are errors, and a key takes precedence over the same key of a `<<` that follows
//! it. To withstand hostile documents, nesting is limited to 64 levels, and the expansion of aliases to 16 MiB of
//! scalars and four nodes for each byte of the text (or 250,000 nodes, if that is more).

// Kubeconfigs have a reader of their own in kubernetes-config: it keeps the line of each value, for errors and so that
// a file can be changed where it stands, and it compiles in a fraction of the time. Manifests need the rest of serde:
// values of any type, and writing. A test of kubernetes-sdk (`tests/it/yaml.rs`) checks that both read scalars alike,
// except for the differences above, which are specific to this reader.
use std::{fmt, io};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_saphyr::DuplicateKeyPolicy;

use crate::json::{self, Decode, DecodeError, EncodeError, Reader, Value};
use crate::{JsonPointer, List, Object};

/// Decodes a text with a single document.
///
/// # Errors
/// Returns an error if the text is not YAML, has several documents, has no JSON form or does not fit the type. The
/// error names the place; its offset refers to the document as JSON.
pub fn from_str<V: Value>(text: &str) -> Result<V, YamlError> {
    if let Some([document]) = json_documents(text).as_deref() {
        return json::from_str(document).map_err(|error| YamlError(Kind::Decode { document: None, error }));
    }
    let Document(document) = serde_saphyr::from_str_with_options(text, options(text)).map_err(YamlError::yaml)?;
    json::from_slice(&document).map_err(|error| YamlError(Kind::Decode { document: None, error }))
}

/// Decodes a text with any number of documents; empty ones are skipped, as kubectl does.
///
/// For documents of several types, decode [`Json`](crate::Json), which can tell the
/// [type](crate::Json::group_version_kind) to [decode](crate::Json::decode) each of them to.
///
/// # Errors
/// Returns an error if the text is not YAML, or if one of the documents has no JSON form or does not fit the type. The
/// error names the place.
pub fn from_str_multiple<V: Value>(text: &str) -> Result<Vec<V>, YamlError> {
    let documents = match json_documents(text) {
        Some(documents) => documents.into_iter().map(|document| Document(document.into())).collect(),
        None => serde_saphyr::from_multiple_with_options(text, options(text)).map_err(YamlError::yaml)?,
    };
    let documents = documents.iter().filter(|document| document.0 != b"null").enumerate();
    let decoded = documents.map(|(index, document)| {
        json::from_slice(&document.0).map_err(|error| YamlError(Kind::Decode { document: Some(index + 1), error }))
    });
    decoded.collect()
}

/// Decodes objects of one type from a text with any number of documents. Each document is an object or a list, such as
/// a `PodList` or the `List` that `kubectl get -o yaml` prints. Empty documents are skipped.
///
/// ```
/// use kubernetes_core::yaml;
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// let printed = "
/// apiVersion: v1
/// kind: List
/// items:
/// - apiVersion: v1
///   kind: Pod
///   metadata: {name: web-1}
/// - apiVersion: v1
///   kind: Pod
///   metadata: {name: web-2}
/// ";
/// let pods: Vec<Pod> = yaml::objects_from_str(printed)?;
/// assert_eq!(pods[1].name(), "web-2");
/// # Ok::<(), yaml::YamlError>(())
/// ```
///
/// # Errors
/// See [`from_str_multiple`].
pub fn objects_from_str<K: Object>(text: &str) -> Result<Vec<K>, YamlError> {
    let documents: Vec<Objects<K>> = from_str_multiple(text)?;
    Ok(documents.into_iter().flat_map(|document| document.0).collect())
}

/// The objects of a document.
struct Objects<K>(Vec<K>);

impl<K> Default for Objects<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Object> Value for Objects<K> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        let text = reader.clone().raw()?;
        let is_list = JsonPointer::from("/kind").find(text)?.is_some_and(|kind| kind.ends_with("List\""))
            && JsonPointer::from("/items").find(text)?.is_some();
        self.0 = if is_list { List::decode(reader)?.items } else { vec![K::decode(reader)?] };
        Ok(())
    }
}

/// The documents of a text that consists of JSON objects in succession.
fn json_documents(text: &str) -> Option<Vec<&str>> {
    let mut documents = Vec::new();
    let mut reader = Reader::new(text);
    while let Some(b'{') = reader.token() {
        documents.push(reader.raw().ok()?);
    }
    (reader.token().is_none() && !documents.is_empty()).then_some(documents)
}

/// Encodes a value as a single document.
///
/// # Errors
/// Returns an error only if the type has serde derives of its own and these fail.
pub fn to_string<V: Value>(value: &V) -> Result<String, YamlError> {
    to_string_multiple([value])
}

/// Encodes values as documents with `---` between them.
///
/// # Errors
/// Returns an error only if the type has serde derives of its own and these fail.
pub fn to_string_multiple<'a, V: Value + 'a>(values: impl IntoIterator<Item = &'a V>) -> Result<String, YamlError> {
    let mut text = String::new();
    for value in values {
        let json = json::to_string(value).map_err(|error| YamlError(Kind::Encode(error)))?;
        let json: serde_json::Value = serde_json::from_str(&json)
            .map_err(|error| YamlError(Kind::Encode(EncodeError::new(error.to_string()))))?;
        if !text.is_empty() {
            text.push_str("---\n");
        }
        let written = serde_saphyr::to_fmt_writer(&mut text, &Readable(&json));
        written.map_err(|error| YamlError(Kind::Encode(EncodeError::new(error.to_string()))))?;
    }
    Ok(text)
}

fn options(text: &str) -> serde_saphyr::Options {
    let least = serde_saphyr::Budget::default();
    // Without aliases, the result is bounded by the text, so only their expansion needs a limit.
    let for_text = |least: usize| least.max(text.len().saturating_mul(4));
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_documents: for_text(least.max_documents),
            max_events: for_text(least.max_events),
            max_nodes: for_text(least.max_nodes),
            max_total_scalar_bytes: text.len().saturating_add(16 << 20),
            // Labels shared by a hundred objects are one anchor with a hundred aliases.
            enforce_alias_anchor_ratio: false,
        },
        // They would be buffered, which has a limit.
        emit_comments: false,
        // A snippet of the source could reveal secrets.
        with_snippet: false,
        duplicate_keys: DuplicateKeyPolicy::LastWins,
        legacy_octal_numbers: true,
    }
}

/// A document as JSON text.
struct Document(Vec<u8>);

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut text = Vec::new();
        let mut serializer = serde_json::Serializer::with_formatter(&mut text, GoNumbers);
        serde_transcode::transcode(deserializer, &mut serializer).map_err(de::Error::custom)?;
        Ok(Self(text))
    }
}

/// Writes floats as Go does, so that, as in kubectl, `1e3` is accepted where an integer is expected.
struct GoNumbers;

impl serde_json::ser::Formatter for GoNumbers {
    fn write_f64<W: ?Sized + io::Write>(&mut self, output: &mut W, value: f64) -> io::Result<()> {
        let mut writer = json::Writer::new();
        writer.float(value);
        output.write_all(writer.finish().map_err(io::Error::other)?.as_bytes())
    }
}

/// A document that every YAML reader accepts, including Go's.
struct Readable<'a>(&'a serde_json::Value);

impl Serialize for Readable<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            // At the start of a block, Go takes a tab for indentation.
            serde_json::Value::String(text) if text.trim_start_matches('\n').starts_with('\t') => {
                serde_saphyr::DoubleQuoted(text).serialize(serializer)
            }
            serde_json::Value::Array(list) => serializer.collect_seq(list.iter().map(Readable)),
            serde_json::Value::Object(fields) => {
                serializer.collect_map(fields.iter().map(|(key, value)| (key, Readable(value))))
            }
            other => other.serialize(serializer),
        }
    }
}

/// A text that can't be read as YAML, or a value that can't be written.
pub struct YamlError(Kind);

enum Kind {
    Yaml(Box<serde_saphyr::Error>),
    /// `document` is counted from one.
    Decode {
        document: Option<usize>,
        error: DecodeError,
    },
    Encode(EncodeError),
}

impl YamlError {
    fn yaml(error: serde_saphyr::Error) -> Self {
        Self(Kind::Yaml(Box::new(error)))
    }

    /// The place in the document, such as `spec.containers[0].ports`; empty at the root, and if the text is not YAML.
    pub fn path(&self) -> String {
        match &self.0 {
            Kind::Decode { error, .. } => error.path(),
            _ => String::new(),
        }
    }
}

crate::error_text!(YamlError);

impl YamlError {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Yaml(_) => f.write_str("the text can't be read as YAML"),
            Kind::Decode { document: Some(document), .. } => write!(f, "document {document} does not fit its type"),
            Kind::Decode { document: None, .. } => f.write_str("the document does not fit its type"),
            Kind::Encode(_) => f.write_str("the value can't be written as YAML"),
        }
    }
}

impl std::error::Error for YamlError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(match &self.0 {
            Kind::Yaml(error) => error,
            Kind::Decode { error, .. } => error,
            Kind::Encode(error) => error,
        })
    }
}
