use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The text of documentation comments; empty if there are none.
pub(crate) fn documentation(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    let lines: Vec<String> = lines.flat_map(|text| text.split('\n').map(unindented).collect::<Vec<_>>()).collect();
    lines.join("\n").trim().to_owned()
}

/// A line of a comment without the space after the slashes.
fn unindented(line: &str) -> String {
    line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned()
}
