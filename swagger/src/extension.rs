//! The `x-kubernetes-…` extensions, typed, and how to read them from a lifted document.
//!
//! ```
//! use kubernetes_swagger::{Swagger, extension};
//!
//! let swagger = Swagger::parse(br#"{
//!     "swagger": "2.0", "info": {"title": "Kubernetes", "version": "v1.37.2"}, "paths": {},
//!     "definitions": {"Pod": {
//!         "type": "object",
//!         "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "Pod"}]
//!     }}
//! }"#)?;
//! let lifted = swagger.lift();
//! let pod = lifted.components.as_ref().and_then(|components| components.schemas["Pod"].as_item());
//! let kinds = extension::group_version_kinds(&pod.expect("an inline schema").schema_data)?;
//! assert_eq!(kinds[0].kind, "Pod");
//! # Ok::<(), kubernetes_swagger::Error>(())
//! ```
//!
//! Sources: `k8s.io/kube-openapi/pkg/generators/extension.go`, `k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1`
//! and `pkg/controller/openapi/builder`, `k8s.io/apiserver/pkg/endpoints/installer.go`.

mod lifted;

use indexmap::IndexMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

pub(crate) use lifted::read_schema;
pub use lifted::{
    OperationExtensions, SchemaForm, action, body_parameter, collection_format, definition_name, group_version_kind,
    group_version_kinds, list_type, operation, schema, unique_items,
};

use crate::text_enum::text_enum;

/// The extensions of a schema.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SchemaExtensions {
    /// `x-kubernetes-group-version-kind`: the kinds that have this schema.
    pub group_version_kinds: Vec<GroupVersionKind>,
    /// `x-kubernetes-list-type`
    pub list_type: Option<ListType>,
    /// `x-kubernetes-list-map-keys`: the properties that tell the items of a list of type `map` apart.
    pub list_map_keys: Vec<String>,
    /// `x-kubernetes-map-type`
    pub map_type: Option<MapType>,
    /// `x-kubernetes-patch-strategy`: how a strategic merge patch treats the property; separated by commas in the file.
    pub patch_strategy: Vec<PatchStrategy>,
    /// `x-kubernetes-patch-merge-key`: the property by which a strategic merge patch matches a list's items.
    pub patch_merge_key: Option<String>,
    /// `x-kubernetes-unions`
    pub unions: Vec<Union>,
    /// `x-kubernetes-selectable-fields`: the paths of a custom resource's fields that field selectors can name.
    pub selectable_fields: Vec<String>,
    /// `x-kubernetes-preserve-unknown-fields`
    pub preserve_unknown_fields: bool,
    /// `x-kubernetes-int-or-string`
    pub int_or_string: bool,
    /// `x-kubernetes-embedded-resource`
    pub embedded_resource: bool,
    /// `x-kubernetes-validations`: rules in CEL, as they stand in the file.
    pub validations: Option<Value>,
}

pub(crate) const ACTION: &str = "x-kubernetes-action";
pub(crate) const GROUP_VERSION_KIND: &str = "x-kubernetes-group-version-kind";
pub(crate) const LIST_TYPE: &str = "x-kubernetes-list-type";
pub(crate) const LIST_MAP_KEYS: &str = "x-kubernetes-list-map-keys";
pub(crate) const MAP_TYPE: &str = "x-kubernetes-map-type";
pub(crate) const PATCH_STRATEGY: &str = "x-kubernetes-patch-strategy";
pub(crate) const PATCH_MERGE_KEY: &str = "x-kubernetes-patch-merge-key";
pub(crate) const UNIONS: &str = "x-kubernetes-unions";
pub(crate) const SELECTABLE_FIELDS: &str = "x-kubernetes-selectable-fields";
pub(crate) const PRESERVE_UNKNOWN_FIELDS: &str = "x-kubernetes-preserve-unknown-fields";
pub(crate) const INT_OR_STRING: &str = "x-kubernetes-int-or-string";
pub(crate) const EMBEDDED_RESOURCE: &str = "x-kubernetes-embedded-resource";
pub(crate) const VALIDATIONS: &str = "x-kubernetes-validations";

