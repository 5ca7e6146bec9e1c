//! Builds the schemas of objects whose fields come from several types.

use std::collections::HashMap;

use super::cel;
use super::error::InvalidSchema;
use super::fields::{Fields, PRESERVE, RULES, add_junctor, add_rules, none_of, required_branch, set, take};
use crate::Str;
use crate::json::Tree;

/// The schema of an object while types are merged into it.
#[derive(Default)]
pub(super) struct Merged {
    properties: Fields,
    index: HashMap<Str, usize>,
    /// The number of merged types that have each property.
    uses: Vec<usize>,
    pub(super) required: Vec<Str>,
    pub(super) junctors: Vec<(&'static str, Vec<Tree>)>,
    rules: Vec<Tree>,
    /// The rest of the schema.
    others: Fields,
    /// Whether one of the merged types is not an object.
    is_broken: bool,
}

impl Merged {
    /// The parts of a schema.
    pub(super) fn of(schema: Tree) -> Self {
        let mut merged = Self::default();
        let Tree::Object(mut fields) = schema else { return Self { is_broken: true, ..merged } };
        let is_object = matches!(take(&mut fields, "type"), Some(Tree::String(name)) if name == "object");
        merged.is_broken = take(&mut fields, "additionalProperties").is_some()
            || !is_object && !fields.iter().any(|(key, _)| key == PRESERVE);
        if let Some(Tree::Object(properties)) = take(&mut fields, "properties") {
            properties.into_iter().for_each(|(name, schema)| merged.insert(name, schema));
        }
        if let Some(Tree::List(required)) = take(&mut fields, "required") {
            merged.required = required.iter().filter_map(Tree::as_str).map(Str::from).collect();
        }
        for key in ["oneOf", "anyOf", "allOf"] {
            if let Some(Tree::List(branches)) = take(&mut fields, key) {
                merged.junctors.push((key, branches));
            }
        }
        if let Some(Tree::List(rules)) = take(&mut fields, RULES) {
            merged.rules = rules;
        }
        fields.retain(|(key, _)| key != "description" && key != "title");
        merged.others = fields;
        merged
    }

    fn insert(&mut self, name: Str, schema: Tree) {
        self.index.insert(name.clone(), self.properties.len());
        self.properties.push((name, schema));
        self.uses.push(1);
    }

    pub(super) fn property(&mut self, name: impl Into<Str>, schema: Tree) -> Result<(), InvalidSchema> {
        let name = name.into();
        match self.index.get(&name) {
            None => self.insert(name, schema),
            Some(place) if same(&self.properties[*place].1, &schema) => self.uses[*place] += 1,
            Some(_) => {
                let rule = "the field occurs twice with different schemas; rename one, or give both the same type";
                return Err(InvalidSchema::one(name.as_str(), rule));
            }
        }
        Ok(())
    }

    pub(super) fn require(&mut self, name: impl Into<Str>) {
        let name = name.into();
        if !self.required.contains(&name) {
            self.required.push(name);
        }
    }

    pub(super) fn junctor(&mut self, key: &'static str, branches: Vec<Tree>) {
        self.junctors.push((key, branches));
    }

    /// Adds the fields of a value that is flattened into the object.
    pub(super) fn flatten(&mut self, schema: Tree) -> Result<(), InvalidSchema> {
        let mut other = Self::of(schema);
        std::mem::take(&mut other.required).into_iter().for_each(|name| self.require(name));
        self.junctors.append(&mut other.junctors);
        self.rules.append(&mut other.rules);
        self.absorb(other, "")
    }

    /// Like [`flatten`](Self::flatten), but for a value that may be absent, and with it all of its fields.
    pub(super) fn flatten_optional(&mut self, schema: Tree) -> Result<(), InvalidSchema> {
        let mut other = Self::of(schema);
        let each = other.properties.iter().map(|(name, _)| required_branch(std::slice::from_ref(name))).collect();
        let absent = none_of(each);
        for (key, mut branches) in std::mem::take(&mut other.junctors) {
            if key == "allOf" {
                branches = vec![Tree::Object(vec![("allOf".into(), Tree::List(branches))])];
            }
            branches.push(absent.clone());
            self.junctors.push((if key == "oneOf" { "oneOf" } else { "anyOf" }, branches));
        }
        if !other.required.is_empty() {
            self.junctors.push(("anyOf", vec![required_branch(&other.required), absent]));
        }
        if !other.rules.is_empty() {
            let names = other.properties.iter().map(|(name, _)| name.as_str());
            let Some(present) = cel::has_any(names) else {
                let rule = "an optional flattened type has CEL rules, and a field that CEL can't refer to";
                return Err(InvalidSchema::one("", rule));
            };
            for mut rule in std::mem::take(&mut other.rules) {
                guard(&mut rule, &format!("!({present})"));
                self.rules.push(rule);
            }
        }
        other.required.clear();
        self.absorb(other, "")
    }

