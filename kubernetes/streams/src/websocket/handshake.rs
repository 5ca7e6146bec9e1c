use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use kubernetes_client::{Client, Upgraded};
use kubernetes_core::Request;
use kubernetes_core::text::printable;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::error::Error;

/// Asks for a WebSocket, and returns the protocol that the server chose.
pub(super) async fn perform(
    client: &Client,
    mut request: Request,
    protocols: &[&'static str],
) -> Result<(&'static str, Upgraded), Error> {
    // The API server answers 406 to an operation that becomes a stream if anything else is accepted.
    request.accept = HeaderValue::from_static("*/*");
    let key = STANDARD.encode(std::array::from_fn::<u8, 16, _>(|_| fastrand::u8(..)));
    let offered = protocols.join(", ");
    let mut headers = HeaderMap::new();
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    for (name, value) in [(SEC_WEBSOCKET_KEY, &key), (SEC_WEBSOCKET_PROTOCOL, &offered)] {
        let value = HeaderValue::from_str(value).map_err(|_| Error::handshake(format!("{value:?} is not a header")))?;
        headers.insert(name, value);
    }
    let upgraded = client.upgrade(request, HeaderValue::from_static("websocket"), headers).await?;
    Ok((agreed(upgraded.headers(), &key, protocols)?, upgraded))
}

/// The protocol of a response that accepts the handshake.
fn agreed(headers: &HeaderMap, key: &str, protocols: &[&'static str]) -> Result<&'static str, Error> {
    let text = |name: HeaderName| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    if text(SEC_WEBSOCKET_ACCEPT).is_none_or(|accept| accept != derive_accept_key(key.as_bytes())) {
        return Err(Error::handshake("the server's Sec-WebSocket-Accept header does not match the request".to_owned()));
    }
    if let Some(extensions) = text(SEC_WEBSOCKET_EXTENSIONS) {
        let extensions = printable(&extensions, 100);
        return Err(Error::handshake(format!("the server uses the extensions {extensions}, which were not offered")));
    }
    let offered = protocols.join(", ");
    let Some(chosen) = text(SEC_WEBSOCKET_PROTOCOL) else {
        return Err(Error::handshake(format!("the server supports none of the protocols {offered}")));
    };
    protocols.iter().find(|protocol| **protocol == chosen).copied().ok_or_else(|| {
        let chosen = printable(&chosen, 100);
        Error::handshake(format!("the server chose the protocol {chosen}, which is not one of {offered}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    const PROTOCOLS: &[&str] = &["v5.channel.k8s.io", "v4.channel.k8s.io"];

    fn agree(headers: &[(&'static str, &'static str)]) -> Result<&'static str, String> {
        let headers =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        agreed(&headers.collect(), KEY, PROTOCOLS).map_err(|error| error.to_string())
    }

    const ACCEPT: (&str, &str) = ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");

    #[test]
    fn the_server_chooses_one_of_the_protocols() {
        for protocol in PROTOCOLS {
            assert_eq!(agree(&[ACCEPT, ("sec-websocket-protocol", protocol)]), Ok(*protocol));
        }
    }

    #[test]
    fn a_response_without_an_agreement_is_an_error() {
        for (headers, expected) in [
            (&[][..], "Sec-WebSocket-Accept"),
            (&[("sec-websocket-accept", "other")], "Sec-WebSocket-Accept"),
            (&[ACCEPT], "supports none of the protocols v5.channel.k8s.io, v4.channel.k8s.io"),
            (
                &[ACCEPT, ("sec-websocket-protocol", "v3")],
                "chose the protocol v3, which is not one of v5.channel.k8s.io",
            ),
            (&[ACCEPT, ("sec-websocket-extensions", "permessage-deflate")], "extensions permessage-deflate"),
        ] {
            let error = agree(headers).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
