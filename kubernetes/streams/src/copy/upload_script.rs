//! The commands that take an upload in a container.

/// Finds the target and makes a folder on the same file system, which takes what is sent until it is complete.
///
/// `$1` is the target, and `$2` the name that a source gets in a target that is a folder; nothing if it has no name, and
/// `/` if its name can't be sent.
const BEGIN: &str = r#"
fail() { echo "$1" >&2; exit 1; }
target=$1
case $target in */) [ -d "$target" ] || fail "$target: there is no such folder" ;; esac
if [ -d "$target" ] && [ -n "$2" ]; then
  [ "$2" != / ] || fail "$target: a folder is there, and the name of the source is not UTF-8; add a name to the target"
  target=${target%/}/$2
fi
if [ -d "$target" ]; then parent=$target
else case $target in */*) parent=${target%/*} ;; *) parent=. ;; esac
fi
stage=$(mktemp -d "${parent%/}/.upload-XXXXXX") || exit
trap 'rm -rf "$stage" 2> /dev/null || { chmod -R u+rwx "$stage"; rm -rf "$stage"; }' EXIT
trap 'exit 1' HUP INT TERM
"#;

/// Takes an archive with the copy as `data`, and `end` as its last entry: tar does not mind an archive without an end.
const RECEIVE_ARCHIVE: &str = r#"
command -v tar > /dev/null || { echo "tar: not found" >&2; exit 127; }
tar -xmopf - -C "$stage" || exit
[ -e "$stage/end" ] || fail "the connection ended before the archive did"
"#;

/// Takes the content of a file of `$3` bytes with the permissions `$4`.
const RECEIVE_FILE: &str = r#"
cat > "$stage/data" || exit
size=$(wc -c < "$stage/data") || exit
[ "$size" -eq "$3" ] || fail "the connection ended before the file did"
chmod "$4" "$stage/data" || exit
"#;

/// Moves the copy to the target. Two folders are merged: each file is moved in place of an earlier one, once it is clear
/// that all of them can be.
///
/// To move a folder, its owner needs write permission on the folder itself, as its `..` changes.
const END: &str = r#"
is_folder() { [ -d "$1" ] && [ ! -L "$1" ]; }
is_there() { [ -e "$1" ] || [ -L "$1" ]; }
blocked() {
  kind=file
  [ ! -L "$1" ] || kind=link
  fail "$1: a $kind is there, and a folder would take its place"
}
blocked_by_folder() { fail "$1: a folder is there, and a file would take its place"; }
check() (
  for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    place=$2/${entry##*/}
    is_there "$entry" || continue
    if is_folder "$entry" && is_folder "$place"; then
      check "$entry" "$place" || exit
    elif is_folder "$place"; then
      blocked_by_folder "$place"
    elif is_folder "$entry" && is_there "$place"; then
      blocked "$place"
    elif [ ! -w "$2" ]; then
      fail "$2: the folder can't be written to"
    fi
  done
)
move() {
  if is_folder "$1" && [ ! -w "$1" ]; then
    chmod u+w "$1" && mv -f "$1" "$2" && chmod u-w "$2"
  else
    mv -f "$1" "$2"
  fi
}
merge() (
  from=$1 to=$2
  set --
  [ -w "$from" ] || chmod u+w "$from" || exit
  for entry in "$from"/* "$from"/.[!.]* "$from"/..?*; do
    is_there "$entry" || continue
    place=$to/${entry##*/}
    if is_folder "$entry"; then
      if is_there "$place"; then merge "$entry" "$place"; else move "$entry" "$place"; fi || exit
      continue
    fi
    set -- "$@" "$entry"
    [ $# -lt 100 ] || { mv -f "$@" "$to/" && set -- || exit; }
  done
  [ $# -eq 0 ] || mv -f "$@" "$to/"
)
if is_folder "$stage/data"; then
  if [ -d "$target" ]; then
    check "$stage/data" "$target" && merge "$stage/data" "$target"
    exit
  fi
  ! is_there "$target" || blocked "$target"
elif [ -d "$target" ]; then
  blocked_by_folder "$target"
fi
move "$stage/data" "$target"
"#;

/// For a source of any kind.
pub(super) fn of_archive() -> String {
    [BEGIN, RECEIVE_ARCHIVE, END].concat()
}

/// For a file, where there is no tar.
pub(super) fn of_file() -> String {
    [BEGIN, RECEIVE_FILE, END].concat()
}
