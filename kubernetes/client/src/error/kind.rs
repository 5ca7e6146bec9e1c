use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::StatusCode;
use kubernetes_core::InvalidRequest;
use kubernetes_core::json::DecodeError;

use super::authentication::AuthenticationError;
use super::response::ErrorResponse;
use super::{BoxError, Error, certificate, chain};

#[derive(Debug)]
pub(crate) enum Kind {
    /// The client can't be built from its configuration.
    Build(String, Option<BoxError>),
    Config(kubernetes_config::Error),
    Request(InvalidRequest),
    /// Nothing drives connections and clocks.
    NoRuntime,
    Uri(http::Error),
    Authentication(AuthenticationError),
    /// A hook refused the write, or revoked its permit.
    Hook(BoxError),
    /// The time for a write that a hook had set.
    HookTimeout {
        limit: Duration,
    },
    Connect {
        server: Option<String>,
        source: BoxError,
    },
    Transport(BoxError),
    /// Our own request timeout, and why an earlier attempt failed.
    Timeout {
        limit: Duration,
        previous: Option<Box<Error>>,
    },
    Status(ErrorResponse),
    /// A successful response that leaves the connection as it was.
    NotUpgraded {
        status: StatusCode,
    },
    Body(BoxError),
    Compression(BoxError),
    TooLarge {
        limit: usize,
    },
    Decode(DecodeError),
}

impl Kind {
    pub(super) fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Build(_, source) => source.as_deref().map(chain::plain),
            // `Display` says these themselves: the kind alone tells nobody what to do.
            Self::Config(source) => source.source(),
            Self::Request(source) => source.source(),
            Self::Authentication(source) => source.source(),
            Self::Uri(source) => Some(source),
            Self::Hook(source) => Some(source.as_ref()),
            // `Display` quotes the last error of the chain, unless it has a better explanation.
            Self::Connect { source, .. } => Some(chain::plain(source.as_ref()))
                .filter(|source| source.source().is_some() || certificate::explain(*source).is_some()),
            Self::Transport(source) | Self::Body(source) | Self::Compression(source) => {
                Some(chain::plain(source.as_ref()))
            }
            Self::Decode(source) => Some(source),
            Self::Timeout { previous, .. } => previous.as_deref().map(|error| error as &(dyn StdError + 'static)),
            Self::Status(response) => response.causes().map(|causes| causes as &(dyn StdError + 'static)),
            Self::TooLarge { .. } | Self::NoRuntime | Self::HookTimeout { .. } | Self::NotUpgraded { .. } => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build(message, _) => write!(f, "can't build a client: {message}"),
            Self::Config(source) => write!(f, "can't load the client configuration: {source}"),
            Self::Request(source) => write!(f, "the request is invalid: {source}"),
            Self::NoRuntime => f.write_str(
                "there is no tokio runtime to send it on: await it inside one, for example with #[tokio::main]",
            ),
            Self::Uri(_) => f.write_str("the server's URL and the path of the request do not form a valid URI"),
            Self::Authentication(source) => write!(f, "no credentials available: {source}"),
            Self::Hook(_) => f.write_str("the write was not permitted"),
            Self::HookTimeout { limit } => {
                write!(f, "the write was abandoned when its permit ended, after {limit:?}")
            }
            Self::Connect { server, source } => {
                f.write_str("can't connect")?;
                server.as_ref().map_or(Ok(()), |server| write!(f, " to {server}"))?;
                match certificate::explain(source.as_ref()) {
                    Some(reason) => write!(f, ": {reason}"),
                    None => write!(f, ": {}", chain::root(source.as_ref())),
                }
            }
            Self::Transport(source) => {
                f.write_str("the connection failed before the response")?;
                certificate::explain(source.as_ref()).map_or(Ok(()), |reason| write!(f, ": {reason}"))
            }
            Self::Timeout { limit, .. } => write!(f, "timed out after {limit:?}"),
            Self::Status(response) => response.fmt(f),
            Self::NotUpgraded { status } => write!(
                f,
                "the server responded with {status} instead of switching protocols; a proxy may not support upgrades"
            ),
            Self::Body(_) => f.write_str("the response was cut short"),
            Self::Compression(_) => f.write_str("can't decompress the response"),
            Self::TooLarge { limit } => write!(
                f,
                "the response is larger than the limit of {limit} bytes; ask for less, or raise the limit with \
                 ClientBuilder::max_response_bytes"
            ),
            Self::Decode(_) => f.write_str("can't decode the response"),
        }
    }
}
