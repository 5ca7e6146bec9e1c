use std::collections::HashMap;

use indexmap::map::Entry;
use openapiv3::SecurityRequirement;

use crate::document::{Info, Swagger};
use crate::error::{Error, Problem};
use crate::schema::Schema;

/// What Kubernetes' servers have in common as a library, each in the form of its own release.
const LIBRARY: &str = "io.k8s.apimachinery.";

/// The title of every document of the API server itself; custom resources and aggregated servers have titles of their
/// own.
const MAIN_TITLE: &str = "Kubernetes";

/// Makes one description of the documents of a server, each with its name: those of all groups and versions.
///
/// A document lists with a definition only its own kinds, so the lists are joined. What a server beside the main one (an
/// aggregated one) says of a definition gives way to what the main one says: it has it from the release that it was
/// built with. The main documents are those with the `info` of the one that has `/version/`, or else of the first with
/// the title `Kubernetes`.
///
/// # Errors
///
/// Two documents of the main server, or two others, describe something in different ways, or there is no document. The
/// message names both. What two other servers say of `io.k8s.apimachinery` may differ: the first document counts.
pub fn merge(documents: Vec<(String, Swagger)>) -> Result<Merged, Error> {
    let Some((_, first)) = documents.first() else {
        return Err(Error::new(vec![problem("", "there is no document".to_owned())]));
    };
    let main = main_info(&documents);
    let info = main.as_ref().unwrap_or(&first.info).clone();
    // Documents of the main server first, whatever their order.
    let (mut ordered, rest): (Vec<_>, Vec<_>) = documents.into_iter().partition(|(_, document)| document.info == info);
    ordered.extend(rest);
    let mut merging = Merging { main, merged: Swagger { info, ..Swagger::default() }, ..Merging::default() };
    for (name, document) in ordered {
        merging.add(name, document);
    }
    if merging.problems.is_empty() {
        Ok(Merged { swagger: merging.merged, gave_way: merging.gave_way })
    } else {
        Err(Error::new(merging.problems))
    }
}

/// What [`merge`] makes.
#[derive(Clone, Debug, Default)]
pub struct Merged {
    /// The description of all.
    pub swagger: Swagger,
    /// The definitions, beside those of `io.k8s.apimachinery`, that a server beside the main one describes in another
    /// way; the main server's form was taken.
    pub gave_way: Vec<Problem>,
}

fn main_info(documents: &[(String, Swagger)]) -> Option<Info> {
    let main = documents.iter().find(|(_, document)| document.paths.contains_key("/version/"));
    let main = main.or_else(|| documents.iter().find(|(_, document)| document.info.title == MAIN_TITLE));
    main.map(|(_, document)| document.info.clone())
}

#[derive(Default)]
struct Merging {
    /// That of the main server's documents, if there are any.
    main: Option<Info>,
    merged: Swagger,
    /// The names and servers of the documents so far, and where each definition and path came from.
    names: Vec<(String, Info)>,
    origins: HashMap<String, usize>,
    gave_way: Vec<Problem>,
    problems: Vec<Problem>,
}

impl Merging {
    fn add(&mut self, name: String, document: Swagger) {
        let number = self.names.len();
        self.names.push((name, document.info));
        for (name, schema) in document.definitions {
            self.add_definition(name, schema, number);
        }
        for (path, item) in document.paths {
            let pointer = format!("/paths/{}", path.replace('~', "~0").replace('/', "~1"));
            match self.merged.paths.entry(path) {
                Entry::Vacant(entry) => {
                    entry.insert(item);
                    self.origins.insert(pointer, number);
                }
                Entry::Occupied(entry) if *entry.get() == item => {}
                Entry::Occupied(_) => self.differs(&pointer, number),
            }
        }
        for (name, scheme) in document.security_definitions {
            let pointer = format!("/components/securitySchemes/{name}");
            match self.merged.security_definitions.entry(name) {
                Entry::Vacant(entry) => {
                    entry.insert(scheme);
                    self.origins.insert(pointer, number);
                }
                Entry::Occupied(entry) if *entry.get() == scheme => {}
                Entry::Occupied(_) => self.differs_in_server(&pointer, number),
            }
        }
        self.add_security(document.security, number);
    }

    fn add_definition(&mut self, name: String, mut schema: Schema, number: usize) {
        let is_library = name.starts_with(LIBRARY);
        let pointer = format!("/components/schemas/{name}");
        match self.merged.definitions.entry(name) {
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
                    let message = format!("{other} describes this in another way than {main}, which counts");
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

    /// As [`Self::differs`], if both documents are of one server: each server has its own.
    fn differs_in_server(&mut self, pointer: &str, number: usize) {
        if self.info(self.origin(pointer)) == self.info(number) {
            self.differs(pointer, number);
        }
    }

    fn differs(&mut self, pointer: &str, number: usize) {
        let (first, second) = (self.name(self.origin(pointer)), self.name(number));
        let message = format!("{first} and {second} describe this in different ways");
        self.problems.push(problem(pointer, message));
    }
}

/// Gives both the kinds of both.
fn join_kinds(schema: &mut Schema, other: &mut Schema) {
    let (kinds, more) = (&mut schema.extensions.group_version_kinds, &mut other.extensions.group_version_kinds);
    if kinds != more {
        kinds.append(more);
        kinds.sort();
        kinds.dedup();
        more.clone_from(kinds);
    }
}

fn problem(pointer: &str, message: String) -> Problem {
    Problem { pointer: pointer.to_owned(), message }
}
