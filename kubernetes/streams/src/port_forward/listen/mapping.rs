use std::fmt;
use std::str::FromStr;

/// A local port, and the port of the pod that its connections lead to.
///
/// It is written as for `kubectl port-forward`:
///
/// ```
/// use kubernetes_streams::port_forward::PortMapping;
///
/// assert_eq!("8080:80".parse(), Ok(PortMapping::new(8080, 80)));
/// assert_eq!("80".parse(), Ok(PortMapping::new(80, 80)));
/// // A port that is free.
/// assert_eq!(":80".parse(), Ok(PortMapping::new(0, 80)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PortMapping {
    local: u16,
    remote: u16,
}

impl PortMapping {
    /// Forwards a local port to a port of the pod. With 0, the local port is one that is free.
    pub fn new(local: u16, remote: u16) -> Self {
        Self { local, remote }
    }

    /// The local port, or 0 for one that is free.
    pub fn local(&self) -> u16 {
        self.local
    }

    /// The port of the pod.
    pub fn remote(&self) -> u16 {
        self.remote
    }
}

impl FromStr for PortMapping {
    type Err = InvalidPortMapping;

    fn from_str(text: &str) -> Result<Self, InvalidPortMapping> {
        let invalid = |why| InvalidPortMapping { text: text.to_owned(), why };
        let (local, remote) = text.split_once(':').unwrap_or((text, text));
        if remote.contains(':') {
            return Err(invalid("it has more than one colon"));
        }
        let parse = |port: &str| port.parse::<u16>().map_err(|_| invalid("a port must be between 0 and 65535"));
        let local = if local.is_empty() && text.contains(':') { 0 } else { parse(local)? };
        match parse(remote)? {
            0 => Err(invalid("the port of the pod must be between 1 and 65535")),
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPortMapping {
    text: String,
    why: &'static str,
}

impl fmt::Display for InvalidPortMapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a valid port mapping: {}; write LOCAL:REMOTE, REMOTE or :REMOTE", self.text, self.why)
    }
}

impl std::error::Error for InvalidPortMapping {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_parsed_as_by_kubectl() {
        for text in ["", "a", ":a", "-1", "65536", "0", "0:0", "a:5000", "5000:a", "1:2:3", ":", "5000:"] {
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
    }
}
