use super::types::Type;

/// The definition of one version of a custom resource.
#[derive(Clone, Copy, Debug)]
pub struct Declaration {
    /// The group, such as `stable.example.com`.
    pub group: &'static str,
    /// The kind, such as `CronTab`.
    pub kind: &'static str,
    /// The kind of lists.
    pub list_kind: &'static str,
    /// The name in paths, such as `crontabs`.
    pub plural: &'static str,
    /// The singular name, such as `crontab`.
    pub singular: &'static str,
    /// Short names, such as `ct`.
    pub short_names: &'static [&'static str],
    /// Categories, such as `all`.
    pub categories: &'static [&'static str],
    /// Whether objects are in namespaces.
    pub scope: Scope,
    /// Annotations of the definition.
    pub annotations: &'static [(&'static str, &'static str)],
    /// Labels of the definition.
    pub labels: &'static [(&'static str, &'static str)],
    /// The version.
    pub version: Version,
}

/// The scope of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Objects are in namespaces.
    Namespaced,
    /// Objects are not in a namespace.
    Cluster,
}

/// A version of a custom resource.
#[derive(Clone, Copy, Debug)]
pub struct Version {
    /// The name, such as `v1`.
    pub name: &'static str,
    /// Whether the API server serves it.
    pub served: bool,
    /// Whether the version is deprecated: the server sends a warning, with this text unless it is empty.
    pub deprecated: Option<&'static str>,
    /// The schema of objects.
    pub schema: &'static Type,
    /// Whether the status is a subresource.
    pub status: bool,
    /// The scale subresource.
    pub scale: Option<Scale>,
    /// Columns that kubectl prints.
    pub columns: &'static [Column],
    /// JSON paths of the fields supported by field selectors.
    pub selectable_fields: &'static [&'static str],
}

/// The paths of a scale subresource, such as `.spec.replicas`.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// The path of the desired number of replicas, below `.spec`.
    pub spec_replicas_path: &'static str,
    /// The path of the actual number of replicas, below `.status`.
    pub status_replicas_path: &'static str,
    /// The path of a label selector in text form; empty if there is none.
    pub label_selector_path: &'static str,
}

/// A column of `kubectl get`.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The title.
    pub name: &'static str,
    /// `integer`, `number`, `string`, `boolean` or `date`.
    pub kind: &'static str,
    /// The path of the value, such as `.spec.replicas`.
    pub json_path: &'static str,
    /// The format, such as `int32`; empty if there is none.
    pub format: &'static str,
    /// The description of the column; may be empty.
    pub description: &'static str,
    /// Columns with a priority above 0 are shown only with `-o wide`.
    pub priority: i32,
}
