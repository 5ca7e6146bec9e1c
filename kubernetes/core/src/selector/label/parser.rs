//! Parses label selectors like Go, with the same leniency: empty values, `in` as a key, empty lists.

use super::{LabelOperator, LabelRequirement, LabelSelector};
use crate::selector::{InvalidSelector, label_syntax};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    End,
    Word(&'a str),
    Symbol(&'a str),
}

struct Parser<'a> {
    text: &'a str,
    /// The text that has not been read yet.
    rest: &'a str,
}

pub(super) fn parse(text: &str) -> Result<LabelSelector, InvalidSelector> {
    let mut parser = Parser { text, rest: text };
    let mut selector = LabelSelector::new();
    if parser.peek() == Token::End {
        return Ok(selector);
    }
    loop {
        selector = selector.and(parser.requirement()?);
        match parser.next() {
            Token::End => return Ok(selector),
            Token::Symbol(",") => {}
            other => return Err(parser.unexpected(other, "`,` or the end")),
        }
    }
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Token<'a> {
        Parser { ..*self }.next()
    }

    /// The next word or symbol; as in Go, a NUL ends the text or the preceding word or symbol.
    fn next(&mut self) -> Token<'a> {
        let rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let is_symbol = |c: char| matches!(c, '=' | '!' | '(' | ')' | ',' | '>' | '<');
        if rest.is_empty() || rest.starts_with('\0') {
            self.rest = "";
            return Token::End;
        }
        if rest.starts_with(is_symbol) {
            let length = if rest.starts_with("==") || rest.starts_with("!=") { 2 } else { 1 };
            let (symbol, rest) = rest.split_at(length);
            self.rest = rest.strip_prefix('\0').unwrap_or(rest);
            return Token::Symbol(symbol);
        }
        let end = rest.find(|c| is_symbol(c) || matches!(c, ' ' | '\t' | '\r' | '\n' | '\0')).unwrap_or(rest.len());
        let (word, rest) = rest.split_at(end);
        self.rest = rest.strip_prefix('\0').unwrap_or(rest);
        Token::Word(word)
    }

    fn requirement(&mut self) -> Result<LabelRequirement, InvalidSelector> {
        let negated = self.peek() == Token::Symbol("!");
        if negated {
            self.next();
        }
        let key = match self.next() {
            Token::Word(key) => key,
            other => return Err(self.unexpected(other, "a key")),
        };
        label_syntax::check_key(key)?;
        if negated {
            return LabelRequirement::new(key, LabelOperator::DoesNotExist, [""; 0]);
        }
        if matches!(self.peek(), Token::End | Token::Symbol(",")) {
            return LabelRequirement::new(key, LabelOperator::Exists, [""; 0]);
        }
        let operator = match self.next() {
            Token::Symbol("=" | "==") => LabelOperator::Equals,
            Token::Symbol("!=") => LabelOperator::NotEquals,
            Token::Symbol(">") => LabelOperator::GreaterThan,
            Token::Symbol("<") => LabelOperator::LessThan,
            Token::Word("in") => LabelOperator::In,
            Token::Word("notin") => LabelOperator::NotIn,
            other => return Err(self.unexpected(other, "an operator: =, ==, !=, in, notin, > or <")),
        };
        match operator {
            LabelOperator::In | LabelOperator::NotIn => LabelRequirement::new(key, operator, self.values()?),
            _ => LabelRequirement::new(key, operator, [self.value()?]),
        }
    }

    /// A single value, which is empty if a comma or the end follows.
    fn value(&mut self) -> Result<&'a str, InvalidSelector> {
        if matches!(self.peek(), Token::End | Token::Symbol(",")) {
            return Ok("");
        }
        match self.next() {
            Token::Word(value) => Ok(value),
            other => Err(self.unexpected(other, "a value")),
        }
    }

    /// Values in parentheses; a missing value next to a comma or between the parentheses is the empty one.
    fn values(&mut self) -> Result<Vec<&'a str>, InvalidSelector> {
        match self.next() {
            Token::Symbol("(") => {}
            other => return Err(self.unexpected(other, "`(`")),
        }
        let mut values = Vec::new();
        loop {
            let value = match self.peek() {
                Token::Word(value) => {
                    self.next();
                    value
                }
                _ => "",
            };
            values.push(value);
            match self.next() {
                Token::Symbol(",") => {}
                Token::Symbol(")") => return Ok(values),
                other => return Err(self.unexpected(other, "`,` or `)`")),
            }
        }
    }

    fn unexpected(&self, found: Token<'_>, wanted: &str) -> InvalidSelector {
        let found = match found {
            Token::End => "the end".into(),
            Token::Word(text) | Token::Symbol(text) => format!("{text:?}"),
        };
        InvalidSelector::new(format!("the label selector {:?} is invalid: expected {wanted}, found {found}", self.text))
    }
}
