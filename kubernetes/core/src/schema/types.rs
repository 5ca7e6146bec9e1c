/// A structural schema, as constant data.
///
/// ```
/// use kubernetes_core::schema::{Keyword, Shape, Type};
///
/// const PORT: Type = Type::new(Shape::Integer, &[Keyword::Minimum("1"), Keyword::Maximum("65535")]);
/// assert_eq!(PORT.to_tree()?.to_text(), r#"{"maximum":65535,"minimum":1,"type":"integer"}"#);
/// # Ok::<(), kubernetes_core::schema::InvalidSchema>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Type {
    pub(super) shape: Shape,
    pub(super) keywords: &'static [Keyword],
}

/// The form of a type's values.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Shape {
    /// Any value, kept unchanged (`x-kubernetes-preserve-unknown-fields`).
    Any,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// A string.
    String,
    /// A whole number or a string.
    IntOrString,
    /// A list of values of one type.
    List(&'static Type),
    /// An object whose values are of one type.
    Map(&'static Type),
    /// An object with fields.
    Object(&'static [Member]),
    /// One of several types.
    Variants(Tagging, &'static [Variant]),
    /// The shape and keywords of another type, which come before this type's own.
    Refined(&'static Type),
    /// A definition of an API description, by name; `kind` is the kind of its values.
    Described {
        /// The name of the definition, such as `io.k8s.api.core.v1.PodSpec`.
        name: &'static str,
        /// The kind of its values.
        kind: Kind,
        /// The sources of definitions.
        sources: &'static [Source],
    },
}

/// Schemas from an API description: the definitions of a group and version, as JSON.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// The common prefix of the definitions' names, up to the last dot.
    pub prefix: &'static str,
    /// An object that maps the rest of each definition's name to its structural schema. `{"$ref": "a.full.name"}`
    /// refers to the schema of another definition.
    pub text: &'static str,
}

/// The kind of a type's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Any value.
    Any,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// A string.
    String,
    /// A whole number or a string.
    IntOrString,
    /// A list.
    List,
    /// An object with arbitrary keys.
    Map,
    /// An object with known fields.
    Object,
}

/// A field of an object.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    pub(super) name: &'static str,
    pub(super) of: &'static Type,
    pub(super) keywords: &'static [Keyword],
    pub(super) presence: Presence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    Required,
    Optional,
    /// A flattened value: its fields are fields of the object itself.
    Flattened,
    /// Like `Flattened`, but none of the fields is required.
    FlattenedOptional,
}

impl Member {
    /// A required field; the keywords come after those of its type.
    pub const fn required(name: &'static str, of: &'static Type, keywords: &'static [Keyword]) -> Self {
        Self { name, of, keywords, presence: Presence::Required }
    }

    /// An optional field.
    pub const fn optional(name: &'static str, of: &'static Type, keywords: &'static [Keyword]) -> Self {
        Self { name, of, keywords, presence: Presence::Optional }
    }

    /// A flattened value: its fields are fields of the object itself.
    pub const fn flattened(of: &'static Type) -> Self {
        Self { name: "", of, keywords: &[], presence: Presence::Flattened }
    }

    /// Like [`flattened`](Self::flattened), but for a value that may be absent.
    pub const fn flattened_optional(of: &'static Type) -> Self {
        Self { name: "", of, keywords: &[], presence: Presence::FlattenedOptional }
    }

    /// A field that is required if `is_required` is true.
    pub const fn with_presence(self, is_required: bool) -> Self {
        let presence = if is_required { Presence::Required } else { Presence::Optional };
        Self { presence, ..self }
    }
}

/// How the variant of a value is recognized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tagging {
    /// By the object's only field: `{"httpGet": {…}}`.
    External,
    /// By a field of this name beside the variant's own: `{"type": "httpGet", …}`.
    Internal(&'static str),
    /// By the fields that are present.
    Untagged,
}

/// One of several types that a value may have.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    pub(super) name: &'static str,
    pub(super) of: &'static Type,
    pub(super) keywords: &'static [Keyword],
}

impl Variant {
    /// A variant with this name on the wire.
    pub const fn new(name: &'static str, of: &'static Type, keywords: &'static [Keyword]) -> Self {
        Self { name, of, keywords }
    }
}

