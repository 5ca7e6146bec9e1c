//! Converts a user's `exec` into an [`ExecConfig`].

use std::path::{MAIN_SEPARATOR, PathBuf};

use crate::error::Place;
use crate::kubeconfig::entry::{Entry, line, set};
use crate::kubeconfig::from_node::{Field, Spanned};
use crate::kubeconfig::schema::{Exec, ExecEnv, User};
use crate::{Error, ExecApiVersion, ExecCluster, ExecConfig, InteractiveMode, Secret};

/// Checks the plugin even if it is not used, as in client-go (`tools/clientcmd/validation.go`).
pub(crate) fn check(user: &Entry<User>) -> Result<(), Error> {
    match &user.value.exec {
        Some(exec) => Plugin { user, exec: &exec.value }.config(ExecCluster::default()).map(|_| ()),
        None => Ok(()),
    }
}

pub(crate) fn config(user: &Entry<User>, cluster: ExecCluster) -> Result<Option<ExecConfig>, Error> {
    user.value.exec.as_ref().map(|exec| Plugin { user, exec: &exec.value }.config(cluster)).transpose()
}

struct Plugin<'a> {
    user: &'a Entry<User>,
    exec: &'a Exec,
}

impl Plugin<'_> {
    fn config(&self, cluster: ExecCluster) -> Result<ExecConfig, Error> {
        let exec = self.exec;
        let api_version = self.api_version()?;
        let args = exec.args.iter().flatten().map(|argument| argument.clone().unwrap_or_default());
        let wants_cluster = exec.provide_cluster_info.unwrap_or_default();
        Ok(ExecConfig {
            api_version,
            command: self.command()?,
            args: args.collect(),
            env: exec.env.iter().flatten().flatten().map(|it| self.variable(it)).collect::<Result<_, _>>()?,
            install_hint: set(&exec.install_hint).map(|hint| without_controls(&hint.value)),
            interactive_mode: self.interactive_mode(api_version)?,
            cluster: wants_cluster.then_some(cluster),
        })
    }

    fn place(&self, key: &str, value: &Field<String>) -> Place {
        self.user.field_in(&format!("exec.{key}"), value, &self.user.value.exec)
    }

    fn api_version(&self) -> Result<ExecApiVersion, Error> {
        let place = self.place("apiVersion", &self.exec.api_version);
        match set(&self.exec.api_version).map(|version| version.value.as_str()) {
            Some("client.authentication.k8s.io/v1") => Ok(ExecApiVersion::V1),
            Some("client.authentication.k8s.io/v1beta1") => Ok(ExecApiVersion::V1Beta1),
            Some("client.authentication.k8s.io/v1alpha1") => Err(Error::new(
                place,
                "v1alpha1 is no longer supported; update the plugin, and change its kubeconfig to client.authentication.k8s.io/v1",
            )),
            Some(_) => Err(Error::new(
                place,
                "must be client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1",
            )),
            None => Err(Error::new(place, "is missing: client.authentication.k8s.io/v1, or v1beta1 for older plugins")),
        }
    }

    /// A path is relative to the kubeconfig's directory; a name is searched for in `$PATH`.
    fn command(&self) -> Result<PathBuf, Error> {
        let Some(command) = set(&self.exec.command) else {
            let place = self.place("command", &self.exec.command);
            return Err(Error::new(place, "is missing: the program to run"));
        };
        let is_path = command.value.contains(MAIN_SEPARATOR);
        Ok(if is_path { self.user.resolve(&command.value) } else { PathBuf::from(&command.value) })
    }

    fn variable(&self, variable: &Spanned<ExecEnv>) -> Result<(String, Secret), Error> {
        let text = |field| set(field).map(|text| text.value.clone()).unwrap_or_default();
        let ExecEnv { name, value } = &variable.value;
        let (name, value) = (text(name), text(value));
        let fault = match name.as_str() {
            "" => "is missing: the name of the variable",
            name if name.contains(['=', '\0']) => "must not contain = or a null character",
            _ if value.contains('\0') => "has a value with a null character",
            _ => return Ok((name, Secret::new(value))),
        };
        let place = self.place("env.name", &None);
        Err(Error::new(Place { line: line(variable).or(place.line), ..place }, fault))
    }

    fn interactive_mode(&self, api_version: ExecApiVersion) -> Result<InteractiveMode, Error> {
        let place = self.place("interactiveMode", &self.exec.interactive_mode);
        match (set(&self.exec.interactive_mode).map(|mode| mode.value.as_str()), api_version) {
            (Some("Never"), _) => Ok(InteractiveMode::Never),
            (Some("IfAvailable"), _) | (None, ExecApiVersion::V1Beta1) => Ok(InteractiveMode::IfAvailable),
            (Some("Always"), _) => Ok(InteractiveMode::Always),
            (Some(_), _) => Err(Error::new(place, "must be Never, IfAvailable or Always")),
            (None, _) => Err(Error::new(place, "is missing: Never, IfAvailable or Always; v1 plugins need it")),
        }
    }
}

/// The text with control characters shown as numbers, like client-go's `cleanANSIEscapeCodes`.
fn without_controls(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' => clean.push(character),
            _ if character.is_control() || is_format(character) => {
                clean.push_str(&format!("U+{:04X}", u32::from(character)));
            }
            _ => clean.push(character),
        }
    }
    clean
}

/// Characters that reorder or hide text.
fn is_format(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(character, '\u{2060}'..='\u{206f}' | '\u{feff}')
}
