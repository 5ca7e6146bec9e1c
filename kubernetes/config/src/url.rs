//! URLs of servers and proxies, parsed as in client-go.

use std::net::IpAddr;

use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};

/// Parses the base URL of an API server: a URL, `host` or `host:port`; the latter two mean `http`.
///
/// The rules are those of `DefaultServerURL` in client-go's `rest/url_utils.go`.
pub(crate) fn server(text: &str) -> Result<Uri, String> {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    // RFC 3986, section 3.2.3: a port may be empty, which means the default one.
    let text = text.trim_end_matches('/');
    let text =
        text.strip_suffix(':').filter(|rest| !rest.ends_with(['/', ':']) && rest.contains("://")).unwrap_or(text);
    let uri = if text.contains("://") {
        parse(text)?
    } else if text.contains('/') {
        return Err("must be a URL such as https://10.0.0.1:6443, or a host and port".to_owned());
    } else {
        parse(&format!("http://{text}"))?
    };
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err("must start with https:// or http://".to_owned());
    }
    if has_user(&uri) {
        return Err("must not contain a user or password; set username and password of the user".to_owned());
    }
    let mut parts = uri.into_parts();
    let path = parts.path_and_query.as_ref().map_or("/", PathAndQuery::path).trim_end_matches('/');
    parts.path_and_query = Some(if path.is_empty() {
        PathAndQuery::from_static("/")
    } else {
        PathAndQuery::try_from(path).map_err(|error| format!("is not a valid URL: {error}"))?
    });
    Uri::from_parts(parts).map_err(|error| format!("is not a valid URL: {error}"))
}

/// The URL without user and password, for messages.
pub(crate) fn without_user(uri: &Uri) -> String {
    let scheme = uri.scheme().map_or("", Scheme::as_str);
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let redacted = if host.len() == authority.len() { "" } else { "redacted@" };
    format!("{scheme}://{redacted}{host}{}", uri.path())
}

fn has_user(uri: &Uri) -> bool {
    uri.authority().is_some_and(|authority| authority.as_str().contains('@'))
}

/// Parses an absolute URL with a host and, if it has a port, a valid one.
pub(crate) fn parse(text: &str) -> Result<Uri, String> {
    let encoded = if text.is_ascii() { None } else { Some(with_ascii_host(text)?) };
    let uri =
        Uri::try_from(encoded.as_deref().unwrap_or(text)).map_err(|error| format!("is not a valid URL: {error}"))?;
    checked_authority(&uri)?;
    if uri.scheme().is_none() {
        return Err("is not a valid URL: it does not start with a scheme such as https://".to_owned());
    }
    Ok(uri)
}

/// The URL with its host encoded (`xn--…`), as Go's client sends it, according to the Lookup profile of
/// <https://pkg.go.dev/golang.org/x/net/idna>.
#[cfg(feature = "idna")]
fn with_ascii_host(text: &str) -> Result<String, String> {
    use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

    let authority = text.find("://").map_or(0, |end| end + 3);
    let authority_end = text[authority..].find('/').map_or(text.len(), |length| authority + length);
    let host = text[authority..authority_end].rfind('@').map_or(authority, |at| authority + at + 1);
    let host_end = text[host..authority_end].find(':').map_or(authority_end, |length| host + length);
    let (before, name, after) = (&text[..host], &text[host..host_end], &text[host_end..]);
    if !before.is_ascii() || !after.is_ascii() {
        return Err("has non-ASCII characters outside its host: percent-encode them".to_owned());
    }
    let encoded = Uts46::new().to_ascii(name.as_bytes(), AsciiDenyList::STD3, Hyphens::Check, DnsLength::Ignore);
    let encoded = encoded.map_err(|_| format!("is not a valid URL: the host {name:?} is not a valid domain name"))?;
    Ok([before, &encoded, after].concat())
}

#[cfg(not(feature = "idna"))]
fn with_ascii_host(_: &str) -> Result<String, String> {
    // Go's client would encode the name, which needs Unicode tables.
    Err("has non-ASCII characters: write the host in its encoded form, such as xn--bcher-kva.example, or build this \
         program with the feature idna"
        .to_owned())
}

/// The host and port, which `Uri` hardly checks.
pub(crate) fn checked_authority(uri: &Uri) -> Result<&Authority, String> {
    let authority = uri.authority().ok_or("is not a valid URL: the host is missing")?;
    let host_port = authority.as_str().rsplit_once('@').map_or(authority.as_str(), |(_, rest)| rest);
    if authority.host().is_empty() {
        return Err("is not a valid URL: the host is missing".to_owned());
    }
    if host_port.len() > authority.host().len() && authority.port_u16().is_none() {
        return Err("is not a valid URL: the port must be between 0 and 65535".to_owned());
    }
    Ok(authority)
}

/// Whether requests to the URL stay on this machine: its host is `localhost` or a loopback address.
#[doc(hidden)]
pub fn is_loopback(uri: &Uri) -> bool {
    is_loopback_host(uri.host().unwrap_or_default())
}

/// Like [`is_loopback`], but for a name or an address, which may be in brackets.
pub(crate) fn is_loopback_host(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.to_canonical().is_loopback())
}
