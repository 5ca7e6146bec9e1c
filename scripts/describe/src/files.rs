use std::fs;
use std::io;
use std::path::Path;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};

/// The file of a group and version, as Kubernetes' sources call it: `apis/apps/v1` is in `apis__apps__v1_openapi.json`.
pub(crate) fn name_of(path: &str) -> String {
    let name = path.trim_matches('/').replace('/', "__");
    format!("{name}_openapi.json")
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
    fn names() {
        assert_eq!(name_of("apis/apps/v1"), "apis__apps__v1_openapi.json");
        assert_eq!(name_of("api"), "api_openapi.json");
        assert_eq!(name_of(".well-known/openid-configuration/"), ".well-known__openid-configuration_openapi.json");
    }
}
