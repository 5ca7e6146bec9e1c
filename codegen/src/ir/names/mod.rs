//! How names of the description become names in Rust: the only place that knows about their spelling.

use std::borrow::Cow;
use std::collections::HashMap;
use std::iter;

use heck::{ToSnakeCase, ToUpperCamelCase};

/// Every keyword that can't be a name, of the editions up to 2024.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// The name of a field, function, parameter or module: `podIPs` is `pod_ips`, `$ref` is `ref_`.
pub(crate) fn identifier(name: &str) -> String {
    let mut identifier = snake(&spelled_out(name));
    if identifier.is_empty() || identifier.starts_with(|first: char| first.is_ascii_digit()) {
        identifier.insert(0, '_');
    }
    if KEYWORDS.contains(&identifier.as_str()) || identifier == "_" {
        identifier.push('_');
    }
    identifier
}

/// The name of the method that sets a field, by the field's name in Rust: `with_type` for `type_`.
pub(crate) fn with_method(field: &str) -> String {
    format!("with_{}", field.trim_matches('_'))
}

/// The name of a definition's type, which is its own but for punctuation: `ObjectMeta_v2` is `ObjectMetaV2`.
pub(crate) fn type_name(name: &str) -> String {
    let name: String = name.split(|c: char| !c.is_ascii_alphanumeric()).map(upper_first).collect();
    match name.chars().next() {
        None => "Value".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("Value{name}"),
        Some(_) if name == "Self" => "SelfValue".to_owned(),
        Some(_) => name,
    }
}

/// The name of the type of a property inside of a custom resource: `schedule` is `Schedule`, and `*` is `U2a`.
pub(crate) fn nested_type(property: &str) -> String {
    type_name(&spelled_out(property))
}

/// The definition of a custom resource: `monitoring.coreos.com` is in `com.coreos.monitoring`.
pub(crate) fn custom_definition(group: &str, version: &str, kind: &str) -> String {
    format!("{}.{version}.{kind}", reversed(group))
}

/// `monitoring.coreos.com` as `com.coreos.monitoring`.
pub(crate) fn reversed(group: &str) -> String {
    group.split('.').rev().collect::<Vec<_>>().join(".")
}

/// The feature of a group and version: `core-v1`.
pub(crate) fn feature(group: &str, version: &str) -> String {
    format!("{group}-{version}")
}

/// The name of the type of a property that has no definition of its own: the owner's name and the property's.
pub(crate) fn member_type(owner: &str, property: &str) -> String {
    let words = property.split(|character: char| !character.is_ascii_alphanumeric());
    iter::once(owner.to_owned()).chain(words.map(upper_first)).collect()
}

/// The variants of an enum, in the order of its values; values that differ only in punctuation get a number.
pub(crate) fn variants<'a>(values: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut names = UniqueNames::default();
    names.add("Other", "");
    values.into_iter().map(|value| names.add(&variant(value), "")).collect()
}

/// Names that differ from each other.
#[derive(Default)]
pub(crate) struct UniqueNames {
    /// Each name, with the number that the next one of this name gets.
    next: HashMap<String, usize>,
}

impl UniqueNames {
    /// The name, with the separator and a number if it is taken.
    pub(crate) fn add(&mut self, name: &str, separator: &str) -> String {
        let Some(next) = self.next.get(name) else {
            self.next.insert(name.to_owned(), 2);
            return name.to_owned();
        };
        let mut number = *next;
        let mut numbered = format!("{name}{separator}{number}");
        while self.next.contains_key(&numbered) {
            number += 1;
            numbered = format!("{name}{separator}{number}");
        }
        self.next.insert(name.to_owned(), number + 1);
        self.next.insert(numbered.clone(), 2);
        numbered
    }
}

/// The function of an operation: its operationId without the tag's group and version, which are its modules.
pub(crate) fn function(operation_id: &str, tag: &str) -> String {
    let tag: String = tag.split('_').map(upper_first).collect();
    identifier(&operation_id.replacen(&tag, "", 1))
}

