//! One implementation for types inside of a custom resource that are the same, however often it repeats them.
//!
//! Schemas of custom resources have no references: the selector of a label, a volume, a whole pod are written out wherever
//! they are used. Each place has a name of its own, which does not depend on what else there is; of those that are equal,
//! the outermost is a type, and the others are aliases of it.

use std::collections::{BTreeMap, HashMap};

use crate::ir::{Body, Definition, Enum, Struct, Type};
use crate::lower::is_built_in;

pub(super) fn share(definitions: &mut BTreeMap<String, Definition>) {
    for definition in definitions.values_mut().filter(|definition| !is_built_in(&definition.name)) {
        if let Body::Structs { structs, enums } = &mut definition.body {
            let same_as = Classes::new(structs, enums).same_as();
            // The first struct is the definition itself.
            for object in structs.iter_mut().skip(1) {
                object.same_as = same_as.get(&object.name).cloned();
                // Those of the other one count.
                if object.same_as.is_some() {
                    object.fields.clear();
                }
            }
            enums.iter_mut().for_each(|values| values.same_as = same_as.get(&values.name).cloned());
        }
    }
}

/// All of a type but its name and what is said of it as a whole.
#[derive(PartialEq, Eq, Hash)]
enum Content {
    /// Of each field the names, the description and the type, in which a number stands for a nested one, and what may be
    /// left out.
    Struct(Vec<(String, String, String, String, bool, bool)>, bool),
    /// Of each value what it is on the wire, and the description.
    Enum(Vec<(String, String)>),
}

/// Types that are equal have the same number.
struct Classes<'a> {
    structs: HashMap<&'a str, &'a Struct>,
    known: HashMap<Content, usize>,
    numbers: HashMap<&'a str, usize>,
}

impl<'a> Classes<'a> {
    fn new(structs: &'a [Struct], enums: &'a [Enum]) -> Self {
        let by_name = structs.iter().skip(1).map(|object| (object.name.as_str(), object));
        let mut classes = Self { structs: by_name.collect(), known: HashMap::new(), numbers: HashMap::new() };
        for values in enums {
            let variants = values.variants.iter().map(|value| (value.wire.clone(), value.description.clone()));
            let content = Content::Enum(variants.collect());
            classes.number(&values.name, content);
        }
        for object in structs.iter().skip(1) {
            classes.class_of(object);
        }
        classes
    }

    fn number(&mut self, name: &'a str, content: Content) -> usize {
        let next = self.known.len();
        let number = *self.known.entry(content).or_insert(next);
        self.numbers.insert(name, number);
        number
    }

    /// The number of a struct. Schemas are trees, and so are their types.
    fn class_of(&mut self, object: &'a Struct) -> usize {
        if let Some(number) = self.numbers.get(object.name.as_str()) {
            return *number;
        }
        let fields = object.fields.iter().map(|field| {
            let type_ = self.spell(&field.type_);
            let (wire, name, description) = (field.wire.clone(), field.name.clone(), field.description.clone());
            (wire, name, description, type_, field.required, field.nullable)
        });
        let content = Content::Struct(fields.collect(), object.keeps_rest);
        self.number(&object.name, content)
    }

    fn spell(&mut self, type_: &'a Type) -> String {
        match type_ {
            Type::Enum(name) | Type::Nested(name) => {
                let object = self.structs.get(name.as_str()).copied();
                let number = object.map(|object| self.class_of(object));
                format!("{:?}", number.or_else(|| self.numbers.get(name.as_str()).copied()))
            }
            Type::List(inner) => format!("list {}", self.spell(inner)),
            Type::Map(inner) => format!("map {}", self.spell(inner)),
            Type::Nullable(inner) => format!("nullable {}", self.spell(inner)),
            other => format!("{other:?}"),
        }
    }

    /// The types that are others, each with the outermost of its equals.
    fn same_as(self) -> HashMap<String, String> {
        let mut names: Vec<(&str, usize)> = self.numbers.into_iter().collect();
        names.sort_by_key(|(name, _)| (name.matches("::").count(), *name));
        let mut first: HashMap<usize, &str> = HashMap::new();
        let shared = names.into_iter().filter_map(|(name, number)| {
            let first = *first.entry(number).or_insert(name);
            (first != name).then(|| (name.to_owned(), first.to_owned()))
        });
        shared.collect()
    }
}
