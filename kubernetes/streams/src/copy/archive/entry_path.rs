use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// A name in an archive that stays below the root of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::copy) struct EntryPath(PathBuf);

impl EntryPath {
    /// Takes a name apart, without the parts `.`; `None` for one that is absolute, has a part `..` or can't be a name.
    pub(in crate::copy) fn parse(name: &[u8]) -> Option<Self> {
        if name.contains(&0) {
            return None;
        }
        let mut path = PathBuf::new();
        for component in Path::new(OsStr::from_bytes(name)).components() {
            match component {
                Component::Normal(part) => path.push(part),
                Component::CurDir => {}
                Component::RootDir | Component::ParentDir | Component::Prefix(_) => return None,
            }
        }
        Some(Self(path))
    }

    pub(in crate::copy) fn as_path(&self) -> &Path {
        &self.0
    }

    /// The path below `root`; `None` if it is not below it.
    pub(in crate::copy) fn below(&self, root: &Path) -> Option<Self> {
        self.0.strip_prefix(root).ok().map(|path| Self(path.to_owned()))
    }
}

/// Whether a symbolic link at `link` can lead to no place outside of the root, whatever other such links there are.
///
/// Parts `..` may stand at the beginning alone: behind a part that is a link itself, they would lead anywhere. A link in
/// place of the root leads outside whatever its target is.
pub(in crate::copy) fn is_inside(link: &EntryPath, target: &[u8]) -> bool {
    let Some(mut depth) = link.as_path().components().count().checked_sub(1) else { return false };
    let mut has_descended = false;
    for component in Path::new(OsStr::from_bytes(target)).components() {
        match component {
            Component::CurDir => {}
            Component::Normal(_) => has_descended = true,
            Component::ParentDir if !has_descended && depth > 0 => depth -= 1,
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_below_the_root() {
        for (name, expected) in [
            (&b"a"[..], &b"a"[..]),
            (b"./a//b/./c/", b"a/b/c"),
            (b".", b""),
            (b"a b\n\"'$\xff", b"a b\n\"'$\xff"),
            (b"..a/b..", b"..a/b.."),
        ] {
            assert_eq!(EntryPath::parse(name).unwrap().as_path().as_os_str().as_bytes(), expected);
        }
        for name in [&b"/etc/passwd"[..], b"../a", b"a/../../b", b"a/..", b"..", b"a\0b", b"./../a"] {
            assert_eq!(EntryPath::parse(name), None, "{name:?}");
        }
    }

    #[test]
    fn links_lead_inside() {
        let at = |link: &[u8], target: &[u8]| is_inside(&EntryPath::parse(link).unwrap(), target);
        for (link, target) in
            [(&b"l"[..], &b"a/b"[..]), (b"a/b/l", b"../../c"), (b"a/l", b"../."), (b"l", b"."), (b"l", b"")]
        {
            assert!(at(link, target), "{link:?} {target:?}");
        }
        for (link, target) in [
            (&b"l"[..], &b"/etc"[..]),
            (b"l", b".."),
            (b"a/l", b"../../c"),
            // With `a/m` a link to `.`, it would lead out.
            (b"a/l", b"m/../.."),
            (b"l", b"m/.."),
            (b".", b"a"),
        ] {
            assert!(!at(link, target), "{link:?} {target:?}");
        }
    }
}
