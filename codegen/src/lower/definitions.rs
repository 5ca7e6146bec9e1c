use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use kubernetes_swagger::extension::{self, MapType};
use openapiv3::{OpenAPI, ReferenceOr, Schema};

use super::descriptions::{possible_values, with_default, without_possible_values};
use super::homes::{home_of, is_built_in};
use super::schemas::{self, Form, Properties, Shape};
use crate::error::{Error, Place, Result};
use crate::ir::names::UniqueNames;
use crate::ir::{Body, Definition, Enum, Field, GroupVersionKind, Presence, Special, Struct, Type, Variant, names};
use crate::references::data;

/// Lowers every definition; those that can't be are left out, each with its problem.
pub(super) fn lower(openapi: &OpenAPI) -> (BTreeMap<String, Definition>, Vec<Error>) {
    let (mut definitions, mut problems) = (BTreeMap::new(), Vec::new());
    let Some(components) = &openapi.components else { return (definitions, problems) };
    let root = Place::root("components");
    let root = root.key("schemas");
    let taken: BTreeSet<&str> = components.schemas.keys().map(String::as_str).collect();
    for (name, schema) in &components.schemas {
        match definition(&root.key(name), name, schema, &taken) {
            Ok(definition) => drop(definitions.insert(name.clone(), definition)),
            Err(problem) => problems.push(problem),
        }
    }
    (definitions, problems)
}

fn definition(
    place: &Place<'_>,
    name: &str,
    schema: &ReferenceOr<Schema>,
    taken: &BTreeSet<&str>,
) -> Result<Definition> {
    let (home, type_name) = home_of(name).ok_or_else(|| {
        place.error("the name of a definition must end in a version and a kind, as in io.k8s.api.apps.v1.Deployment")
    })?;
    let Shape::Own(form) = schemas::shape(place, schema)? else {
        return Err(place.error("a definition that only refers to another one has no type in Rust"));
    };
    let kinds = extension::group_version_kinds(form.data);
    let body = match Special::of(name) {
        Some(special) => match special.argument.filter(|argument| !taken.contains(argument)) {
            Some(missing) => return Err(place.error(format!("it needs the definition {missing}, which is missing"))),
            None => Body::Special(special),
        },
        None => {
            let mut lowering = Lowering { definition: name, taken, structs: Vec::new(), enums: Vec::new() };
            lowering.definition_struct(place, &type_name, form, &kinds)?;
            Body::Structs { structs: lowering.structs, enums: lowering.enums }
        }
    };
    Ok(Definition { name: name.to_owned(), pointer: place.pointer(), home, type_name, kinds, body })
}

/// The state of lowering one definition.
struct Lowering<'a> {
    definition: &'a str,
    /// The names of all definitions.
    taken: &'a BTreeSet<&'a str>,
    structs: Vec<Struct>,
    enums: Vec<Enum>,
}

