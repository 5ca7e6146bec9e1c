use std::fmt;
use std::str::FromStr;

use crate::port_forward::port::Port;

/// A local port, and the port of the target that its connections lead to.
///
/// It is written as for `kubectl port-forward`:
///
/// ```
/// use kubernetes_streams::port_forward::PortMapping;
///
/// assert_eq!("8080:80".parse(), Ok(PortMapping::new(8080, 80)));
/// assert_eq!("8080:http".parse(), Ok(PortMapping::new(8080, "http")));
/// assert_eq!("80".parse(), Ok(PortMapping::new(80, 80)));
/// // A port that is free.
/// assert_eq!(":80".parse(), Ok(PortMapping::new(0, 80)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PortMapping {
    local: u16,
    remote: Port,
}

impl PortMapping {
    /// Forwards a local port to a port of the target. With 0, the local port is one that is free.
    pub fn new(local: u16, remote: impl Into<Port>) -> Self {
        Self { local, remote: remote.into() }
    }

    /// The local port, or 0 for one that is free.
    pub fn local(&self) -> u16 {
        self.local
    }

    /// The port of the target.
    pub fn remote(&self) -> &Port {
        &self.remote
    }
}

impl FromStr for PortMapping {
    type Err = InvalidPortMapping;

    fn from_str(text: &str) -> Result<Self, InvalidPortMapping> {
        let invalid = |why| InvalidPortMapping { text: text.to_owned(), why };
        let (local, remote) = text.split_once(':').unwrap_or((text, text));
        let local = match local {
            "" if text.contains(':') => 0,
            local => local.parse().map_err(|_| invalid("a local port must be a number between 0 and 65535"))?,
        };
        // As the names of ports are, by RFC 6335.
        let is_name = |text: &str| {
            text.len() <= 15
                && text.bytes().any(|byte| byte.is_ascii_lowercase())
                && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        match Port::from(remote) {
            Port::Number(0) => Err(invalid("the port of the target must not be 0")),
            Port::Name(name) if !is_name(&name) => {
                Err(invalid("the port of the target must be a number between 1 and 65535, or a name"))
            }
            remote => Ok(Self { local, remote }),
        }
    }
}

impl fmt::Display for PortMapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.local, self.remote)
    }
}

/// A text that is not a [`PortMapping`].
#[derive(Clone, PartialEq, Eq)]
pub struct InvalidPortMapping {
    text: String,
    why: &'static str,
}

kubernetes_core::error_text!(InvalidPortMapping);

impl InvalidPortMapping {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a valid port mapping: {}; write LOCAL:REMOTE, REMOTE or :REMOTE", self.text, self.why)
    }
}

impl std::error::Error for InvalidPortMapping {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_parsed_as_by_kubectl() {
        let names = ["a", ":A", ":a_b", "1:abcdefghijklmnop", "a:5000"];
        let numbers = ["", "-1", "65536", "0", "0:0", "1:2:3", ":", "5000:"];
        for text in names.into_iter().chain(numbers) {
            let error = text.parse::<PortMapping>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("{text:?} is not a valid port mapping")), "{error}");
        }
        for (text, local, remote) in [
            ("5000", 5000, 5000),
            ("8888:5000", 8888, 5000),
            (":5000", 0, 5000),
            ("0:5000", 0, 5000),
            ("1:65535", 1, 65535),
        ] {
            assert_eq!(text.parse(), Ok(PortMapping::new(local, remote)));
        }
        for (text, local) in [(":http", 0), ("5000:http", 5000)] {
            assert_eq!(text.parse(), Ok(PortMapping::new(local, "http")));
        }
    }
}
