//! The commands that take an upload in a container.

/// Finds the target and makes a folder beside it, which takes what is sent until it is complete.
///
/// `$1` is the target, and `$2` the name that a source gets in a target that is a folder; nothing if it has no name.
const BEGIN: &str = r#"
fail() { echo "$1" >&2; exit 1; }
target=$1
case $target in */) [ -d "$target" ] || fail "$target: there is no such folder" ;; esac
if [ -d "$target" ] && [ -n "$2" ]; then target=${target%/}/$2; fi
case $target in */*) parent=${target%/*}; parent=${parent:-/} ;; *) parent=. ;; esac
stage=$(mktemp -d "$parent/.upload-XXXXXX") || exit 1
trap 'rm -rf "$stage"' EXIT
trap 'exit 1' HUP INT TERM
"#;

/// Takes an archive with the copy as `data`, and `end` as its last entry: tar does not mind an archive without an end.
const RECEIVE_ARCHIVE: &str = r#"
command -v tar > /dev/null || { echo "tar: not found" >&2; exit 127; }
tar -xmof - -C "$stage" || exit 1
[ -e "$stage/end" ] || fail "the connection ended before the archive did"
"#;

/// Takes the content of a file of `$3` bytes with the permissions `$4`.
const RECEIVE_FILE: &str = r#"
cat > "$stage/data" || exit 1
[ "$(wc -c < "$stage/data")" -eq "$3" ] || fail "the connection ended before the file did"
chmod "$4" "$stage/data" || exit 1
"#;

/// Moves the copy to the target, or merges two folders.
const END: &str = r#"
is_folder() { [ -d "$1" ] && [ ! -L "$1" ]; }
if is_folder "$stage/data"; then
  if [ -d "$target" ]; then
    { tar -C "$stage/data" -cf - . || : > "$stage/failed"; } | tar -xmof - -C "$target" || exit 1
    [ ! -e "$stage/failed" ] || exit 1
    exit 0
  fi
  [ ! -e "$target" ] || fail "$target: a file is there, and a folder would take its place"
elif [ -d "$target" ]; then
  fail "$target: a folder is there, and a file would take its place"
fi
mv -f "$stage/data" "$target"
"#;

/// For a source of any kind.
pub(super) fn of_archive() -> String {
    [BEGIN, RECEIVE_ARCHIVE, END].concat()
}

/// For a file, where there is no tar.
pub(super) fn of_file() -> String {
    [BEGIN, RECEIVE_FILE, END].concat()
}
