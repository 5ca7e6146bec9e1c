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
/// Go's `pkix.Name`; `None` if it is not text that Go reads, too: another name must not take its place.
pub fn common_name(certificate: &CertificateDer<'_>) -> Option<String> {
    let (SEQUENCE, mut subject) = Fields::of(certificate)?.subject else { return None };
    let mut found = None;
    while !subject.0.is_empty() {
        let (SET, mut set) = subject.next()? else { return None };
        while !set.0.is_empty() {
            let (SEQUENCE, mut attribute) = set.next()? else { return None };
            let (OBJECT_IDENTIFIER, Der(kind)) = attribute.next()? else { return None };
            let (tag, Der(value)) = attribute.next()?;
            if kind == COMMON_NAME {
                found = Some((tag, value));
            }
        }
    }
    let (tag, value) = found?;
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

    /// A value in DER, shorter than 128 bytes.
    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
    }

    /// A certificate as far as its subject, with these common names.
    fn named(names: &[(u8, &[u8])]) -> CertificateDer<'static> {
        let attribute = |(tag, value): &(u8, &[u8])| {
            let attribute = [der(OBJECT_IDENTIFIER, COMMON_NAME), der(*tag, value)].concat();
            der(SET, &der(SEQUENCE, &attribute))
        };
        let subject: Vec<u8> = names.iter().flat_map(attribute).collect();
        let empty = || der(SEQUENCE, &[]);
        let signed = [der(0x02, &[1]), empty(), empty(), empty(), der(SEQUENCE, &subject)].concat();
        CertificateDer::from(der(SEQUENCE, &der(SEQUENCE, &signed)))
    }

    #[test]
    fn the_last_common_name_counts_whether_it_can_be_read_or_not() {
        const UTF8: u8 = 0x0c;
        const BMP: u8 = 0x1e;
        let name = |names: &[(u8, &[u8])]| common_name(&named(names));
        assert_eq!(name(&[(UTF8, b"mallory"), (UTF8, b"kube-apiserver")]).as_deref(), Some("kube-apiserver"));
        assert_eq!(name(&[(UTF8, b"kube-apiserver"), (UTF8, b"mallory")]).as_deref(), Some("mallory"));
        let bmp = b"\0m\0a\0l\0l\0o\0r\0y";
        assert_eq!(name(&[(UTF8, b"kube-apiserver"), (BMP, bmp)]), None, "Go reads the other one");
        assert_eq!(name(&[(BMP, bmp), (UTF8, b"kube-apiserver")]).as_deref(), Some("kube-apiserver"));
        assert_eq!(name(&[(UTF8, b"kube-apiserver"), (UTF8, b"\xff")]), None);
        assert_eq!(name(&[]), None);
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
