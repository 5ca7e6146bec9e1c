use std::collections::HashMap;

use indexmap::IndexMap;
use indexmap::map::Entry;
use openapiv3::{Components, Info, OpenAPI, ReferenceOr, Schema, SecurityRequirement};

use crate::error::{Error, Problem};
use crate::extension::{GROUP_VERSION_KIND, group_version_kinds};

/// The library that Kubernetes' servers share, each in the version of its own release.
const LIBRARY: &str = "io.k8s.apimachinery.";

/// The title of every document of the API server itself; custom resources and aggregated servers have titles of their
/// own.
const MAIN_TITLE: &str = "Kubernetes";

/// Combines the named documents of a server, those of all groups and versions, into one description.
///
/// A document lists only its own kinds for a definition, so the lists are joined. The main server's version of a
/// definition takes precedence over that of an aggregated server, which has it from the release that it was built with.
/// The main documents are those with the same `info` as the one with `/version/`, or else as the first one with the
/// title `Kubernetes`.
///
/// # Errors
///
/// Returns an error if two documents of the main server, or two others, describe something differently, or if there is
/// no document. The message names both. Only the definitions of `io.k8s.apimachinery` may differ between two other
/// servers: the first document wins.
pub fn merge(documents: Vec<(String, OpenAPI)>) -> Result<Merged, Error> {
    let Some((_, first)) = documents.first() else {
        return Err(Error::new(vec![problem("", "there is no document".to_owned())]));
    };
    let main = main_info(&documents);
    let info = main.as_ref().unwrap_or(&first.info).clone();
    // Documents of the main server first, whatever their order.
    let (mut ordered, rest): (Vec<_>, Vec<_>) = documents.into_iter().partition(|(_, document)| document.info == info);
    ordered.extend(rest);
    let merged = OpenAPI { openapi: "3.0.3".to_owned(), info, ..OpenAPI::default() };
    let mut merging = Merging { main, merged, ..Merging::default() };
    for (name, document) in ordered {
        merging.add(name, document);
    }
    if merging.problems.is_empty() {
        let (components, gave_way) = (Some(merging.components), merging.gave_way);
        Ok(Merged { openapi: OpenAPI { components, ..merging.merged }, gave_way })
    } else {
        Err(Error::new(merging.problems))
    }
}

/// The result of [`merge`].
#[derive(Clone, Debug, Default)]
pub struct Merged {
    /// The combined description.
    pub openapi: OpenAPI,
    /// The definitions, other than those of `io.k8s.apimachinery`, that another server describes differently; the main
    /// server's version is used.
    pub gave_way: Vec<Problem>,
}

fn main_info(documents: &[(String, OpenAPI)]) -> Option<Info> {
    let main = documents.iter().find(|(_, document)| document.paths.paths.contains_key("/version/"));
    let main = main.or_else(|| documents.iter().find(|(_, document)| document.info.title == MAIN_TITLE));
    main.map(|(_, document)| document.info.clone())
}

#[derive(Default)]
struct Merging {
    /// That of the main server's documents, if there are any.
    main: Option<Info>,
    merged: OpenAPI,
    components: Components,
    /// The names and servers of the documents so far, and where each definition and path came from.
    names: Vec<(String, Info)>,
    origins: HashMap<String, usize>,
    gave_way: Vec<Problem>,
    problems: Vec<Problem>,
}

impl Merging {
    fn add(&mut self, name: String, document: OpenAPI) {
        let number = self.names.len();
        self.names.push((name, document.info));
        let Components { schemas, security_schemes, .. } = document.components.unwrap_or_default();
        for (name, schema) in schemas {
            self.add_definition(name, schema, number);
        }
        for (path, item) in document.paths.paths {
            let pointer = format!("/paths/{}", path.replace('~', "~0").replace('/', "~1"));
            if !add(&mut self.merged.paths.paths, &mut self.origins, path, item, (&pointer, number)) {
                self.differs(&pointer, number);
            }
        }
        for (name, scheme) in security_schemes {
            let pointer = format!("/components/securitySchemes/{name}");
            if !add(&mut self.components.security_schemes, &mut self.origins, name, scheme, (&pointer, number)) {
                self.differs_in_server(&pointer, number);
            }
        }
        self.add_security(document.security, number);
    }

