use super::InvalidJsonPath;

/// A step of a path.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Field(String),
    /// A negative index counts from the end.
    Index(i64),
    All,
    Filter(Vec<Step>, Comparison, Literal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Text(String),
    Number(f64),
    Bool(bool),
}

pub(super) fn parse(path: &str) -> Result<Vec<Step>, InvalidJsonPath> {
    let invalid = |reason| InvalidJsonPath { path: path.into(), reason };
    let trimmed = path.trim();
    let inner = match (trimmed.strip_prefix('{'), trimmed.strip_suffix('}')) {
        (Some(_), Some(_)) => &trimmed[1..trimmed.len() - 1],
        (None, None) => trimmed,
        _ => return Err(invalid("a brace is not closed")),
    };
    let inner = inner.trim();
    let steps = steps(inner.strip_prefix('$').unwrap_or(inner)).map_err(invalid)?;
    if steps.is_empty() { Err(invalid("it is empty")) } else { Ok(steps) }
}

fn steps(mut rest: &str) -> Result<Vec<Step>, &'static str> {
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let step;
        if rest.starts_with("..") {
            return Err("`..` is not supported");
        } else if let Some(after) = rest.strip_prefix(".*") {
            (step, rest) = (Step::All, after);
        } else if let Some(after) = rest.strip_prefix('[') {
            (step, rest) = bracket(after)?;
        } else {
            (step, rest) = field(rest.strip_prefix('.').unwrap_or(rest))?;
        }
        steps.push(step);
    }
    Ok(steps)
}

/// A name; a backslash escapes the next character.
fn field(text: &str) -> Result<(Step, &str), &'static str> {
    let mut name = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => name.push(characters.next().ok_or("nothing follows a `\\`")?.1),
            '.' | '[' => return named(name, &text[at..]),
            '{' | '}' | ']' | ' ' | '|' => return Err("a name has a character that requires `['…']`"),
            other => name.push(other),
        }
    }
    named(name, "")
}

fn named(name: String, rest: &str) -> Result<(Step, &str), &'static str> {
    if name.is_empty() { Err("a name is missing") } else { Ok((Step::Field(name), rest)) }
}

/// A step in brackets, without the opening one.
fn bracket(text: &str) -> Result<(Step, &str), &'static str> {
    if let Some(filter) = text.strip_prefix("?(") {
        let end = end_of_filter(filter).ok_or("a filter is not closed with `)]`")?;
        let rest = &filter[end + 2..];
        return Ok((parse_filter(&filter[..end])?, rest));
    }
    if text.starts_with(['\'', '"']) {
        let (name, rest) = quoted(text)?;
        let rest = rest.strip_prefix(']').ok_or("`]` is missing")?;
        return Ok((Step::Field(name), rest));
    }
    let (inner, rest) = text.split_once(']').ok_or("`]` is missing")?;
    match inner.trim() {
        "*" => Ok((Step::All, rest)),
        number => {
            let index =
                number.parse().map_err(|_| "only an index, `*`, a name in quotes or a filter is allowed in `[]`")?;
            Ok((Step::Index(index), rest))
        }
    }
}

/// The position of a `)]` outside quotes.
fn end_of_filter(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (Some(open), character) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, ')') if text[at..].starts_with(")]") => return Some(at),
            (None, _) => {}
        }
    }
    None
}

fn parse_filter(text: &str) -> Result<Step, &'static str> {
    const OPERATORS: [(&str, Comparison); 6] = [
        ("==", Comparison::Equal),
        ("!=", Comparison::NotEqual),
        ("<=", Comparison::LessOrEqual),
        (">=", Comparison::GreaterOrEqual),
        ("<", Comparison::Less),
        (">", Comparison::Greater),
    ];
    let place = |operator: &str| text.find(operator);
    let first = OPERATORS.iter().filter_map(|(operator, comparison)| Some((place(operator)?, *operator, *comparison)));
    let (at, operator, comparison) = first.min_by_key(|(at, ..)| *at).ok_or("a filter needs a comparison")?;
    let (left, right) = (text[..at].trim(), text[at + operator.len()..].trim());
    let left = left.strip_prefix('@').ok_or("a filter starts with `@`")?;
    if left.contains("[?") {
        return Err("a filter can't have a filter in it");
    }
    Ok(Step::Filter(steps(left)?, comparison, literal(right)?))
}

fn literal(text: &str) -> Result<Literal, &'static str> {
    if text.starts_with(['\'', '"']) {
        let (value, rest) = quoted(text)?;
        return if rest.is_empty() { Ok(Literal::Text(value)) } else { Err("something follows the value of a filter") };
    }
    match text {
        "true" => Ok(Literal::Bool(true)),
        "false" => Ok(Literal::Bool(false)),
        number => number.parse().map(Literal::Number).map_err(|_| "the value of a filter needs quotes"),
    }
}

/// A text in quotes, and the rest.
fn quoted(text: &str) -> Result<(String, &str), &'static str> {
    let mut characters = text.char_indices();
    let quote = characters.next().map(|(_, quote)| quote).ok_or("a quote is missing")?;
    let mut value = String::new();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => value.push(characters.next().ok_or("nothing follows a `\\`")?.1),
            character if character == quote => return Ok((value, &text[at + quote.len_utf8()..])),
            other => value.push(other),
        }
    }
    Err("a quote is missing")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_parsed() {
        let field = |name: &str| Step::Field(name.to_owned());
        for (path, expected) in [
            ("{.a.b}", vec![field("a"), field("b")]),
            ("a.b", vec![field("a"), field("b")]),
            ("{$.a}", vec![field("a")]),
            (
                r"{.metadata.annotations.example\.com/x}",
                vec![field("metadata"), field("annotations"), field("example.com/x")],
            ),
            ("{['a.b'][\"c\"]}", vec![field("a.b"), field("c")]),
            ("{.a[0][-1][*].*}", vec![field("a"), Step::Index(0), Step::Index(-1), Step::All, Step::All]),
            (
                "{.c[?(@.type==\")]\")].s}",
                vec![
                    field("c"),
                    Step::Filter(vec![field("type")], Comparison::Equal, Literal::Text(")]".to_owned())),
                    field("s"),
                ],
            ),
            (
                "{.c[?(@.n >= 1.5)]}",
                vec![field("c"), Step::Filter(vec![field("n")], Comparison::GreaterOrEqual, Literal::Number(1.5))],
            ),
        ] {
            assert_eq!(parse(path), Ok(expected), "{path}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for path in [
            "",
            "{}",
            "{.a",
            ".a}",
            "{..a}",
            "{.a[}",
            "{.a[x]}",
            "{.a[1:2]}",
            "{.a.}",
            "{.a['b}",
            "{.a[?(@.b)]}",
            "{.a[?(b==1)]}",
            "{.a[?(@.b==c)]}",
            "{.a[?(@.b==1)",
            r"{.a\}",
            "{.a b}",
            "{.a[?(@.b=='c'd)]}",
            "{",
        ] {
            let error = parse(path).unwrap_err().to_string();
            assert!(error.contains("is not a JSONPath: "), "{error}");
        }
    }
}
