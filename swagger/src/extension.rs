//! The typed `x-kubernetes-…` extensions of a description.
//!
//! ```
//! use kubernetes_swagger::{extension, parse};
//!
//! let openapi = parse(br#"{
//!     "swagger": "2.0", "info": {"title": "Kubernetes", "version": "v1.37.2"}, "paths": {},
//!     "definitions": {"Pod": {
//!         "type": "object",
//!         "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "Pod"}]
//!     }}
//! }"#)?;
//! let schemas = openapi.components.unwrap_or_default().schemas;
//! let kinds = extension::group_version_kinds(&schemas["Pod"].as_item().expect("an inline schema").schema_data);
//! assert_eq!(kinds[0].kind, "Pod");
//! # Ok::<(), kubernetes_swagger::Error>(())
//! ```
//!
//! Reading a description checks all extensions, so the functions here return either the value or `None`.
//!
//! Sources: `k8s.io/kube-openapi/pkg/generators/extension.go`,
//! `k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1` and `pkg/controller/openapi/builder`,
//! `k8s.io/apiserver/pkg/endpoints/installer.go`.

use std::borrow::Borrow;

use indexmap::IndexMap;
use openapiv3::{Operation, ReferenceOr, Schema, SchemaData, SchemaKind};
use serde::Serialize;
use serde_json::Value;

use crate::names::{PRODUCES, schema_name};
use crate::text_enum::{TextEnum, text_enum};
use crate::tree::place::{Document, Place};
use crate::tree::value::{boolean, list, map, string, strings, text, unknown_text, value};
use crate::tree::{Json, Object};

const ACTION: &str = "x-kubernetes-action";
pub(crate) const GROUP_VERSION_KIND: &str = "x-kubernetes-group-version-kind";
const LIST_TYPE: &str = "x-kubernetes-list-type";
const LIST_MAP_KEYS: &str = "x-kubernetes-list-map-keys";
const MAP_TYPE: &str = "x-kubernetes-map-type";
const PATCH_STRATEGY: &str = "x-kubernetes-patch-strategy";
const PATCH_MERGE_KEY: &str = "x-kubernetes-patch-merge-key";
const PRESERVE_UNKNOWN_FIELDS: &str = "x-kubernetes-preserve-unknown-fields";
const INT_OR_STRING: &str = "x-kubernetes-int-or-string";
const EMBEDDED_RESOURCE: &str = "x-kubernetes-embedded-resource";

/// Reports problems of an extension.
type Check = fn(&Place<'_>, Json<'_>) -> Option<()>;

/// Every extension that a schema may have. Extensions that no function here reads are checked, too.
const OF_SCHEMAS: &[(&str, Check)] = &[
    (GROUP_VERSION_KIND, |place, json| kinds(place, json).map(drop)),
    (LIST_TYPE, |place, json| text::<ListType>("list type")(place, json).map(drop)),
    (LIST_MAP_KEYS, |place, json| strings(place, json).map(drop)),
    (MAP_TYPE, |place, json| text::<MapType>("map type")(place, json).map(drop)),
    (PATCH_STRATEGY, |place, json| strategies(place, json).map(drop)),
    (PATCH_MERGE_KEY, |place, json| string(place, json).map(drop)),
    ("x-kubernetes-unions", |place, json| list(place, json, union).map(drop)),
    ("x-kubernetes-selectable-fields", |place, json| list(place, json, selectable_field).map(drop)),
    (PRESERVE_UNKNOWN_FIELDS, |place, json| boolean(place, json).map(drop)),
    (INT_OR_STRING, |place, json| boolean(place, json).map(drop)),
    (EMBEDDED_RESOURCE, |place, json| boolean(place, json).map(drop)),
    // Rules in CEL, as they stand in the file.
    ("x-kubernetes-validations", |_, _| None),
];

/// Every extension that an operation may have.
const OF_OPERATIONS: &[(&str, Check)] = &[
    (ACTION, |place, json| text::<Action>("action")(place, json).map(drop)),
    (GROUP_VERSION_KIND, |place, json| kind(place, json).map(drop)),
];

pub(crate) fn read_extensions(object: &mut Object<'_, '_>) -> IndexMap<String, Value> {
    read(object, OF_SCHEMAS)
}

pub(crate) fn read_operation_extensions(object: &mut Object<'_, '_>) -> IndexMap<String, Value> {
    read(object, OF_OPERATIONS)
}

