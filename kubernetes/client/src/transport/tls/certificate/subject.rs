//! The name of a certificate's owner.

use rustls::pki_types::CertificateDer;

use super::der::{Der, Fields, SEQUENCE};

const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;
/// `id-at-commonName`, 2.5.4.3.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// UTF8String, PrintableString and IA5String.
const TEXT: [u8; 3] = [0x0c, 0x13, 0x16];

/// The common name of a certificate's subject, which is the user for an API server. Of several, the last counts, as in
/// Go's `pkix.Name`.
pub fn common_name(certificate: &CertificateDer<'_>) -> Option<String> {
    let (SEQUENCE, mut subject) = Fields::of(certificate)?.subject else { return None };
    let mut found = None;
    while let Some((SET, mut set)) = subject.next() {
        while let Some((SEQUENCE, attribute)) = set.next() {
            found = text(attribute).or(found);
        }
    }
    found
}

/// The value of an attribute that is a common name.
fn text(mut attribute: Der<'_>) -> Option<String> {
    let (OBJECT_IDENTIFIER, Der(COMMON_NAME)) = attribute.next()? else { return None };
    let (tag, Der(value)) = attribute.next()?;
    let text = TEXT.contains(&tag).then(|| std::str::from_utf8(value).ok())??;
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, KeyPair};

    use super::*;

    fn certificate(names: impl IntoIterator<Item = (DnType, DnValue)>) -> CertificateDer<'static> {
        let mut params = CertificateParams::new(vec!["example.com".to_owned()]).unwrap();
        params.distinguished_name = DistinguishedName::new();
        names.into_iter().for_each(|(kind, value)| params.distinguished_name.push(kind, value));
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    #[test]
    fn reads_the_common_name_among_others() {
        let text = |text: &str| DnValue::Utf8String(text.to_owned());
        let printable = DnValue::PrintableString("kube-apiserver".try_into().unwrap());
        let organization = (DnType::OrganizationName, text("system:masters"));
        for value in [text("kube-apiserver"), printable] {
            let names = [organization.clone(), (DnType::CommonName, value), (DnType::CountryName, text("DE"))];
            assert_eq!(common_name(&certificate(names)).as_deref(), Some("kube-apiserver"));
        }
        assert_eq!(common_name(&certificate([organization])), None);
        assert_eq!(common_name(&certificate([])), None);
    }

    #[test]
    fn survives_damaged_certificates() {
        let whole = certificate([(DnType::CommonName, DnValue::Utf8String("kube-apiserver".to_owned()))]);
        for length in 0..whole.len() {
            assert_eq!(common_name(&CertificateDer::from(whole.get(..length).unwrap().to_vec())), None);
            let mut changed = whole.to_vec();
            changed[length] ^= 0xff;
            // Whatever it says, it does not panic.
            let _ = common_name(&CertificateDer::from(changed));
        }
    }
}
