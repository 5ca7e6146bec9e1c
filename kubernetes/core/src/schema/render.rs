use super::described::Descriptions;
use super::error::InvalidSchema;
use super::fields::{Fields, PRESERVE, add_junctor, add_rules, none_of, required_branch, set, take};
use super::merge::{Condition, Merged};
use super::structural::{self, Level};
use super::types::{
    Keyword, Kind, ListType, MapType, Member, Presence, Rule, Shape, Tagging, Type, Variant, untagged_kind,
};
use crate::Str;
use crate::json::{self, Tree};

impl Type {
    /// The schema as JSON with sorted keys, as it appears in the definition of a custom resource.
    ///
    /// # Errors
    /// Returns an error if the API server would refuse the schema in a custom resource, for example because its
    /// variants have no common structure, a default value does not fit, or the key of a map list is optional.
    pub fn to_tree(&self) -> Result<Tree, InvalidSchema> {
        let tree = rendered(self)?;
        match structural::check(&tree, Level::Field) {
            violations if violations.is_empty() => Ok(tree),
            violations => Err(InvalidSchema::new("", violations)),
        }
    }
}

/// The schema before any checks.
pub(super) fn rendered(of: &Type) -> Result<Tree, InvalidSchema> {
    let mut tree = Tree::Object(Renderer::default().fields(of)?);
    tree.sort_keys();
    Ok(tree)
}

#[derive(Default)]
struct Renderer {
    descriptions: Descriptions,
}

impl Renderer {
    fn fields(&mut self, of: &Type) -> Result<Fields, InvalidSchema> {
        let mut fields = self.shape(&of.shape)?;
        for keyword in of.keywords {
            apply(&mut fields, keyword)?;
        }
        Ok(fields)
    }

    fn tree(&mut self, of: &Type, keywords: &[Keyword]) -> Result<Tree, InvalidSchema> {
        let mut fields = self.fields(of)?;
        for keyword in keywords {
            apply(&mut fields, keyword)?;
        }
        Ok(Tree::Object(fields))
    }

    fn shape(&mut self, shape: &Shape) -> Result<Fields, InvalidSchema> {
        Ok(match shape {
            Shape::Any => vec![(PRESERVE.into(), Tree::Bool(true))],
            Shape::Boolean => typed("boolean"),
            Shape::Integer => typed("integer"),
            Shape::Number => typed("number"),
            Shape::String => typed("string"),
            Shape::IntOrString => int_or_string(),
            Shape::List(item) => {
                let item = self.fields(item).map_err(|error| error.inside("items"))?;
                with(typed("array"), "items", Tree::Object(item))
            }
            Shape::Map(value) => {
                let value = self.fields(value).map_err(|error| error.inside("additionalProperties"))?;
                with(typed("object"), "additionalProperties", Tree::Object(value))
            }
            Shape::Object(members) => self.object(members)?.into_fields(),
            Shape::Variants(Tagging::External, variants) => self.external(variants)?.into_fields(),
            Shape::Variants(Tagging::Internal(tag), variants) => self.internal(tag, variants)?.into_fields(),
            Shape::Variants(Tagging::Untagged, variants) => self.untagged(variants)?,
            Shape::Refined(of) => self.fields(of)?,
            Shape::Described { name, sources, .. } => self.descriptions.schema(name, sources)?,
        })
    }

    fn object(&mut self, members: &[Member]) -> Result<Merged, InvalidSchema> {
        let mut object = Merged::default();
        for member in members {
            let schema = self.tree(member.of, member.keywords).map_err(|error| error.inside(member.name))?;
            match member.presence {
                Presence::Flattened => object.flatten(schema)?,
                Presence::FlattenedOptional => object.flatten_optional(schema)?,
                Presence::Optional => object.property(member.name, schema)?,
                Presence::Required => {
                    object.property(member.name, schema)?;
                    object.require(member.name);
                }
            }
        }
        Ok(object)
    }

    fn external(&mut self, variants: &[Variant]) -> Result<Merged, InvalidSchema> {
        let mut object = Merged::default();
        let mut branches = Vec::new();
        for variant in variants {
            let schema = self.tree(variant.of, variant.keywords).map_err(|error| error.inside(variant.name))?;
            object.property(variant.name, schema)?;
            branches.push(required_branch(&[variant.name.into()]));
        }
        object.junctor("oneOf", branches);
        Ok(object)
    }

