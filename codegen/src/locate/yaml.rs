//! Where in a YAML text a JSON pointer leads.

use granit_parser::{Event, Options, Parser, Span};

use super::Location;

/// The place of the value that a pointer leads to in a document, or of the last of its parents that is there; of a member,
/// that of its key. Documents are counted from 0, empty ones left out, as a reader of all of them sees them.
pub(crate) fn locate_yaml(text: &str, document: usize, pointer: &str) -> Location {
    // Comments would be buffered, of which there is a limit.
    let mut options = Options::default();
    options.emit_comments = false;
    let parser = Parser::new_from_str_with_options(text, options);
    let mut nodes = Nodes { parser, last: Location { line: 1, column: 1 } };
    for _ in 0..document {
        let Some((event, _)) = nodes.enter_document() else { return nodes.last };
        nodes.skip_rest(&event);
    }
    let Some((mut event, mut found)) = nodes.enter_document() else { return nodes.last };
    for token in super::tokens(pointer) {
        match nodes.member(&event, &token) {
            Some((member, location)) => (event, found) = (member, location),
            None => break,
        }
    }
    found
}

/// The events of a text that matter here.
struct Nodes<'a> {
    parser: Parser<'a, granit_parser::StrInput<'a>>,
    last: Location,
}

impl<'a> Nodes<'a> {
    /// The next event of a node. Invalid YAML ends early, which makes the place less exact.
    fn next(&mut self) -> Option<(Event<'a>, Location)> {
        loop {
            let (event, span) = self.parser.next()?.ok()?;
            if !matches!(event, Event::Comment(..) | Event::Anchor(..) | Event::StreamStart) {
                self.last = start(&span);
                return Some((event, self.last));
            }
        }
    }

    /// The first event of the next document that is not empty.
    fn enter_document(&mut self) -> Option<(Event<'a>, Location)> {
        loop {
            if !matches!(self.next()?.0, Event::DocumentStart(..)) {
                continue;
            }
            let first = self.next()?;
            if !matches!(&first.0, Event::Scalar(text, ..) if matches!(&**text, "" | "~" | "null")) {
                return Some(first);
            }
        }
    }

    /// The member of a mapping or the item of a list that has begun with an event.
    fn member(&mut self, begun: &Event<'a>, token: &str) -> Option<(Event<'a>, Location)> {
        let is_mapping = match begun {
            Event::MappingStart(..) => true,
            Event::SequenceStart(..) => false,
            _ => return None,
        };
        for index in 0_usize.. {
            let (event, location) = self.next()?;
            let is_wanted = match &event {
                Event::MappingEnd | Event::SequenceEnd => return None,
                Event::Scalar(key, ..) if is_mapping => key == token,
                _ if is_mapping => {
                    self.skip_rest(&event)?;
                    false
                }
                _ if token.parse() == Ok(index) => return Some((event, location)),
                _ => {
                    self.skip_rest(&event)?;
                    continue;
                }
            };
            if is_wanted {
                // A value's key is where a reader looks for it.
                let (value, _) = self.next()?;
                return Some((value, location));
            }
            if !self.skip_node() {
                return None;
            }
        }
        None
    }

    fn skip_node(&mut self) -> bool {
        self.next().is_some_and(|(event, _)| self.skip_rest(&event).is_some())
    }

    /// Skips what follows the first event of a node.
    fn skip_rest(&mut self, first: &Event<'a>) -> Option<()> {
        let mut depth = depth_of(first);
        while depth > 0 {
            depth += depth_of(&self.next()?.0);
        }
        Some(())
    }
}

fn depth_of(event: &Event<'_>) -> isize {
    match event {
        Event::MappingStart(..) | Event::SequenceStart(..) => 1,
        Event::MappingEnd | Event::SequenceEnd => -1,
        _ => 0,
    }
}

fn start(span: &Span) -> Location {
    Location { line: span.start.line(), column: span.start.col() + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# first\n---\na: 1\n---\n# none\n---\nkind: A # the kind\nspec:\n  versions:\n  - name: v1\n    schema: {type: object, \
                        \"x y\": [1, {b: 2}]}\n  - name: &anchor v2\n    ? [complex]\n    : key\n    text: |\n      a: b\n    \
                        ä/c: *anchor\n    last: true\n";

    #[test]
    fn places() {
        let table = [
            (0, "/a", (3, 1)),
            (1, "", (7, 1)),
            (1, "/kind", (7, 1)),
            (1, "/spec/versions", (9, 3)),
            (1, "/spec/versions/0/name", (10, 5)),
            (1, "/spec/versions/0/schema/type", (11, 14)),
            (1, "/spec/versions/0/schema/x y/1/b", (11, 40)),
            (1, "/spec/versions/1", (12, 5)),
            (1, "/spec/versions/1/ä~1c", (17, 5)),
            (1, "/spec/versions/1/last", (18, 5)),
            (1, "/spec/versions/1/gone/x", (12, 5)),
            (1, "/spec/versions/7", (9, 3)),
        ];
        for (document, pointer, (line, column)) in table {
            assert_eq!(locate_yaml(TEXT, document, pointer), Location { line, column }, "{document} {pointer}");
        }
        let commented = format!("a:\n{}  - b: 1\n", "  # c\n".repeat(200));
        assert_eq!(locate_yaml(&commented, 0, "/a/0/b"), Location { line: 202, column: 5 });
        for broken in ["", "a: [", "\t", "a: b: c", "{", "- - -", "a: *gone"] {
            locate_yaml(broken, 0, "/a/0/b");
            locate_yaml(broken, 3, "/a");
        }
    }
}
