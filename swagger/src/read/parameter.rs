//! Readers of parameters.

use indexmap::IndexMap;
use openapiv3::{
    HeaderStyle, MediaType, Parameter, ParameterData, ParameterSchemaOrContent, PathStyle, QueryStyle, ReferenceOr,
    RequestBody, Schema, SchemaKind,
};

use super::schema::{Type, schema, simple_schema};
use crate::names::{ANY_CONTENT, BODY, COLLECTION_FORMAT, NAME};
use crate::text_enum::text_enum;
use crate::tree::json::Json;
use crate::tree::object::Object;
use crate::tree::place::{Dialect, Place};
use crate::tree::value::{boolean, string, text};

/// A declaration among the parameters of Swagger 2.0.
pub(super) enum Declared {
    Value(Box<Parameter>),
    /// A body, of any content type.
    Body(RequestBody),
}

text_enum! {
    /// How the items of an array are written in a parameter.
    enum CollectionFormat {
        /// `csv`: with commas between them, as where there is no such key
        Csv = "csv",
        /// `ssv`: with spaces between them
        Ssv = "ssv",
        /// `tsv`: with tabs between them
        Tsv = "tsv",
        /// `pipes`: with `|` between them
        Pipes = "pipes",
        /// `multi`: the parameter is repeated
        Multi = "multi",
    }
}

pub(super) fn parameter(place: &Place<'_>, json: Json<'_>) -> Option<Declared> {
    let mut object = Object::new(place, json)?;
    let location = object.required("in", |place, json| string(place, json).map(Some))?;
    let declared = match (location.as_str(), place.dialect()) {
        ("body", Dialect::Swagger) => Declared::Body(body(&mut object)),
        ("path" | "query" | "header", _) => Declared::Value(Box::new(value(&mut object, place, &location))),
        (_, dialect) => {
            let body = if dialect == Dialect::Swagger { "`body`, " } else { "" };
            let message = format!("unknown parameter location `{location}`; known: {body}`path`, `query`, `header`");
            place.key("in").problem(message);
            return None;
        }
    };
    object.finish();
    Some(declared)
}

fn body(object: &mut Object<'_, '_>) -> RequestBody {
    let name = object.required("name", string);
    let schema = object.required("schema", |place, json| schema(place, json).map(Some));
    let media = MediaType { schema, ..MediaType::default() };
    let mut extensions = IndexMap::new();
    if name != BODY {
        extensions.insert(NAME.to_owned(), name.into());
    }
    RequestBody {
        description: object.optional("description", string),
        required: object.or_default("required", boolean),
        content: [(ANY_CONTENT.to_owned(), media)].into(),
        extensions,
    }
}

fn value(object: &mut Object<'_, '_>, place: &Place<'_>, location: &str) -> Parameter {
    let name = object.required("name", string);
    let description = object.optional("description", string);
    let required = object.or_default("required", boolean);
    let allow_empty_value = object.optional("allowEmptyValue", boolean);
    if location == "path" && !required {
        place.problem("a path parameter needs `\"required\": true`");
    }
    let mut extensions = IndexMap::new();
    let (schema, explode, style) = if place.dialect() == Dialect::Swagger {
        let format = object.optional("collectionFormat", text::<CollectionFormat>("collection format"));
        extensions.extend(format.map(|format| (COLLECTION_FORMAT.to_owned(), format.as_str().into())));
        let schema = simple_schema(object, place);
        let is_array = is_array(&schema);
        let explode = is_array.then_some(format == Some(CollectionFormat::Multi));
        (Some(schema), explode, format.filter(|_| is_array).map_or(QueryStyle::Form, query_style))
    } else {
        let schema = object.required("schema", |place, json| {
            let mut object = Object::new(place, json)?;
            let schema = simple_schema(&mut object, place);
            object.finish();
            Some(Some(schema))
        });
        object.optional("style", |place, json| default_style(place, json, location));
        let explode = object.optional("explode", boolean);
        // A list in a query is written as one parameter for each item, unless `explode` says otherwise.
        let is_repeated = location == "query" && schema.as_ref().is_some_and(is_array);
        (schema, explode.or(is_repeated.then_some(true)), QueryStyle::Form)
    };
    let schema = schema.unwrap_or_else(|| Schema {
        schema_data: Default::default(),
        schema_kind: SchemaKind::Any(Default::default()),
    });
    let format = ParameterSchemaOrContent::Schema(ReferenceOr::Item(schema));
    let (deprecated, example, examples) = (None, None, IndexMap::new());
    let parameter_data =
        ParameterData { name, description, required, deprecated, format, example, examples, explode, extensions };
    match location {
        "path" => Parameter::Path { parameter_data, style: PathStyle::Simple },
        "header" => Parameter::Header { parameter_data, style: HeaderStyle::Simple },
        _ => Parameter::Query { parameter_data, allow_reserved: false, style, allow_empty_value },
    }
}

fn is_array(schema: &Schema) -> bool {
    matches!(&schema.schema_kind, SchemaKind::Any(any) if any.typ.as_deref() == Some(Type::Array.as_str()))
}

/// OpenAPI 3.0 has no style for tabs; the extension holds them.
fn query_style(format: CollectionFormat) -> QueryStyle {
    match format {
        CollectionFormat::Ssv => QueryStyle::SpaceDelimited,
        CollectionFormat::Pipes => QueryStyle::PipeDelimited,
        CollectionFormat::Csv | CollectionFormat::Tsv | CollectionFormat::Multi => QueryStyle::Form,
    }
}

/// Kubernetes writes no other style than the default one.
fn default_style(place: &Place<'_>, json: Json<'_>, location: &str) -> Option<()> {
    let (style, expected) = (string(place, json)?, if location == "query" { "form" } else { "simple" });
    if style != expected {
        place.problem(format!("expected the style `{expected}`, found `{style}`"));
    }
    Some(())
}
