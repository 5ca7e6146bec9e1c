use kubernetes_swagger::{Merged, merge, parse};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::{Error, Result};
use crate::locate;

/// The input of the generator.
#[derive(Clone, Copy, Debug)]
pub struct Description<'a> {
    /// The name of the file or folder, for headers and errors.
    pub source: &'a str,
    /// The version of Kubernetes.
    pub kubernetes: &'a str,
    /// The content of the file or folder.
    pub content: Content<'a>,
}

/// The content of a description, by its format.
#[derive(Clone, Copy, Debug)]
pub enum Content<'a> {
    /// One document: Swagger 2.0, as served at `/openapi/v2`, or OpenAPI 3.0, the form in which a folder is pinned.
    Document(&'a [u8]),
    /// OpenAPI 3.0: a named document for each group and version, as served at `/openapi/v3`.
    Documents(&'a [(String, Vec<u8>)]),
}

impl Content<'_> {
    /// The version of Kubernetes that a description states.
    ///
    /// The files in Kubernetes' sources say `unversioned`.
    ///
    /// # Errors
    /// Returns an error if the description is not JSON, or has no version.
    pub fn version(&self, source: &str) -> Result<String> {
        #[derive(Deserialize)]
        struct Document {
            info: Info,
        }
        #[derive(Deserialize)]
        struct Info {
            version: String,
        }
        let read = |file: &str, bytes: &[u8]| -> Result<String> {
            let error =
                |error| Error::new("it is not an API description with a version").in_file(file).caused_by(error);
            let document: Document = serde_json::from_slice(bytes).map_err(error)?;
            Ok(document.info.version)
        };
        match self {
            Self::Document(bytes) => read(source, bytes),
            Self::Documents(documents) => match documents.iter().find(|(_, bytes)| has_version_path(bytes)) {
                Some((name, bytes)) => read(name, bytes),
                None => Err(Error::new("none of its documents has the path /version/").in_file(source)),
            },
        }
    }

    /// The description as one document: that of a file, or the combined documents of a folder as OpenAPI 3.0.
    ///
    /// # Errors
    /// See [`generate`](crate::generate()).
    pub fn to_document(&self, source: &str) -> Result<Vec<u8>> {
        match self {
            Self::Document(bytes) => Ok(bytes.to_vec()),
            Self::Documents(_) => {
                let error = |error| Error::new("it can't be written as JSON").in_file(source).caused_by(error);
                serde_json::to_vec(&self.parse(source)?.openapi).map_err(error)
            }
        }
    }

    /// The description, with the definitions that were replaced by the main server's.
    pub(crate) fn parse(&self, source: &str) -> Result<Merged> {
        match self {
            Self::Document(bytes) => match parse(bytes) {
                Ok(openapi) => Ok(Merged { openapi, ..Merged::default() }),
                Err(error) => Err(with_problems(&error).in_file(source).with_excerpts(text(bytes))),
            },
            Self::Documents(documents) => parse_documents(source, documents),
        }
    }

    /// Adds the file and the lines around each place to an error.
    pub(crate) fn explain(&self, source: &str, error: Error) -> Error {
        match self {
            Self::Document(bytes) => {
                let text = text(bytes);
                let error = if locate::exists(text, "/openapi") { error } else { error.each(&mut in_swagger) };
                error.in_file(source).with_excerpts(text)
            }
            Self::Documents(documents) => error.each(&mut |problem| place_in(documents, problem)).in_file(source),
        }
    }
}

fn parse_documents(source: &str, documents: &[(String, Vec<u8>)]) -> Result<Merged> {
    let (mut parsed, mut problems) = (Vec::with_capacity(documents.len()), Vec::new());
    for (name, bytes) in documents {
        match parse(bytes) {
            Ok(openapi) => parsed.push((name.clone(), openapi)),
            Err(error) => problems.push(with_problems(&error).in_file(name).with_excerpts(text(bytes))),
        }
    }
    match Error::of_all(problems) {
        Some(error) => Err(error),
        None => merge(parsed).map_err(|error| with_problems(&error).in_file(source)),
    }
}

/// Moves a problem to the place of definitions in Swagger 2.0.
fn in_swagger(problem: Error) -> Error {
    match problem.pointer().strip_prefix("/components/schemas/").map(|rest| format!("/definitions/{rest}")) {
        Some(pointer) => problem.moved(pointer),
        None => problem,
    }
}

/// Moves a problem to the document that contains its place.
fn place_in(documents: &[(String, Vec<u8>)], problem: Error) -> Error {
    let pointer = problem.pointer();
    let place: Vec<&str> = pointer.split('/').collect();
    // The definition or the path itself; what is in it may be named otherwise.
    let depth = if pointer.starts_with("/components/") { 4 } else { 3 };
    let owner = place.get(..depth).unwrap_or(&place).join("/");
    let has_owner = |(_, bytes): &&(String, Vec<u8>)| !owner.is_empty() && locate::exists(text(bytes), &owner);
    match documents.iter().find(has_owner) {
        Some((name, bytes)) => problem.in_file(name).with_excerpts(text(bytes)),
        None => problem,
    }
}

fn has_version_path(bytes: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Document {
        paths: Paths,
    }
    #[derive(Deserialize)]
    struct Paths {
        #[serde(rename = "/version/")]
        version: Option<IgnoredAny>,
    }
    serde_json::from_slice::<Document>(bytes).is_ok_and(|document| document.paths.version.is_some())
}

fn with_problems(error: &kubernetes_swagger::Error) -> Error {
    let problems = error.problems().iter().map(|problem| Error::at(&problem.pointer, &problem.message));
    Error::of_all(problems).unwrap_or_else(|| Error::new(error.to_string()))
}

/// The text, for excerpts; empty if it is not UTF-8.
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}
