use std::fmt;

use kubernetes_core::Str;

/// A port of a [`Target`](super::Target): its number, or its name in a service or a container.
///
/// ```
/// use kubernetes_streams::port_forward::Port;
///
/// assert_eq!(Port::from(80), Port::Number(80));
/// assert_eq!(Port::from("80"), Port::Number(80));
/// assert_eq!(Port::from("http"), Port::Name("http".into()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Port {
    /// The number.
    Number(u16),
    /// The name.
    Name(Str),
}

impl From<u16> for Port {
    fn from(number: u16) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Port {
    /// A text that is not a number is a name.
    fn from(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Name(text.into()), Self::Number)
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}
