use kubernetes_swagger::extension::{ListType, PatchStrategy};

use super::GroupVersionKind;

/// Source: `KnownPackages` in `sigs.k8s.io/controller-tools/pkg/crd/known_types.go`.
pub(crate) const QUANTITY_PATTERN: &str = r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$";

/// A definition of the description.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    /// The full name, such as `io.k8s.api.apps.v1.Deployment`.
    pub(crate) name: String,
    /// The place in the description.
    pub(crate) pointer: String,
    /// The module it is rendered into.
    pub(crate) home: Home,
    /// The name of the type: the last part of the full name.
    pub(crate) type_name: String,
    /// The kinds that have this form.
    pub(crate) kinds: Vec<GroupVersionKind>,
    pub(crate) body: Body,
    /// The places of a custom resource that are JSON.
    pub(crate) untyped: Vec<Untyped>,
}

/// A place whose values are JSON, as its schema gives no type that would lose nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Untyped {
    /// Why.
    pub(crate) reason: &'static str,
    /// As a JSON pointer into the description.
    pub(crate) pointer: String,
}

/// The types that are rendered for a definition.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// Structs, the definition's own first, then those of properties that are objects without a definition.
    Structs { structs: Vec<Struct>, enums: Vec<Enum> },
    /// A type written by hand.
    Special(Special),
    /// A list of another definition, which is `List` of it.
    ListOf(String),
}

impl Definition {
    /// The kind, of a definition that has exactly one.
    pub(crate) fn kind(&self) -> Option<&GroupVersionKind> {
        match self.kinds.as_slice() {
            [kind] => Some(kind),
            _ => None,
        }
    }

    pub(crate) fn structs(&self) -> &[Struct] {
        match &self.body {
            Body::Structs { structs, .. } => structs,
            _ => &[],
        }
    }

    pub(crate) fn structs_mut(&mut self) -> &mut [Struct] {
        match &mut self.body {
            Body::Structs { structs, .. } => structs,
            _ => &mut [],
        }
    }

    pub(crate) fn enums(&self) -> &[Enum] {
        match &self.body {
            Body::Structs { enums, .. } => enums,
            _ => &[],
        }
    }
}

/// The crate that a definition is rendered into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Krate {
    Apimachinery,
    Models,
    /// A crate of custom resources.
    Custom,
}

/// The module of a definition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Home {
    pub(crate) krate: Krate,
    /// The group's module, such as `apps`.
    pub(crate) group: String,
    /// The version's module, such as `v1`; some definitions have none.
    pub(crate) version: Option<String>,
}

/// An object with known properties.
#[derive(Clone, Debug)]
pub(crate) struct Struct {
    /// The name; of a type inside of a custom resource, behind the modules that it is in: `spec::Schedule`.
    pub(crate) name: String,
    pub(crate) description: String,
    /// Sorted by the names in JSON, `metadata` of a kind first.
    pub(crate) fields: Vec<Field>,
    /// `apiVersion` and `kind`, which are constants of the type and no fields.
    pub(crate) type_meta: Option<GroupVersionKind>,
    pub(crate) resource: Option<Resource>,
    /// Whether an apply takes the object as a whole.
    pub(crate) atomic: bool,
    /// Whether it keeps fields beside those, in a field `rest`.
    pub(crate) keeps_rest: bool,
    /// The struct of the same definition that this one is.
    pub(crate) same_as: Option<String>,
}

/// The module of a type by its name, empty for that of the definition, and the name there.
pub(crate) fn split_module(name: &str) -> (&str, &str) {
    name.rsplit_once("::").unwrap_or(("", name))
}

/// The properties of a struct that is an object of the API: it has `ObjectMeta`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resource {
    /// The name in paths. A type that only subresources use has none.
    pub(crate) plural: Option<String>,
    pub(crate) namespaced: bool,
    /// Whether the list operation has a `watch` parameter.
    pub(crate) watchable: bool,
    /// The kind of its lists, if that is another one than its name and `List`.
    pub(crate) list_kind: Option<String>,
}

/// A property.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// The name in JSON.
    pub(crate) wire: String,
    /// The name in Rust.
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) type_: Type,
    /// Whether the description requires it.
    pub(crate) required: bool,
    /// Whether the type in Rust requires it, where that does not follow the description. Set by a pass.
    pub(crate) stable_required: Option<bool>,
    /// Whether `null` is a value like any other. Swagger 2.0 does not tell.
    pub(crate) nullable: bool,
    /// Set by a pass, from the type and from `required`.
    pub(crate) presence: Presence,
    /// Whether the value is in a `Box`: an optional object, or a required one that contains itself. Set by a pass.
    pub(crate) is_boxed: bool,
    /// Set by a pass.
    pub(crate) secret: Option<Secret>,
    pub(crate) merge: Merge,
}

