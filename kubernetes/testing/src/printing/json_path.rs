use serde_json::Value;

/// A path in the definition of a custom resource: fields, indexes, and filters by equality. Any other path has no
/// value.
///
/// <https://kubernetes.io/docs/reference/kubectl/jsonpath/>
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JsonPath(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Field(String),
    /// A negative index counts from the end.
    Index(i64),
    /// `[*]`: the first item is shown.
    Any,
    /// `[?(@.type=="Ready")]`
    Where(Vec<Step>, String),
}

impl JsonPath {
    pub(super) fn parse(path: &str) -> Self {
        Self(parse(path))
    }

    /// The first value at the path.
    pub(super) fn find<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        find(value, &self.0)
    }
}

fn parse(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = path.trim();
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let Some(end) = end_of_brackets(inner) else { break };
            let (content, after) = inner.split_at(end);
            steps.push(bracket(content));
            rest = after.get(1..).unwrap_or_default();
            continue;
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
        let (mut name, mut is_escaped, mut end) = (String::new(), false, rest.len());
        for (index, c) in rest.char_indices() {
            match c {
                '\\' if !is_escaped => is_escaped = true,
                '.' | '[' if !is_escaped => {
                    end = index;
                    break;
                }
                c => {
                    name.push(c);
                    is_escaped = false;
                }
            }
        }
        if !name.is_empty() {
            steps.push(Step::Field(name));
        } else if end == 0 && !rest.starts_with('[') {
            break;
        }
        rest = rest.get(end..).unwrap_or_default();
    }
    steps
}

/// The index of the closing bracket; brackets in quotes do not count.
fn end_of_brackets(text: &str) -> Option<usize> {
    let mut quote = None;
    for (index, c) in text.char_indices() {
        match (quote, c) {
            (None, ']') => return Some(index),
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

fn bracket(content: &str) -> Step {
    let unquoted = |text: &str| text.trim().trim_matches(['\'', '"']).to_owned();
    if let Some((left, right)) = content
        .strip_prefix("?(")
        .and_then(|filter| filter.strip_suffix(')'))
        .and_then(|filter| filter.split_once("=="))
    {
        return Step::Where(parse(left.trim().trim_start_matches('@')), unquoted(right));
    }
    match content {
        "*" => Step::Any,
        _ => content.parse().map_or_else(|_| Step::Field(unquoted(content)), Step::Index),
    }
}

fn find<'a>(value: &'a Value, path: &[Step]) -> Option<&'a Value> {
    let Some((step, rest)) = path.split_first() else { return Some(value) };
    match step {
        Step::Field(name) => find(value.get(name)?, rest),
        Step::Index(index) => {
            let items = value.as_array()?;
            let from_end = usize::try_from(index.unsigned_abs()).ok().and_then(|back| items.len().checked_sub(back));
            let place = if *index < 0 { from_end } else { usize::try_from(*index).ok() };
            find(items.get(place?)?, rest)
        }
        Step::Any => value.as_array()?.iter().find_map(|item| find(item, rest)),
        Step::Where(left, right) => {
            let fits = |item: &&Value| match find(item, left) {
                Some(Value::String(text)) => text == right,
                // A number or a boolean, as text.
                Some(other) => right.parse().is_ok_and(|right: Value| right == *other),
                None => false,
            };
            value.as_array()?.iter().filter(fits).find_map(|item| find(item, rest))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_finds_its_value() {
        let object = json!({
            "a": {"b.c": 1, "x": "y"},
            "list": [{"type": "A", "v": 1}, {"type": "Ready", "v": 2}],
        });
        let table = [
            (".a.x", json!("y")),
            (r".a.b\.c", json!(1)),
            (".a['b.c']", json!(1)),
            (".list[0].v", json!(1)),
            (".list[-1].v", json!(2)),
            (".list[*].type", json!("A")),
            (r#".list[?(@.type=="Ready")].v"#, json!(2)),
            (r#".list[?(@.v==1)].type"#, json!("A")),
        ];
        for (path, expected) in table {
            assert_eq!(find(&object, &parse(path)), Some(&expected), "{path}");
        }
        for path in [".a.z", ".list[7]", ".list[-7]", r#".list[?(@.type=="B")].v"#, ".a[0]"] {
            assert_eq!(find(&object, &parse(path)), None, "{path}");
        }
        // Parsing terminates for any text.
        for path in ["", ".", "..", "[", "[]", ".a[", "a..b", "\\", "[?(", "[?(@.a==)]", "]]"] {
            parse(path);
        }
    }
}
