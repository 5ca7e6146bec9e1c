//! Generates values that fit a schema, for tests.

use super::fields::{flag, text};
use crate::Str;
use crate::json::Tree;

/// A value that fits a structural schema. Each `seed` gives a different value, always the same one.
///
/// ```
/// use kubernetes_core::schema::{Schema, sample};
///
/// let schema = <Vec<u16>>::SCHEMA.to_tree()?;
/// let ports: Vec<u16> = sample(&schema, 7).to_value().unwrap_or_default();
/// assert_eq!(sample(&schema, 7), sample(&schema, 7));
/// # Ok::<(), kubernetes_core::schema::InvalidSchema>(())
/// ```
///
/// Optional fields are present at random, lists and maps have up to three entries, and numbers are small, at their
/// limits or zero. Patterns, CEL rules and conditions other than `required` in `oneOf` and `anyOf` are ignored: if a
/// type has any, some of the values do not fit.
pub fn sample(schema: &Tree, seed: u64) -> Tree {
    Sampler(seed.wrapping_mul(2).wrapping_add(1)).value(schema, 0)
}

/// A random number generator (xorshift64*), so that tests are reproducible.
struct Sampler(u64);

const DEEPEST: usize = 12;

impl Sampler {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit.max(1)
    }

    fn value(&mut self, schema: &Tree, depth: usize) -> Tree {
        if let Some(Tree::List(values)) = schema.get("enum")
            && let Some(value) = values.get(self.below(values.len() as u64) as usize)
        {
            return value.clone();
        }
        if flag(schema, "nullable") && self.below(4) == 0 {
            return Tree::Null;
        }
        match text(schema, "type") {
            "boolean" => Tree::Bool(self.below(2) == 0),
            "integer" => self.integer(schema),
            "number" => self.number(schema),
            "string" => self.text(schema),
            "array" => self.list(schema, depth),
            "object" => self.object(schema, depth),
            _ if flag(schema, "x-kubernetes-int-or-string") => Tree::Number(self.below(100).to_string().into()),
            _ => Tree::String("any".into()),
        }
    }

    fn integer(&mut self, schema: &Tree) -> Tree {
        let limit = |key: &str| match schema.get(key) {
            Some(Tree::Number(number)) => number.parse::<i64>().ok(),
            _ => None,
        };
        let (least, most) = (limit("minimum").unwrap_or(-3), limit("maximum").unwrap_or(i64::from(i32::MAX)));
        let chosen = match self.below(4) {
            0 => least,
            1 => most,
            2 => 0.clamp(least, most.max(least)),
            _ => least.saturating_add(self.below(10) as i64).min(most),
        };
        Tree::Number(chosen.to_string().into())
    }

    fn number(&mut self, schema: &Tree) -> Tree {
        let limit = |key: &str| match schema.get(key) {
            Some(Tree::Number(number)) => number.parse::<f64>().ok(),
            _ => None,
        };
        let chosen = limit("minimum").unwrap_or(0.0) + self.below(3) as f64 + 0.5;
        Tree::Number(chosen.min(limit("maximum").unwrap_or(f64::MAX)).to_string().into())
    }

    fn text(&mut self, schema: &Tree) -> Tree {
        let text: Str = match text(schema, "format") {
            "date-time" => format!("2026-01-02T03:04:{:02}Z", self.below(60)).into(),
            "byte" => "aGk=".into(),
            "duration" => format!("{}s", 1 + self.below(59)).into(),
            _ => {
                let length = self.size(schema, ["minLength", "maxLength"], 8);
                (0..length).map(|_| char::from(b'a' + self.below(26) as u8)).collect()
            }
        };
        Tree::String(text)
    }

    /// A number of characters or entries within the schema's limits.
    fn size(&mut self, schema: &Tree, [least, most]: [&str; 2], usual: u64) -> u64 {
        let limit = |key: &str| match schema.get(key) {
            Some(Tree::Number(number)) => number.parse::<u64>().ok(),
            _ => None,
        };
        let least = limit(least).unwrap_or(0).min(64);
        let most = limit(most).unwrap_or(usual).min(least + usual);
        least + self.below(most.saturating_sub(least) + 1)
    }

    fn list(&mut self, schema: &Tree, depth: usize) -> Tree {
        let length = if depth > DEEPEST { 0 } else { self.size(schema, ["minItems", "maxItems"], 3) };
        let Some(items) = schema.get("items") else { return Tree::List(Vec::new()) };
        let mut list: Vec<Tree> = (0..length).map(|_| self.value(items, depth + 1)).collect();
        if !matches!(text(schema, "x-kubernetes-list-type"), "" | "atomic") {
            let keys: Vec<&str> = match schema.get("x-kubernetes-list-map-keys") {
                Some(Tree::List(keys)) => keys.iter().filter_map(Tree::as_str).collect(),
                _ => Vec::new(),
            };
            list = unique(list, &keys);
        }
        Tree::List(list)
    }

    fn object(&mut self, schema: &Tree, depth: usize) -> Tree {
        let mut fields: Vec<(Str, Tree)> = Vec::new();
        if let Some(values) = schema.get("additionalProperties").filter(|values| matches!(values, Tree::Object(_))) {
            let count = if depth > DEEPEST { 0 } else { self.size(schema, ["minProperties", "maxProperties"], 3) };
            fields.extend((0..count).map(|index| (format!("key{index}").into(), self.value(values, depth + 1))));
        }
        let Some(Tree::Object(properties)) = schema.get("properties") else { return Tree::Object(fields) };
        let required = self.required(schema);
        for (name, property) in properties {
            let is_chosen = depth < DEEPEST && self.below(2) == 0;
            let is_allowed = !required.excluded.contains(&name.as_str());
            if required.names.contains(&name.as_str()) || is_chosen && is_allowed {
                fields.push((name.clone(), self.value(property, depth + 1)));
            }
        }
        for (name, value) in required.values {
            fields.retain(|(other, _)| other != name);
            fields.push((name.into(), value.clone()));
        }
        Tree::Object(fields)
    }

    /// The fields that an object must have and must not have, according to one branch of each set of alternatives.
    fn required<'a>(&mut self, schema: &'a Tree) -> Required<'a> {
        let mut required = Required::default();
        required.add(schema);
        let mut sets: Vec<&Tree> = ["oneOf", "anyOf"].iter().filter_map(|key| schema.get(key)).collect();
        if let Some(Tree::List(all)) = schema.get("allOf") {
            sets.extend(all.iter().flat_map(|part| ["oneOf", "anyOf"].iter().filter_map(|key| part.get(key))));
        }
        for set in sets {
            let Tree::List(branches) = set else { continue };
            let chosen = self.below(branches.len() as u64) as usize;
            for (index, branch) in branches.iter().enumerate() {
                if index == chosen {
                    required.add(branch);
                } else {
                    required.excluded.extend(names(branch));
                }
            }
        }
        required
    }
}

