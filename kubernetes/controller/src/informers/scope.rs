use kubernetes_client::ResourcePath;
use kubernetes_core::selector::{FieldSelector, LabelSelector};
use kubernetes_core::{GroupVersionResource, ListRequest, ObjectKey, ObjectMeta, PartialObjectMetadata, Path, Str};
use kubernetes_watch::Shard;

/// The objects that a list request is about.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) resource: GroupVersionResource,
    namespace: Option<Str>,
    labels: Option<LabelSelector>,
    fields: Option<FieldSelector>,
    label_selector: Option<Str>,
    /// The shards that the request names, which only the server tells apart.
    shard_selector: Option<Str>,
    /// The shard of the informer.
    shard: Option<Shard>,
}

impl Scope {
    /// `None` if the request's path does not name a resource.
    pub(crate) fn of<K>(request: &ListRequest<K>, shard: Option<Shard>) -> Option<Self> {
        let request = request.request();
        let path = ResourcePath::parse(request.path.as_str().ok()?)?;
        Some(Self {
            resource: path.group_version_resource(),
            namespace: path.namespace().map(Str::from),
            // The server refuses a selector that can't be parsed.
            labels: request.query.get("labelSelector").and_then(|selector| selector.parse().ok()),
            label_selector: request.query.get("labelSelector").map(Str::from),
            shard_selector: request.query.get("shardSelector").map(Str::from),
            shard,
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

    /// Whether an object with these metadata may be selected: of other fields, nothing is known.
    pub(crate) fn may_select(&self, key: &ObjectKey, metadata: &ObjectMeta) -> bool {
        let has_field = |(field, equal, value): (&str, bool, &str)| match field {
            "metadata.name" => (key.name() == value) == equal,
            "metadata.namespace" => (key.namespace().unwrap_or_default() == value) == equal,
            _ => true,
        };
        self.has_namespace(key.namespace())
            && self.labels.as_ref().is_none_or(|selector| selector.matches(&metadata.labels))
            && self.has_uid(metadata.uid.as_deref())
            && self.fields.as_ref().is_none_or(|selector| selector.terms().all(has_field))
    }

    /// Whether the store has an object with these metadata if it exists.
    pub(crate) fn covers(&self, key: &ObjectKey, metadata: &ObjectMeta) -> bool {
        !self.has_shard() && !self.is_known_to_server_only() && self.may_select(key, metadata)
    }

    /// Whether the store has all objects of a namespace, or of all.
    pub(crate) fn covers_all(&self, namespace: Option<&str>) -> bool {
        !self.has_shard() && !self.is_selective() && self.has_namespace(namespace)
    }

    /// Whether the informer has a shard.
    pub(crate) fn has_shard(&self) -> bool {
        self.shard.is_some()
    }

    /// Whether an object with this uid is in the informer's shard, if it has one.
    pub(crate) fn has_uid(&self, uid: Option<&str>) -> bool {
        self.shard.is_none_or(|shard| uid.is_none_or(|uid| shard.contains_uid(uid)))
    }

    /// Whether only the server knows which objects are selected: by fields, or by shards.
    pub(crate) fn is_known_to_server_only(&self) -> bool {
        let is_other = |field: &str| !matches!(field, "metadata.name" | "metadata.namespace");
        let has_other_fields =
            self.fields.as_ref().is_some_and(|selector| selector.terms().any(|(field, ..)| is_other(field)));
        has_other_fields || self.shard_selector.is_some()
    }

    /// Whether the request has a selector.
    pub(crate) fn is_selective(&self) -> bool {
        self.fields.is_some() || self.labels.is_some() || self.shard_selector.is_some()
    }

    /// The request for an object if it is selected: a list of at most one.
    pub(crate) fn selected(&self, key: &ObjectKey) -> ListRequest<PartialObjectMetadata<()>> {
        let mut fields = format!("metadata.name={}", key.name());
        if let Some(selector) = self.fields.as_ref() {
            fields.push_str(&format!(",{selector}"));
        }
        let request = ListRequest::<()>::at(self.resource.path(key.namespace())).metadata_only().field_selector(fields);
        let request = match &self.label_selector {
            None => request,
            Some(selector) => request.label_selector(selector.clone()),
        };
        match &self.shard_selector {
            None => request,
            Some(selector) => request.shard_selector(selector.clone()),
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
