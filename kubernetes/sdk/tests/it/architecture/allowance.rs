//! Rules that the code does not follow everywhere yet: each crate has a number of violations, which may only shrink.

use std::collections::BTreeMap;

use super::source::{Crate, SourceFile, crates};

/// The exact number of violations in each crate; a crate that is not listed has none.
pub(super) type Allowance = &'static [(&'static str, usize)];

/// Compares the faults of each crate with the allowance. Fewer than allowed fail too, so that the number is lowered.
pub(super) fn check(allowance: Allowance, rule: &str, faults: impl Fn(&Crate) -> Vec<String>) {
    let allowance: BTreeMap<&str, usize> = allowance.iter().copied().collect();
    let mut messages = Vec::new();
    for package in crates() {
        let name = package.name.as_str();
        let allowed = allowance.get(name).copied().unwrap_or(0);
        let faults = faults(&package);
        // Shown by `cargo test … -- --nocapture`.
        faults.iter().for_each(|fault| eprintln!("{name}: {rule}: {fault}"));
        if faults.len() > allowed {
            messages.push(format!("{name}: {rule}: {} places, {allowed} allowed:", faults.len()));
            messages.extend(faults);
        } else if faults.len() < allowed {
            messages.push(format!("{name}: {rule}: {} places; lower the {allowed} in the test's table", faults.len()));
        }
    }
    assert!(messages.is_empty(), "{}", messages.join("\n"));
}

/// Faults of a file with their lines, as `file:line: fault`.
pub(super) fn places(file: &SourceFile, faults: Vec<(usize, String)>) -> Vec<String> {
    faults.into_iter().map(|(line, fault)| format!("{}:{line}: {fault}", file.path.display())).collect()
}
