use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// The description that the types are made from.
pub(crate) static DESCRIPTION: LazyLock<Description> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/swagger.json");
    let text = std::fs::read_to_string(path).expect("the description is in the repository");
    serde_json::from_str(&text).expect("the description is Swagger 2.0")
});

#[derive(Deserialize)]
pub(crate) struct Description {
    pub(crate) definitions: BTreeMap<String, Schema>,
}

/// As much of a schema as says what documents are valid.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Schema {
    #[serde(rename = "$ref")]
    reference: Option<String>,
    #[serde(rename = "type")]
    type_: Option<String>,
    format: Option<String>,
    #[serde(rename = "enum", default)]
    enumeration: Vec<String>,
    items: Option<Box<Schema>>,
    additional_properties: Option<Box<Schema>>,
    properties: Option<BTreeMap<String, Schema>>,
    #[serde(default)]
    required: Vec<String>,
    #[serde(rename = "x-kubernetes-group-version-kind", default)]
    kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    group: String,
    version: String,
    kind: String,
}

/// The types that a value may have.
#[derive(Clone, Copy)]
pub(crate) enum Form<'a> {
    /// The text, and the known values if the schema lists some.
    String(&'a [String]),
    Bytes,
    Integer32,
    Integer64,
    Number,
    Boolean,
    Quantity,
    Time,
    MicroTime,
    IntOrString,
    /// Any JSON value.
    Any,
    List(&'a Schema),
    Map(&'a Schema),
    Object(Object<'a>),
    /// An object of the schema, or something else.
    Union(Object<'a>, Other),
}

/// The other form of a union beside an object.
#[derive(Clone, Copy)]
pub(crate) enum Other {
    Boolean,
    /// A list of the objects.
    Objects,
    Strings,
}

/// An object with known properties.
#[derive(Clone, Copy)]
pub(crate) struct Object<'a> {
    /// The definition; a property of its own form has none.
    pub(crate) name: Option<&'a str>,
    schema: &'a Schema,
}

/// A property, in the order in which they are written.
pub(crate) struct Property<'a> {
    pub(crate) name: &'a str,
    pub(crate) schema: &'a Schema,
    /// Whether it is written when it is empty.
    pub(crate) required: bool,
}

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.";
const JSON_SCHEMA: &str = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps";

impl Description {
    /// The types of a definition's values.
    pub(crate) fn form(&self, definition: &str) -> Form<'_> {
        let (name, schema) = self.definitions.get_key_value(definition).expect("references lead to definitions");
        let json_schema = || Object { name: Some(JSON_SCHEMA), schema: &self.definitions[JSON_SCHEMA] };
        match name.as_str() {
            "io.k8s.apimachinery.pkg.api.resource.Quantity" => Form::Quantity,
            "io.k8s.apimachinery.pkg.util.intstr.IntOrString" => Form::IntOrString,
            "io.k8s.apimachinery.pkg.runtime.RawExtension" => Form::Any,
            "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON" => Form::Any,
            _ => match name.strip_prefix(META).or_else(|| name.strip_prefix(JSON_SCHEMA)) {
                Some("Time") => Form::Time,
                Some("MicroTime") => Form::MicroTime,
                Some("FieldsV1" | "Patch") => Form::Any,
                Some("OrArray") => Form::Union(json_schema(), Other::Objects),
                Some("OrBool") => Form::Union(json_schema(), Other::Boolean),
                Some("OrStringArray") => Form::Union(json_schema(), Other::Strings),
                _ => Form::Object(Object { name: Some(name), schema }),
            },
        }
    }
}

impl Schema {
    /// The types of a property's values, a list's elements or a map's values.
    pub(crate) fn form(&self) -> Form<'_> {
        if let Some(reference) = &self.reference {
            return DESCRIPTION.form(reference.trim_start_matches("#/definitions/"));
        }
        match (self.type_.as_deref(), self.format.as_deref()) {
            (Some("string"), Some("byte")) => Form::Bytes,
            (Some("string"), None) => Form::String(&self.enumeration),
            (Some("integer"), Some("int32")) => Form::Integer32,
            (Some("integer"), Some("int64")) => Form::Integer64,
            (Some("number"), _) => Form::Number,
            (Some("boolean"), None) => Form::Boolean,
            (Some("array"), None) => Form::List(self.items.as_ref().expect("an array has items")),
            (Some("object"), None) => match (&self.additional_properties, &self.properties) {
                (Some(values), None) => Form::Map(values),
                (None, Some(_)) => Form::Object(Object { name: None, schema: self }),
                (None, None) => Form::Any,
                (Some(_), Some(_)) => panic!("a map with known properties is new: decide what it is"),
            },
            (None, None) => Form::Any,
            other => panic!("{other:?} is new: decide what it is"),
        }
    }
}

impl<'a> Object<'a> {
    /// `apiVersion` and `kind` of a definition that has one of each.
    pub(crate) fn type_meta(&self) -> Option<[(&'static str, String); 2]> {
        let [Kind { group, version, kind }] = self.schema.kinds.as_slice() else { return None };
        let api_version = if group.is_empty() { version.clone() } else { format!("{group}/{version}") };
        Some([("apiVersion", api_version), ("kind", kind.clone())])
    }

    /// The properties but for those of [`type_meta`](Self::type_meta); `metadata` of a kind is the first.
    pub(crate) fn properties(&self) -> Vec<Property<'a>> {
        let (is_kind, is_list) = (self.type_meta().is_some(), self.is_list());
        let properties = self.schema.properties.iter().flatten();
        let mut properties: Vec<Property<'a>> = properties
            .filter(|(name, _)| !is_kind || !matches!(name.as_str(), "apiVersion" | "kind"))
            .map(|(name, schema)| {
                let is_metadata = name == "metadata" && (schema.refers_to("ObjectMeta") || is_list) && is_kind;
                Property { name, schema, required: is_metadata || self.schema.required.contains(name) }
            })
            .collect();
        properties.sort_by_key(|property| !(is_kind && property.name == "metadata"));
        properties
    }

    /// Whether this is the list of a kind, of which Go always writes the metadata.
    fn is_list(&self) -> bool {
        let properties = self.schema.properties.as_ref();
        let field = |name: &str| properties.and_then(|properties| properties.get(name));
        field("items").is_some() && field("metadata").is_some_and(|metadata| metadata.refers_to("ListMeta"))
    }
}

impl Schema {
    fn refers_to(&self, meta: &str) -> bool {
        let name = self.reference.as_deref().and_then(|reference| reference.strip_prefix("#/definitions/"));
        name.and_then(|name| name.strip_prefix(META)) == Some(meta)
    }
}
