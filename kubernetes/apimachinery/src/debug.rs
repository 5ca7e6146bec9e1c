//! `Debug` output of models, which hides secrets, and of errors, which shows their causes.

use std::error::Error;
use std::fmt::{self, Write as _};

use crate::json::{Value, Writer};
use crate::{Map, Str};

/// Formats a model as the JSON of its fields, leaving out absent fields and possible secrets.
///
/// Deriving the trait would make the compiler check every field of hundreds of types.
pub fn model<V: Value>(name: &str, value: &V, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut writer = Writer::redacting();
    value.write(&mut writer);
    object(name, writer, f)
}

fn object(name: &str, writer: Writer, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let text = writer.finish().map_err(|_| fmt::Error)?;
    let lines = if f.alternate() { on_lines(&text) } else { None };
    write!(f, "{name} {}", lines.unwrap_or(text))
}

/// The same JSON, a line for each field.
fn on_lines(json: &str) -> Option<String> {
    let mut pretty = serde_json::Serializer::pretty(Vec::new());
    serde_transcode::transcode(&mut serde_json::Deserializer::from_str(json), &mut pretty).ok()?;
    String::from_utf8(pretty.into_inner()).ok()
}

/// Placeholder for a secret value.
const REDACTED: &str = "<redacted>";
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

impl Writer {
    /// Writes a field whose value `Debug` output must not show.
    #[doc(hidden)]
    pub fn secret<V: Value>(&mut self, name: &'static str, value: &V) {
        match self.redacts() && !value.is_absent() {
            true => self.required(name, &Str::from_static(REDACTED)),
            false => self.optional(name, value),
        }
    }

    /// Writes annotations; `Debug` output does not show the object that kubectl keeps in one of them: it may be a
    /// Secret.
    #[doc(hidden)]
    pub fn annotations(&mut self, name: &'static str, annotations: &Map<Str>) {
        match annotations.get(LAST_APPLIED) {
            Some(_) if self.redacts() => {
                let mut shown = annotations.clone();
                shown.insert(LAST_APPLIED, REDACTED);
                self.required(name, &shown);
            }
            _ => self.optional(name, annotations),
        }
    }
}

/// Implements `Display` and `Debug` of an error by its method `write_message`, which writes one level.
///
/// `{error:#}` and `{error:?}` show all levels by [`error`], or by another function such as [`lines`].
#[macro_export]
macro_rules! error_text {
    ($error:ty) => {
        $crate::error_text!($error, $crate::debug::error);
    };
    ($error:ty, $chain:path) => {
        impl ::core::fmt::Display for $error {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                if f.alternate() { $chain(self, f) } else { self.write_message(f) }
            }
        }

        /// Like `Display`, followed by all sources: a `main` that returns the error prints this.
        impl ::core::fmt::Debug for $error {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                $chain(self, f)
            }
        }
    };
}

/// Formats an error and all its causes on one line, without terminal control characters.
///
/// Causes that are already part of the text are left out.
pub fn error(error: &dyn Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let text = error.to_string();
    OneLine(f).write_str(&text)?;
    causes(text, error, f)
}

/// Displays an error of any type like [`error`], for logs and events.
pub struct Chain<'a>(pub &'a dyn Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        error(self.0, f)
    }
}

/// Formats an error with a message of several lines, and all its causes on the last one.
///
/// The message must not have control characters other than those line ends.
pub fn lines(error: &dyn Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let text = error.to_string();
    f.write_str(&text)?;
    causes(text, error, f)
}

fn causes(mut text: String, error: &dyn Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.contains(&cause) {
            write!(OneLine(f), "; caused by: {cause}")?;
            text.push_str(&cause);
        }
        source = error.source();
    }
    Ok(())
}

struct OneLine<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl fmt::Write for OneLine<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| self.0.write_char(if c.is_control() { ' ' } else { c }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Level(&'static str, Option<Box<Level>>);

    error_text!(Level);

    impl Level {
        fn of(texts: &[&'static str]) -> Option<Box<Self>> {
            let (text, below) = texts.split_first()?;
            Some(Box::new(Self(text, Self::of(below))))
        }

        fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Level {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|below| below as _)
        }
    }

    #[test]
    fn causes_are_shown_once_and_on_one_line() {
        let refused = Level::of(&["can't connect: refused", "tcp\nerror", "refused", "no route"]).unwrap();
        assert_eq!(refused.to_string(), "can't connect: refused");
        let chain = "can't connect: refused; caused by: tcp error; caused by: no route";
        assert_eq!((format!("{refused:#}"), format!("{refused:?}")), (chain.to_owned(), chain.to_owned()));
        assert_eq!(Chain(&*refused).to_string(), chain);
    }
}
