//! One convention each for module files and tests.

use std::path::{Path, PathBuf};

use syn::spanned::Spanned as _;
use syn::{Attribute, Item, ItemMod, Meta};

use super::allowance::{self, Allowance};
use super::source::{Crate, crates, root, rust_files};

/// Modules with children that are no folder. The numbers may only shrink.
const ALLOWED_FILES_WITH_CHILDREN: Allowance = &[];

/// Unit tests at other places. The numbers may only shrink.
const ALLOWED_UNIT_TESTS: Allowance = &[];

/// Tests that `scripts/check` runs at other times or with other features than the rest.
const TEST_PROGRAMS: &[&str] = &["codegen/tests/long", "watch/tests/chaos"];

/// Programs of tests that are not `tests/it`. The numbers may only shrink.
const ALLOWED_TEST_PROGRAMS: Allowance = &[];

/// Longer unit tests stand in a file of their own.
const MAX_INLINE_TEST_LINES: usize = 100;

#[test]
fn modules_with_children_are_folders() {
    allowance::check(ALLOWED_FILES_WITH_CHILDREN, "a module with children is a folder with mod.rs", |package| {
        let mut paths = Vec::new();
        rust_files(&package.folder, &mut paths);
        let has_children = |path: &&PathBuf| {
            let folder = path.with_extension("");
            let is_folder = path.ends_with("mod.rs") || package.entries.contains(path);
            !is_folder && paths.iter().any(|other| other.parent() == Some(&folder))
        };
        paths.iter().filter(has_children).map(|path| path.display().to_string()).collect()
    });
}

/// Unit tests are a file `tests.rs` in the folder of what they test, or a short module `tests` at the end of its file.
#[test]
fn unit_tests_are_modules_of_one_name() {
    allowance::check(ALLOWED_UNIT_TESTS, "unit tests are in modules called `tests`", |package| {
        let files = package.files().into_iter().filter(|file| !file.is_test());
        files.flat_map(|file| allowance::places(&file, misplaced_tests(&file.syntax().items))).collect()
    });
}

fn misplaced_tests(items: &[Item]) -> Vec<(usize, String)> {
    let mut faults = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let line = item.span().start().line;
        match item {
            Item::Fn(function) if function.attrs.iter().any(is_test_attribute) => {
                faults.push((line, format!("the test {} is outside of a module `tests`", function.sig.ident)));
            }
            Item::Mod(module) if module.attrs.iter().any(is_cfg_test) => {
                let is_last = index + 1 == items.len();
                faults.extend(fault_of_test_module(module, is_last).map(|fault| (line, fault)));
            }
            _ => {}
        }
    }
    faults
}

fn fault_of_test_module(module: &ItemMod, is_last: bool) -> Option<String> {
    let lines = module.span().end().line - module.span().start().line + 1;
    // Helpers that several modules' tests share have files of their own, of any name.
    module.content.as_ref()?;
    if module.ident != "tests" {
        Some(format!("the module {} with tests is called `tests` elsewhere", module.ident))
    } else if lines > MAX_INLINE_TEST_LINES {
        Some(format!("the tests have {lines} lines; move them to a file tests.rs"))
    } else {
        (!is_last).then(|| "the tests come last in their file".to_owned())
    }
}

/// `#[test]`, `#[tokio::test]`.
fn is_test_attribute(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|last| last.ident == "test")
}

fn is_cfg_test(attribute: &Attribute) -> bool {
    matches!(&attribute.meta, Meta::List(list) if list.path.is_ident("cfg") && list.tokens.to_string() == "test")
}

/// Integration tests are modules of one program, `tests/it/main.rs`, which links once.
#[test]
fn integration_tests_are_one_program() {
    allowance::check(ALLOWED_TEST_PROGRAMS, "integration tests are modules of tests/it", |package| {
        let programs = programs(package).into_iter();
        let others = programs.filter(|program| {
            !program.ends_with("tests/it") && TEST_PROGRAMS.iter().all(|known| program != Path::new(known))
        });
        others.map(|program| program.display().to_string()).collect()
    });
    for known in TEST_PROGRAMS {
        assert!(crates().iter().any(|package| programs(package).contains(&PathBuf::from(known))), "no {known}");
    }
}

/// The programs that cargo builds from the folder `tests`: its files, and its folders with a `main.rs`.
fn programs(package: &Crate) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(package.folder.join("tests")) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("a readable entry").path());
    let is_program =
        |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs") || path.join("main.rs").exists();
    let in_workspace = |path: PathBuf| path.strip_prefix(root()).expect("crates are in the workspace").to_owned();
    paths.filter(is_program).map(in_workspace).collect()
}
