use crate::error::{Error, Result};

const BEGIN: &str = "# @generated features begin";
const END: &str = "# @generated features end";

/// The features of a crate, which stand between two marks in its manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) path: &'static str,
    /// The lines between the marks.
    pub(crate) lines: String,
}

/// Puts lines between the two marks of a manifest, in place of what is there.
pub(super) fn splice(manifest: &str, lines: &str) -> Result<String> {
    let mark = |mark: &str| {
        let found = manifest.match_indices(mark).filter(|(index, _)| *index == 0 || manifest[..*index].ends_with('\n'));
        match found.collect::<Vec<_>>().as_slice() {
            [(index, _)] => Ok(*index),
            _ => Err(Error::new(format!(
                "the manifest needs one line beginning with `{BEGIN}` and one with `{END}`, under [features]",
            ))),
        }
    };
    let (begin, end) = (mark(BEGIN)?, mark(END)?);
    let after_begin = manifest[begin..].find('\n').map_or(manifest.len(), |length| begin + length + 1);
    if end < after_begin {
        return Err(Error::new(format!("`{END}` comes before `{BEGIN}`")));
    }
    Ok(format!("{}{lines}{}", &manifest[..after_begin], &manifest[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_between_the_marks_change() {
        let manifest = "[features]\n# @generated features begin (x)\nold = []\n# @generated features end\nmine = []\n";
        let expected = "[features]\n# @generated features begin (x)\nnew = []\n# @generated features end\nmine = []\n";
        assert_eq!(splice(manifest, "new = []\n").expect("the marks are there"), expected);
        assert_eq!(splice(expected, "new = []\n").expect("the marks are there"), expected);
    }

    #[test]
    fn missing_or_reversed_marks_are_errors() {
        for manifest in
            ["", "# @generated features begin\n", "# @generated features end\n# @generated features begin\n"]
        {
            assert!(splice(manifest, "").is_err(), "{manifest}");
        }
    }
}