/// The group in an operationId, as the API server makes it: `monitoring.coreos.com` is `MonitoringCoreosCom`.
pub(crate) fn operation_group(group: &str) -> String {
    operation_words(group, true)
}

/// The tag of a group's operations: `monitoringCoreosCom_v1`.
pub(crate) fn tag(group: &str, version: &str) -> String {
    format!("{}_{version}", operation_words(group, false))
}

/// `ToValidOperationID` in `k8s.io/apiserver/pkg/endpoints/openapi/openapi.go`, which leaves out `.k8s.io` at the end.
fn operation_words(group: &str, mut capitalize: bool) -> String {
    let mut words = String::new();
    for (index, character) in group.trim_end_matches(".k8s.io").char_indices() {
        if character.is_alphabetic() || character == '_' || (index != 0 && character.is_numeric()) {
            match capitalize {
                true => words.extend(character.to_uppercase()),
                false => words.push(character),
            }
            capitalize = false;
        } else {
            capitalize = true;
        }
    }
    words
}

fn variant(value: &str) -> String {
    let mut words = String::new();
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        let before_digit = characters.peek().is_some_and(char::is_ascii_digit);
        let word = match character {
            '*' => "All",
            '+' => "Plus",
            '-' if before_digit && !words.is_empty() => "Minus",
            '=' => "Equal",
            '!' => "Not",
            '<' => "Less",
            '>' => "Greater",
            '&' => "And",
            '|' => "Or",
            '%' => "Percent",
            character if character.is_ascii_alphanumeric() => {
                words.push(character);
                continue;
            }
            _ => "",
        };
        words.push('_');
        words.push_str(word);
        words.push('_');
    }
    let name = normalized(&words).to_upper_camel_case();
    match name.chars().next() {
        None if value.is_empty() => "Empty".to_owned(),
        None => "Value".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("Value{name}"),
        Some(_) if name == "Self" => "SelfValue".to_owned(),
        Some(_) => name,
    }
}

/// The name with characters spelled out that Rust does not take, or not in every place: all but letters and digits of
/// Latin scripts are `u` and their number. A name with none of the latter is spelled out as a whole, punctuation too.
fn spelled_out(name: &str) -> Cow<'_, str> {
    let is_latin = |c: char| c.is_ascii() || ('\u{c0}'..='\u{24f}').contains(&c) && c.is_alphabetic();
    let has_word = name.chars().any(|c| c.is_ascii_alphanumeric());
    if name.chars().all(is_latin) && (has_word || name.is_empty()) {
        return Cow::Borrowed(name);
    }
    let spell = |c: char| if is_latin(c) && has_word { c.to_string() } else { format!("_u{:x}_", u32::from(c)) };
    Cow::Owned(name.chars().map(spell).collect())
}

fn snake(name: &str) -> String {
    normalized(name).to_snake_case()
}

/// Marks where words end in names that heck would split elsewhere: plurals of acronyms (`podIPs`, `nonResourceURLs`),
/// versions behind acronyms (`openAPIV3Schema`) and `IPv4`.
fn normalized(name: &str) -> String {
    let name = name.replace("IPv", "Ipv");
    let characters: Vec<char> = name.chars().collect();
    let mut result = String::with_capacity(name.len() + 2);
    let mut start = 0;
    while start < characters.len() {
        let acronym = characters[start..].iter().take_while(|character| character.is_ascii_uppercase()).count();
        let end = start + acronym;
        let after = |offset: usize| characters.get(end + offset).copied();
        let plural = acronym >= 2 && after(0) == Some('s') && !after(1).is_some_and(|next| next.is_ascii_lowercase());
        let versioned =
            acronym >= 3 && characters.get(end - 1) == Some(&'V') && after(0).is_some_and(|next| next.is_ascii_digit());
        for (index, character) in characters[start..end].iter().enumerate() {
            if versioned && index + 1 == acronym {
                result.push('_');
            }
            result.push(if plural && index > 0 { character.to_ascii_lowercase() } else { *character });
        }
        result.extend(after(0));
        start = end + 1;
    }
    result
}

pub(crate) fn upper_first(word: &str) -> String {
    let mut characters = word.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

#[cfg(test)]
mod tests;
