//! Writes values back to kubeconfig files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::edit::{self, Step};
use super::entry::{Entry, find};
use super::schema::User;
use super::{Kubeconfig, decode_text, unreadable};
use crate::error::Place;
use crate::files::lock::Lock;
use crate::files::replace::replace;
use crate::{Error, MAX_FILE_BYTES, Secret, files, token};

/// A user's entry in a kubeconfig file, to store new tokens.
///
/// A write to a kubeconfig file:
/// - changes nothing but the value: order, comments and unknown keys stay. If an alias, a merge key or the like
///   prevents this, the first document of the file is rewritten with all its keys but without comments. (kubectl keeps
///   neither comments nor unknown keys.)
/// - writes a new file next to the old one and renames it, so that other programs never read a partial file; mode,
///   owner and symbolic links stay.
/// - holds kubectl's lock, `<file>.lock`, for which it waits up to a second.
/// - blocks the thread.
///
/// A [`Kubeconfig`] or [`Config`](crate::Config) that was loaded earlier does not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeconfigUser {
    file: PathBuf,
    name: String,
}

impl KubeconfigUser {
    pub(crate) fn of(user: &Entry<User>) -> Option<Self> {
        user.file().map(|file| Self { file: file.to_owned(), name: user.name.clone() })
    }

    /// The file with the entry.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The user's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Writes the user's `token`.
    ///
    /// # Errors
    ///
    /// Returns an error if the token is empty or not valid in a header, the file no longer has the user, or it can't be
    /// changed.
    pub fn save_token(&self, token: &Secret) -> Result<(), Error> {
        if token.expose().is_empty() || !token::is_header_text(token.expose()) {
            let message = "the new token is empty, or contains a character not allowed in a header";
            return Err(Error::new(self.place("token"), message));
        }
        update(&self.file, |text| edit::set(text, &self.steps(&["token"]), &token.expose().into())).map(|_| ())
    }

    /// Writes values to the configuration of the user's `auth-provider`, such as `id-token` and `refresh-token`.
    ///
    /// # Errors
    ///
    /// Returns an error if the file no longer has the user, the user no longer has an auth provider, or the file can't
    /// be changed.
    pub fn save_auth_provider(&self, values: &[(&str, &Secret)]) -> Result<(), Error> {
        let saved = update(&self.file, |text| {
            // As in client-go's persister: another login method has replaced it.
            let kubeconfig = Kubeconfig::parse(text, &self.file).map_err(|_| "is not a kubeconfig")?;
            let user = find(&kubeconfig.users, &self.name).ok_or("no longer has the user")?;
            user.value.auth_provider.as_ref().ok_or("has no auth-provider for the user any more")?;
            let mut text = text.to_owned();
            for (key, value) in values {
                let steps = self.steps(&["auth-provider", "config", key]);
                text = edit::set(&text, &steps, &value.expose().into())?;
            }
            Ok(text)
        });
        saved.map(|_| ())
    }

    fn steps(&self, keys: &[&str]) -> Vec<Step> {
        let mut steps = vec![Step::Key("users".to_owned()), Step::Named(self.name.clone())];
        steps.push(Step::Key("user".to_owned()));
        steps.extend(keys.iter().map(|key| Step::Key((*key).to_owned())));
        steps
    }

    fn place(&self, key: &str) -> Place {
        let field = Some(format!("users[name={}].user.{key}", self.name));
        Place { field, ..Place::file(&self.file) }
    }
}

/// The text with another current context.
pub(crate) fn current_context(text: &str, name: &str) -> Result<String, &'static str> {
    edit::set(text, &[Step::Key("current-context".to_owned())], &Value::from(name))
}

/// Changes an existing file, and returns its new content.
pub(crate) fn update(
    file: &Path,
    change: impl FnOnce(&str) -> Result<String, &'static str>,
) -> Result<Kubeconfig, Error> {
    let _locks = lock(file)?;
    let text = decode_text(files::read(file).map_err(|error| unreadable(file, error))?, file)?;
    let (mark, text) = text.strip_prefix('\u{feff}').map_or(("", text.as_str()), |rest| ("\u{feff}", rest));
    // Before the change, so that errors name the line that the user sees.
    Kubeconfig::parse(text, file)?;
    let changed = change(text).map_err(|message| Error::new(Place::file(file), message))?;
    if (mark.len() + changed.len()) as u64 > MAX_FILE_BYTES {
        let message = format!("would become larger than {MAX_FILE_BYTES} bytes");
        return Err(Error::new(Place::file(file), message));
    }
    let kubeconfig = Kubeconfig::parse(&changed, file)?;
    if changed != text {
        replace(file, format!("{mark}{changed}").as_bytes())
            .map_err(|error| Error::new(Place::file(file), "can't be changed").with_source(error))?;
    }
    Ok(kubeconfig)
}

/// Locks the file by its name, as kubectl does, and the target of a link.
fn lock(file: &Path) -> Result<(Lock, Option<Lock>), Error> {
    let acquire = |locked: &Path| {
        Lock::acquire(locked).map_err(|error| {
            let lock = Lock::path(locked);
            let message = match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    format!("another program is changing it; if none is running, remove {}", lock.display())
                }
                _ => format!("can't be changed: can't create {}", lock.display()),
            };
            Error::new(Place::file(file), message).with_source(error)
        })
    };
    let lock = acquire(file)?;
    // A missing file is reported when it is read.
    let target = fs::canonicalize(file).ok().filter(|target| !lock.is_of(target));
    Ok((lock, target.as_deref().map(acquire).transpose()?))
}
