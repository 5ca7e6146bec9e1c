use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};

/// What lists the documents.
pub(crate) const INDEX: &str = "index.json";

/// How the names of documents end.
const DOCUMENT: &str = "_openapi.json";

/// The file of a group and version, as Kubernetes' sources call it: `apis/apps/v1` is in `apis__apps__v1_openapi.json`.
pub(crate) fn name_of(path: &str) -> String {
    let name = path.trim_matches('/').replace('/', "__");
    format!("{name}{DOCUMENT}")
}

/// Removes the documents of a folder that have none of these names.
pub(crate) fn remove_others(folder: &Path, names: &BTreeSet<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(DOCUMENT) && !names.contains(&name) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Writes a document with sorted keys, a member a line: two of them can be compared line by line.
pub(crate) fn write(path: &Path, mut value: Value) -> io::Result<()> {
    // Values are sorted already, unless another crate turned that off for the whole build.
    value.sort_all_objects();
    let mut text = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b" ")))?;
    text.push(b'\n');
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_removed() {
        let folder = std::env::temp_dir().join(format!("kubernetes-describe-{}", std::process::id()));
        for name in ["a_openapi.json", "b_openapi.json", INDEX] {
            write(&folder.join(name), Value::Null).expect("a folder of ours");
        }
        remove_others(&folder, &BTreeSet::from([name_of("a")])).expect("a folder of ours");
        let is_there = |name: &str| folder.join(name).exists();
        assert!(is_there("a_openapi.json") && is_there(INDEX) && !is_there("b_openapi.json"));
        fs::remove_dir_all(&folder).expect("a folder of ours");
    }

    #[test]
    fn names() {
        assert_eq!(name_of("apis/apps/v1"), "apis__apps__v1_openapi.json");
        assert_eq!(name_of("api"), "api_openapi.json");
        assert_eq!(name_of(".well-known/openid-configuration/"), ".well-known__openid-configuration_openapi.json");
    }
}
