//! Errors of TLS, with messages that say what to do.

use std::error::Error as StdError;

use rustls::{AlertDescription, CertificateError, Error as Tls, InvalidMessage};

use super::chain::find;

/// The reason, if TLS is the reason.
pub(super) fn explain(error: &(dyn StdError + 'static)) -> Option<&'static str> {
    Some(match find::<Tls>(error)? {
        Tls::InvalidCertificate(error) => server_certificate(error),
        Tls::AlertReceived(alert) => alert_received(*alert)?,
        Tls::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "the server does not speak TLS: try http://, or check the port"
        }
        _ => return None,
    })
}

fn server_certificate(error: &CertificateError) -> &'static str {
    use CertificateError as E;
    match error {
        E::UnknownIssuer | E::BadSignature => {
            "the server's certificate is signed by an unknown authority: set certificate-authority to the \
             cluster's CA"
        }
        E::NotValidForName | E::NotValidForNameContext { .. } => {
            "the server's certificate is for another name: connect by a name it covers, or set tls-server-name"
        }
        E::Expired | E::ExpiredContext { .. } => {
            "the server's certificate has expired: renew it, or correct the clock of this machine"
        }
        E::NotValidYet | E::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet: check the clock of this machine"
        }
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => "the server's certificate is not for servers",
        E::Revoked => "the server's certificate has been revoked",
        _ => "the server's certificate is not accepted",
    }
}

fn alert_received(alert: AlertDescription) -> Option<&'static str> {
    use AlertDescription as A;
    Some(match alert {
        A::CertificateRequired => "the server requires a client certificate, but there is none",
        A::CertificateExpired => "the server refuses the client certificate: it has expired",
        A::CertificateRevoked => "the server refuses the client certificate: it has been revoked",
        A::UnknownCA => "the server refuses the client certificate: its issuer is unknown",
        A::BadCertificate | A::CertificateUnknown | A::UnsupportedCertificate | A::AccessDenied => {
            "the server refuses the client certificate"
        }
        A::ProtocolVersion => "the server supports neither TLS 1.2 nor TLS 1.3",
        A::UnrecognisedName => "the server does not recognize the requested name",
        _ => return None,
    })
}
