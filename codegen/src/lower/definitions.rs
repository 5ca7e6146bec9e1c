use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use kubernetes_swagger::extension::{self, MapType};
use openapiv3::{OpenAPI, ReferenceOr, Schema};

use super::descriptions::{possible_values, with_default, without_possible_values};
use super::homes::{home_of, is_built_in};
use super::reuse::Reuse;
use super::schemas::{self, Form, Properties, Shape};
use crate::error::{Error, Place, Result};
use crate::ir::names::UniqueNames;
use crate::ir::{
    Body, Definition, Enum, Field, GroupVersionKind, Presence, Special, Struct, Type, Untyped, Variant, names,
    split_module,
};
use crate::references::{data, keywords};

/// The field of what a struct keeps beside its declared fields.
const REST: &str = "rest";

/// Lowers every definition; those that can't be are left out, each with its problem.
pub(super) fn lower(openapi: &OpenAPI, reuse: Option<&Reuse<'_>>) -> (BTreeMap<String, Definition>, Vec<Error>) {
    let (mut definitions, mut problems) = (BTreeMap::new(), Vec::new());
    let Some(components) = &openapi.components else { return (definitions, problems) };
    let root = Place::root("components");
    let root = root.key("schemas");
    let taken: BTreeSet<&str> = components.schemas.keys().map(String::as_str).collect();
    for (name, schema) in &components.schemas {
        match definition(&root.key(name), name, schema, &taken, reuse) {
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
    reuse: Option<&Reuse<'_>>,
) -> Result<Definition> {
    let kinds = extension::group_version_kinds(data(schema));
    let (home, type_name) = home_of(name, &kinds).ok_or_else(|| {
        place.error("the name of a definition must end in a version and a kind, as in io.k8s.api.apps.v1.Deployment")
    })?;
    let Shape::Own(form) = schemas::shape(place, schema)? else {
        return Err(place.error("a definition that only refers to another one has no type in Rust"));
    };
    let mut untyped = Vec::new();
    let body = match Special::of(name) {
        Some(special) => match special.argument.filter(|argument| !taken.contains(argument)) {
            Some(missing) => return Err(place.error(format!("it needs the definition {missing}, which is missing"))),
            None => Body::Special(special),
        },
        None => {
            let mut lowering = Lowering::new(name, taken, reuse);
            lowering.definition_struct(place, &type_name, form, &kinds)?;
            untyped = lowering.untyped;
            Body::Structs { structs: lowering.structs, enums: lowering.enums }
        }
    };
    Ok(Definition { name: name.to_owned(), pointer: place.pointer(), home, type_name, kinds, body, untyped })
}

/// A property, of which the items and values are members too.
#[derive(Clone, Copy)]
struct Member<'a> {
    /// The name of the struct.
    owner: &'a str,
    property: &'a str,
    description: &'a str,
}

/// The state of lowering one definition.
struct Lowering<'a> {
    definition: &'a str,
    /// The names of all definitions.
    taken: &'a BTreeSet<&'a str>,
    /// Recognizes built-in types in custom resources.
    reuse: Option<&'a Reuse<'a>>,
    /// Whether it is a custom resource, of which nothing may be lost: absent, empty and `null` differ.
    is_custom: bool,
    structs: Vec<Struct>,
    enums: Vec<Enum>,
    untyped: Vec<Untyped>,
    /// The name of the definition's own type.
    root: String,
    /// The names in each module of types inside of a custom resource.
    modules: HashMap<String, UniqueNames>,
}

impl<'a> Lowering<'a> {
    fn new(definition: &'a str, taken: &'a BTreeSet<&'a str>, reuse: Option<&'a Reuse<'a>>) -> Self {
        let is_custom = !is_built_in(definition);
        let (structs, enums, untyped, root, modules) = Default::default();
        let reuse = reuse.filter(|_| is_custom);
        Self { definition, taken, reuse, is_custom, structs, enums, untyped, root, modules }
    }

