use super::MapError;

/// The parts of a name: `deployments`, `deployments.apps` or `deployments.v1.apps`.
pub(super) struct Name<'a> {
    /// In lower case, like all names of resources; kinds are compared ignoring case.
    pub(super) resource: String,
    group: Option<&'a str>,
    version: Option<&'a str>,
}

/// The way in which the group of a name is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum GroupMatch {
    Exact,
    /// `storageclasses.storage` matches the group `storage.k8s.io`.
    Prefix,
}

impl<'a> Name<'a> {
    /// The possible meanings of a text, in the order in which they are tried: the part after a dot is a version and a
    /// group, or a group.
    ///
    /// # Errors
    /// Returns an error if the text is empty or has a slash.
    pub(super) fn meanings(text: &'a str) -> Result<Vec<Self>, MapError> {
        if text.contains('/') {
            return Err(MapError::invalid(text, "a `/` separates a resource from the name of an object"));
        }
        let mut parts = text.splitn(3, '.');
        let resource = parts.next().unwrap_or_default().to_lowercase();
        if resource.is_empty() {
            return Err(MapError::invalid(text, "it is empty before the first `.`"));
        }
        let meaning = |group, version| Self { resource: resource.clone(), group, version };
        let mut meanings = Vec::new();
        if let (Some(version), Some(group)) = (parts.next(), parts.next()) {
            meanings.push(meaning(Some(group), Some(version)));
        }
        let group = text.split_once('.').map(|(_, group)| group);
        meanings.push(meaning(group.filter(|group| !group.is_empty()), None));
        Ok(meanings)
    }

    pub(super) fn has_group(&self, group: &str, how: GroupMatch) -> bool {
        match (self.group, how) {
            (None, GroupMatch::Exact) => true,
            (Some(wanted), GroupMatch::Exact) => wanted == group,
            // The core group has no name that could have a prefix.
            (None | Some(""), GroupMatch::Prefix) => false,
            (Some(wanted), GroupMatch::Prefix) => group.starts_with(wanted),
        }
    }

    pub(super) fn has_version(&self, version: &str) -> bool {
        self.version.is_none_or(|wanted| wanted == version)
    }
}
