//! The inside of a paragraph: code, links, and characters that Markdown or HTML would read as something else.

/// The longest link or URL that is looked for. Without a limit, a text of nothing but beginnings of links would be
/// searched to its end for each.
const LONGEST: usize = 500;

/// Escapes everything but code in backticks and links.
pub(super) fn escape(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let has_code = text.matches('`').count() % 2 == 0 && !text.contains("``");
    let mut output = String::with_capacity(text.len() + 16);
    let mut rest = text.as_str();
    while let Some(character) = rest.chars().next() {
        let taken = match character {
            '`' if has_code => code(rest, &mut output),
            '[' => link(rest, &mut output),
            'h' => url(rest, &mut output),
            _ => None,
        };
        let length = taken.unwrap_or_else(|| {
            if is_special(character, &output, rest) {
                output.push('\\');
            }
            output.push(character);
            character.len_utf8()
        });
        rest = rest.get(length..).unwrap_or_default();
    }
    output
}

/// The first sentence, and the rest; one that is too short or never ends is not cut.
pub(super) fn split_summary(text: &str) -> (&str, &str) {
    let mut in_code = false;
    let mut depth = 0_i32;
    for (index, character) in text.char_indices() {
        match character {
            '`' => in_code = !in_code,
            '(' | '[' if !in_code => depth += 1,
            ')' | ']' if !in_code => depth -= 1,
            '.' if !in_code && depth <= 0 => {
                let (sentence, rest) = text.split_at(index + 1);
                let starts = rest.strip_prefix(' ').and_then(|rest| rest.chars().next());
                let follows = starts.is_some_and(|next| next.is_uppercase() || matches!(next, '`' | '"' | '\''));
                let abbreviates = || {
                    let word = sentence.rsplit(' ').next().unwrap_or_default();
                    matches!(word, "e.g." | "i.e." | "etc." | "vs." | "cf." | "E.g." | "I.e." | "(e.g.")
                };
                if follows && index >= 12 && !abbreviates() {
                    return (sentence, rest.trim_start());
                }
            }
            _ => {}
        }
    }
    (text, "")
}

/// Copies code with its backticks; tells how long it is.
fn code(rest: &str, output: &mut String) -> Option<usize> {
    let end = rest.get(1..)?.find('`')? + 2;
    output.push_str(rest.get(..end)?);
    Some(end)
}

/// Copies `[text](https://…)`; of a link that leads nowhere from here, only the text.
fn link(rest: &str, output: &mut String) -> Option<usize> {
    let (text, rest) = split_at_any(rest.get(1..)?, &['[', ']', '`', '\n'])?;
    let (target, end) = split_at_any(rest.strip_prefix("](")?, &[')', '[', ' ', '<', '>'])?;
    if text.is_empty() || !end.starts_with(')') {
        return None;
    }
    let escaped = escape(text);
    if target.starts_with("https://") || target.starts_with("http://") {
        output.push_str(&format!("[{escaped}]({target})"));
    } else {
        output.push_str(&escaped);
    }
    Some(text.len() + target.len() + "[]()".len())
}

/// The text before the first of some characters, and the rest; `None` if none of them is near.
fn split_at_any<'a>(text: &'a str, characters: &[char]) -> Option<(&'a str, &'a str)> {
    let near = text.char_indices().take(LONGEST);
    let (index, _) = near.into_iter().find(|(_, character)| characters.contains(character))?;
    Some(text.split_at(index))
}

/// Puts a URL into angle brackets.
fn url(rest: &str, output: &mut String) -> Option<usize> {
    let body = rest.strip_prefix("https://").or_else(|| rest.strip_prefix("http://"))?;
    let scheme = rest.len() - body.len();
    let end = |character: char| {
        character.is_whitespace()
            || character.is_control()
            || matches!(character, '<' | '>' | '"' | '`' | '\\' | '{' | '}')
    };
    let body = body.get(..body.char_indices().nth(LONGEST).map_or(body.len(), |(index, _)| index))?;
    let length = scheme + body.find(end).unwrap_or(body.len());
    let mut url = rest.get(..length)?;
    loop {
        let shorter = url.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_', ']']);
        let shorter = if shorter.contains('(') { shorter } else { shorter.trim_end_matches(')') };
        if shorter.len() == url.len() {
            break;
        }
        url = shorter;
    }
    if url.ends_with("//") {
        return None;
    }
    output.push_str(&format!("<{url}>"));
    Some(url.len())
}

fn is_special(character: char, before: &str, rest: &str) -> bool {
    match character {
        '<' | '>' | '[' | ']' | '*' | '\\' | '~' | '`' => true,
        // Inside a word it is not emphasis.
        '_' => {
            let is_word = |neighbour: Option<char>| neighbour.is_some_and(char::is_alphanumeric);
            !is_word(before.chars().next_back()) || !is_word(rest.chars().nth(1))
        }
        '&' => {
            let is_part = |part: char| part.is_ascii_alphanumeric() || part == '#';
            let entity = rest.chars().skip(1).take(LONGEST).take_while(|part| is_part(*part)).count();
            entity > 0 && rest.chars().nth(entity + 1) == Some(';')
        }
        _ => false,
    }
}
