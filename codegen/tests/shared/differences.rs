use std::collections::{BTreeMap, BTreeSet};

use kubernetes_codegen::FileTree;

/// The lines in which two trees differ, by file: `-` of the first, `+` of the second.
pub(crate) fn differences(first: &FileTree, second: &FileTree) -> String {
    let files = |tree: &FileTree| -> BTreeMap<String, String> {
        tree.files().chain(tree.manifests()).map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
    };
    let (first, second) = (files(first), files(second));
    let paths: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
    let mut text = String::new();
    for path in paths {
        let lines = |files: &BTreeMap<String, String>| -> Vec<String> {
            files.get(path).map(|text| text.lines().map(str::to_owned).collect()).unwrap_or_default()
        };
        let changed = changed_lines(&lines(&first), &lines(&second));
        if !changed.is_empty() {
            text.push_str(&format!("==> {path}\n{changed}"));
        }
    }
    text
}

/// The longest common subsequence left out.
fn changed_lines(first: &[String], second: &[String]) -> String {
    let mut lengths = vec![vec![0_usize; second.len() + 1]; first.len() + 1];
    for (i, left) in first.iter().enumerate().rev() {
        for (j, right) in second.iter().enumerate().rev() {
            lengths[i][j] =
                if left == right { lengths[i + 1][j + 1] + 1 } else { lengths[i + 1][j].max(lengths[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut text) = (0, 0, String::new());
    while i < first.len() || j < second.len() {
        if i < first.len() && j < second.len() && first[i] == second[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == second.len() || (i < first.len() && lengths[i + 1][j] >= lengths[i][j + 1]) {
            text.push_str(&format!("-{}\n", first[i]));
            i += 1;
        } else {
            text.push_str(&format!("+{}\n", second[j]));
            j += 1;
        }
    }
    text
}