fn read(object: &mut Object<'_, '_>, known: &[(&'static str, Check)]) -> IndexMap<String, Value> {
    let mut extensions = IndexMap::new();
    for (key, check) in known {
        let read = object.optional(key, |place, json| {
            let value = value(place, json)?;
            check(place, Json::from_value(&value));
            Some(value)
        });
        extensions.extend(read.map(|value| ((*key).to_owned(), value)));
    }
    extensions
}

/// The kinds with this schema; empty for a schema that is not an object of the API.
pub fn group_version_kinds(data: &SchemaData) -> Vec<GroupVersionKind> {
    get(&data.extensions, GROUP_VERSION_KIND, kinds).unwrap_or_default()
}

/// How the items of a list are merged and identified.
pub fn list_type(data: &SchemaData) -> Option<ListType> {
    get(&data.extensions, LIST_TYPE, text("list type"))
}

/// The properties that identify the items of a list of type `map`.
pub fn list_map_keys(data: &SchemaData) -> Vec<String> {
    get(&data.extensions, LIST_MAP_KEYS, strings).unwrap_or_default()
}

/// How an object or a map is merged.
pub fn map_type(data: &SchemaData) -> Option<MapType> {
    get(&data.extensions, MAP_TYPE, text("map type"))
}

/// How a strategic merge patch treats the property.
pub fn patch_strategy(data: &SchemaData) -> Vec<PatchStrategy> {
    get(&data.extensions, PATCH_STRATEGY, strategies).unwrap_or_default()
}

/// The property by which a strategic merge patch matches a list's items.
pub fn patch_merge_key(data: &SchemaData) -> Option<String> {
    get(&data.extensions, PATCH_MERGE_KEY, string)
}

/// Whether the server keeps fields that the schema does not declare.
pub fn preserves_unknown_fields(data: &SchemaData) -> bool {
    get(&data.extensions, PRESERVE_UNKNOWN_FIELDS, boolean).unwrap_or_default()
}

/// Whether a value is an integer or a string.
pub fn is_int_or_string(data: &SchemaData) -> bool {
    get(&data.extensions, INT_OR_STRING, boolean).unwrap_or_default()
}

/// Whether a value is an object of any kind, with `apiVersion`, `kind` and `metadata`.
pub fn is_embedded_resource(data: &SchemaData) -> bool {
    get(&data.extensions, EMBEDDED_RESOURCE, boolean).unwrap_or_default()
}

/// The action of an operation, in Kubernetes' terms.
pub fn action(of: &Operation) -> Option<Action> {
    get(&of.extensions, ACTION, text("action"))
}

/// The kind that an operation acts on.
pub fn group_version_kind(of: &Operation) -> Option<GroupVersionKind> {
    get(&of.extensions, GROUP_VERSION_KIND, kind)
}

/// The content types that an operation produces, if its responses do not show them.
pub fn produces(of: &Operation) -> Option<Vec<String>> {
    get(&of.extensions, PRODUCES, strings)
}

fn get<'a, T>(
    extensions: &'a IndexMap<String, Value>,
    name: &str,
    read: impl FnOnce(&Place<'_>, Json<'a>) -> Option<T>,
) -> Option<T> {
    // Mended fields may hold others than what was read; errors in them count as absent.
    read(&Place::root(&Document::default()), Json::from_value(extensions.get(name)?))
}

/// The name of the definition that a schema refers to, by a plain `$ref` or by one with siblings.
///
/// ```
/// use kubernetes_swagger::extension::definition_name;
/// use openapiv3::{ReferenceOr, Schema};
///
/// let reference: ReferenceOr<Schema> = ReferenceOr::ref_("#/components/schemas/io.k8s.api.core.v1.Pod");
/// assert_eq!(definition_name(&reference), Some("io.k8s.api.core.v1.Pod"));
/// ```
pub fn definition_name<S: Borrow<Schema>>(schema: &ReferenceOr<S>) -> Option<&str> {
    match schema {
        ReferenceOr::Reference { reference } => schema_name(reference),
        ReferenceOr::Item(item) => match &item.borrow().schema_kind {
            SchemaKind::Any(any) if any.typ.is_none() && any.properties.is_empty() => match any.all_of.as_slice() {
                [ReferenceOr::Reference { reference }] => schema_name(reference),
                _ => None,
            },
            _ => None,
        },
    }
}

/// The identity of a kind of object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct GroupVersionKind {
    /// The API group; empty for the core group.
    pub group: String,
    /// The version.
    pub version: String,
    /// The kind.
    pub kind: String,
}

fn kinds(place: &Place<'_>, json: Json<'_>) -> Option<Vec<GroupVersionKind>> {
    list(place, json, kind)
}

fn kind(place: &Place<'_>, json: Json<'_>) -> Option<GroupVersionKind> {
    let mut object = Object::new(place, json)?;
    let kind = GroupVersionKind {
        group: object.required("group", string),
        version: object.required("version", string),
        kind: object.required("kind", string),
    };
    object.finish();
    Some(kind)
}

/// Strategies with commas between them, such as `merge,retainKeys`.
fn strategies(place: &Place<'_>, json: Json<'_>) -> Option<Vec<PatchStrategy>> {
    let text = string(place, json)?;
    let strategies = text.split(',').filter_map(|name| {
        let strategy = PatchStrategy::from_text(name);
        if strategy.is_none() {
            unknown_text::<PatchStrategy>(place, "patch strategy", name);
        }
        strategy
    });
    Some(strategies.collect())
}

/// Properties of which at most one is set.
fn union(place: &Place<'_>, json: Json<'_>) -> Option<()> {
    let mut object = Object::new(place, json)?;
    object.optional("discriminator", string);
    object.required("fields-to-discriminateBy", |place, json| map(place, json, string));
    object.finish();
    Some(())
}

fn selectable_field(place: &Place<'_>, json: Json<'_>) -> Option<()> {
    let mut object = Object::new(place, json)?;
    object.required("fieldPath", string);
    object.finish();
    Some(())
}

text_enum! {
    /// The action of an operation, in Kubernetes' terms.
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
    /// How the items of a list are merged and identified.
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
        /// `granular`: each entry is owned separately
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
