//! When a certificate is valid. rustls says so for the server's alone, and only when it refuses it.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use rustls::CertificateError;
use rustls::pki_types::{CertificateDer, UnixTime};

use super::der::{Der, Fields, SEQUENCE};

const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The field `validity` of a certificate (RFC 5280, §4.1.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first moment.
    pub not_before: Timestamp,
    /// The last moment.
    pub not_after: Timestamp,
}

impl Validity {
    /// `None` if it is not a certificate.
    pub fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let (SEQUENCE, mut validity) = Fields::of(certificate)?.validity else { return None };
        Some(Self { not_before: time(&mut validity)?, not_after: time(&mut validity)? })
    }

    /// A description of why the certificate is not valid at a time.
    pub fn fault(&self, name: &str, now: Timestamp) -> Option<String> {
        if now > self.not_after {
            return Some(format!("{name} expired at {}: renew it", self.not_after));
        }
        (now < self.not_before)
            .then(|| format!("{name} is not valid before {}: check the clock of this machine", self.not_before))
    }
}

impl Validity {
    /// As webpki checks certificates.
    pub fn check(&self, now: UnixTime) -> Result<(), CertificateError> {
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        match () {
            () if now > self.not_after.as_second() => Err(CertificateError::Expired),
            () if now < self.not_before.as_second() => Err(CertificateError::NotValidYet),
            () => Ok(()),
        }
    }
}

/// `YYMMDDHHMMSSZ`, in which 50 is 1950, or `YYYYMMDDHHMMSSZ`.
fn time(der: &mut Der<'_>) -> Option<Timestamp> {
    let (tag, Der(content)) = der.next()?;
    let text = std::str::from_utf8(content).ok()?.strip_suffix('Z')?;
    let digits = match (tag, text.len()) {
        (UTC_TIME, 12) if text.as_bytes().first()? >= &b'5' => format!("19{text}"),
        (UTC_TIME, 12) => format!("20{text}"),
        (GENERALIZED_TIME, 14) => text.to_owned(),
        _ => return None,
    };
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i8>().ok();
    let time = DateTime::new(
        digits.get(0..4)?.parse().ok()?,
        number(4..6)?,
        number(6..8)?,
        number(8..10)?,
        number(10..12)?,
        number(12..14)?,
        0,
    );
    Offset::UTC.to_timestamp(time.ok()?).ok()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn certificate(from: i32, until: i32) -> CertificateDer<'static> {
        let mut params = CertificateParams::new(vec!["example.com".to_owned()]).unwrap();
        params.not_before = date_time_ymd(from, 1, 2);
        params.not_after = date_time_ymd(until, 12, 31);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    #[test]
    fn reads_both_kinds_of_time() {
        for (from, until) in [(1975, 2049), (2024, 2026), (1999, 2050), (2051, 4096)] {
            let validity = Validity::of(&certificate(from, until)).unwrap();
            assert_eq!(validity.not_before, format!("{from}-01-02T00:00:00Z").parse().unwrap());
            assert_eq!(validity.not_after, format!("{until}-12-31T00:00:00Z").parse().unwrap());
        }
    }

    #[test]
    fn says_what_is_wrong_now() {
        let validity = Validity::of(&certificate(2024, 2026)).unwrap();
        let fault = |now: &str| validity.fault("it", now.parse().unwrap());
        assert_eq!(fault("2025-06-01T00:00:00Z"), None);
        assert_eq!(fault("2027-01-01T00:00:00Z").unwrap(), "it expired at 2026-12-31T00:00:00Z: renew it");
        assert!(fault("2024-01-01T00:00:00Z").unwrap().starts_with("it is not valid before 2024-01-02T00:00:00Z"));
    }

    #[test]
    fn survives_what_is_no_certificate() {
        let whole = certificate(2024, 2026);
        for length in 0..whole.len() {
            let cut = CertificateDer::from(whole.get(..length).unwrap().to_vec());
            assert_eq!(Validity::of(&cut), None);
            let mut changed = whole.to_vec();
            changed[length] ^= 0xff;
            // Whatever it says, it does not panic.
            let _ = Validity::of(&CertificateDer::from(changed));
        }
    }
}