impl Lowering<'_> {
    fn definition_struct(
        &mut self,
        place: &Place<'_>,
        name: &str,
        form: Form<'_>,
        kinds: &[GroupVersionKind],
    ) -> Result<()> {
        if form.type_() != Some("object") || form.values().is_some() || form.has_any_values() {
            return Err(place.error(format!(
                "a definition without properties that is no `type: object`: write the type in kubernetes-core and add \
                 {} to Special in codegen/src/ir/types.rs",
                self.definition,
            )));
        }
        let description = form.data.description.as_deref().unwrap_or_default();
        let mut added = self.add_struct(place, name, description, form)?;
        added.atomic = extension::map_type(form.data) == Some(MapType::Atomic);
        if let [kind] = kinds {
            added.fields.retain(|field| !matches!(field.wire.as_str(), "apiVersion" | "kind"));
            added.fields.sort_by_key(|field| field.wire != "metadata");
            added.type_meta = Some(kind.clone());
        }
        self.structs.insert(0, added);
        Ok(())
    }

    fn add_struct(&mut self, place: &Place<'_>, name: &str, description: &str, form: Form<'_>) -> Result<Struct> {
        let (properties, required): (&Properties, _) = (&form.keywords.properties, &form.keywords.required);
        let place = place.key("properties");
        let mut fields: Vec<Field> = Vec::with_capacity(properties.len());
        let (mut names, mut places) = (UniqueNames::default(), HashMap::new());
        let required: HashSet<&String> = required.iter().collect();
        let sorted: BTreeMap<_, _> = properties.iter().collect();
        for (property, schema) in sorted {
            let place = place.key(property);
            let mut field = self.field(&place, name, property, schema, required.contains(property))?;
            let name = names.add(&field.name, if field.name.ends_with('_') { "" } else { "_" });
            match places.get(&field.name).and_then(|index: &usize| fields.get(*index)) {
                Some(other) if is_built_in(self.definition) => {
                    let message = format!("`{property}` and `{}` are both `{}` in Rust", other.wire, field.name);
                    return Err(place.error(message));
                }
                // Custom resources do have `proxyURL` beside `proxyUrl`.
                Some(_) => field.name.clone_from(&name),
                None => {}
            }
            places.insert(name, fields.len());
            fields.push(field);
        }
        let description = description.to_owned();
        Ok(Struct { name: name.to_owned(), description, fields, type_meta: None, resource: None, atomic: false })
    }

    fn field(
        &mut self,
        place: &Place<'_>,
        owner: &str,
        property: &str,
        schema: &ReferenceOr<Box<Schema>>,
        required: bool,
    ) -> Result<Field> {
        // The writer puts names into JSON as they are.
        if let Some(odd) = property.chars().find(|c| c.is_control() || matches!(c, '"' | '\\')) {
            return Err(
                place.error(format!("a property must not be named {property:?}: {odd:?} has to be escaped in JSON"))
            );
        }
        let data = data(schema);
        let description = data.description.as_deref().unwrap_or_default();
        let enums = self.enums.len();
        let type_ = self.type_of(place, owner, property, description, schema)?;
        let has_enum = self.enums.len() > enums;
        let description = if has_enum { without_possible_values(description) } else { description };
        let description = match &data.default {
            Some(default) => with_default(description, default, is_built_in(self.definition)),
            None => description.to_owned(),
        };
        Ok(Field {
            wire: property.to_owned(),
            name: names::identifier(property),
            description,
            type_,
            required,
            nullable: data.nullable,
            presence: Presence::Plain,
            secret: None,
            merge: schemas::merge(schema),
        })
    }

    /// The type of a property, or of what is in it; structs and enums that it declares are added.
    fn type_of<S: std::borrow::Borrow<Schema>>(
        &mut self,
        place: &Place<'_>,
        owner: &str,
        property: &str,
        description: &str,
        schema: &ReferenceOr<S>,
    ) -> Result<Type> {
        let form = match schemas::shape(place, schema)? {
            Shape::Definition(name) if self.taken.contains(name) => return Ok(Type::Definition(name.to_owned())),
            Shape::Definition(name) => return Err(place.error(format!("there is no definition {name}"))),
            Shape::Own(form) => form,
        };
        if extension::is_int_or_string(form.data) || form.format() == Some("int-or-string") {
            return Ok(Type::IntOrString);
        }
        let enumeration = form.strings();
        Ok(match form.type_() {
            None => Type::Any,
            Some("string") if form.format() == Some("byte") => Type::Bytes,
            Some("string") if !enumeration.is_empty() => {
                self.enumeration(place, owner, property, description, &enumeration)?
            }
            Some("string") => Type::String,
            Some("integer") if form.format() == Some("int32") => Type::Integer32,
            Some("integer") => Type::Integer64,
            Some("number") => Type::Number,
            Some("boolean") => Type::Boolean,
            Some("array") => {
                let items = form.keywords.items.as_ref();
                let items = items.map(|items| self.type_of(&place.key("items"), owner, property, description, items));
                Type::List(Box::new(items.unwrap_or(Ok(Type::Any))?))
            }
            Some("object") => self.object(place, owner, property, description, form)?,
            Some(other) => return Err(place.error(format!("the type `{other}` is unknown"))),
        })
    }

    fn object(
        &mut self,
        place: &Place<'_>,
        owner: &str,
        property: &str,
        description: &str,
        form: Form<'_>,
    ) -> Result<Type> {
        if let Some(values) = form.values() {
            let place = place.key("additionalProperties");
            return Ok(Type::Map(Box::new(self.type_of(&place, owner, property, description, values)?)));
        }
        let is_open = extension::is_embedded_resource(form.data) || extension::preserves_unknown_fields(form.data);
        match form.keywords.properties.is_empty() {
            // What its schema does not name would be lost in a struct.
            false if !is_open => {
                let name = self.member_type(place, owner, property)?;
                let description = match description {
                    "" => format!("What the field `{property}` of `{owner}` holds."),
                    description => description.to_owned(),
                };
                let nested = self.add_struct(place, &name, &description, form)?;
                self.structs.push(nested);
                Ok(Type::Nested(name))
            }
            _ if form.has_any_values() => Ok(Type::Map(Box::new(Type::Any))),
            _ => Ok(Type::Any),
        }
    }

    fn enumeration(
        &mut self,
        place: &Place<'_>,
        owner: &str,
        property: &str,
        description: &str,
        values: &[&str],
    ) -> Result<Type> {
        let name = self.member_type(place, owner, property)?;
        let mut descriptions = possible_values(description);
        let variants = names::variants(values.iter().copied());
        let variants = values.iter().zip(variants).map(|(value, name)| Variant {
            name,
            wire: (*value).to_owned(),
            description: descriptions.remove(*value).unwrap_or_default(),
        });
        let variants = variants.collect();
        let owner = format!("the field `{property}` of [`{owner}`]");
        self.enums.push(Enum { name: name.clone(), owner, variants, same_as: None });
        Ok(Type::Enum(name))
    }

    /// The name of a type that belongs to a property; definitions have the older right to a name.
    fn member_type(&self, place: &Place<'_>, owner: &str, property: &str) -> Result<String> {
        let name = names::member_type(owner, property);
        let module = self.definition.rsplit_once('.').map(|(module, _)| module).unwrap_or_default();
        let is_taken = |name: &str| {
            self.taken.contains(format!("{module}.{name}").as_str())
                || self.structs.iter().any(|other| other.name == name)
                || self.enums.iter().any(|other| other.name == name)
        };
        // Deep down in a custom resource, `aB` of `c` and `b` of `cA` meet.
        let numbered = (2..=99).map(|number| format!("{name}Value{number}"));
        let names = [name.clone(), format!("{name}Value")].into_iter().chain(numbered);
        names
            .into_iter()
            .find(|name| !is_taken(name))
            .ok_or_else(|| place.error(format!("the type of this property would be named {name}, which is taken")))
    }
}
