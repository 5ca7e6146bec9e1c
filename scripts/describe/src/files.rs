use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

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

/// A file as it is to be.
pub(crate) struct File {
    pub(crate) path: PathBuf,
    text: Vec<u8>,
}

impl File {
    /// A document with sorted keys, a member a line: two of them can be compared line by line.
    pub(crate) fn new(path: PathBuf, mut value: Value) -> io::Result<Self> {
        // Values are sorted already, unless another crate turned that off for the whole build.
        value.sort_all_objects();
        let mut text = Vec::new();
        value.serialize(&mut Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b" ")))?;
        text.push(b'\n');
        Ok(Self { path, text })
    }

    /// Where the text is until all of it is written.
    fn staged(&self) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(".new");
        path.into()
    }

    fn stage(&self) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(self.staged(), &self.text)
    }
}

/// Writes all files, or none if there is no room for one: they take their names when all are on the disk.
pub(crate) fn write(files: &[File]) -> io::Result<()> {
    let named =
        |file: &File, error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", file.path.display()));
    let written = files.iter().try_for_each(|file| file.stage().map_err(|error| named(file, error))).and_then(|()| {
        let rename = |file: &File| fs::rename(file.staged(), &file.path).map_err(|error| named(file, error));
        files.iter().try_for_each(rename)
    });
    if written.is_err() {
        for file in files {
            // Those that were never staged, or have their names already, are not there.
            let _ = fs::remove_file(file.staged());
        }
    }
    written
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of the test's own, removed with it.
    struct Folder(PathBuf);

    impl Folder {
        fn new(test: &str) -> Self {
            let path = std::env::temp_dir().join(format!("kubernetes-describe-{test}-{}", std::process::id()));
            fs::create_dir_all(&path).expect("a folder of ours");
            Self(path)
        }

        fn file(&self, name: &str, value: Value) -> File {
            File::new(self.0.join(name), value).expect("a value is JSON")
        }

        fn names(&self) -> BTreeSet<String> {
            let name = |entry: io::Result<fs::DirEntry>| entry.expect("a readable folder").file_name();
            let entries = fs::read_dir(&self.0).expect("a folder of ours");
            entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn others_are_removed() {
        let folder = Folder::new("others");
        let names = ["a_openapi.json", "b_openapi.json", INDEX];
        write(&names.map(|name| folder.file(name, Value::Null))).expect("a folder of ours");
        assert_eq!(folder.names(), BTreeSet::from(names.map(str::to_owned)), "nothing else is left");
        remove_others(&folder.0, &BTreeSet::from([name_of("a")])).expect("a folder of ours");
        assert_eq!(folder.names(), BTreeSet::from(["a_openapi.json", INDEX].map(str::to_owned)));
    }

    #[test]
    fn a_file_that_can_not_be_written_leaves_the_others_as_they_were() {
        let folder = Folder::new("failure");
        write(&[folder.file("a_openapi.json", Value::from("old"))]).expect("a folder of ours");
        // A folder stands where the text would be until it has its name.
        fs::create_dir(folder.0.join("b_openapi.json.new")).expect("a folder of ours");
        let files = ["a_openapi.json", "b_openapi.json"].map(|name| folder.file(name, Value::from("new")));
        let error = write(&files).expect_err("it can't be written").to_string();
        assert!(error.contains("b_openapi.json: "), "{error}");
        assert_eq!(fs::read_to_string(folder.0.join("a_openapi.json")).expect("it is there"), "\"old\"\n");
        let left = BTreeSet::from(["a_openapi.json", "b_openapi.json.new"].map(str::to_owned));
        assert_eq!(folder.names(), left, "what was staged is gone");
    }

    #[test]
    fn keys_are_sorted() {
        let folder = Folder::new("keys");
        write(&[folder.file("a", serde_json::json!({"b": 1, "a": {"d": 2, "c": 3}}))]).expect("a folder of ours");
        let text = fs::read_to_string(folder.0.join("a")).expect("it is there");
        assert_eq!(text, "{\n \"a\": {\n  \"c\": 3,\n  \"d\": 2\n },\n \"b\": 1\n}\n");
    }

    #[test]
    fn names() {
        assert_eq!(name_of("apis/apps/v1"), "apis__apps__v1_openapi.json");
        assert_eq!(name_of("api"), "api_openapi.json");
        assert_eq!(name_of(".well-known/openid-configuration/"), ".well-known__openid-configuration_openapi.json");
    }
}
