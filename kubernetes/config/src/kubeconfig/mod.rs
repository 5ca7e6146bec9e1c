//! Kubeconfig files: finding, reading and merging them.

mod edit;
pub(crate) mod entry;
pub(crate) mod from_node;
pub(crate) mod schema;
mod user;

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::Place;
use crate::{Environment, Error, files};

pub use user::KubeconfigUser;

use entry::{Entry, add_new, entries, find, line, list_names, names, set};
use schema::{Cluster, Context, User};

/// One kubeconfig file, or several merged: clusters, users, and contexts that combine one of each.
///
/// Every entry knows its file, for errors and relative paths. `Debug` shows only names.
#[derive(Clone)]
pub struct Kubeconfig {
    files: Vec<Arc<Path>>,
    current_context: Option<CurrentContext>,
    pub(crate) clusters: Vec<Entry<Cluster>>,
    pub(crate) contexts: Vec<Entry<Context>>,
    pub(crate) users: Vec<Entry<User>>,
}

/// The result of the search for kubeconfig files.
pub(crate) enum Lookup {
    Found(Kubeconfig),
    /// No file exists; the error names the places that were tried.
    NotFound(Error),
}

#[derive(Clone)]
struct CurrentContext {
    name: String,
    place: Place,
}

impl Kubeconfig {
    /// Reads `$KUBECONFIG`, which may name several files, or else `~/.kube/config`.
    ///
    /// If several files define a name or set the current context, the first one wins; files that do not exist are
    /// skipped.
    ///
    /// # Errors
    ///
    /// Returns an error if no file exists, or if one can't be read or is not a kubeconfig.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_environment(&Environment::from_process())
    }

    /// Like [`from_env`](Self::from_env), but with the given environment.
    ///
    /// # Errors
    ///
    /// See [`from_env`](Self::from_env).
    pub fn from_environment(environment: &Environment) -> Result<Self, Error> {
        match Self::find(environment)? {
            Lookup::Found(kubeconfig) => Ok(kubeconfig),
            Lookup::NotFound(error) => Err(error),
        }
    }

    /// Reads one file.
    ///
    /// # Errors
    ///
    /// Returns an error if the file can't be read, is larger than [`MAX_FILE_BYTES`](crate::MAX_FILE_BYTES), or is not
    /// a kubeconfig.
    pub fn read(path: &Path) -> Result<Self, Error> {
        Self::read_existing(path)?.map_err(|error| unreadable(path, error))
    }

    /// Parses the content of the file `path`. Errors name the file, and relative paths are resolved against its
    /// directory.
    ///
    /// The file itself is not read. Unknown keys and a byte order mark are allowed.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not YAML or JSON, if a value has the wrong type, if two entries have the same
    /// name, or if `kind` or `apiVersion` are not `Config` and `v1`.
    pub fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        let file: Arc<Path> = std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).into();
        let document = schema::parse(text.strip_prefix('\u{feff}').unwrap_or(text), &file)?;
        let place = |field: &str, line| Place { line, field: Some(field.to_owned()), ..Place::file(&file) };
        for (field, value, expected) in
            [("kind", &document.kind, "Config"), ("apiVersion", &document.api_version, "v1")]
        {
            if let Some(other) = set(value).filter(|value| value.value != expected) {
                return Err(Error::new(place(field, line(other)), format!("must be {expected} in a kubeconfig")));
            }
        }
        let current_context = set(&document.current_context)
            .map(|name| CurrentContext { place: place("current-context", line(name)), name: name.value.clone() });
        Ok(Self {
            clusters: entries(&file, "clusters", "cluster", document.clusters, |it| (it.name, it.cluster))?,
            contexts: entries(&file, "contexts", "context", document.contexts, |it| (it.name, it.context))?,
            users: entries(&file, "users", "user", document.users, |it| (it.name, it.user))?,
            files: vec![file],
            current_context,
        })
    }

    /// A kubeconfig without any file, context, cluster or user.
    pub(crate) fn empty() -> Self {
        Self { files: vec![], current_context: None, clusters: vec![], contexts: vec![], users: vec![] }
    }

    /// Adds the entries and the current context of `other` that this one lacks.
    pub fn merge(&mut self, other: Self) {
        add_new(&mut self.clusters, other.clusters);
        add_new(&mut self.contexts, other.contexts);
        add_new(&mut self.users, other.users);
        self.current_context = self.current_context.take().or(other.current_context);
        self.files.extend(other.files);
    }

    /// The names of the contexts, in the order of the files.
    pub fn contexts(&self) -> impl Iterator<Item = &str> {
        self.contexts.iter().map(|context| context.name.as_str())
    }

    /// The contexts with their clusters and users, in the order of the files.
    pub fn context_entries(&self) -> impl Iterator<Item = KubeconfigContext<'_>> {
        let current = self.current_context();
        self.contexts.iter().map(move |entry| KubeconfigContext {
            name: &entry.name,
            cluster: set(&entry.value.cluster).map(|name| name.value.as_str()),
            user: set(&entry.value.user).map(|name| name.value.as_str()),
            namespace: entry.value.namespace.as_deref().filter(|name| !name.is_empty()),
            is_current: current == Some(entry.name.as_str()),
        })
    }

    /// The names of the clusters, in the order of the files.
    pub fn clusters(&self) -> impl Iterator<Item = &str> {
        names(&self.clusters).into_iter()
    }

    /// The names of the users, in the order of the files.
    pub fn users(&self) -> impl Iterator<Item = &str> {
        names(&self.users).into_iter()
    }

    /// A user's entry, to be changed; `None` if there is no such user.
    pub fn user(&self, name: &str) -> Option<KubeconfigUser> {
        find(&self.users, name).and_then(KubeconfigUser::of)
    }

    /// Makes a context the current one, here and in the first of the [`files`](Self::files), as kubectl does.
    ///
    /// The file is changed as [`KubeconfigUser`] describes.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such context, or the file can't be changed.
    pub fn save_current_context(&mut self, name: &str) -> Result<(), Error> {
        if find(&self.contexts, name).is_none() {
            return Err(self.unknown_context(name, true));
        }
        let Some(file) = self.files.first() else {
            return Err(Error::new(Place::default(), "there is no kubeconfig file to write the current context to"));
        };
        self.current_context = user::update(file, |text| user::current_context(text, name))?.current_context;
        Ok(())
    }

    /// The name of the context that is used by default. The context may not exist.
    pub fn current_context(&self) -> Option<&str> {
        self.current_context.as_ref().map(|current| current.name.as_str())
    }

    /// The absolute paths of the files that were read, in order of precedence.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(AsRef::as_ref)
    }

    pub(crate) fn find(environment: &Environment) -> Result<Lookup, Error> {
        let (paths, origin) = match (&environment.kubeconfig, &environment.home) {
            (Some(list), _) => (std::env::split_paths(list).collect(), "$KUBECONFIG names"),
            (None, Some(home)) => (vec![home.join(".kube").join("config")], "$KUBECONFIG is not set; looked for"),
            (None, None) => {
                let message = "$KUBECONFIG is not set, and there is no home directory with a .kube/config";
                return Ok(Lookup::NotFound(Error::not_found(message)));
            }
        };
        let mut seen = HashSet::new();
        let mut missing = Vec::new();
        let mut found: Option<Self> = None;
        for path in paths.iter().filter(|path: &&PathBuf| !path.as_os_str().is_empty() && seen.insert(*path)) {
            match (Self::read_existing(path)?, &mut found) {
                (Ok(kubeconfig), Some(first)) => first.merge(kubeconfig),
                (Ok(kubeconfig), None) => found = Some(kubeconfig),
                (Err(_), _) => missing.push(path.display().to_string()),
            }
        }
        Ok(found.map_or_else(
            || {
                let message = match missing.len() {
                    0 => "$KUBECONFIG names no file".to_owned(),
                    1 => format!("{origin} {}, which does not exist", missing.concat()),
                    _ => format!("{origin} {}, none of which exists", missing.join(", ")),
                };
                Lookup::NotFound(match environment.kubeconfig {
                    Some(_) => Error::new(Place::default(), message),
                    None => Error::not_found(message),
                })
            },
            Lookup::Found,
        ))
    }

    pub(crate) fn no_current_context(&self) -> Error {
        let place = self.files.first().map_or_else(Place::default, |file| Place::file(file));
        let message = format!("no current-context is set and no context was given; {}", self.known_contexts());
        Error::new(Place { field: Some("current-context".to_owned()), ..place }, message)
    }

    pub(crate) fn unknown_context(&self, name: &str, asked: bool) -> Error {
        let known = self.known_contexts();
        match &self.current_context {
            Some(current) if !asked => {
                Error::new(current.place.clone(), format!("there is no context {name:?}; {known}"))
            }
            _ => {
                let place = self.files.first().map_or_else(Place::default, |file| Place::file(file));
                Error::new(place, format!("there is no context {name:?}; {known}"))
            }
        }
    }

    fn known_contexts(&self) -> String {
        list_names("contexts", self.contexts())
    }

    /// `Ok(Err(…))` when there is no such file.
    fn read_existing(path: &Path) -> Result<io::Result<Self>, Error> {
        let bytes = match files::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Err(error)),
            Err(error) => return Err(unreadable(path, error)),
        };
        Self::parse(&decode_text(bytes, path)?, path).map(Ok)
    }
}

