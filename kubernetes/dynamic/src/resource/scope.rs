use kubernetes_core::{
    ApplyRequest, CreateRequest, DeleteCollectionRequest, DeleteRequest, ListRequest, Patch, PatchRequest, Path,
    ReadRequest, ReplaceRequest, Str,
};

use super::ApiResource;
use crate::DynamicObject;

/// The objects of a resource in one namespace, in all namespaces, or in the cluster; creates the requests for them.
///
/// ```
/// use kubernetes_core::{GroupVersionKind, Patch};
/// use kubernetes_dynamic::ApiResource;
/// use serde_json::json;
///
/// let deployments = ApiResource::new(&GroupVersionKind::new("apps", "v1", "Deployment"), "deployments", true);
/// let shop = deployments.in_namespace("shop");
///
/// let patch = Patch::merge(&json!({"spec": {"replicas": 3}}));
/// let request = shop.patch("web", &patch).subresource("scale");
/// assert_eq!(format!("{:?}", request.request()), "PATCH /apis/apps/v1/namespaces/shop/deployments/web/scale");
/// ```
///
/// Requests have the same views as those for models: [`metadata_only`](ListRequest::metadata_only),
/// [`table`](ListRequest::table), [`raw`](ListRequest::raw), and [`read_as`](ListRequest::read_as) for a known type.
#[derive(Clone, Debug)]
pub struct ScopedResource {
    /// `/apis/apps/v1`
    root: Path,
    plural: Str,
    scope: Scope,
}

#[derive(Clone, Debug)]
enum Scope {
    Namespace(Str),
    AllNamespaces,
    Cluster,
    /// The reason why the resource has no objects there.
    Invalid(String),
}

impl ScopedResource {
    pub(super) fn in_namespace(resource: &ApiResource, namespace: Str) -> Self {
        let scope = match resource.namespaced {
            true => Scope::Namespace(namespace),
            false => Scope::Invalid(format!("{resource} is cluster-scoped: use `cluster()`")),
        };
        Self::new(resource, scope)
    }

    pub(super) fn all_namespaces(resource: &ApiResource) -> Self {
        Self::new(resource, Scope::AllNamespaces)
    }

    pub(super) fn cluster(resource: &ApiResource) -> Self {
        let scope = match resource.namespaced {
            true => {
                Scope::Invalid(format!("{resource} is namespaced: use `in_namespace(namespace)` or `all_namespaces()`"))
            }
            false => Scope::Cluster,
        };
        Self::new(resource, scope)
    }

    fn new(resource: &ApiResource, scope: Scope) -> Self {
        let root = match resource.group.as_str() {
            "" => Path::new("/api/{version}", &[&resource.version]),
            group => Path::new("/apis/{group}/{version}", &[group, &resource.version]),
        };
        Self { root, plural: resource.plural.clone(), scope }
    }

    /// The namespace, if there is just one.
    pub fn namespace(&self) -> Option<&str> {
        match &self.scope {
            Scope::Namespace(namespace) => Some(namespace),
            Scope::AllNamespaces | Scope::Cluster | Scope::Invalid(_) => None,
        }
    }

    /// The path of the collection.
    pub fn collection(&self) -> Path {
        let root = self.root.clone();
        let parent = match &self.scope {
            Scope::Namespace(namespace) => root.segment("namespaces", "namespaces").segment("namespace", namespace),
            Scope::AllNamespaces | Scope::Cluster => root,
            Scope::Invalid(reason) => Path::invalid(reason.as_str()),
        };
        parent.segment("plural", &self.plural)
    }

    /// The path of an object; [`Path::subresource`] appends a subresource.
    pub fn path(&self, name: impl AsRef<str>) -> Path {
        match self.scope {
            Scope::AllNamespaces => Path::invalid(format!(
                "{}/{}: an object of a namespaced resource needs a namespace: use `in_namespace(namespace)`",
                self.plural,
                name.as_ref()
            )),
            Scope::Namespace(_) | Scope::Cluster | Scope::Invalid(_) => {
                self.collection().segment("name", name.as_ref())
            }
        }
    }

    /// Lists the objects. Use the request for watches, reflectors and informers, too.
    pub fn list(&self) -> ListRequest<DynamicObject> {
        ListRequest::at(self.collection())
    }

    /// Reads an object.
    pub fn read(&self, name: impl AsRef<str>) -> ReadRequest<DynamicObject> {
        ReadRequest::at(self.path(name))
    }

    /// Creates an object.
    pub fn create<'a>(&self, object: &'a DynamicObject) -> CreateRequest<'a, DynamicObject> {
        CreateRequest::at(self.collection(), object)
    }

    /// Replaces the object with this name.
    pub fn replace<'a>(&self, object: &'a DynamicObject) -> ReplaceRequest<'a, DynamicObject> {
        ReplaceRequest::at(self.path(object.name()), object)
    }

    /// Patches an object.
    pub fn patch<'a>(&self, name: impl AsRef<str>, patch: &'a Patch) -> PatchRequest<'a, DynamicObject> {
        PatchRequest::at(self.path(name), patch)
    }

    /// Applies an object as the given manager.
    pub fn apply<'a>(
        &self,
        object: &'a DynamicObject,
        field_manager: impl Into<Str>,
    ) -> ApplyRequest<'a, DynamicObject> {
        ApplyRequest::at(self.path(object.name()), object, field_manager)
    }

    /// Deletes an object.
    pub fn delete(&self, name: impl AsRef<str>) -> DeleteRequest<DynamicObject> {
        DeleteRequest::at(self.path(name))
    }

    /// Deletes all objects selected by the request.
    pub fn delete_collection(&self) -> DeleteCollectionRequest<DynamicObject> {
        DeleteCollectionRequest::at(self.collection())
    }

    /// Reads a subresource whose type differs from the object's, such as `scale`, as a model or a [`DynamicObject`].
    pub fn read_subresource<T>(&self, name: impl AsRef<str>, subresource: impl AsRef<str>) -> ReadRequest<T> {
        ReadRequest::at(self.path(name).subresource(subresource))
    }

    /// Replaces a subresource whose type differs from the object's.
    pub fn replace_subresource<'a, T>(
        &self,
        name: impl AsRef<str>,
        subresource: impl AsRef<str>,
        body: &'a T,
    ) -> ReplaceRequest<'a, T> {
        ReplaceRequest::at(self.path(name).subresource(subresource), body)
    }

    /// Posts to a subresource, such as `eviction`; the response is an `O`.
    pub fn create_subresource<'a, T, O>(
        &self,
        name: impl AsRef<str>,
        subresource: impl AsRef<str>,
        body: &'a T,
    ) -> CreateRequest<'a, T, O> {
        CreateRequest::at(self.path(name).subresource(subresource), body)
    }
}
