use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::description::Content;
use crate::error::{Error, Result};
use crate::input::read_file;

/// A description on disk: a file of Swagger 2.0, or a folder of OpenAPI 3.0 documents.
#[derive(Debug)]
pub struct DescriptionFiles {
    name: String,
    data: Data,
}

#[derive(Debug)]
enum Data {
    Document(Vec<u8>),
    Documents(Vec<(String, Vec<u8>)>),
}

/// The suffix of the documents' names, in Kubernetes' sources and in the output of `scripts/describe`.
const DOCUMENT: &str = "_openapi.json";

/// The list of the documents, if `scripts/describe` wrote them.
pub const INDEX: &str = "index.json";

impl DescriptionFiles {
    /// Reads a file, or all files of a folder whose names end in `_openapi.json`.
    ///
    /// # Errors
    /// Returns an error if something can't be read, or if the folder has no such file, or other files than its
    /// `index.json` lists.
    pub fn read(path: &Path) -> Result<Self> {
        let fail = |error| Error::unreadable(path, error);
        let name = path.display().to_string();
        if !fs::metadata(path).map_err(fail)?.is_dir() {
            return Ok(Self::document(name, read_file(path)?));
        }
        let mut documents = Vec::new();
        for entry in fs::read_dir(path).map_err(fail)? {
            let path = entry.map_err(fail)?.path();
            if path.to_string_lossy().ends_with(DOCUMENT) {
                documents.push((path.display().to_string(), read_file(&path)?));
            }
        }
        if documents.is_empty() {
            return Err(Error::of_file(&name, format!("the folder has no OpenAPI 3.0 document (*{DOCUMENT})")));
        }
        let is_there = documents.iter().filter_map(|(path, _)| Path::new(path).file_name());
        compare_with_index(path, &is_there.map(|name| name.to_string_lossy().into_owned()).collect())?;
        Ok(Self::documents(name, documents))
    }

    pub(crate) fn document(name: String, bytes: Vec<u8>) -> Self {
        Self { name, data: Data::Document(bytes) }
    }

    pub(crate) fn documents(name: String, mut documents: Vec<(String, Vec<u8>)>) -> Self {
        documents.sort();
        Self { name, data: Data::Documents(documents) }
    }

    /// Their path, as errors show it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Their content.
    pub fn content(&self) -> Content<'_> {
        match &self.data {
            Data::Document(bytes) => Content::Document(bytes),
            Data::Documents(documents) => Content::Documents(documents),
        }
    }
}

/// The file of a group and version, as Kubernetes' sources call it: `apis/apps/v1` is in `apis__apps__v1_openapi.json`.
///
/// ```
/// assert_eq!(kubernetes_codegen::document_name("apis/apps/v1"), "apis__apps__v1_openapi.json");
/// ```
pub fn document_name(path: &str) -> String {
    format!("{}{DOCUMENT}", path.trim_matches('/').replace('/', "__"))
}

/// Checks that the documents of a folder are those in its index, if it has one, so that it is a single description
/// without remains of another.
fn compare_with_index(folder: &Path, is_there: &BTreeSet<String>) -> Result<()> {
    #[derive(Deserialize)]
    struct Index {
        paths: BTreeMap<String, IgnoredAny>,
    }
    let path = folder.join(INDEX);
    match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::unreadable(&path, error)),
        Ok(_) => {}
    }
    let bytes = read_file(&path)?;
    let error = |error| Error::new("it is not an index of /openapi/v3").in_file(path.display()).caused_by(error);
    let index: Index = serde_json::from_slice(&bytes).map_err(error)?;
    let listed: BTreeSet<String> = index.paths.keys().map(|path| document_name(path)).collect();
    let missing = listed.difference(is_there).map(|name| format!("{INDEX} lists {name}, which does not exist"));
    let left = is_there.difference(&listed).map(|name| format!("{name} exists, but {INDEX} does not list it"));
    let problems = missing.chain(left).map(|message| {
        Error::of_file(&folder.display().to_string(), format!("{message}: write the whole description again"))
    });
    Error::of_all(problems).map_or(Ok(()), Err)
}
