use kubernetes_client::ResourcePath;
use kubernetes_core::selector::{FieldSelector, LabelSelector};
use kubernetes_core::{GroupVersionResource, ListRequest, Map, ObjectKey, PartialObjectMetadata, Path, Str};

/// The objects that a list request is about.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) resource: GroupVersionResource,
    namespace: Option<Str>,
    labels: Option<LabelSelector>,
    fields: Option<FieldSelector>,
    label_selector: Option<Str>,
}

impl Scope {
    /// `None` if the request's path does not name a resource.
    pub(crate) fn of<K>(request: &ListRequest<K>) -> Option<Self> {
        let request = request.request();
        let path = ResourcePath::parse(request.path.as_str().ok()?)?;
        Some(Self {
            resource: path.group_version_resource(),
            namespace: path.namespace().map(Str::from),
            // The server refuses a selector that can't be parsed.
            labels: request.query.get("labelSelector").and_then(|selector| selector.parse().ok()),
            label_selector: request.query.get("labelSelector").map(Str::from),
            fields: request.query.get("fieldSelector").and_then(|selector| selector.parse().ok()),
        })
    }

    /// Whether the objects are of this resource, in whatever version.
    pub(crate) fn is_of(&self, resource: &GroupVersionResource) -> bool {
        self.resource.group == resource.group && self.resource.resource == resource.resource
    }

    pub(crate) fn has_namespace(&self, namespace: Option<&str>) -> bool {
        self.namespace.as_deref().is_none_or(|own| Some(own) == namespace)
    }

    /// Whether an object with these names and labels may be selected: of other fields, nothing is known.
    pub(crate) fn may_select(&self, key: &ObjectKey, labels: &Map<Str>) -> bool {
        let has_field = |(field, equal, value): (&str, bool, &str)| match field {
            "metadata.name" => (key.name() == value) == equal,
            "metadata.namespace" => (key.namespace().unwrap_or_default() == value) == equal,
            _ => true,
        };
        self.has_namespace(key.namespace())
            && self.labels.as_ref().is_none_or(|selector| selector.matches(labels))
            && self.fields.as_ref().is_none_or(|selector| selector.terms().all(has_field))
    }

    /// Whether objects are selected by fields that only the server knows.
    pub(crate) fn has_other_fields(&self) -> bool {
        let is_other = |field: &str| !matches!(field, "metadata.name" | "metadata.namespace");
        self.fields.as_ref().is_some_and(|selector| selector.terms().any(|(field, ..)| is_other(field)))
    }

    /// Whether there is a selector.
    pub(crate) fn is_selective(&self) -> bool {
        self.fields.is_some() || self.labels.is_some()
    }

    /// The request for an object if it is selected: a list of at most one.
    pub(crate) fn selected(&self, key: &ObjectKey) -> ListRequest<PartialObjectMetadata<()>> {
        let mut fields = format!("metadata.name={}", key.name());
        if let Some(selector) = self.fields.as_ref() {
            fields.push_str(&format!(",{selector}"));
        }
        let request = ListRequest::<()>::at(self.resource.path(key.namespace())).metadata_only().field_selector(fields);
        match &self.label_selector {
            None => request,
            Some(selector) => request.label_selector(selector.clone()),
        }
    }

    /// The path of an object.
    pub(crate) fn path(&self, key: &ObjectKey) -> Path {
        self.resource.path(key.namespace()).object(key.name())
    }

    /// The path of all objects in the namespace, or in all.
    pub(crate) fn collection(&self) -> Path {
        self.resource.path(self.namespace.as_deref())
    }
}
