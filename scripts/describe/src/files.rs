//! Files of a description, written together, without touching files of others.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use kubernetes_codegen::{Changes, OutputFolder, normal_form, read_file, sha256};
use serde_json::Value;

use crate::Result;

/// The file that lists the documents in a folder with their hashes, so that the next run knows which are its own.
const RECORD: &str = ".kubernetes-describe.json";

/// A file to write.
pub(crate) struct File {
    pub(crate) path: PathBuf,
    text: String,
}

impl File {
    /// A document with sorted keys, a member on each line: two of them can be compared line by line.
    pub(crate) fn new(path: PathBuf, value: &Value) -> Result<Self> {
        let text = normal_form(&path.to_string_lossy(), &serde_json::to_vec(value)?)?;
        Ok(Self { path, text })
    }

    /// The folder that has the file, and its name there.
    fn split(&self) -> Result<(&Path, String)> {
        let name = self.path.file_name().ok_or_else(|| format!("{} does not name a file", self.path.display()))?;
        let folder = self.path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
        Ok((folder, name.to_string_lossy().into_owned()))
    }
}

/// Writes files that the user named, those of a folder together or not at all.
pub(crate) fn write(files: &[File]) -> Result<()> {
    let mut folders: BTreeMap<&Path, Vec<(String, &File)>> = BTreeMap::new();
    for file in files {
        let (folder, name) = file.split()?;
        folders.entry(folder).or_default().push((name, file));
    }
    for (folder, files) in folders {
        let folder = OutputFolder::open(folder)?;
        let mut changes = Changes::default();
        for (name, file) in files {
            changes.include(folder.path(), &name, file.text.clone())?;
        }
        changes.apply(&folder)?;
    }
    Ok(())
}

/// Writes the documents of a folder, and removes those that an earlier run wrote and this one does not have: all
/// together, or nothing.
///
/// # Errors
/// If a document has the name of a file that an earlier run did not write, or that has changed since.
pub(crate) fn write_documents(folder: &Path, documents: &[File]) -> Result<()> {
    let folder = OutputFolder::open(folder)?;
    let former = read_record(folder.path())?;
    let (mut changes, mut record) = (Changes::default(), BTreeMap::new());
    for document in documents {
        let (_, name) = document.split()?;
        check_owner(&folder.path().join(&name), former.get(&name))?;
        changes.include(folder.path(), &name, document.text.clone())?;
        record.insert(name, sha256(document.text.as_bytes()));
    }
    for (name, hash) in former.iter().filter(|(name, _)| !record.contains_key(*name)) {
        let path = folder.path().join(name);
        if fs::symlink_metadata(&path).is_ok() {
            check_owner(&path, Some(hash))?;
            changes.delete(name.clone());
        }
    }
    changes.include(folder.path(), RECORD, serde_json::to_string_pretty(&record)? + "\n")?;
    changes.apply(&folder)?;
    Ok(())
}

fn read_record(folder: &Path) -> Result<BTreeMap<String, String>> {
    let path = folder.join(RECORD);
    match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(format!("can't read {}: {error}", path.display()).into()),
        Ok(_) => {}
    }
    let error = |error| format!("{} is not a record of kubernetes-describe: {error}", path.display());
    Ok(serde_json::from_slice(&read_file(&path)?).map_err(error)?)
}

/// Makes sure that a file, if there is one, has the text that an earlier run wrote.
fn check_owner(path: &Path, hash: Option<&String>) -> Result<()> {
    let Ok(metadata) = fs::symlink_metadata(path) else { return Ok(()) };
    let Some(hash) = hash.filter(|_| metadata.is_file()) else {
        return Err(format!("{} was not written by kubernetes-describe: name another folder", path.display()).into());
    };
    if sha256(&read_file(path)?) == *hash {
        return Ok(());
    }
    let message = "has changed since kubernetes-describe wrote it: delete it, or name another folder";
    Err(format!("{} {message}", path.display()).into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("there is room for a temporary folder")
    }

    fn documents(folder: &Path, names: &[&str], value: &str) -> Vec<File> {
        names.iter().map(|name| File::new(folder.join(name), &Value::from(value)).expect("a value is JSON")).collect()
    }

    fn names(folder: &Path) -> BTreeSet<String> {
        let entries = fs::read_dir(folder).expect("the folder is ours");
        entries.map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into_owned()).collect()
    }

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn documents_of_an_earlier_run_are_replaced_and_removed() {
        let folder = folder();
        let path = folder.path();
        fs::write(path.join("mine_openapi.json"), "mine").expect("the folder is ours");
        write_documents(path, &documents(path, &["a_openapi.json", "b_openapi.json"], "old")).expect("it is ours");
        write_documents(path, &documents(path, &["a_openapi.json"], "new")).expect("it is ours");
        assert_eq!(names(path), set(&[RECORD, "a_openapi.json", "mine_openapi.json"]));
        assert_eq!(fs::read_to_string(path.join("a_openapi.json")).expect("it was written"), "\"new\"\n");
        assert_eq!(fs::read_to_string(path.join("mine_openapi.json")).expect("it is still there"), "mine");
    }

    #[test]
    fn files_of_others_are_not_touched() {
        let folder = folder();
        let path = folder.path();
        fs::write(path.join("index.json"), "mine").expect("the folder is ours");
        let all = documents(path, &["a_openapi.json", "index.json"], "new");
        let error = write_documents(path, &all).expect_err("index.json is not ours").to_string();
        assert!(error.ends_with("index.json was not written by kubernetes-describe: name another folder"), "{error}");
        assert_eq!(names(path), set(&["index.json"]), "nothing was written");

        let path = &path.join("own");
        write_documents(path, &documents(path, &["a_openapi.json", "b_openapi.json"], "old")).expect("it is ours");
        fs::write(path.join("b_openapi.json"), "mine").expect("the folder is ours");
        for names in [&["a_openapi.json", "b_openapi.json"][..], &["a_openapi.json"]] {
            let error = write_documents(path, &documents(path, names, "new")).expect_err("it has changed").to_string();
            assert!(error.contains("b_openapi.json has changed since kubernetes-describe wrote it"), "{error}");
        }
        assert_eq!(fs::read_to_string(path.join("a_openapi.json")).expect("it was written"), "\"old\"\n");
    }

    #[test]
    fn files_that_the_user_named_are_replaced() {
        let folder = folder();
        let path = folder.path().join("deep/swagger.json");
        write(&[File::new(path.clone(), &serde_json::json!({"b": 1, "a": {"d": 2, "c": 3}})).expect("it is JSON")])
            .expect("the folder is ours");
        let text = fs::read_to_string(&path).expect("it was written");
        assert_eq!(text, "{\n \"a\": {\n  \"c\": 3,\n  \"d\": 2\n },\n \"b\": 1\n}\n");
        write(&[File::new(path.clone(), &Value::Null).expect("it is JSON")]).expect("the folder is ours");
        assert_eq!(fs::read_to_string(&path).expect("it was written"), "null\n");
        assert_eq!(names(&folder.path().join("deep")), set(&["swagger.json"]), "nothing else is left");
    }
}
