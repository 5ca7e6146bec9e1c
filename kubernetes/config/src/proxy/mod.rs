//! Proxies, and which requests go through one.

mod no_proxy;

use std::fmt;

use http::Uri;
use percent_encoding::percent_decode_str;

use crate::error::Place;
use crate::{Environment, Error, Secret, url};

use no_proxy::NoProxy;

/// A proxy to connect through.
///
/// `Debug` shows neither user nor password.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proxy {
    /// The protocol.
    pub scheme: ProxyScheme,
    /// The name or address; an IPv6 address has no brackets.
    pub host: String,
    /// The port in the URL, or else that of its scheme: 80, 443 or 1080.
    pub port: u16,
    /// User name and password, decoded.
    pub credentials: Option<(String, Secret)>,
}

/// The protocol between a client and a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProxyScheme {
    /// HTTP `CONNECT` in the clear.
    Http,
    /// HTTP `CONNECT` over TLS.
    Https,
    /// SOCKS 5 (RFC 1928). Like Go and thus kubectl, clients send the server's name, not its address.
    Socks5,
    /// SOCKS 5 with the server's name, not its address.
    Socks5h,
}

impl Proxy {
    /// Parses the URL of a proxy.
    ///
    /// ```
    /// use kubernetes_config::{Proxy, ProxyScheme};
    ///
    /// let proxy = Proxy::from_uri(&"socks5://me:p%40ss@proxy.example.com".parse()?)?;
    /// assert_eq!((proxy.scheme, proxy.host.as_str(), proxy.port), (ProxyScheme::Socks5, "proxy.example.com", 1080));
    /// assert!(proxy.credentials.is_some_and(|(user, password)| user == "me" && password.expose() == "p@ss"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the URL does not start with `http`, `https`, `socks5` or `socks5h`, has no host or an
    /// invalid port, or has a user or password that is not UTF-8.
    pub fn from_uri(uri: &Uri) -> Result<Self, Error> {
        Self::read(uri)
            .map_err(|message| Error::new(Place::default(), format!("the proxy {}: {message}", url::without_user(uri))))
    }

    /// Like [`from_uri`](Self::from_uri), but with a message to follow the name of a field.
    pub(crate) fn read(uri: &Uri) -> Result<Self, String> {
        let (scheme, port) = match uri.scheme_str() {
            Some("http") => (ProxyScheme::Http, 80),
            Some("https") => (ProxyScheme::Https, 443),
            Some("socks5") => (ProxyScheme::Socks5, 1080),
            Some("socks5h") => (ProxyScheme::Socks5h, 1080),
            _ => return Err("must start with http://, https://, socks5:// or socks5h://".to_owned()),
        };
        let authority = url::checked_authority(uri)?;
        let host = authority.host();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        Ok(Self {
            scheme,
            host: host.to_owned(),
            port: authority.port_u16().unwrap_or(port),
            credentials: authority.as_str().rsplit_once('@').map(|(user, _)| credentials(user)).transpose()?,
        })
    }
}

fn credentials(text: &str) -> Result<(String, Secret), String> {
    let decode = |text: &str| {
        let decoded = percent_decode_str(text).decode_utf8();
        decoded.map(String::from).map_err(|_| "its user or password is not valid UTF-8".to_owned())
    };
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    Ok((decode(user)?, Secret::new(decode(password)?)))
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("scheme", &self.scheme)
            .field("host", &self.host)
            .field("port", &self.port)
            .field("credentials", &self.credentials.as_ref().map(|_| format_args!("redacted")))
            .finish()
    }
}

/// Rules for which requests go through which proxy: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`.
///
/// ```
/// use kubernetes_config::{Environment, ProxyRules};
///
/// let mut environment = Environment::default();
/// environment.https_proxy = Some("proxy.example.com:3128".into());
/// environment.no_proxy = Some("10.0.0.0/8, .internal".to_owned());
/// let rules = ProxyRules::from_environment(&environment)?;
/// assert_eq!(rules.for_uri(&"https://203.0.113.1/".parse()?).map(|proxy| proxy.port), Some(3128));
/// assert_eq!(rules.for_uri(&"https://10.96.0.1/".parse()?), None);
/// assert_eq!(rules.for_uri(&"https://api.internal:6443/".parse()?), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The rules are those of Go's `golang.org/x/net/http/httpproxy`, with `ALL_PROXY` in addition:
/// - The scheme of the request selects the variable; `ALL_PROXY` is used if that is not set. An upper-case name takes
///   precedence over the lower-case one. A URL without a scheme means `http`.
/// - `localhost` and loopback addresses are always reached directly.
/// - `NO_PROXY` is a comma-separated list. `*` matches everything. An address or a range (`10.0.0.0/8`) only matches
///   addresses, never the resolved address of a name. A name matches itself and its subdomains; with a leading dot or
///   `*.`, it matches only subdomains. Addresses and names may have a port. Anything else matches nothing.
/// - In a CGI program (`REQUEST_METHOD` is set) `HTTP_PROXY` is not used, since the sender of the request can set it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxyRules {
    http: Option<Proxy>,
    https: Option<Proxy>,
    no_proxy: NoProxy,
}

impl ProxyRules {
    /// Creates the rules of an environment.
    ///
    /// # Errors
    ///
    /// Returns an error if a variable is not the URL of a proxy, since bypassing a requested proxy would be wrong.
    pub fn from_environment(environment: &Environment) -> Result<Self, Error> {
        let Environment { http_proxy, https_proxy, all_proxy, no_proxy, .. } = environment;
        let all = variable("ALL_PROXY", all_proxy)?;
        Ok(Self {
            http: variable("HTTP_PROXY", http_proxy)?.or_else(|| all.clone()),
            https: variable("HTTPS_PROXY", https_proxy)?.or(all),
            no_proxy: NoProxy::parse(no_proxy.as_deref().unwrap_or_default()),
        })
    }

    /// The proxy for a request to `uri`; `None` means a direct connection.
    pub fn for_uri(&self, uri: &Uri) -> Option<&Proxy> {
        let (proxy, port) = match uri.scheme_str() {
            Some("https" | "wss") => (&self.https, 443),
            Some("http" | "ws") => (&self.http, 80),
            _ => return None,
        };
        let host = uri.host().unwrap_or_default();
        proxy.as_ref().filter(|_| !self.no_proxy.matches(host, uri.port_u16().unwrap_or(port)))
    }
}

/// The proxy of a variable; the error does not quote it, since it may contain a password.
fn variable(name: &str, value: &Option<Secret>) -> Result<Option<Proxy>, Error> {
    let Some(text) = value.as_ref().map(Secret::expose).filter(|text| !text.is_empty()) else { return Ok(None) };
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let proxy = url::parse(&with_scheme).and_then(|uri| Proxy::read(&uri));
    proxy.map(Some).map_err(|message| Error::new(Place::default(), format!("${name} {message}")))
}