    /// Adds the properties of another object or of a named variant, and whether it keeps unknown fields; variants may
    /// have fields in common.
    pub(super) fn absorb(&mut self, other: Self, variant: &str) -> Result<(), InvalidSchema> {
        if other.is_broken {
            let rule = "a flattened type or variant must be an object with known fields: properties and \
                        additionalProperties exclude each other (use `Rest` for unknown fields)";
            return Err(InvalidSchema::one(variant, rule));
        }
        for (name, schema) in other.properties {
            if variant.is_empty() && self.index.contains_key(&name) {
                let rule = "the field is in the object itself and in a flattened type, or in two flattened types";
                return Err(InvalidSchema::one(name.as_str(), rule));
            }
            self.property(name, schema)?;
        }
        for (key, value) in other.others {
            set(&mut self.others, &key, value);
        }
        Ok(())
    }

    /// Whether there are CEL rules.
    pub(super) fn has_rules(&self) -> bool {
        !self.rules.is_empty()
    }

    /// Takes the conditions of a variant as a branch of the surrounding object, and adds its rules to the object's.
    pub(super) fn take_conditions(&mut self, condition: &Condition, object: &mut Self) -> Fields {
        let mut branch = Fields::new();
        for (key, branches) in std::mem::take(&mut self.junctors) {
            add_junctor(&mut branch, key, branches);
        }
        let required = std::mem::take(&mut self.required);
        if !required.is_empty() {
            branch.push(("required".into(), Tree::List(required.into_iter().map(Tree::String).collect())));
        }
        for mut rule in std::mem::take(&mut self.rules) {
            if let Some(tag) = cel::field(condition.tag) {
                guard(&mut rule, &format!("self.{tag} != {:?}", condition.value));
            }
            object.rules.push(rule);
        }
        branch
    }

    /// Drops the default values of fields that not all `count` variants have: the server would set them in the others,
    /// too.
    pub(super) fn drop_partial_defaults(&mut self, variants: usize) {
        for ((_, schema), uses) in self.properties.iter_mut().zip(&self.uses) {
            if let (Tree::Object(fields), true) = (schema, *uses < variants) {
                take(fields, "default");
            }
        }
    }

    pub(super) fn into_fields(self) -> Fields {
        let mut fields = self.others;
        set(&mut fields, "type", Tree::String("object".into()));
        if !self.properties.is_empty() {
            set(&mut fields, "properties", Tree::Object(self.properties));
        }
        if !self.required.is_empty() {
            let mut required = self.required;
            required.sort();
            set(&mut fields, "required", Tree::List(required.into_iter().map(Tree::String).collect()));
        }
        for (key, branches) in self.junctors {
            match (key, take(&mut fields, "allOf")) {
                ("allOf", Some(Tree::List(mut all))) => {
                    all.extend(branches);
                    set(&mut fields, "allOf", Tree::List(all));
                }
                (_, all) => {
                    if let Some(all) = all {
                        set(&mut fields, "allOf", all);
                    }
                    add_junctor(&mut fields, key, branches);
                }
            }
        }
        add_rules(&mut fields, self.rules.into_iter());
        fields
    }
}

/// Restricts a rule to cases in which an expression is false.
fn guard(rule: &mut Tree, unless: &str) {
    if let Tree::Object(fields) = rule
        && let Some(text) = take(fields, "rule").as_ref().and_then(Tree::as_str)
    {
        set(fields, "rule", Tree::String(format!("{unless} || ({text})").into()));
    }
}

/// A schema without the keywords that do not affect which values it allows.
fn ignoring_documentation(schema: &Tree) -> Tree {
    let Tree::Object(fields) = schema else { return schema.clone() };
    let ignored = |key: &str| matches!(key, "description" | "title" | "example" | "externalDocs");
    let kept = fields.iter().filter(|(key, value)| !(ignored(key) && value.as_str().is_some()));
    Tree::Object(
        kept.map(|(key, value)| {
            let is_data = matches!(key.as_str(), "default" | "enum");
            (key.clone(), if is_data { value.clone() } else { ignoring_documentation(value) })
        })
        .collect(),
    )
}

/// Whether two schemas allow the same values.
fn same(ours: &Tree, theirs: &Tree) -> bool {
    ignoring_documentation(ours) == ignoring_documentation(theirs)
}

/// When a variant's rule applies to the surrounding object.
pub(super) struct Condition {
    pub(super) tag: &'static str,
    pub(super) value: &'static str,
}

impl Condition {
    pub(super) const NONE: Self = Self { tag: "", value: "" };
}