impl Field {
    /// Whether the type in Rust always has a value, and writes it.
    pub(crate) fn is_required_in_rust(&self) -> bool {
        self.stable_required.unwrap_or(self.required)
    }
}

/// The part of a field that is kept out of `Debug` output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secret {
    /// All of it.
    Whole,
    /// Of annotations, what was last applied.
    LastApplied,
}

/// How a property is merged by a patch, and what the server takes it for if it is left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Merge {
    /// How an apply merges the items of a list.
    pub(crate) list_type: Option<ListType>,
    /// The properties that tell the items of a list of type `map` apart.
    pub(crate) list_map_keys: Vec<String>,
    /// Whether an apply takes an object or map as a whole.
    pub(crate) atomic: bool,
    /// How a strategic merge patch treats the property.
    pub(crate) patch_strategy: Vec<PatchStrategy>,
    /// The property by which a strategic merge patch matches the items of a list.
    pub(crate) patch_merge_key: Option<String>,
}

/// Whether a field always has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// `T`
    Plain,
    /// `Option<T>`
    Optional,
    /// `Nullable<T>`: an optional value that may be `null`.
    Nullable,
}

/// The type of a property, a list's items, a map's values, a body or a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    String,
    Integer32,
    Integer64,
    Number,
    Boolean,
    /// A string of base64.
    Bytes,
    IntOrString,
    /// An integer of any width, or a string.
    IntOrText,
    Quantity,
    /// Any JSON value.
    Any,
    /// A definition, by its name.
    Definition(String),
    /// A struct of the same definition, by its name.
    Nested(String),
    /// An enum of the same definition, by its name.
    Enum(String),
    List(Box<Type>),
    Map(Box<Type>),
    /// An item or a value that may be `null`.
    Nullable(Box<Type>),
}

impl Type {
    /// The type of the items and values, however deep.
    pub(crate) fn innermost(&self) -> &Self {
        match self {
            Self::List(inner) | Self::Map(inner) | Self::Nullable(inner) => inner.innermost(),
            other => other,
        }
    }
}

/// A string with known values, and room for those of newer servers.
#[derive(Clone, Debug)]
pub(crate) struct Enum {
    pub(crate) name: String,
    /// The owner of the type, as ``the field `restartPolicy` of `PodSpec` ``.
    pub(crate) owner: String,
    pub(crate) variants: Vec<Variant>,
    /// The enum of the same group and version, or of the same custom resource, that this one is.
    pub(crate) same_as: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) wire: String,
    pub(crate) description: String,
}

/// A definition whose type is written by hand in a crate that `kubernetes-core` re-exports, since the description does not say what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Special {
    /// The type in `kubernetes_core`.
    pub(crate) name: &'static str,
    /// The definition that the type is generic over.
    pub(crate) argument: Option<&'static str>,
    /// Whether it is read and written as JSON; a patch, which belongs to a request, is not.
    pub(crate) is_value: bool,
}

impl Special {
    /// The type for the definition of this name, if it is one of those.
    pub(crate) fn of(definition: &str) -> Option<Self> {
        const SCHEMA: &str = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps";
        let plain = |name| Some(Self { name, argument: None, is_value: true });
        let of_schema = |name| Some(Self { name, argument: Some(SCHEMA), is_value: true });
        match definition {
            "io.k8s.apimachinery.pkg.api.resource.Quantity" => plain("Quantity"),
            "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1" => plain("FieldsV1"),
            "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime" => plain("MicroTime"),
            "io.k8s.apimachinery.pkg.apis.meta.v1.Time" => plain("Time"),
            "io.k8s.apimachinery.pkg.apis.meta.v1.Patch" => {
                Some(Self { name: "Patch", argument: None, is_value: false })
            }
            "io.k8s.apimachinery.pkg.runtime.RawExtension" => plain("RawExtension"),
            "io.k8s.apimachinery.pkg.util.intstr.IntOrString" => plain("IntOrString"),
            _ => match definition.strip_prefix(SCHEMA) {
                Some("OrArray") => of_schema("OrArray"),
                Some("OrBool") => of_schema("OrBool"),
                Some("OrStringArray") => of_schema("OrStringArray"),
                _ if definition == "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON" => plain("Json"),
                _ => None,
            },
        }
    }
}
