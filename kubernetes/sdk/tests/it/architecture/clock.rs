//! A crate that needs the time asks one module for it, so that a paused clock controls everything.

use proc_macro2::{TokenStream, TokenTree};

use super::allowance::{self, Allowance};
use super::source::SourceFile;

/// Places outside of a module `clock` that ask for the time. The numbers may only shrink.
const ALLOWED: Allowance = &[];

/// Programs: they measure their own run, or work with a real cluster.
const WITH_REAL_TIME: &[&str] = &["kubernetes-codegen", "kubernetes-e2e-test", "kubernetes-examples"];

/// Modules that read the clock for all others of their crate; `Time::now` is that of `apimachinery`, and others have their own.
const CLOCKS: &[&str] = &["clock.rs", "clock/mod.rs", "kubernetes/apimachinery/src/types/time.rs"];

#[test]
fn only_clock_modules_ask_for_the_time() {
    allowance::check(ALLOWED, "the crate's module `clock` reads the time", |package| {
        if WITH_REAL_TIME.contains(&package.name.as_str()) {
            return Vec::new();
        }
        let is_clock = |file: &SourceFile| CLOCKS.iter().any(|clock| file.path.ends_with(clock));
        let files = package.files().into_iter().filter(|file| !file.is_test() && !is_clock(file));
        let is_own = |clock: &str| package.name == "kubernetes-apimachinery" && clock == "Time::now";
        let faults = files.map(|file| {
            let readings = readings(file.tokens()).into_iter().filter(|(_, clock)| !is_own(clock));
            allowance::places(&file, readings.collect())
        });
        faults.flatten().collect()
    });
}

/// The lines with `Instant::now` and the like, except in `mod tests`.
fn readings(tokens: TokenStream) -> Vec<(usize, String)> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let before = |back: usize| index.checked_sub(back).and_then(|index| tokens.get(index)).map(ToString::to_string);
        match token {
            TokenTree::Group(_) if before(1).as_deref() == Some("tests") && before(2).as_deref() == Some("mod") => {}
            TokenTree::Group(group) => found.extend(readings(group.stream())),
            TokenTree::Ident(name) if name == "now" => {
                let clock = before(3).filter(|_| before(1).as_deref() == Some(":"));
                if let Some(clock @ ("Instant" | "SystemTime" | "Timestamp" | "Zoned" | "Time" | "MicroTime")) =
                    clock.as_deref()
                {
                    found.push((name.span().start().line, format!("{clock}::now")));
                }
            }
            _ => {}
        }
    }
    found
}

#[test]
fn a_reading_of_the_clock_is_found() {
    let text =
        "fn f() { let a = std::time::Instant::now(); g(SystemTime::now); }\nmod tests { fn h() { Instant::now(); } }";
    let found = readings(text.parse().expect("a test's text is Rust"));
    assert_eq!(found, [(1, "Instant::now".to_owned()), (1, "SystemTime::now".to_owned())]);
}