    fn definition_struct(
        &mut self,
        place: &Place<'_>,
        name: &str,
        form: Form<'_>,
        kinds: &[GroupVersionKind],
    ) -> Result<()> {
        if form.type_() != Some("object") || form.values().is_some() || form.has_any_values() {
            return Err(place.error(format!(
                "a definition without properties that is not `type: object`: write the type in kubernetes-apimachinery and add \
                 {} to Special in codegen/src/ir/types.rs",
                self.definition,
            )));
        }
        // No type inside of it has its name.
        self.modules.entry(String::new()).or_default().add(names::identifier(name).trim_end_matches('_'), "");
        self.root = name.to_owned();
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
        let keeps_rest = self.is_custom && extension::preserves_unknown_fields(form.data);
        if keeps_rest {
            names.add(REST, "_");
        }
        let required: HashSet<&String> = required.iter().collect();
        let sorted: BTreeMap<_, _> = properties.iter().collect();
        for (property, schema) in sorted {
            let place = place.key(property);
            let mut field = self.field(&place, name, property, schema, required.contains(property))?;
            let unique = names.add(&field.name, if field.name.ends_with('_') { "" } else { "_" });
            match places.get(&field.name).and_then(|index: &usize| fields.get(*index)) {
                Some(other) if !self.is_custom => {
                    let message = format!("`{property}` and `{}` are both `{}` in Rust", other.wire, field.name);
                    return Err(place.error(message));
                }
                // Custom resources do have `proxyURL` beside `proxyUrl`.
                _ => field.name.clone_from(&unique),
            }
            places.insert(unique, fields.len());
            fields.push(field);
        }
        let (name, description) = (name.to_owned(), description.to_owned());
        Ok(Struct {
            name,
            description,
            fields,
            type_meta: None,
            resource: None,
            atomic: false,
            keeps_rest,
            same_as: None,
        })
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
        let type_ = self.type_of(place, Member { owner, property, description }, schema)?;
        let has_enum = self.enums.len() > enums;
        let description = if has_enum { without_possible_values(description) } else { description };
        let description = match &data.default {
            Some(default) => with_default(description, default, !self.is_custom),
            None => description.to_owned(),
        };
        // Where a schema has no type, `null` is a value like any other.
        let nullable = data.nullable || (self.is_custom && type_ == Type::Any && keywords(schema).typ.is_none());
        Ok(Field {
            wire: property.to_owned(),
            name: names::identifier(property),
            description,
            required,
            nullable: nullable && !(required && type_ == Type::Any),
            type_,
            presence: Presence::Plain,
            is_boxed: false,
            stable_required: None,
            secret: None,
            merge: schemas::merge(schema),
        })
    }

    /// The type of a property, or of what is in it; structs and enums that it declares are added.
    fn type_of<S: Borrow<Schema>>(
        &mut self,
        place: &Place<'_>,
        member: Member<'_>,
        schema: &ReferenceOr<S>,
    ) -> Result<Type> {
        let form = match schemas::shape(place, schema)? {
            Shape::Definition(name) if self.taken.contains(name) => return Ok(Type::Definition(name.to_owned())),
            Shape::Definition(name) => return Err(place.error(format!("there is no definition {name}"))),
            Shape::Own(form) => form,
        };
        if let Some(type_) = self.reuse.and_then(|reuse| reuse.recognize(schema)) {
            return Ok(Type::Definition(type_.to_owned()));
        }
        if extension::is_int_or_string(form.data) || form.format() == Some("int-or-string") {
            return Ok(match (self.is_custom, form.is_quantity()) {
                (true, true) => Type::Quantity,
                (true, false) => Type::IntOrText,
                (false, _) => Type::IntOrString,
            });
        }
        let enumeration = form.strings();
        Ok(match form.type_() {
            None => self.any(place, form),
            Some("string") if form.format() == Some("byte") => Type::Bytes,
            Some("string") if self.is_custom && form.is_quantity() => Type::Quantity,
            Some("string") if !enumeration.is_empty() => self.enumeration(place, member, &enumeration)?,
            Some("string") => Type::String,
            Some("integer") if form.format() == Some("int32") => Type::Integer32,
            Some("integer") => Type::Integer64,
            Some("number") => Type::Number,
            Some("boolean") => Type::Boolean,
            Some("array") => match &form.keywords.items {
                Some(items) => Type::List(self.inner(&place.key("items"), member, items)?),
                None => Type::List(Box::new(self.any(place, form))),
            },
            Some("object") => self.object(place, member, form)?,
            Some(other) => return Err(place.error(format!("the type `{other}` is unknown"))),
        })
    }

    /// The type of items or values, which may be `null` themselves.
    fn inner<S: Borrow<Schema>>(
        &mut self,
        place: &Place<'_>,
        member: Member<'_>,
        schema: &ReferenceOr<S>,
    ) -> Result<Box<Type>> {
        let type_ = self.type_of(place, member, schema)?;
        let is_nullable = self.is_custom && data(schema).nullable && type_ != Type::Any;
        Ok(Box::new(if is_nullable { Type::Nullable(Box::new(type_)) } else { type_ }))
    }