/// A context, with the names of its cluster and user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KubeconfigContext<'a> {
    /// The context's name.
    pub name: &'a str,
    /// The cluster, which may not exist.
    pub cluster: Option<&'a str>,
    /// The user, who may not exist.
    pub user: Option<&'a str>,
    /// The namespace; without one, `default` is used.
    pub namespace: Option<&'a str>,
    /// Whether this is the default context.
    pub is_current: bool,
}

impl fmt::Debug for Kubeconfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kubeconfig")
            .field("files", &self.files)
            .field("current_context", &self.current_context())
            .field("clusters", &names(&self.clusters))
            .field("contexts", &names(&self.contexts))
            .field("users", &names(&self.users))
            .finish()
    }
}

/// Decodes UTF-8, or UTF-16 with a byte order mark, which Windows PowerShell writes and kubectl reads.
fn decode_text(bytes: Vec<u8>, path: &Path) -> Result<String, Error> {
    let utf16 = |unit: fn([u8; 2]) -> u16| {
        let (units, rest) = bytes.as_chunks::<2>();
        let text = char::decode_utf16(units.iter().map(|pair| unit(*pair))).collect::<Result<String, _>>();
        text.ok().filter(|_| rest.is_empty())
    };
    let text = match bytes.get(..2) {
        Some([0xff, 0xfe]) => utf16(u16::from_le_bytes),
        Some([0xfe, 0xff]) => utf16(u16::from_be_bytes),
        _ => String::from_utf8(bytes).ok(),
    };
    text.ok_or_else(|| Error::new(Place::file(path), "is not valid UTF-8; save the kubeconfig as UTF-8"))
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    Error::new(Place::file(path), "can't read the kubeconfig").with_source(error)
}
