use kubernetes_core::Str;
use sha2::{Digest, Sha256};

/// Without vowels and digits that look like them, so that no words come out, as apimachinery's `SafeEncodeString` has it.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// How many characters of the hash stand at the end: 47 bits.
const HASH: usize = 10;

/// Makes a name fit a limit: one that is too long is cut, and a hash of the whole put in place of the rest, so that
/// different names stay different.
///
/// ```
/// use kubernetes_controller::bounded_name;
///
/// assert_eq!(bounded_name("nightly-backup", 63), "nightly-backup");
/// let long = format!("{}-backup", "very-long-name-".repeat(8));
/// assert_eq!(bounded_name(&long, 63), "very-long-name-very-long-name-very-long-name-very-lo-jszs2wzftf");
/// ```
///
/// Names of Services, Jobs' pods and label values have up to 63 characters, most others up to 253. The result ends with a
/// letter or digit if the name does.
pub fn bounded_name(name: &str, limit: usize) -> String {
    if name.len() <= limit {
        return name.to_owned();
    }
    let hash = hash(name);
    let mut end = limit.saturating_sub(HASH + 1);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    let start = name.get(..end).unwrap_or_default().trim_end_matches(['-', '.', '_']);
    match start {
        "" => hash.chars().take(limit).collect(),
        start => format!("{start}-{hash}"),
    }
}

/// The longest name of a field manager that the API server takes.
const MAX_MANAGER_BYTES: usize = 128;

/// The field manager of a part of something that has a name, such as a controller of a program.
pub(crate) fn field_manager_of(whole: &str, part: &str) -> Str {
    bounded_name(&format!("{whole}/{part}"), MAX_MANAGER_BYTES).into()
}

fn hash(name: &str) -> String {
    let digest = Sha256::digest(name.as_bytes());
    let mut number = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let mut text = String::with_capacity(HASH);
    for _ in 0..HASH {
        // The remainder is less than the length of the alphabet.
        text.push(char::from(ALPHABET[(number % 27) as usize]));
        number /= 27;
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_fit_and_stay_different() {
        let long = "a".repeat(300);
        for limit in [0, 1, 5, 10, 11, 12, 63, 253, 299, 300, 301] {
            let name = bounded_name(&long, limit);
            assert!(name.len() <= limit, "{limit}: {name}");
        }
        let names: HashSet<_> = (0..10_000).map(|index| bounded_name(&format!("{long}{index}"), 63)).collect();
        assert_eq!(names.len(), 10_000);
    }

    #[test]
    fn names_are_cut_at_characters_and_end_as_they_should() {
        for name in ["ä".repeat(100), format!("{}--{}", "b".repeat(51), "c".repeat(50)), "-".repeat(100)] {
            let bounded = bounded_name(&name, 63);
            assert!(bounded.len() <= 63 && !bounded.contains("--"), "{bounded}");
            assert!(bounded.ends_with(|last: char| last.is_ascii_alphanumeric()), "{bounded}");
        }
    }
}