    fn internal(&mut self, tag: &'static str, variants: &[Variant]) -> Result<Merged, InvalidSchema> {
        let mut object = Merged::default();
        let names = variants.iter().map(|variant| Tree::String(variant.name.into())).collect();
        object.property(tag, Tree::Object(with(typed("string"), "enum", Tree::List(names))))?;
        object.require(tag);
        let mut branches = Vec::new();
        let mut differs = false;
        for variant in variants {
            let schema = self.tree(variant.of, variant.keywords).map_err(|error| error.inside(variant.name))?;
            let mut own = Merged::of(schema);
            differs |= !own.required.is_empty() || !own.junctors.is_empty();
            // If the object is flattened and may be absent, the tag may be missing.
            own.require(tag);
            let value = Tree::Object(vec![("enum".into(), Tree::List(vec![Tree::String(variant.name.into())]))]);
            let mut branch = own.take_conditions(&Condition { tag, value: variant.name }, &mut object);
            branch.push(("properties".into(), Tree::Object(vec![(tag.into(), value)])));
            branches.push(Tree::Object(branch));
            object.absorb(own, variant.name)?;
        }
        object.drop_partial_defaults(variants.len());
        if differs {
            object.junctor("oneOf", branches);
        }
        Ok(object)
    }

    fn untagged(&mut self, variants: &[Variant]) -> Result<Fields, InvalidSchema> {
        match untagged_kind(variants) {
            Kind::Object => {}
            Kind::IntOrString => return Ok(int_or_string()),
            Kind::Integer => return Ok(typed("integer")),
            Kind::String => return Ok(typed("string")),
            _ => return Err(InvalidSchema::one("", UNTAGGED)),
        }
        let mut object = Merged::default();
        let mut branches = Vec::new();
        for variant in variants {
            let schema = self.tree(variant.of, variant.keywords).map_err(|error| error.inside(variant.name))?;
            let mut own = Merged::of(schema);
            if own.has_rules() {
                let rule = "a variant of an untagged enum has CEL rules, which would also apply to the other variants";
                return Err(InvalidSchema::one(variant.name, rule));
            }
            branches.push(Tree::Object(own.take_conditions(&Condition::NONE, &mut object)));
            object.absorb(own, variant.name)?;
        }
        object.drop_partial_defaults(variants.len());
        if branches.iter().all(|branch| !matches!(branch, Tree::Object(fields) if fields.is_empty())) {
            object.junctor("anyOf", branches);
        }
        Ok(object.into_fields())
    }
}

const UNTAGGED: &str = "the variants of an untagged enum are neither all objects nor integers and strings";
fn typed(name: &'static str) -> Fields {
    vec![("type".into(), Tree::String(name.into()))]
}

fn with(mut fields: Fields, key: &'static str, value: Tree) -> Fields {
    fields.push((key.into(), value));
    fields
}

fn int_or_string() -> Fields {
    let types = ["integer", "string"].map(|name| Tree::Object(typed(name)));
    vec![("anyOf".into(), Tree::List(types.into())), ("x-kubernetes-int-or-string".into(), Tree::Bool(true))]
}

fn parsed(key: &str, text: &str) -> Result<Tree, InvalidSchema> {
    json::from_str(text).map_err(|error| InvalidSchema::one(key, format!("the value is not JSON: {error}")))
}

