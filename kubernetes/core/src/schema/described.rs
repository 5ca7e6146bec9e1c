use super::error::InvalidSchema;
use super::fields::{Fields, PRESERVE};
use super::types::Source;
use crate::Str;
use crate::json::{self, Tree};

/// The sources that have been read.
#[derive(Default)]
pub(super) struct Descriptions {
    read: Vec<(&'static str, Tree)>,
    /// The definitions being assembled, the outermost first.
    open: Vec<Str>,
}

impl Descriptions {
    /// The schema of a definition.
    pub(super) fn schema(&mut self, name: &str, sources: &'static [Source]) -> Result<Fields, InvalidSchema> {
        if self.open.iter().any(|open| open == name) {
            // A structural schema can't contain itself, so the inner one keeps any value.
            return Ok(vec![(PRESERVE.into(), Tree::Bool(true)), ("type".into(), Tree::String("object".into()))]);
        }
        let definition = self.definition(name, sources)?.clone();
        self.open.push(name.into());
        let resolved = self.resolve(definition, sources);
        self.open.pop();
        match resolved? {
            Tree::Object(fields) => Ok(fields),
            _ => Err(InvalidSchema::one("", format!("the description has no schema of {name}"))),
        }
    }

    fn definition(&mut self, name: &str, sources: &'static [Source]) -> Result<&Tree, InvalidSchema> {
        let missing = || InvalidSchema::one("", format!("no description has the schema of {name}; enable its group"));
        let (prefix, short) = name.rsplit_once('.').ok_or_else(missing)?;
        let place = match self.read.iter().position(|(read, _)| *read == prefix) {
            Some(place) => place,
            None => {
                let source = sources.iter().find(|source| source.prefix == prefix).ok_or_else(missing)?;
                let tree = json::from_str(source.text).map_err(|error| {
                    InvalidSchema::one("", format!("the description of {prefix} is broken: {error}"))
                })?;
                self.read.push((source.prefix, tree));
                self.read.len() - 1
            }
        };
        self.read[place].1.get(short).ok_or_else(missing)
    }

    fn resolve(&mut self, schema: Tree, sources: &'static [Source]) -> Result<Tree, InvalidSchema> {
        let Tree::Object(fields) = schema else { return Ok(schema) };
        let mut resolved = Fields::with_capacity(fields.len());
        for (key, value) in fields {
            match (key.as_str(), value) {
                ("$ref", Tree::String(name)) => {
                    let referred = self.schema(&name, sources)?;
                    resolved.retain(|(key, _)| !referred.iter().any(|(other, _)| other == key));
                    resolved.extend(referred);
                }
                ("properties", Tree::Object(properties)) => {
                    let properties = properties
                        .into_iter()
                        .map(|(name, schema)| Ok((name, self.resolve(schema, sources)?)))
                        .collect::<Result<_, InvalidSchema>>()?;
                    resolved.push((key, Tree::Object(properties)));
                }
                ("items" | "additionalProperties", value) => resolved.push((key, self.resolve(value, sources)?)),
                (_, value) if resolved.iter().any(|(other, _)| *other == key) => drop(value),
                (_, value) => resolved.push((key, value)),
            }
        }
        Ok(Tree::Object(resolved))
    }
}