    fn add_definition(&mut self, name: String, mut schema: ReferenceOr<Schema>, number: usize) {
        let is_library = name.starts_with(LIBRARY);
        let pointer = format!("/components/schemas/{name}");
        match self.components.schemas.entry(name) {
            Entry::Vacant(entry) => {
                entry.insert(schema);
                self.origins.insert(pointer, number);
            }
            Entry::Occupied(mut entry) => {
                join_kinds(entry.get_mut(), &mut schema);
                if *entry.get() == schema {
                    return;
                }
                if is_library {
                    self.differs_in_server(&pointer, number);
                } else if self.gives_way(&pointer, number) {
                    let (main, other) = (self.name(self.origin(&pointer)), self.name(number));
                    let message = format!("{other} describes this differently from {main}, which takes precedence");
                    self.gave_way.push(problem(&pointer, message));
                } else {
                    self.differs(&pointer, number);
                }
            }
        }
    }

    /// The requirement of all operations that have none of their own: that of the first document with one.
    fn add_security(&mut self, security: Option<Vec<SecurityRequirement>>, number: usize) {
        let Some(security) = security else { return };
        match &self.merged.security {
            None => {
                self.merged.security = Some(security);
                self.origins.insert("/security".to_owned(), number);
            }
            Some(first) if *first == security => {}
            Some(_) => self.differs_in_server("/security", number),
        }
    }

    fn origin(&self, pointer: &str) -> usize {
        self.origins.get(pointer).copied().unwrap_or_default()
    }

    fn name(&self, number: usize) -> &str {
        self.names.get(number).map(|(name, _)| name.as_str()).unwrap_or_default()
    }

    fn info(&self, number: usize) -> Option<&Info> {
        self.names.get(number).map(|(_, info)| info)
    }

    /// Whether what is there is the main server's, and the document another's.
    fn gives_way(&self, pointer: &str, number: usize) -> bool {
        self.main.is_some()
            && self.info(self.origin(pointer)) == self.main.as_ref()
            && self.info(number) != self.main.as_ref()
    }

    /// Like [`Self::differs`], if both documents are of one server: each server has its own.
    fn differs_in_server(&mut self, pointer: &str, number: usize) {
        if self.info(self.origin(pointer)) == self.info(number) {
            self.differs(pointer, number);
        }
    }

    fn differs(&mut self, pointer: &str, number: usize) {
        let (first, second) = (self.name(self.origin(pointer)), self.name(number));
        let message = format!("{first} and {second} describe this differently");
        self.problems.push(problem(pointer, message));
    }
}

/// Adds what a document has under a name; tells whether it is what others have there.
fn add<T: PartialEq>(
    all: &mut IndexMap<String, T>,
    origins: &mut HashMap<String, usize>,
    name: String,
    item: T,
    (pointer, number): (&str, usize),
) -> bool {
    match all.entry(name) {
        Entry::Vacant(entry) => {
            entry.insert(item);
            origins.insert(pointer.to_owned(), number);
            true
        }
        Entry::Occupied(entry) => *entry.get() == item,
    }
}

/// Gives both the kinds of both.
fn join_kinds(schema: &mut ReferenceOr<Schema>, other: &mut ReferenceOr<Schema>) {
    let (ReferenceOr::Item(schema), ReferenceOr::Item(other)) = (schema, other) else { return };
    let (schema, other) = (&mut schema.schema_data, &mut other.schema_data);
    let mut kinds = group_version_kinds(schema);
    let more = group_version_kinds(other);
    if kinds != more {
        kinds.extend(more);
        kinds.sort();
        kinds.dedup();
        // Strings can always be written.
        let kinds = serde_json::to_value(kinds).unwrap_or_default();
        for data in [schema, other] {
            data.extensions.insert(GROUP_VERSION_KIND.to_owned(), kinds.clone());
        }
    }
}

fn problem(pointer: &str, message: String) -> Problem {
    Problem { pointer: pointer.to_owned(), message }
}
