//! Reads and writes the parent of a set.

use kubernetes_client::Client;
use kubernetes_core::{GroupVersionKind, Str};
use kubernetes_dynamic::{ApiResource, DynamicObject, Mapper};

use super::contents::{Contents, GroupKind};
use super::{
    ApplySet, ApplySetError, ID_LABEL, KINDS_ANNOTATION, NAMESPACES_ANNOTATION, PARENT_TYPE_LABEL,
    RESOURCES_ANNOTATION, TOOLING_ANNOTATION, tool,
};

impl ApplySet {
    /// The kinds and namespaces of the members so far; nothing if the parent does not exist yet.
    pub(crate) async fn read(&self, client: &Client, mapper: &Mapper) -> Result<Contents, ApplySetError> {
        let parent = &self.parent;
        let is_built_in =
            parent.resource.group.is_empty() && matches!(parent.resource.plural.as_str(), "secrets" | "configmaps");
        if !is_built_in {
            self.check_parent_type(client).await?;
        }
        let object = match parent.scope().read(parent.key.name()).send(client).await {
            Ok(object) => object,
            Err(error) if error.is_not_found() && is_built_in => return Ok(Contents::default()),
            Err(error) => {
                return Err(ApplySetError::request(format!("can't read the parent of the set, {parent}"), error));
            }
        };
        self.check_owner(&object)?;
        let mut contents = Contents { kinds: self.kinds(&object, mapper).await?, ..Contents::default() };
        let annotations = &object.metadata.annotations;
        let namespaces = annotations.get(NAMESPACES_ANNOTATION).map(Str::as_str).unwrap_or_default();
        contents.namespaces = names(namespaces).map(Str::from).collect();
        contents.namespaces.extend(parent.key.namespace().map(Str::from));
        Ok(contents)
    }

    /// Custom resources can be parents only if their definition says so.
    async fn check_parent_type(&self, client: &Client) -> Result<(), ApplySetError> {
        let resource = &self.parent.resource;
        let of_type = GroupVersionKind::new("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
        let definitions = ApiResource::new(&of_type, "customresourcedefinitions", false);
        let name = format!("{}.{}", resource.plural, resource.group);
        let definition = definitions.cluster().read(&name).metadata_only().send(client).await;
        let refused = || {
            let parent = &self.parent;
            format!("{parent} can't be the parent of a set: its definition has no label {PARENT_TYPE_LABEL}")
        };
        match definition {
            Ok(definition) if definition.metadata.labels.contains_key(PARENT_TYPE_LABEL) => Ok(()),
            Ok(_) => Err(ApplySetError::invalid(refused())),
            Err(error) if error.is_not_found() => Err(ApplySetError::invalid(refused())),
            Err(error) => {
                let message = format!("can't read the definition of the parent of the set, {}", self.parent);
                Err(ApplySetError::request(message, error))
            }
        }
    }

    fn check_owner(&self, object: &DynamicObject) -> Result<(), ApplySetError> {
        let (parent, id) = (&self.parent, self.id());
        match object.metadata.annotations.get(TOOLING_ANNOTATION) {
            _ if self.take_over => return Ok(()),
            None => {
                let message =
                    format!("the parent of the set, {parent}, exists, but has no annotation {TOOLING_ANNOTATION}");
                return Err(ApplySetError::foreign_tool(message));
            }
            Some(owner) if tool(owner) != self.tool() => {
                let (owner, tool) = (tool(owner), self.tool());
                let message = format!("the set of {parent} belongs to {owner:?}, not to {tool:?}: take it over first");
                return Err(ApplySetError::foreign_tool(message));
            }
            Some(_) => {}
        }
        match object.metadata.labels.get(ID_LABEL) {
            Some(found) if *found == id.as_str() => Ok(()),
            Some(found) => {
                let message =
                    format!("the label {ID_LABEL} of the set's parent, {parent}, is {found:?}, but must be {id:?}");
                Err(ApplySetError::invalid(message))
            }
            None => Err(ApplySetError::invalid(format!("the parent of the set, {parent}, has no label {ID_LABEL}"))),
        }
    }

    /// The kinds of the members. A parent that does not name them may have members of all kinds.
    async fn kinds(
        &self,
        object: &DynamicObject,
        mapper: &Mapper,
    ) -> Result<std::collections::BTreeSet<GroupKind>, ApplySetError> {
        let annotations = &object.metadata.annotations;
        if let Some(kinds) = annotations.get(KINDS_ANNOTATION) {
            return Ok(names(kinds).map(GroupKind::parse).collect());
        }
        let unknown = |error| {
            let message = format!("can't find the kinds of the members of the set of {}", self.parent);
            ApplySetError::map(message, error)
        };
        let mut kinds = std::collections::BTreeSet::new();
        match annotations.get(RESOURCES_ANNOTATION) {
            Some(resources) => {
                for resource in names(resources) {
                    kinds.insert(GroupKind::of(&mapper.resource(resource).await.map_err(unknown)?));
                }
            }
            None if annotations.contains_key(TOOLING_ANNOTATION) => {
                let discovery = mapper.discovery().await.map_err(unknown)?;
                let may_be_members = |resource: &&ApiResource| resource.supports("list") && resource.supports("delete");
                kinds.extend(discovery.preferred_resources().filter(may_be_members).map(GroupKind::of));
            }
            // An object that was not a parent is taken over.
            None => {}
        }
        Ok(kinds)
    }

    /// Writes the kinds and namespaces of the members. As in kubectl, other managers of the annotations lose them.
    pub(crate) async fn write(&self, client: &Client, contents: &Contents, dry_run: bool) -> Result<(), ApplySetError> {
        let parent = &self.parent;
        let mut object = parent.resource.object(parent.key.name());
        object.metadata.namespace = parent.key.namespace().map(Str::from);
        object.metadata.labels.insert(ID_LABEL, self.id());
        let annotations = &mut object.metadata.annotations;
        annotations.insert(TOOLING_ANNOTATION, self.tooling.clone());
        annotations.insert(KINDS_ANNOTATION, contents.kinds_annotation());
        annotations.insert(NAMESPACES_ANNOTATION, contents.namespaces_annotation(parent.key.namespace()));
        let scope = parent.scope();
        let send = |force: bool| {
            let request = scope.apply(&object, self.field_manager()).force(force).field_validation("Strict");
            let request = if dry_run { request.dry_run("All") } else { request };
            request.send(client)
        };
        let written = match send(self.take_over).await {
            Err(error) if error.is_conflict() => send(true).await,
            result => result,
        };
        match written {
            Ok(_) => Ok(()),
            Err(error) => Err(ApplySetError::request(format!("can't write the parent of the set, {parent}"), error)),
        }
    }
}

/// The names in a comma-separated list.
fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty())
}