fn apply(fields: &mut Fields, keyword: &Keyword) -> Result<(), InvalidSchema> {
    let text = |text: &'static str| Tree::String(Str::from_static(text));
    let count = |count: u64| Tree::Number(count.to_string().into());
    let (key, value) = match *keyword {
        Keyword::Title(value) => ("title", text(value)),
        Keyword::Description("") => {
            take(fields, "description");
            return Ok(());
        }
        Keyword::Description(value) => ("description", text(value)),
        Keyword::Format("") => {
            take(fields, "format");
            return Ok(());
        }
        Keyword::Format(value) => ("format", text(value)),
        Keyword::Pattern(value) => ("pattern", text(value)),
        Keyword::Default(value) => ("default", parsed("default", value)?),
        Keyword::Example(value) => ("example", parsed("example", value)?),
        Keyword::Minimum(value) => ("minimum", parsed("minimum", value)?),
        Keyword::Maximum(value) => ("maximum", parsed("maximum", value)?),
        Keyword::MultipleOf(value) => ("multipleOf", parsed("multipleOf", value)?),
        Keyword::Nullable => ("nullable", Tree::Bool(true)),
        Keyword::ExclusiveMinimum => ("exclusiveMinimum", Tree::Bool(true)),
        Keyword::ExclusiveMaximum => ("exclusiveMaximum", Tree::Bool(true)),
        Keyword::MinLength(value) => ("minLength", count(value)),
        Keyword::MaxLength(value) => ("maxLength", count(value)),
        Keyword::MinItems(value) => ("minItems", count(value)),
        Keyword::MaxItems(value) => ("maxItems", count(value)),
        Keyword::MinProperties(value) => ("minProperties", count(value)),
        Keyword::MaxProperties(value) => ("maxProperties", count(value)),
        Keyword::PreserveUnknownFields => (PRESERVE, Tree::Bool(true)),
        Keyword::EmbeddedResource => ("x-kubernetes-embedded-resource", Tree::Bool(true)),
        Keyword::MapType(MapType::Atomic) => ("x-kubernetes-map-type", text("atomic")),
        Keyword::MapType(MapType::Granular) => ("x-kubernetes-map-type", text("granular")),
        Keyword::Enum(values) => {
            ("enum", Tree::List(values.iter().map(|value| parsed("enum", value)).collect::<Result<_, _>>()?))
        }
        _ => return apply_structured(fields, keyword),
    };
    set(fields, key, value);
    Ok(())
}

/// Applies a keyword that is not just a field of the schema.
fn apply_structured(fields: &mut Fields, keyword: &Keyword) -> Result<(), InvalidSchema> {
    let each = |names: &[&'static str]| -> Vec<Tree> {
        names.iter().map(|name| required_branch(&[Str::from_static(name)])).collect()
    };
    match *keyword {
        Keyword::ListType(of) => {
            let (name, keys) = match of {
                ListType::Atomic => ("atomic", None),
                ListType::Set => ("set", None),
                ListType::Map(keys) => ("map", Some(keys)),
            };
            take(fields, "x-kubernetes-list-map-keys");
            set(fields, "x-kubernetes-list-type", Tree::String(name.into()));
            if let Some(keys) = keys {
                let keys = keys.iter().map(|key| Tree::String(Str::from_static(key))).collect();
                set(fields, "x-kubernetes-list-map-keys", Tree::List(keys));
            }
        }
        Keyword::Rules(rules) => add_rules(fields, rules.iter().map(rule)),
        Keyword::Items(keywords) => {
            let key = if fields.iter().any(|(key, _)| key == "items") { "items" } else { "additionalProperties" };
            let Some(Tree::Object(mut item)) = take(fields, key) else {
                return Err(InvalidSchema::one("", "keywords of items need a list or a map"));
            };
            for keyword in keywords {
                apply(&mut item, keyword).map_err(|error| error.inside(key))?;
            }
            set(fields, key, Tree::Object(item));
        }
        Keyword::ExactlyOneOf(names) => add_junctor(fields, "oneOf", each(names)),
        Keyword::AtLeastOneOf(names) => add_junctor(fields, "anyOf", each(names)),
        Keyword::AtMostOneOf(names) => {
            let mut branches = each(names);
            branches.push(none_of(branches.clone()));
            add_junctor(fields, "oneOf", branches);
        }
        _ => {}
    }
    Ok(())
}

fn rule(rule: &Rule) -> Tree {
    let texts = [
        ("fieldPath", rule.field_path),
        ("message", rule.message),
        ("messageExpression", rule.message_expression),
        ("reason", rule.reason),
        ("rule", rule.rule),
    ];
    let mut fields: Fields = texts
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(key, text)| (key.into(), Tree::String(Str::from_static(text))))
        .collect();
    if rule.optional_old_self {
        fields.push(("optionalOldSelf".into(), Tree::Bool(true)));
    }
    Tree::Object(fields)
}