impl SchemaExtensions {
    /// Whether the schema has no extension at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The extensions under the keys that they have in a document.
    pub fn to_map(&self) -> IndexMap<String, Value> {
        let mut map = IndexMap::new();
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                map.insert(key.to_owned(), value);
            }
        };
        let list = |items: Vec<Value>| (!items.is_empty()).then_some(Value::Array(items));
        put(GROUP_VERSION_KIND, list(self.group_version_kinds.iter().map(GroupVersionKind::to_value).collect()));
        put(LIST_MAP_KEYS, list(self.list_map_keys.iter().map(|key| Value::from(key.as_str())).collect()));
        put(LIST_TYPE, self.list_type.map(|value| value.as_str().into()));
        put(MAP_TYPE, self.map_type.map(|value| value.as_str().into()));
        put(PATCH_MERGE_KEY, self.patch_merge_key.as_deref().map(Value::from));
        let strategies: Vec<_> = self.patch_strategy.iter().map(|strategy| strategy.as_str()).collect();
        put(PATCH_STRATEGY, (!strategies.is_empty()).then(|| strategies.join(",").into()));
        put(UNIONS, list(self.unions.iter().map(Union::to_value).collect()));
        put(SELECTABLE_FIELDS, list(self.selectable_fields.iter().map(|path| json!({ "fieldPath": path })).collect()));
        put(PRESERVE_UNKNOWN_FIELDS, self.preserve_unknown_fields.then_some(Value::Bool(true)));
        put(INT_OR_STRING, self.int_or_string.then_some(Value::Bool(true)));
        put(EMBEDDED_RESOURCE, self.embedded_resource.then_some(Value::Bool(true)));
        put(VALIDATIONS, self.validations.clone());
        map
    }
}

impl Serialize for SchemaExtensions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_map().serialize(serializer)
    }
}

/// What identifies a kind of object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct GroupVersionKind {
    /// The API group; empty for the core group.
    pub group: String,
    /// The version.
    pub version: String,
    /// The kind.
    pub kind: String,
}

impl GroupVersionKind {
    pub(crate) fn to_value(&self) -> Value {
        json!({ "group": self.group, "version": self.version, "kind": self.kind })
    }
}

/// Properties of which at most one is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Union {
    /// `discriminator`: the property that says which one is set.
    pub discriminator: Option<String>,
    /// `fields-to-discriminateBy`: the properties, each with the discriminator's value for it.
    pub fields_to_discriminate_by: IndexMap<String, String>,
}

impl Union {
    fn to_value(&self) -> Value {
        let fields: Map<_, _> =
            self.fields_to_discriminate_by.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect();
        let mut union = Map::new();
        if let Some(discriminator) = &self.discriminator {
            union.insert("discriminator".to_owned(), discriminator.as_str().into());
        }
        union.insert("fields-to-discriminateBy".to_owned(), Value::Object(fields));
        Value::Object(union)
    }
}

text_enum! {
    /// What an operation does, in Kubernetes' terms.
    pub enum Action {
        /// `get`
        Get = "get",
        /// `list`
        List = "list",
        /// `watch`: deprecated, of one object, under a `/watch/` path
        Watch = "watch",
        /// `watchlist`: deprecated, of a list, under a `/watch/` path
        WatchList = "watchlist",
        /// `post`
        Post = "post",
        /// `put`
        Put = "put",
        /// `patch`
        Patch = "patch",
        /// `delete`
        Delete = "delete",
        /// `deletecollection`
        DeleteCollection = "deletecollection",
        /// `connect`: exec, attach, port-forward and proxy
        Connect = "connect",
    }
}

text_enum! {
    /// How the items of a list are merged and told apart.
    pub enum ListType {
        /// `atomic`: the list is replaced as a whole
        Atomic = "atomic",
        /// `set`: items are unique scalars
        Set = "set",
        /// `map`: items are objects with keys
        Map = "map",
    }
}

text_enum! {
    /// How an object or a map is merged.
    pub enum MapType {
        /// `atomic`: it is replaced as a whole
        Atomic = "atomic",
        /// `granular`: each entry has an owner of its own
        Granular = "granular",
    }
}

text_enum! {
    /// How a strategic merge patch treats a property.
    pub enum PatchStrategy {
        /// `merge`: items are merged by key
        Merge = "merge",
        /// `replace`: the value is replaced as a whole
        Replace = "replace",
        /// `retainKeys`: keys that the patch does not name are cleared
        RetainKeys = "retainKeys",
    }
}
