use std::fs;
use std::path::Path;

use crate::description::Content;
use crate::error::{Error, Result};

/// A description as it is on the disk: a file of Swagger 2.0, or a folder of documents of OpenAPI 3.0.
#[derive(Debug)]
pub struct DescriptionFiles {
    name: String,
    data: Data,
}

#[derive(Debug)]
enum Data {
    Swagger(Vec<u8>),
    OpenApi(Vec<(String, Vec<u8>)>),
}

/// How the names of the documents end, in Kubernetes' sources and where `scripts/describe` writes them.
const DOCUMENT: &str = "_openapi.json";

impl DescriptionFiles {
    /// Reads a file, or all of a folder whose names end in `_openapi.json`.
    ///
    /// # Errors
    /// If something can't be read, or the folder has no such file.
    pub fn read(path: &Path) -> Result<Self> {
        let fail = |error| Error::unreadable(path, error);
        let name = path.display().to_string();
        if !fs::metadata(path).map_err(fail)?.is_dir() {
            return Ok(Self::swagger(name, fs::read(path).map_err(fail)?));
        }
        let mut documents = Vec::new();
        for entry in fs::read_dir(path).map_err(fail)? {
            let path = entry.map_err(fail)?.path();
            if path.to_string_lossy().ends_with(DOCUMENT) {
                let bytes = fs::read(&path).map_err(|error| Error::unreadable(&path, error))?;
                documents.push((path.display().to_string(), bytes));
            }
        }
        if documents.is_empty() {
            return Err(Error::of_file(&name, format!("the folder has no document of OpenAPI 3.0 (*{DOCUMENT})")));
        }
        Ok(Self::openapi(name, documents))
    }

    pub(crate) fn swagger(name: String, bytes: Vec<u8>) -> Self {
        Self { name, data: Data::Swagger(bytes) }
    }

    pub(crate) fn openapi(name: String, mut documents: Vec<(String, Vec<u8>)>) -> Self {
        documents.sort();
        Self { name, data: Data::OpenApi(documents) }
    }

    /// Their path, as errors show it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What they hold.
    pub fn content(&self) -> Content<'_> {
        match &self.data {
            Data::Swagger(bytes) => Content::Swagger(bytes),
            Data::OpenApi(documents) => Content::OpenApi(documents),
        }
    }
}
