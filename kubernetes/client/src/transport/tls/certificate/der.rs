//! Fields of a certificate, as they are encoded.
//!
//! Read by hand: rustls-webpki, which has parsed the certificate, keeps them to itself, and `x509-parser` or `x509-cert`
//! would bring a dozen crates into every program for some fields of a certificate.

use rustls::pki_types::CertificateDer;

const INTEGER: u8 = 0x02;
pub(super) const SEQUENCE: u8 = 0x30;
/// The explicit tag of the version.
const VERSION: u8 = 0xa0;

/// A run of values in DER.
pub(super) struct Der<'a>(pub(super) &'a [u8]);

impl<'a> Der<'a> {
    /// The tag and content of the next value.
    pub(super) fn next(&mut self) -> Option<(u8, Der<'a>)> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            // Up to four bytes of length: no certificate is larger.
            0x81..=0x84 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (
                    bytes
                        .iter()
                        .try_fold(0_usize, |length, byte| length.checked_mul(256)?.checked_add((*byte).into()))?,
                    rest,
                )
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, Der(content)))
    }
}

/// The fields that others read, each with its tag (RFC 5280, §4.1).
pub(super) struct Fields<'a> {
    pub(super) validity: (u8, Der<'a>),
    pub(super) subject: (u8, Der<'a>),
}

impl<'a> Fields<'a> {
    /// `None` if it is not a certificate.
    pub(super) fn of(certificate: &'a CertificateDer<'_>) -> Option<Self> {
        let (SEQUENCE, mut certificate) = Der(certificate).next()? else { return None };
        let (SEQUENCE, mut signed) = certificate.next()? else { return None };
        let mut field = signed.next()?;
        if field.0 == VERSION {
            field = signed.next()?;
        }
        let (INTEGER, _serial_number) = field else { return None };
        let (SEQUENCE, _signature_algorithm) = signed.next()? else { return None };
        let (SEQUENCE, _issuer) = signed.next()? else { return None };
        Some(Self { validity: signed.next()?, subject: signed.next()? })
    }
}
