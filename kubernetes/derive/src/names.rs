//! Names on the wire.

use syn::{Error, LitStr, Result};

/// A rule for renaming, like serde's `rename_all`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RenameRule {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

const RULES: &[(&str, RenameRule)] = &[
    ("lowercase", RenameRule::Lower),
    ("UPPERCASE", RenameRule::Upper),
    ("PascalCase", RenameRule::Pascal),
    ("camelCase", RenameRule::Camel),
    ("snake_case", RenameRule::Snake),
    ("SCREAMING_SNAKE_CASE", RenameRule::ScreamingSnake),
    ("kebab-case", RenameRule::Kebab),
    ("SCREAMING-KEBAB-CASE", RenameRule::ScreamingKebab),
];

impl RenameRule {
    pub(crate) fn parse(name: &LitStr) -> Result<Self> {
        let value = name.value();
        let known = || RULES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let rule = RULES.iter().find(|(name, _)| *name == value);
        rule.map(|(_, rule)| *rule).ok_or_else(|| Error::new(name.span(), format!("expected one of {}", known())))
    }

    /// The name of a field, which is in snake case.
    pub(crate) fn field(self, name: &str) -> String {
        match self {
            Self::Lower | Self::Snake => name.to_owned(),
            Self::Upper | Self::ScreamingSnake => name.to_ascii_uppercase(),
            Self::Kebab => name.replace('_', "-"),
            Self::ScreamingKebab => name.to_ascii_uppercase().replace('_', "-"),
            Self::Pascal => pascal(name),
            Self::Camel => uncapitalized(&pascal(name)),
        }
    }

    /// The name of a variant, which is in Pascal case.
    pub(crate) fn variant(self, name: &str) -> String {
        let snake = || {
            let mut snake = String::new();
            for (index, letter) in name.char_indices() {
                if index > 0 && letter.is_uppercase() {
                    snake.push('_');
                }
                snake.push(letter.to_ascii_lowercase());
            }
            snake
        };
        match self {
            Self::Pascal => name.to_owned(),
            Self::Lower => name.to_ascii_lowercase(),
            Self::Upper => name.to_ascii_uppercase(),
            Self::Camel => uncapitalized(name),
            Self::Snake => snake(),
            Self::ScreamingSnake => snake().to_ascii_uppercase(),
            Self::Kebab => snake().replace('_', "-"),
            Self::ScreamingKebab => snake().to_ascii_uppercase().replace('_', "-"),
        }
    }
}

fn pascal(name: &str) -> String {
    name.split('_').map(capitalized).collect()
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

fn uncapitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + letters.as_str())
}

/// The plural of a kind in lower case, as in English.
pub(crate) fn plural(kind: &str) -> String {
    let singular = kind.to_ascii_lowercase();
    match singular.as_bytes() {
        [.., b's' | b'x' | b'z'] | [.., b'c' | b's', b'h'] => singular + "es",
        [.., b'a' | b'e' | b'i' | b'o' | b'u', b'y'] => singular + "s",
        [.., b'y'] => singular[..singular.len() - 1].to_owned() + "ies",
        _ => singular + "s",
    }
}

/// The most similar name, if one is similar enough to have been meant.
pub(crate) fn similar<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let best = known.into_iter().map(|other| (distance(name, other), other)).min()?;
    (best.0 <= 2.max(name.len() / 3)).then_some(best.1)
}

/// The Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (line, letter) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, other) in b.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{RenameRule, plural, similar};

    #[test]
    fn names_are_changed_as_by_serde() {
        for (rule, field, variant) in [
            (RenameRule::Lower, "very_tasty", "verytasty"),
            (RenameRule::Upper, "VERY_TASTY", "VERYTASTY"),
            (RenameRule::Pascal, "VeryTasty", "VeryTasty"),
            (RenameRule::Camel, "veryTasty", "veryTasty"),
            (RenameRule::Snake, "very_tasty", "very_tasty"),
            (RenameRule::ScreamingSnake, "VERY_TASTY", "VERY_TASTY"),
            (RenameRule::Kebab, "very-tasty", "very-tasty"),
            (RenameRule::ScreamingKebab, "VERY-TASTY", "VERY-TASTY"),
        ] {
            assert_eq!((rule.field("very_tasty"), rule.variant("VeryTasty")), (field.to_owned(), variant.to_owned()));
        }
    }

    #[test]
    fn plurals_are_those_of_english() {
        for (kind, expected) in [
            ("CronTab", "crontabs"),
            ("Gateway", "gateways"),
            ("Class", "classes"),
            ("Policy", "policies"),
            ("Patch", "patches"),
            ("Mesh", "meshes"),
        ] {
            assert_eq!(plural(kind), expected);
        }
    }

    #[test]
    fn a_name_with_a_typo_is_found() {
        let known = ["minimum", "maximum", "max_length"];
        assert_eq!(similar("minimun", known), Some("minimum"));
        assert_eq!(similar("maxlength", known), Some("max_length"));
        assert_eq!(similar("something_else", known), None);
    }
}