/// A keyword of a schema. Numbers and values are JSON text.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
#[allow(missing_docs, reason = "named as in Kubernetes' JSONSchemaProps")]
pub enum Keyword {
    Title(&'static str),
    Description(&'static str),
    Format(&'static str),
    Default(&'static str),
    Example(&'static str),
    Nullable,
    Minimum(&'static str),
    Maximum(&'static str),
    ExclusiveMinimum,
    ExclusiveMaximum,
    MultipleOf(&'static str),
    MinLength(u64),
    MaxLength(u64),
    Pattern(&'static str),
    MinItems(u64),
    MaxItems(u64),
    MinProperties(u64),
    MaxProperties(u64),
    /// The values, each as JSON.
    Enum(&'static [&'static str]),
    ListType(ListType),
    MapType(MapType),
    PreserveUnknownFields,
    EmbeddedResource,
    /// CEL rules, in addition to those of the type.
    Rules(&'static [Rule]),
    /// Keywords of the items of a list, or of the values of a map.
    Items(&'static [Keyword]),
    /// Exactly one of these fields must be set.
    ExactlyOneOf(&'static [&'static str]),
    /// At most one of these fields may be set.
    AtMostOneOf(&'static [&'static str]),
    /// At least one of these fields must be set.
    AtLeastOneOf(&'static [&'static str]),
}

/// How server-side apply merges a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListType {
    /// One manager owns the whole list.
    Atomic,
    /// Each item is owned separately, and appears once.
    Set,
    /// Items are objects identified by the values of these fields.
    Map(&'static [&'static str]),
}

/// How server-side apply merges an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapType {
    /// One manager owns the whole object.
    Atomic,
    /// Each field is owned separately.
    Granular,
}

/// A CEL rule that values must satisfy (`x-kubernetes-validations`); empty texts are omitted.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The expression, in which `self` is the value.
    pub rule: &'static str,
    /// The message if the expression is false.
    pub message: &'static str,
    /// An expression that computes the message.
    pub message_expression: &'static str,
    /// `FieldValueInvalid`, `FieldValueForbidden`, `FieldValueRequired` or `FieldValueDuplicate`.
    pub reason: &'static str,
    /// The field that the error names, relative to the value.
    pub field_path: &'static str,
    /// Whether `oldSelf` is optional, so that the rule holds for new values too.
    pub optional_old_self: bool,
}

impl Rule {
    /// A rule without a message of its own.
    pub const fn new(rule: &'static str) -> Self {
        Self { rule, message: "", message_expression: "", reason: "", field_path: "", optional_old_self: false }
    }
}

impl Type {
    /// A type of this shape.
    pub const fn new(shape: Shape, keywords: &'static [Keyword]) -> Self {
        Self { shape, keywords }
    }

    /// The kind of the type's values.
    pub const fn kind(&self) -> Kind {
        match self.shape {
            Shape::Any => Kind::Any,
            Shape::Boolean => Kind::Boolean,
            Shape::Integer => Kind::Integer,
            Shape::Number => Kind::Number,
            Shape::String => Kind::String,
            Shape::IntOrString => Kind::IntOrString,
            Shape::List(_) => Kind::List,
            Shape::Map(_) => Kind::Map,
            Shape::Object(_) => Kind::Object,
            Shape::Variants(Tagging::Untagged, variants) => untagged_kind(variants),
            Shape::Variants(..) => Kind::Object,
            Shape::Refined(of) => of.kind(),
            Shape::Described { kind, .. } => kind,
        }
    }
}

/// The common kind of these variants; [`Kind::Any`] if they have none.
pub(super) const fn untagged_kind(variants: &[Variant]) -> Kind {
    let mut index = 0;
    let mut found: Option<Kind> = None;
    while index < variants.len() {
        let kind = variants[index].of.kind();
        found = match (found, kind) {
            (None, kind) => Some(kind),
            (Some(Kind::Integer), Kind::Integer) => Some(Kind::Integer),
            (Some(Kind::String), Kind::String) => Some(Kind::String),
            (Some(Kind::Object), Kind::Object) => Some(Kind::Object),
            (
                Some(Kind::Integer | Kind::String | Kind::IntOrString),
                Kind::Integer | Kind::String | Kind::IntOrString,
            ) => Some(Kind::IntOrString),
            _ => return Kind::Any,
        };
        index += 1;
    }
    match found {
        Some(kind) => kind,
        None => Kind::Any,
    }
}

/// Whether two texts are equal; usable in constants.
pub(super) const fn same_text(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut index = 0;
    while index < a.len() {
        if a[index] != b[index] {
            return false;
        }
        index += 1;
    }
    true
}
