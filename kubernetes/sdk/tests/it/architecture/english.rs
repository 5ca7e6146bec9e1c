//! Messages and documentation are written in the style of the standard library: known patterns of foreign English are
//! refused.

use proc_macro2::{TokenStream, TokenTree};

use super::allowance;
use super::source::root;

#[test]
fn messages_and_documentation_are_idiomatic() {
    allowance::check(&[], "English is idiomatic", |package| {
        let files = package.files().into_iter().filter(|file| !file.path.ends_with("architecture/english.rs"));
        let all = |text: &str, tokens| [faults(tokens), faults_of_lines(text, is_comment)].concat();
        files.flat_map(|file| allowance::places(&file, all(&file.text, file.tokens()))).collect()
    });
}

#[test]
fn pages_and_scripts_are_idiomatic() {
    let mut faulty = Vec::new();
    for folder in ["", "docs", "bench", "scripts", "scripts/lib", "e2e_test/cluster"] {
        for entry in std::fs::read_dir(root().join(folder)).expect("a folder of the workspace") {
            let path = entry.expect("a readable entry").path();
            let is_page = path.extension().is_some_and(|extension| extension == "md");
            let is_script = path.extension().is_none_or(|extension| extension == "sh") && !folder.is_empty();
            if !path.is_file() || !(is_page || is_script) {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("pages and scripts are text");
            let lines = faults_of_lines(&text, |line| is_page || line.starts_with('#'));
            faulty.extend(lines.into_iter().map(|(line, fault)| format!("{}:{line}: {fault}", path.display())));
        }
    }
    assert!(faulty.is_empty(), "{}", faulty.join("\n"));
}

/// Whether a line without its indentation is a comment, other than documentation.
fn is_comment(line: &str) -> bool {
    line.starts_with("//") && !line.starts_with("///") && !line.starts_with("//!")
}

/// The lines of a text with a fault, of those that `counts` takes.
fn faults_of_lines(text: &str, counts: impl Fn(&str) -> bool) -> Vec<(usize, String)> {
    let lines = text.lines().enumerate().filter(|(_, line)| counts(line.trim_start()));
    lines.filter_map(|(index, line)| Some((index + 1, fault(line)?))).collect()
}

/// The lines of documentation and string literals with a fault.
fn faults(tokens: TokenStream) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                if let Some(text) = documentation(group.stream()) {
                    let fault = fault(&text).or_else(|| fault_of_documentation(&text));
                    found.extend(fault.map(|fault| (group.span().start().line, fault)));
                } else {
                    found.extend(faults(group.stream()));
                }
            }
            TokenTree::Literal(literal) => {
                let line = literal.span().start().line;
                if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                    found.extend(fault(&text.value()).map(|fault| (line, fault)));
                }
            }
            _ => {}
        }
    }
    found
}

/// The text of a line of documentation, which is an attribute to the parser.
fn documentation(attribute: TokenStream) -> Option<String> {
    let mut tokens = attribute.into_iter();
    match (tokens.next()?, tokens.next()?, tokens.next()?, tokens.next()) {
        (TokenTree::Ident(name), TokenTree::Punct(_), TokenTree::Literal(text), None) if name == "doc" => {
            syn::parse_str::<syn::LitStr>(&text.to_string()).ok().map(|text| text.value())
        }
        _ => None,
    }
}

/// The refused words of a text, if any.
fn fault(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().map(|word| word.trim_matches(['(', '"', '`', '*'])).collect();
    let is = |index: usize, word: &str| words.get(index).is_some_and(|found| found.eq_ignore_ascii_case(word));
    words.iter().enumerate().find_map(|(index, word)| {
        let follows = |words: &[&str]| words.iter().enumerate().all(|(offset, word)| is(index + 1 + offset, word));
        // "there is no pod" and "is no longer" are good English.
        let is_noun = words.get(index + 2).is_some_and(|noun| {
            let adverbs =
                ["longer", "more", "less", "later", "other", "worse", "better", "one", "different", "further"];
            noun.starts_with(|first: char| first.is_ascii_alphabetic()) && !adverbs.contains(noun)
        });
        let follows_there = index > 0 && is(index - 1, "there");
        match word.trim_end_matches(['.', ',', ';', ':']).to_ascii_lowercase().as_str() {
            "is" if follows(&["no"]) && is_noun && !follows_there => Some(format!("is no {}", words[index + 2])),
            "belong" | "belongs" if follows(&["into"]) => Some(format!("{word} into")),
            "it" if follows(&["is", "not", "so", "that"]) => Some("it is not so that".to_owned()),
            "it" if follows(&["come", "to", "be", "that"]) => Some("it come to be that".to_owned()),
            "as" if follows(&["good", "as"]) => Some("as good as".to_owned()),
            "told" | "tell" | "tells" if follows(&["of"]) => Some(format!("{word} of")),
            "held" if follows(&["against"]) => Some("held against".to_owned()),
            "for" if follows(&["ever"]) => Some("for ever".to_owned()),
            "in" if follows(&["vain"]) => Some("in vain".to_owned()),
            "makes" if follows(&["of"]) => Some("makes of".to_owned()),
            "one's" if follows(&["own"]) => Some("one's own".to_owned()),
            old @ ("anew" | "shall") => Some(old.to_owned()),
            _ => None,
        }
    })
}

/// Documentation names its subject, instead of starting with a relative clause. `What …?` is a question.
fn fault_of_documentation(line: &str) -> Option<String> {
    let first = line.split_whitespace().next()?;
    let starts_with_clause = matches!(first, "What" | "Whatever") || first.starts_with("Who") && first != "Whole";
    (starts_with_clause && !line.contains('?')).then(|| format!("starts with {first:?}"))
}

#[test]
fn unidiomatic_english_is_found() {
    let found = |text: &str| faults(text.parse().expect("a test's text is Rust")).into_iter().map(|(_, fault)| fault);
    for (text, expected) in [
        (r#"f("the server is no URL")"#, "is no URL"),
        (r#"f!("{x} belongs into {}", y)"#, "belongs into"),
        (r#"f("a null is as good as absent")"#, "as good as"),
        (r#"f("who is told of it")"#, "told of"),
        (r#"f("a task of one's own")"#, "one's own"),
        (r#"f("it begins anew, for ever")"#, "anew"),
        (r#"f(format!("after 60s it is not so that {x}"))"#, "it is not so that"),
        ("/// What the server answers.\nstruct A;", "starts with \"What\""),
        ("/// Whose certificates are trusted.\nstruct A;", "starts with \"Whose\""),
        ("//! Whoever has it.", "starts with \"Whoever\""),
        ("/// The value is no\u{a0}number.\nstruct A;", "is no number."),
    ] {
        assert_eq!(found(text).collect::<Vec<_>>(), [expected], "{text}");
    }
    for text in [
        r#"f("there is no pod")"#,
        r#"f("it is no longer there")"#,
        r#"f("What now?")"#,
        "/// The whole. Whether it is so.\nstruct A;",
        "/// Whether it is set.\nstruct A;",
        "// What is said in a plain comment\nstruct A;",
    ] {
        assert_eq!(found(text).next(), None, "{text}");
    }
}

#[test]
fn comments_count_and_code_does_not() {
    let text = "let a = 1; // it belongs into b\n    // It belongs into b.\n/// It is documentation.\n";
    assert_eq!(faults_of_lines(text, is_comment), [(2, "belongs into".to_owned())]);
}
