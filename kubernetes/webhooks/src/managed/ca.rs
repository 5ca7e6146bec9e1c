//! CAs and the certificates that they sign.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use kubernetes_client::support::{Validity, common_name as common_name_of};
use kubernetes_serving::{Certificates, CertificatesError};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData as _, date_time_ymd,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest as _, Sha256};

/// Certificates begin this long before they are made: clocks differ.
const BACKDATE: Duration = Duration::from_secs(300);

/// The common names of CAs begin with it.
const NAME_PREFIX: &str = "webhook-ca-";

/// A certificate authority, which signs.
#[derive(Clone, PartialEq)]
pub(super) struct Ca {
    /// As PEM.
    pub(super) certificate: String,
    /// As PEM. It is a secret.
    pub(super) key: String,
    pub(super) made: Timestamp,
    pub(super) not_after: Timestamp,
}

/// A certificate of a server.
pub(super) struct Leaf {
    pub(super) certificate: String,
    pub(super) key: String,
    pub(super) not_after: Timestamp,
    due: Timestamp,
    ca: String,
}

impl Ca {
    /// A new CA, valid from now on.
    pub(super) fn create(now: Timestamp, lifetime: Duration) -> Result<Self, CertificatesError> {
        let key = KeyPair::generate().map_err(failed)?;
        let mut params = params_of(&key)?;
        let not_after = add(now, lifetime);
        set_validity(&mut params, subtract(now, BACKDATE), not_after);
        let certificate = params.self_signed(&key).map_err(failed)?;
        Self::parse(certificate.pem(), key.serialize_pem())
    }

    /// A CA of a Secret.
    pub(super) fn parse(certificate: String, key: String) -> Result<Self, CertificatesError> {
        Certificates::pem(certificate.as_bytes(), key.as_bytes())?;
        let validity = validity(&certificate)?;
        Ok(Self { certificate, key, made: add(validity.not_before, BACKDATE), not_after: validity.not_after })
    }

    /// The moment to look for a successor: after two thirds of the lifetime.
    pub(super) fn due(&self) -> Timestamp {
        due(self.made, self.not_after)
    }

    /// Whether the successor can't wait any longer: a ninth of the lifetime is left.
    pub(super) fn is_pressing(&self, now: Timestamp) -> bool {
        now >= due(self.due(), self.not_after)
    }

    /// A certificate for a server with these names, by a new key.
    ///
    /// # Errors
    ///
    /// Returns an error if the CA has expired: the certificate would have, too.
    pub(super) fn sign(&self, names: &[String], now: Timestamp, lifetime: Duration) -> Result<Leaf, CertificatesError> {
        if self.not_after <= now {
            return Err(CertificatesError::new(format!("the CA expired at {}", self.not_after)));
        }
        // The error may quote the key.
        let ca_key = KeyPair::from_pem(&self.key);
        let ca_key = ca_key.map_err(|_| CertificatesError::new("the CA's key can't be read"))?;
        let issuer = Issuer::new(params_of(&ca_key)?, ca_key);
        let mut params = CertificateParams::new(names).map_err(failed)?;
        params.distinguished_name = common_name(names.first().map(String::as_str).unwrap_or_default());
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let not_after = add(now, lifetime).min(self.not_after);
        set_validity(&mut params, subtract(now, BACKDATE), not_after);
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = params.signed_by(&key, &issuer).map_err(failed)?;
        Ok(Leaf {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            not_after,
            due: due(now, not_after),
            ca: self.certificate.clone(),
        })
    }
}

impl Leaf {
    /// Whether it is still the best that the CA can issue.
    pub(super) fn is_current(&self, ca: &Ca, now: Timestamp) -> bool {
        // One that lasts as long as its CA can't last longer.
        self.is_of(ca) && (now < self.due || self.not_after >= ca.not_after)
    }

    /// Whether its CA is among these.
    pub(super) fn is_trusted_by(&self, bundle: &str) -> bool {
        bundle.contains(self.ca.trim_end())
    }

    /// Whether the CA has signed it.
    pub(super) fn is_of(&self, ca: &Ca) -> bool {
        self.ca == ca.certificate
    }
}

/// The end of the validity of a PEM certificate.
pub(super) fn validity(certificate: &str) -> Result<Validity, CertificatesError> {
    let parsed = CertificateDer::from_pem_slice(certificate.as_bytes()).ok();
    parsed
        .and_then(|certificate| Validity::of(&certificate))
        .ok_or_else(|| CertificatesError::new("the CA's certificate can't be read"))
}

/// The certificates of a PEM text, each with a line feed at its end; those that can't be read are left out.
pub(super) fn certificates(text: &str) -> Vec<String> {
    let all = text.split_inclusive("-----END CERTIFICATE-----").map(|one| format!("{}\n", one.trim()));
    all.filter(|one| validity(one).is_ok()).collect()
}

/// Whether a PEM certificate has the name of a CA that a program of this kind has made.
pub(super) fn is_ours(certificate: &str) -> bool {
    let parsed = CertificateDer::from_pem_slice(certificate.as_bytes()).ok();
    parsed.and_then(|certificate| common_name_of(&certificate)).is_some_and(|name| name.starts_with(NAME_PREFIX))
}

/// Checks that a certificate can have these names.
pub(super) fn check_names(names: &[String]) -> Result<(), CertificatesError> {
    if names.iter().any(String::is_empty) {
        return Err(CertificatesError::new("a name of the certificate is empty: the endpoint's URL needs a host"));
    }
    CertificateParams::new(names).map(drop).map_err(failed)
}

/// The same for each key, so that a certificate is signed by the CA's key alone. CAs with different keys
/// have different names.
fn params_of(key: &KeyPair) -> Result<CertificateParams, CertificatesError> {
    let mut params = CertificateParams::new(Vec::new()).map_err(failed)?;
    let hash = Sha256::digest(key.subject_public_key_info());
    let hash: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    params.distinguished_name = common_name(&format!("{NAME_PREFIX}{hash}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    Ok(params)
}

fn common_name(name: &str) -> DistinguishedName {
    // X.509 limits it to 64 characters; the names that count are others.
    let name: String = name.chars().take(64).collect();
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

fn due(from: Timestamp, until: Timestamp) -> Timestamp {
    let lifetime = Duration::try_from(until.duration_since(from)).unwrap_or_default();
    subtract(until, lifetime / 3)
}

fn add(time: Timestamp, duration: Duration) -> Timestamp {
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}

fn subtract(time: Timestamp, duration: Duration) -> Timestamp {
    time.checked_sub(duration).unwrap_or(Timestamp::MIN)
}

/// Sets the validity, in whole seconds, as certificates have it.
fn set_validity(params: &mut CertificateParams, from: Timestamp, until: Timestamp) {
    let date = |time: Timestamp| {
        date_time_ymd(1970, 1, 1) + Duration::from_secs(u64::try_from(time.as_second()).unwrap_or_default())
    };
    (params.not_before, params.not_after) = (date(from), date(until));
}

fn failed(error: rcgen::Error) -> CertificatesError {
    CertificatesError::new(format!("a certificate can't be made: {error}"))
}

impl fmt::Debug for Ca {
    /// Leaves the key out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ca").field("made", &self.made).field("not_after", &self.not_after).finish_non_exhaustive()
    }
}
