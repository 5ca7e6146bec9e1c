use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kubernetes_core::GroupVersion;
use kubernetes_core::json::DecodeError;

use super::files;
use crate::discovery::{DiscoveryFailure, read_groups, read_resources, write_groups, write_resources};
use crate::{Discovery, clock};

/// `servergroups.json`, and `<group>/<version>/serverresources.json` for each version.
#[derive(Clone, Debug)]
pub(crate) struct Documents {
    folder: PathBuf,
    ttl: Duration,
}

impl Documents {
    pub(super) fn new(folder: PathBuf, ttl: Duration) -> Self {
        Self { folder, ttl }
    }

    /// Reads the last discovery, unless it is missing or too old.
    ///
    /// kubectl writes no file for a version that has no resources or does not respond: such a version is a failure.
    pub(crate) async fn read(&self) -> Option<Discovery> {
        let documents = self.clone();
        let read = tokio::task::spawn_blocking(move || documents.read_blocking());
        match read.await {
            Ok(Ok(discovery)) => Some(discovery),
            Ok(Err(error)) => {
                tracing::debug!(folder = %self.folder.display(), %error, "the discovery cache is not used");
                None
            }
            Err(_) => None,
        }
    }

    fn read_blocking(&self) -> io::Result<Discovery> {
        let bytes = self.file(&self.folder.join("servergroups.json"))?;
        let groups = read_groups(&bytes).map_err(invalid)?;
        let mut discovery = Discovery { groups, failures: Vec::new() };
        for group_version in versions(&discovery) {
            let Some(path) = self.resources_path(&group_version) else { continue };
            match self.file(&path) {
                Ok(bytes) => {
                    let resources = read_resources(&bytes, &group_version).map_err(invalid)?;
                    discovery.set_resources(&group_version, resources);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    discovery.fail(DiscoveryFailure::not_cached(group_version));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(discovery)
    }

    /// A file that is not too old.
    fn file(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = File::open(path)?;
        let modified = file.metadata()?.modified()?;
        if clock::wall().duration_since(modified).is_ok_and(|age| age > self.ttl) {
            return Err(io::Error::other(format!("{} is too old", path.display())));
        }
        files::read(file)
    }

    /// Writes the result of a discovery. As in kubectl, a version that has no resources or did not respond keeps its
    /// last state.
    pub(crate) async fn write(&self, discovery: Arc<Discovery>) {
        let documents = self.clone();
        let written = tokio::task::spawn_blocking(move || documents.write_blocking(&discovery));
        if let Ok(Err(error)) = written.await {
            tracing::warn!(folder = %self.folder.display(), %error, "can't write the discovery cache");
        }
    }

    fn write_blocking(&self, discovery: &Discovery) -> io::Result<()> {
        if discovery.groups.is_empty() {
            return Ok(());
        }
        for group_version in versions(discovery) {
            let Some(version) = discovery.version(&group_version.group, &group_version.version) else { continue };
            let Some(path) = self.resources_path(&group_version) else { continue };
            if version.resources.is_empty() || version.is_stale() {
                continue;
            }
            let text = write_resources(&group_version, &version.resources);
            files::write(&path, path.parent().unwrap_or(&self.folder), &[text.as_bytes()])?;
        }
        // Written last, so that its readers find the other files.
        let text = write_groups(&discovery.groups);
        files::write(&self.folder.join("servergroups.json"), &self.folder, &[text.as_bytes()])
    }

    /// `None` for names that would lead out of the folder, which API servers do not have.
    fn resources_path(&self, group_version: &GroupVersion) -> Option<PathBuf> {
        let GroupVersion { group, version } = group_version;
        let is_safe = |name: &str| {
            !name.starts_with('.') && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
        };
        let safe = is_safe(group) && is_safe(version) && !version.is_empty();
        safe.then(|| self.folder.join(group.as_str()).join(version.as_str()).join("serverresources.json"))
    }
}

fn versions(discovery: &Discovery) -> Vec<GroupVersion> {
    let of_group = |group: &crate::ApiGroup| {
        group.versions.iter().map(|version| GroupVersion::new(&group.name, &version.version)).collect::<Vec<_>>()
    };
    discovery.groups.iter().flat_map(of_group).collect()
}

fn invalid(error: DecodeError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}
