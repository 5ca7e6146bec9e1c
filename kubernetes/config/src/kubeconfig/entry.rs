//! The named entries of a kubeconfig.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::from_node::{Field, List, Spanned};
use crate::Error;
use crate::error::Place;

/// A named entry of one of the three lists.
#[derive(Clone)]
pub(crate) struct Entry<T> {
    pub(crate) name: String,
    pub(crate) value: T,
    file: Option<Arc<Path>>,
    line: Option<u64>,
    list: &'static str,
    item: &'static str,
    /// The keys with overridden values.
    overridden: Vec<&'static str>,
}

impl<T: Default> Entry<T> {
    /// An entry that is in no file.
    pub(crate) fn synthetic(list: &'static str, item: &'static str) -> Self {
        Self { name: String::new(), value: T::default(), file: None, line: None, list, item, overridden: Vec::new() }
    }
}

impl<T> Entry<T> {
    /// The place of the entry; `None` if it is in no file.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Makes errors about the key refer to the override.
    pub(crate) fn mark_overridden(&mut self, key: &'static str) {
        self.overridden.push(key);
    }

    /// The place of the entry itself, for errors about missing keys.
    pub(crate) fn place(&self) -> Place {
        self.place_of(None, self.line)
    }

    /// The place of a key; its line is that of the value, or else that of the entry.
    pub(crate) fn field<V>(&self, key: &str, value: &Field<V>) -> Place {
        self.place_of(Some(key), value.as_ref().and_then(line).or(self.line))
    }

    /// Like [`field`](Self::field), but for a key in `outer`, whose line is used if the key has none.
    pub(crate) fn field_in<O, V>(&self, key: &str, value: &Field<V>, outer: &Field<O>) -> Place {
        let outer = outer.as_ref().and_then(line);
        self.place_of(Some(key), value.as_ref().and_then(line).or(outer).or(self.line))
    }

    /// Resolves a path in the entry against the directory of its file.
    pub(crate) fn resolve(&self, path: &str) -> PathBuf {
        let directory = self.file.as_ref().and_then(|file| file.parent());
        directory.map_or_else(|| PathBuf::from(path), |directory| directory.join(path))
    }

    fn place_of(&self, key: Option<&str>, line: Option<u64>) -> Place {
        let Self { list, item, name, .. } = self;
        if let Some(key) = key.filter(|key| self.overridden.contains(key)) {
            return Place { field: Some(format!("the override of {key}")), ..Place::default() };
        }
        let key = key.map(|key| format!(".{key}")).unwrap_or_default();
        let field = Some(format!("{list}[name={name}].{item}{key}"));
        Place { file: self.file.as_deref().map(Path::to_owned), line, field }
    }
}

/// The value, unless it is the empty string, which client-go treats as absent.
pub(crate) fn set(value: &Field<String>) -> Option<&Spanned<String>> {
    value.as_ref().filter(|value| !value.value.is_empty())
}

pub(crate) fn find<'a, T>(entries: &'a [Entry<T>], name: &str) -> Option<&'a Entry<T>> {
    entries.iter().find(|entry| entry.name == name)
}

pub(crate) fn names<T>(entries: &[Entry<T>]) -> Vec<&str> {
    entries.iter().map(|entry| entry.name.as_str()).collect()
}

/// `the contexts are "a", "b"`, shortened after ten.
pub(crate) fn list_names<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.map(|name| format!("{name:?}")).collect();
    match quoted.get(..10) {
        _ if quoted.is_empty() => format!("there are no {what}"),
        Some(first) if quoted.len() > 10 => {
            format!("the {what} are {} and {} more", first.join(", "), quoted.len() - first.len())
        }
        _ => format!("the {what} are {}", quoted.join(", ")),
    }
}

pub(crate) fn line<T>(value: &Spanned<T>) -> Option<u64> {
    value.line
}

/// Checks the names of the list: like client-go, refuses a file that defines one twice.
pub(crate) fn entries<N, T: Default>(
    file: &Arc<Path>,
    list: &'static str,
    item: &'static str,
    named: List<N>,
    split: impl Fn(N) -> (Option<String>, Option<T>),
) -> Result<Vec<Entry<T>>, Error> {
    let mut seen = HashSet::new();
    let mut entries = Vec::new();
    for named in named.into_iter().flatten().flatten() {
        let line = line(&named);
        let (name, value) = split(named.value);
        let name = name.unwrap_or_default();
        let entry = Entry {
            value: value.unwrap_or_default(),
            file: Some(Arc::clone(file)),
            line,
            list,
            item,
            name,
            overridden: vec![],
        };
        if !seen.insert(entry.name.clone()) {
            let field = Some(format!("{list}[name={}]", entry.name));
            return Err(Error::new(Place { field, ..entry.place() }, "the name is defined twice in this file"));
        }
        entries.push(entry);
    }
    Ok(entries)
}

/// Appends the entries with new names.
pub(crate) fn add_new<T>(entries: &mut Vec<Entry<T>>, more: Vec<Entry<T>>) {
    let known: HashSet<String> = entries.iter().map(|entry| entry.name.clone()).collect();
    entries.extend(more.into_iter().filter(|entry| !known.contains(&entry.name)));
}
