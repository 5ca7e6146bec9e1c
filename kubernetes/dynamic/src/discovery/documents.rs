//! The documents at `/api`, `/apis` and below, in whichever form a server sends.
//!
//! The aggregated form is `apidiscovery.k8s.io/v2`:
//! <https://github.com/kubernetes/api/blob/v0.37.2/apidiscovery/v2/types.go>

use kubernetes_core::json::{DecodeError, Reader, Value, Writer};
use kubernetes_core::meta::v1::{APIGroupList, APIVersions};
use kubernetes_core::{GroupVersion, GroupVersionKind, Str};

use super::group::State;
use super::{ApiGroup, ApiVersion};
use crate::{ApiResource, ApiSubresource};

/// A document at `/api` or `/apis`. Its `kind` determines the form, not the media type, whose parameters a proxy may
/// drop.
#[derive(Default)]
pub(crate) enum Root {
    /// The aggregated form, with everything.
    Aggregated(Vec<ApiGroup>),
    /// The versions of the core group.
    Versions(APIVersions),
    /// All other groups, without their resources.
    Groups(APIGroupList),
    #[default]
    Empty,
}

impl Value for Root {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        let kind = kind(&mut reader.clone())?;
        *self = match kind.as_str() {
            "APIGroupDiscoveryList" => {
                let mut list = GroupList::default();
                list.read(reader)?;
                Self::Aggregated(list.items.into_iter().map(Group::into_group).collect())
            }
            "APIVersions" => {
                let mut versions = APIVersions::default();
                versions.read(reader)?;
                Self::Versions(versions)
            }
            "APIGroupList" => {
                let mut groups = APIGroupList::default();
                groups.read(reader)?;
                Self::Groups(groups)
            }
            "" => return Err(reader.error("the document has no `kind`: is this the address of an API server?")),
            kind => {
                let kind: String = kind.chars().take(80).collect();
                return Err(reader.error(format!("expected API groups, found {kind:?}")).in_field("kind"));
            }
        };
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        writer.raw("null");
    }
}

/// The `kind` of a document, which servers write first.
fn kind(reader: &mut Reader<'_>) -> Result<String, DecodeError> {
    let mut first = true;
    reader.begin_object()?;
    while let Some(key) = reader.next_key(&mut first)? {
        if key == "kind" && reader.token() == Some(b'"') {
            return Ok(reader.string()?.into_owned());
        }
        reader.skip()?;
    }
    Ok(String::new())
}

macro_rules! document {
    ($name:ident { $($field:ident: $type:ty = $key:literal),* $(,)? }) => {
        #[derive(Default)]
        struct $name {
            $($field: $type,)*
        }

        impl Value for $name {
            const FIELDS: &'static [&'static str] = &[$($key,)*];

            fn read_fields(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
                reader.fields(Self::FIELDS, &mut [$(&mut self.$field,)*])
            }
        }
    };
}

document!(GroupList { api_version: Str = "apiVersion", items: Vec<Group> = "items", });
document!(Group { metadata: Named = "metadata", versions: Vec<Version> = "versions", });
document!(Named { name: Str = "name" });
document!(Version { version: Str = "version", resources: Vec<Resource> = "resources", freshness: Str = "freshness", });
document!(Resource {
    resource: Str = "resource",
    response_kind: Option<Kind> = "responseKind",
    scope: Str = "scope",
    singular: Str = "singularResource",
    verbs: Vec<Str> = "verbs",
    short_names: Vec<Str> = "shortNames",
    categories: Vec<Str> = "categories",
    subresources: Vec<Subresource> = "subresources",
});
document!(Subresource {
    subresource: Str = "subresource",
    response_kind: Option<Kind> = "responseKind",
    verbs: Vec<Str> = "verbs",
});
document!(Kind { group: Str = "group", version: Str = "version", kind: Str = "kind" });

impl Group {
    fn into_group(self) -> ApiGroup {
        let name = self.metadata.name;
        let versions = self.versions.into_iter().map(|version| version.into_version(&name)).collect();
        ApiGroup { name, versions }
    }
}

impl Version {
    fn into_version(self, group: &Str) -> ApiVersion {
        let state = if self.freshness == "Stale" { State::Stale } else { State::Current };
        let group_version = GroupVersion::new(group, &self.version);
        let resources =
            self.resources.into_iter().filter_map(|resource| resource.into_resource(&group_version)).collect();
        ApiVersion { version: self.version, resources, state }
    }
}

impl Resource {
    /// `None` for a resource without objects of its own, which the server lists only for its subresources.
    fn into_resource(self, group_version: &GroupVersion) -> Option<ApiResource> {
        let kind = self.response_kind.map(|of_type| of_type.kind).filter(|kind| !kind.is_empty())?;
        let subresources = self.subresources.into_iter().filter_map(|of| of.into_subresource(group_version)).collect();
        Some(ApiResource {
            group: group_version.group.clone(),
            version: group_version.version.clone(),
            kind,
            plural: self.resource,
            singular: self.singular,
            namespaced: self.scope == "Namespaced",
            verbs: self.verbs,
            short_names: self.short_names,
            categories: self.categories,
            subresources,
            storage_version_hash: None,
        })
    }
}

impl Subresource {
    /// A kind without a version belongs to the document's group and version.
    fn into_subresource(self, group_version: &GroupVersion) -> Option<ApiSubresource> {
        let Kind { group, version, kind } = self.response_kind.filter(|of_type| !of_type.kind.is_empty())?;
        let kind = match version.is_empty() {
            true => group_version.clone().with_kind(kind),
            false => GroupVersionKind { group, version, kind },
        };
        Some(ApiSubresource { name: self.subresource, kind, verbs: self.verbs })
    }
}
