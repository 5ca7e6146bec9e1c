//! Redirects, as Go's `http.Client` follows them, but within one server alone.

use http::header::{LOCATION, UPGRADE};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, Request, Response, StatusCode, Uri};

use crate::body::Body;

/// How many redirects a request may follow, as in Go.
pub(super) const MAX_REDIRECTS: usize = 10;

/// The place to which a response sends the client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Redirect {
    SameOrigin(Uri),
    /// Scheme, host and port, without what may be secret.
    OtherOrigin(String),
}

impl Redirect {
    /// `None` if the response is not a redirect, or its `Location` can't be read.
    pub(super) fn of(base: &Uri, response: &Response<Body>) -> Option<Self> {
        use StatusCode as S;
        let statuses = [S::MOVED_PERMANENTLY, S::FOUND, S::SEE_OTHER, S::TEMPORARY_REDIRECT, S::PERMANENT_REDIRECT];
        if !statuses.contains(&response.status()) {
            return None;
        }
        let location = response.headers().get(LOCATION)?.to_str().ok()?;
        Self::to(base, location.split('#').next().unwrap_or_default())
    }

    fn to(base: &Uri, location: &str) -> Option<Self> {
        if let Some(rest) = location.strip_prefix("//") {
            return Self::to_absolute(base, &format!("{}://{rest}", base.scheme_str().unwrap_or("https")));
        }
        if location.split('/').next().is_some_and(|start| start.ends_with(':')) {
            return Self::to_absolute(base, location);
        }
        let path = match location.chars().next()? {
            '/' => location.to_owned(),
            '?' => format!("{}{location}", base.path()),
            _ => format!("{}/{location}", base.path().rsplit_once('/').map_or("", |(folder, _)| folder)),
        };
        let mut parts = base.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from(path).ok()?);
        Uri::from_parts(parts).ok().map(Self::SameOrigin)
    }

    fn to_absolute(base: &Uri, location: &str) -> Option<Self> {
        let target: Uri = location.parse().ok()?;
        let (scheme, authority) = (target.scheme()?, target.authority()?);
        if base.scheme() == Some(scheme) && base.authority().is_some_and(|base| is_same(base, authority, scheme)) {
            let path = target.path_and_query().map_or("/", PathAndQuery::as_str);
            return Self::to(base, path);
        }
        let port = authority.port().map(|port| format!(":{port}")).unwrap_or_default();
        Some(Self::OtherOrigin(format!("{scheme}://{}{port}", authority.host())))
    }

    /// The target without its query, which may be secret.
    pub(super) fn display(&self) -> &str {
        match self {
            Self::SameOrigin(uri) => uri.path(),
            Self::OtherOrigin(origin) => origin,
        }
    }
}

/// Whether a request may be sent to another place of the server: a read that stays in HTTP.
pub(super) fn is_followed_by(request: &Request<Body>) -> bool {
    [Method::GET, Method::HEAD].contains(request.method()) && !request.headers().contains_key(UPGRADE)
}

fn is_same(base: &Authority, other: &Authority, scheme: &Scheme) -> bool {
    let default = if *scheme == Scheme::HTTPS { 443 } else { 80 };
    let port = |authority: &Authority| authority.port_u16().unwrap_or(default);
    !other.as_str().contains('@') && base.host().eq_ignore_ascii_case(other.host()) && port(base) == port(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_scheme_host_and_port() {
        let base: Uri = "https://API.example.com/k8s/api/v1/pods?a=b".parse().unwrap();
        for (location, expected) in [
            ("https://api.example.com:443/x?y", Some("https://API.example.com/x?y")),
            ("//api.example.com/x", Some("https://API.example.com/x")),
            ("/x", Some("https://API.example.com/x")),
            ("nodes", Some("https://API.example.com/k8s/api/v1/nodes")),
            ("?b=c", Some("https://API.example.com/k8s/api/v1/pods?b=c")),
            ("", None),
            ("https://", None),
        ] {
            let expected = expected.map(|uri| Redirect::SameOrigin(uri.parse().unwrap()));
            assert_eq!(Redirect::to(&base, location), expected, "{location}");
        }
        for (location, expected) in [
            ("http://api.example.com/", "http://api.example.com"),
            ("https://api.example.com:6443/?token=x", "https://api.example.com:6443"),
            ("https://jane:s3cret@api.example.com/", "https://api.example.com"),
            ("https://example.com", "https://example.com"),
        ] {
            assert_eq!(Redirect::to(&base, location), Some(Redirect::OtherOrigin(expected.to_owned())), "{location}");
        }
        let path: Uri = "/version".parse().unwrap();
        assert_eq!(Redirect::to(&path, "/there"), Some(Redirect::SameOrigin("/there".parse().unwrap())));
        assert!(matches!(Redirect::to(&path, "http://a/there"), Some(Redirect::OtherOrigin(_))));
    }
}
