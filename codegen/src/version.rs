use crate::error::{Error, Result};

/// The maximum length of the version of Kubernetes or a distribution.
const MOST_BYTES: usize = 128;

/// Checks that a text is a version of Kubernetes: `v1.37.2`, optionally with a pre-release (`v1.38.0-beta.0`) or the
/// build metadata of a distribution (`v1.37.2+k3s1`), as in semantic versioning.
///
/// ```
/// assert!(kubernetes_codegen::check_version("v1.38.0-beta.0").is_ok());
/// assert!(kubernetes_codegen::check_version("v1.38.0\nstruct Injected;").is_err());
/// ```
///
/// # Errors
/// Returns an error if the text is not such a version.
pub fn check_version(text: &str) -> Result<()> {
    let version = text.strip_prefix('v').filter(|_| text.len() <= MOST_BYTES);
    if version.is_some_and(|version| semver::Version::parse(version).is_ok()) {
        return Ok(());
    }
    let shown: String = text.chars().take(MOST_BYTES).collect();
    Err(Error::new(format!("`{shown}` is not a version of Kubernetes, such as v1.37.2 or v1.38.0-beta.0")))
}

#[cfg(test)]
mod tests {
    use super::check_version;

    #[test]
    fn versions() {
        for version in ["v1.37.2", "v1.38.0-beta.0", "v1.33.1+k3s1", "v1.30.5-gke.1014001", "v1.29.1-eks-508b6b3"] {
            check_version(version).expect(version);
        }
        let long = format!("v1.37.2-{}", "a".repeat(200));
        for text in [
            "",
            "v",
            "1.37.2",
            "v1.37",
            "1.37",
            "v1.37.2.1",
            "v1.37.2-",
            "v01.37.2",
            "v1.37.2 ",
            "v1.37.2\n",
            "v1.37.2-a\nb",
            "v1.37.2-\u{202e}",
            "v1.37.2-../..",
            "v99999999999999999999.0.0",
            "unversioned",
            &long,
        ] {
            check_version(text).expect_err(text);
        }
        let error = check_version("v1\u{1b}[2J\nx").expect_err("it is not a version").to_string();
        assert!(error.starts_with("`v1\\u001b[2J\\u000ax` is not a version of Kubernetes"), "{error}");
    }
}
