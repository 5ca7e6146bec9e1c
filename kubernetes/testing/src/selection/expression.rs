//! The subset of the Common Expression Language for shard selectors.
//!
//! <https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax>

use std::iter::Peekable;
use std::str::CharIndices;

/// An expression; errors distinguish these kinds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    /// One or more expressions, separated by `||`.
    Or(Vec<Expression>),
    Call {
        function: String,
        arguments: Vec<Expression>,
    },
    Name(String),
    Field(Box<Expression>, String),
    Text(String),
    /// A literal other than a string, with the name of its type in Go.
    Other {
        type_: &'static str,
    },
}

impl Expression {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { text, tokens: text.char_indices().peekable() };
        let expression = parser.or(0)?;
        match parser.next() {
            None => Ok(expression),
            Some(other) => Err(format!("extraneous input '{other}' expecting <EOF>")),
        }
    }

    /// The operands of `||`, in order.
    pub(super) fn alternatives(&self) -> Vec<&Self> {
        match self {
            Self::Or(parts) => parts.iter().flat_map(Self::alternatives).collect(),
            other => vec![other],
        }
    }

    /// The names of a chain of fields, joined with dots; for any other expression, its kind.
    pub(super) fn path(&self) -> Result<String, u8> {
        match self {
            Self::Name(name) => Ok(name.clone()),
            Self::Field(operand, field) => Ok(format!("{}.{field}", operand.path()?)),
            other => Err(other.kind()),
        }
    }

    /// The number of its kind (`ExprKind` in <https://github.com/google/cel-go/blob/master/common/ast/expr.go>).
    pub(super) fn kind(&self) -> u8 {
        match self {
            Self::Or(_) | Self::Call { .. } => 1,
            Self::Name(_) => 3,
            Self::Text(_) | Self::Other { .. } => 5,
            Self::Field(..) => 7,
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Peekable<CharIndices<'a>>,
}

/// The maximum nesting of expressions, including chains of fields, since parsing and dropping them is recursive.
const MAX_DEPTH: usize = 32;

fn check_depth(depth: usize) -> Result<(), String> {
    if depth < MAX_DEPTH {
        return Ok(());
    }
    Err(format!("more than {MAX_DEPTH} expressions inside of each other"))
}

impl Parser<'_> {
    fn or(&mut self, depth: usize) -> Result<Expression, String> {
        let mut parts = vec![self.and(depth)?];
        while self.takes("||") {
            parts.push(self.and(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::Or(parts) })
    }

    fn and(&mut self, depth: usize) -> Result<Expression, String> {
        let mut expression = self.unary(depth)?;
        for length in 0.. {
            if !self.takes("&&") {
                break;
            }
            let arguments = vec![expression, self.unary(depth + length)?];
            expression = Expression::Call { function: "_&&_".to_owned(), arguments };
        }
        Ok(expression)
    }

    fn unary(&mut self, depth: usize) -> Result<Expression, String> {
        check_depth(depth)?;
        if self.takes("!") {
            let arguments = vec![self.unary(depth + 1)?];
            return Ok(Expression::Call { function: "!_".to_owned(), arguments });
        }
        let mut expression = self.primary(depth + 1)?;
        for length in 1.. {
            if !self.takes(".") {
                break;
            }
            check_depth(depth + length)?;
            let field = self.name()?;
            // A method call is recognized by its name alone, as in the real server.
            expression = match self.arguments(depth + 1)? {
                Some(arguments) => Expression::Call { function: field, arguments },
                None => Expression::Field(Box::new(expression), field),
            };
        }
        Ok(expression)
    }

    fn primary(&mut self, depth: usize) -> Result<Expression, String> {
        if self.takes("(") {
            let inner = self.or(depth)?;
            return if self.takes(")") { Ok(inner) } else { Err(self.unexpected("')'")) };
        }
        match self.peek() {
            Some(quote @ ('\'' | '"')) => self.literal(quote),
            Some(digit) if digit.is_ascii_digit() => {
                while self.tokens.next_if(|(_, c)| c.is_ascii_digit()).is_some() {}
                Ok(Expression::Other { type_: "int64" })
            }
            _ => {
                let name = self.name()?;
                if matches!(name.as_str(), "true" | "false") {
                    return Ok(Expression::Other { type_: "bool" });
                }
                Ok(match self.arguments(depth)? {
                    Some(arguments) => Expression::Call { function: name, arguments },
                    None => Expression::Name(name),
                })
            }
        }
    }

    /// The arguments in parentheses after a name; `None` if there are no parentheses.
    fn arguments(&mut self, depth: usize) -> Result<Option<Vec<Expression>>, String> {
        if !self.takes("(") {
            return Ok(None);
        }
        let mut arguments = Vec::new();
        if self.takes(")") {
            return Ok(Some(arguments));
        }
        loop {
            arguments.push(self.or(depth)?);
            if self.takes(")") {
                return Ok(Some(arguments));
            }
            if !self.takes(",") {
                return Err(self.unexpected("',' or ')'"));
            }
        }
    }

    fn literal(&mut self, quote: char) -> Result<Expression, String> {
        let mut text = String::new();
        self.tokens.next();
        for (_, c) in self.tokens.by_ref() {
            match c {
                _ if c == quote => return Ok(Expression::Text(text)),
                '\\' => return Err("a bound has no escapes".to_owned()),
                _ => text.push(c),
            }
        }
        Err("a text has no end".to_owned())
    }

    fn name(&mut self) -> Result<String, String> {
        let mut name = String::new();
        if self.peek().is_some_and(|c| c.is_ascii_alphabetic() || c == '_') {
            while let Some((_, c)) = self.tokens.next_if(|(_, c)| c.is_ascii_alphanumeric() || *c == '_') {
                name.push(c);
            }
            return Ok(name);
        }
        Err(self.unexpected("a name, a text or '('"))
    }

    /// The next character other than a space.
    fn peek(&mut self) -> Option<char> {
        while self.tokens.next_if(|(_, c)| c.is_ascii_whitespace()).is_some() {}
        self.tokens.peek().map(|(_, c)| *c)
    }

    fn next(&mut self) -> Option<char> {
        self.peek();
        self.tokens.next().map(|(_, c)| c)
    }

    fn takes(&mut self, symbol: &str) -> bool {
        self.peek();
        let start = self.tokens.peek().map_or(self.text.len(), |(index, _)| *index);
        let is_there = self.text.get(start..).is_some_and(|rest| rest.starts_with(symbol));
        if is_there {
            self.tokens.by_ref().take(symbol.len()).for_each(drop);
        }
        is_there
    }

    fn unexpected(&mut self, expected: &str) -> String {
        let found = self.peek().map_or_else(|| "<EOF>".to_owned(), String::from);
        format!("mismatched input '{found}' expecting {expected}")
    }
}
