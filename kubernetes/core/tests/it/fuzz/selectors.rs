use kubernetes_core::selector::{FieldSelector, LabelOperator, LabelSelector};
use kubernetes_core::{Map, Str};

/// A text means what a naive reading of its words says; what is built and displayed is read as the same again.
pub(super) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let labels: [Map<Str>; 4] = [
        Map::new(),
        [("a", "b"), ("in", "5"), ("x/y", "")].into(),
        [("a", "5"), ("notin", "in"), ("b", "a")].into(),
        [("a", "007"), ("in", "a_b"), ("b", "9223372036854775808")].into(),
    ];
    let selector = text.parse::<LabelSelector>();
    if !text.contains('\0') {
        assert_eq!(selector.is_ok(), naive_selector(text).is_some(), "{text:?} {selector:?}");
        for labels in &labels {
            let matches = selector.as_ref().ok().map(|selector| selector.matches(labels));
            let expected = naive_selector(text).map(|terms| terms.iter().all(|term| term.matches(labels)));
            assert_eq!(matches, expected, "{text:?} {labels:?}");
        }
    }
    if let Ok(selector) = selector {
        assert_eq!(selector.to_string().parse().as_ref(), Ok(&selector), "{selector}");
        assert!(selector.requirements().is_sorted_by_key(|requirement| requirement.key()));
    }
    fields(text, &labels);
    if let Ok(built) = LabelSelector::new().equals("key", text) {
        assert_eq!(built.to_string().parse().as_ref(), Ok(&built));
        assert!(built.matches(&[("key", text)].into()));
    }
}

/// One requirement, as its words say.
struct Term<'a> {
    key: &'a str,
    operator: LabelOperator,
    values: Vec<&'a str>,
}

impl Term<'_> {
    fn matches(&self, labels: &Map<Str>) -> bool {
        let label = labels.get(self.key).map(Str::as_str);
        let is_one = label.is_some_and(|label| self.values.contains(&label));
        let numbers = || Some((label?.parse::<i64>().ok()?, self.values[0].parse::<i64>().ok()?));
        match self.operator {
            LabelOperator::Equals | LabelOperator::In => is_one,
            LabelOperator::NotEquals | LabelOperator::NotIn => !is_one,
            LabelOperator::Exists => label.is_some(),
            LabelOperator::DoesNotExist => label.is_none(),
            LabelOperator::GreaterThan => numbers().is_some_and(|(label, limit)| label > limit),
            LabelOperator::LessThan => numbers().is_some_and(|(label, limit)| label < limit),
        }
    }
}

const SYMBOLS: [&str; 9] = ["==", "!=", "=", "!", "(", ")", ",", ">", "<"];

fn words(mut text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    loop {
        text = text.trim_start_matches([' ', '\t', '\r', '\n']);
        let ends = |c: char| " \t\r\n=!(),><".contains(c);
        let length = match SYMBOLS.iter().find(|symbol| text.starts_with(**symbol)) {
            Some(symbol) => symbol.len(),
            None => text.find(ends).unwrap_or(text.len()),
        };
        if length == 0 {
            return words;
        }
        words.push(&text[..length]);
        text = &text[length..];
    }
}

/// Splits at the commas that are not within parentheses, then looks at the form of each part.
fn naive_selector(text: &str) -> Option<Vec<Term<'_>>> {
    let words = words(text);
    if words.is_empty() {
        return Some(Vec::new());
    }
    let mut depth = 0;
    let parts = words.split(|word| {
        depth += i32::from(*word == "(") - i32::from(*word == ")");
        *word == "," && depth == 0
    });
    parts.map(naive_term).collect()
}

fn naive_term<'a>(words: &[&'a str]) -> Option<Term<'a>> {
    use LabelOperator::{DoesNotExist, Equals, Exists, GreaterThan, In, LessThan, NotEquals, NotIn};
    let (key, operator, values) = match words {
        [key] => (*key, Exists, Vec::new()),
        ["!", key] => (*key, DoesNotExist, Vec::new()),
        [key, "=" | "=="] => (*key, Equals, vec![""]),
        [key, "=" | "==", value] => (*key, Equals, vec![*value]),
        [key, "!="] => (*key, NotEquals, vec![""]),
        [key, "!=", value] => (*key, NotEquals, vec![*value]),
        [key, ">", value] => (*key, GreaterThan, vec![*value]),
        [key, "<", value] => (*key, LessThan, vec![*value]),
        [key, "in", "(", list @ .., ")"] => (*key, In, naive_list(list)?),
        [key, "notin", "(", list @ .., ")"] => (*key, NotIn, naive_list(list)?),
        _ => return None,
    };
    let compares = matches!(operator, GreaterThan | LessThan);
    let fits = is_key(key)
        && values.iter().all(|value| value.is_empty() || is_name(value))
        && !(compares && values[0].parse::<i64>().is_err());
    fits.then_some(Term { key, operator, values })
}

fn naive_list<'a>(words: &[&'a str]) -> Option<Vec<&'a str>> {
    words
        .split(|word| *word == ",")
        .map(|value| match value {
            [] => Some(""),
            [value] => Some(*value),
            _ => None,
        })
        .collect()
}

fn is_key(key: &str) -> bool {
    let is_lower = |part: &str| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        part.starts_with(plain) && part.ends_with(plain) && part.chars().all(|c| plain(c) || c == '-')
    };
    match key.rsplit_once('/') {
        None => is_name(key),
        Some((prefix, name)) => prefix.len() <= 253 && prefix.split('.').all(is_lower) && is_name(name),
    }
}

fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric();
    text.len() <= 63
        && text.starts_with(plain)
        && text.ends_with(plain)
        && text.chars().all(|c| plain(c) || "-_.".contains(c))
}

fn fields(text: &str, labels: &[Map<Str>]) {
    if let Ok(selector) = text.parse::<FieldSelector>() {
        let again: FieldSelector = selector.to_string().parse().unwrap();
        assert_eq!(again, selector, "{text:?}");
        for fields in labels {
            let value_of = |field: &str| fields.get(field).map(Str::as_str);
            let expected = selector.terms().all(|(field, equal, value)| {
                let found = fields.get(field).map_or("", Str::as_str);
                if equal { found == value } else { found != value }
            });
            assert_eq!(selector.matches(value_of), expected, "{selector}");
        }
    }
    // Lines are terms, whose values may be anything.
    let terms: Vec<(bool, &str)> = text.split('\n').map(|value| (value.len() % 2 == 0, value)).collect();
    let mut built = FieldSelector::new();
    let mut escaped = Vec::new();
    for (index, (equal, value)) in terms.iter().enumerate() {
        let field = format!("f{index:04}");
        let value_escaped = value.replace('\\', "\\\\").replace(',', "\\,").replace('=', "\\=");
        escaped.push(format!("{field}{}{value_escaped}", if *equal { "=" } else { "!=" }));
        built = if *equal { built.equals(field, *value) } else { built.not_equals(field, *value) }.unwrap();
    }
    assert_eq!(built.to_string(), escaped.join(","));
    let read: FieldSelector = escaped.join(",").parse().unwrap();
    let read: Vec<(bool, &str)> = read.terms().map(|(_, equal, value)| (equal, value)).collect();
    assert_eq!(read, terms);
}