    fn object(&mut self, place: &Place<'_>, member: Member<'_>, form: Form<'_>) -> Result<Type> {
        if let Some(values) = form.values() {
            let place = place.key("additionalProperties");
            return Ok(Type::Map(self.inner(&place, member, values)?));
        }
        // A struct of another form than custom resources have would lose what its schema does not name.
        let is_open = extension::is_embedded_resource(form.data)
            || (!self.is_custom && extension::preserves_unknown_fields(form.data));
        match form.keywords.properties.is_empty() {
            false if !is_open => {
                let name = self.member_type(place, member)?;
                let Member { owner, property, description } = member;
                let description = match description {
                    "" => format!("The field `{property}` of `{}`.", split_module(owner).1),
                    description => description.to_owned(),
                };
                let nested = self.add_struct(place, &name, &description, form)?;
                self.structs.push(nested);
                Ok(Type::Nested(name))
            }
            _ if form.has_any_values() => Ok(Type::Map(Box::new(self.any(place, form)))),
            _ => Ok(self.any(place, form)),
        }
    }

    /// JSON, with the reason noted.
    fn any(&mut self, place: &Place<'_>, form: Form<'_>) -> Type {
        let Form { data, keywords } = form;
        let reason = if extension::is_embedded_resource(data) {
            "they are arbitrary objects"
        } else if extension::preserves_unknown_fields(data) {
            "their schemas preserve unknown fields without declaring any"
        } else if !(keywords.one_of.is_empty() && keywords.any_of.is_empty()) {
            "their schemas are choices between types"
        } else if form.has_any_values() {
            "their values are arbitrary"
        } else {
            "their schemas declare no type or no fields"
        };
        if self.is_custom {
            self.untyped.push(Untyped { reason, pointer: place.pointer() });
        }
        Type::Any
    }

    fn enumeration(&mut self, place: &Place<'_>, member: Member<'_>, values: &[&str]) -> Result<Type> {
        let name = self.member_type(place, member)?;
        let Member { owner, property, description } = member;
        let mut descriptions = possible_values(description);
        let variants = names::variants(values.iter().copied());
        let variants = values.iter().zip(variants).map(|(value, name)| Variant {
            name,
            wire: (*value).to_owned(),
            description: descriptions.remove(*value).unwrap_or_default(),
        });
        let variants = variants.collect();
        // A kind may have the name of a derive macro, which makes a link ambiguous.
        let owner = match self.is_custom {
            true => format!("the field `{property}` of `{}`", split_module(owner).1),
            false => format!("the field `{property}` of [`{owner}`]"),
        };
        self.enums.push(Enum { name: name.clone(), owner, variants, same_as: None });
        Ok(Type::Enum(name))
    }

    /// The name of a type that belongs to a property.
    ///
    /// In a custom resource it is the property's, in a module for each object that contains it, so that it depends on
    /// nothing beside it, and stays when the schema gets another property. Elsewhere it is the owner's name and the
    /// property's; definitions have the older right to a name.
    fn member_type(&mut self, place: &Place<'_>, member: Member<'_>) -> Result<String> {
        let Member { owner, property, .. } = member;
        if self.is_custom {
            let module = match split_module(owner) {
                ("", name) if name == self.root => String::new(),
                ("", name) => names::identifier(name),
                (module, name) => format!("{module}::{}", names::identifier(name)),
            };
            let type_name = names::nested_type(property);
            // The types inside of it are in a module of the same name.
            let key = names::identifier(&type_name).trim_end_matches('_').to_owned();
            let unique = self.modules.entry(module.clone()).or_default().add(&key, "");
            let name = format!("{type_name}{}", unique.strip_prefix(&key).unwrap_or_default());
            return Ok(if module.is_empty() { name } else { format!("{module}::{name}") });
        }
        let name = names::member_type(owner, property);
        let module = self.definition.rsplit_once('.').map(|(module, _)| module).unwrap_or_default();
        let is_taken = |name: &str| {
            self.taken.contains(format!("{module}.{name}").as_str())
                || self.structs.iter().any(|other| other.name == name)
                || self.enums.iter().any(|other| other.name == name)
        };
        let names = [name.clone(), format!("{name}Value")];
        names.into_iter().find(|name| !is_taken(name)).ok_or_else(|| {
            place.error(format!("the type of this property would be named {name}, which is already used"))
        })
    }
}
