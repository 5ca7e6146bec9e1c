use std::sync::OnceLock;

/// The dictionary with which header blocks are compressed: words behind their lengths, and a text.
///
/// <https://datatracker.ietf.org/doc/html/draft-mbelshe-httpbis-spdy-00#section-2.6.10.1>
pub(super) fn dictionary() -> &'static [u8] {
    static DICTIONARY: OnceLock<Vec<u8>> = OnceLock::new();
    DICTIONARY.get_or_init(|| {
        let mut dictionary = Vec::new();
        for word in WORDS.split(' ').map(|word| word.replace('_', " ")) {
            dictionary.extend_from_slice(&u32::try_from(word.len()).unwrap_or(0).to_be_bytes());
            dictionary.extend_from_slice(word.as_bytes());
        }
        dictionary.extend_from_slice(TEXT.as_bytes());
        dictionary
    })
}

const WORDS: &str = "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges \
                     age allow authorization cache-control connection content-base content-encoding content-language \
                     content-length content-location content-md5 content-range content-type date etag expect expires \
                     from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified \
                     location max-forwards pragma proxy-authenticate proxy-authorization range referer retry-after server \
                     te trailer transfer-encoding upgrade user-agent vary via warning www-authenticate method get status \
                     200_OK version HTTP/1.1 url public set-cookie keep-alive origin";

const TEXT: &str = "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505\
                    203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized\
                    403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable\
                    Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT\
                    chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,\
                    text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 1950, section 8.2.
    fn adler32(bytes: &[u8]) -> u32 {
        let (a, b) = bytes.iter().fold((1_u32, 0_u32), |(a, b), byte| {
            let a = (a + u32::from(*byte)) % 65_521;
            (a, (b + a) % 65_521)
        });
        (b << 16) | a
    }

    #[test]
    fn the_dictionary_has_the_checksum_that_compressors_send() {
        assert_eq!((dictionary().len(), adler32(dictionary())), (1423, 0xe3c6_a7c2));
    }
}