#[derive(Default)]
struct Required<'a> {
    names: Vec<&'a str>,
    excluded: Vec<&'a str>,
    values: Vec<(&'a str, &'a Tree)>,
}

impl<'a> Required<'a> {
    fn add(&mut self, branch: &'a Tree) {
        self.names.extend(names(branch));
        let Some(Tree::Object(properties)) = branch.get("properties") else { return };
        for (name, property) in properties {
            // The tag of a variant; the properties of a schema itself have a type.
            if let (Some(Tree::List(values)), None) = (property.get("enum"), property.get("type"))
                && let Some(value) = values.first()
            {
                self.values.push((name, value));
            }
        }
    }
}

fn names(schema: &Tree) -> Vec<&str> {
    match schema.get("required") {
        Some(Tree::List(names)) => names.iter().filter_map(Tree::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Removes items with the keys, or the value, of an earlier one.
fn unique(list: Vec<Tree>, keys: &[&str]) -> Vec<Tree> {
    let mut kept: Vec<Tree> = Vec::new();
    for item in list {
        let is_same = |other: &Tree| match keys {
            [] => *other == item,
            keys => keys.iter().all(|key| other.get(key) == item.get(key)),
        };
        if !kept.iter().any(is_same) {
            kept.push(item);
        }
    }
    kept
}
