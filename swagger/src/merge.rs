use std::collections::HashMap;

use indexmap::map::Entry;

use crate::document::{Info, Swagger};
use crate::error::{Error, Problem};
use crate::schema::Schema;

/// What Kubernetes' servers have in common as a library, each in the form of its own release.
const LIBRARY: &str = "io.k8s.apimachinery.";

/// Makes one description of the documents of a server, each with its name: those of all groups and versions.
///
/// A document lists with a definition only its own kinds, so the lists are joined. What a server beside the main one (an
/// aggregated one) says of `io.k8s.apimachinery` gives way to what the main one says.
///
/// # Errors
///
/// Two documents describe a path or a definition in different ways, or there is none. The message names both.
pub fn merge(documents: Vec<(String, Swagger)>) -> Result<Swagger, Error> {
    let Some(info) = main_info(&documents) else {
        return Err(Error::new(vec![problem("", "there is no document".to_owned())]));
    };
    // Documents of the main server first, whatever their order.
    let (mut ordered, rest): (Vec<_>, Vec<_>) = documents.into_iter().partition(|(_, document)| document.info == info);
    ordered.extend(rest);
    let mut merging = Merging { merged: Swagger { info, ..Swagger::default() }, ..Merging::default() };
    for (name, document) in ordered {
        merging.add(name, document);
    }
    if merging.problems.is_empty() { Ok(merging.merged) } else { Err(Error::new(merging.problems)) }
}

/// That of the document which has the version of the server itself, or of the first.
fn main_info(documents: &[(String, Swagger)]) -> Option<Info> {
    let main = documents.iter().find(|(_, document)| document.paths.contains_key("/version/"));
    main.or(documents.first()).map(|(_, document)| document.info.clone())
}

#[derive(Default)]
struct Merging {
    merged: Swagger,
    /// The names of the documents so far, and where each definition and path came from.
    names: Vec<String>,
    origins: HashMap<String, usize>,
    problems: Vec<Problem>,
}

impl Merging {
    fn add(&mut self, name: String, document: Swagger) {
        let number = self.names.len();
        self.names.push(name);
        for (name, schema) in document.definitions {
            let pointer = format!("/components/schemas/{name}");
            match self.merged.definitions.entry(name) {
                Entry::Vacant(entry) => {
                    entry.insert(schema);
                    self.origins.insert(pointer, number);
                }
                Entry::Occupied(entry) if entry.key().starts_with(LIBRARY) => {
                    let mut schema = schema;
                    join_kinds(entry.into_mut(), &mut schema);
                }
                Entry::Occupied(mut entry) => {
                    let mut schema = schema;
                    join_kinds(entry.get_mut(), &mut schema);
                    if *entry.get() != schema {
                        self.differs(&pointer, number);
                    }
                }
            }
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
            self.merged.security_definitions.entry(name).or_insert(scheme);
        }
        if self.merged.security.is_none() {
            self.merged.security = document.security;
        }
    }

    fn differs(&mut self, pointer: &str, number: usize) {
        let name = |number: usize| self.names.get(number).map(String::as_str).unwrap_or_default();
        let first = self.origins.get(pointer).copied().unwrap_or_default();
        let message = format!("{} and {} describe this in different ways", name(first), name(number));
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
