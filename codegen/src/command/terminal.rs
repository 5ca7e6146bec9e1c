//! Output: everything that is printed passes through here, since it may hold text of others.

use std::fmt::Display;
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::ProgressBar;
use kubernetes_codegen::printable;

/// Prints what was asked for.
pub(crate) fn print(text: impl Display) {
    print!("{}", printable(&text.to_string()));
}

/// Reports something beside what was asked for.
pub(crate) fn report(text: impl Display) {
    eprintln!("{}", printable(&text.to_string()));
}

/// A spinner on a terminal, nothing elsewhere.
pub(super) fn spinner() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let progress = ProgressBar::new_spinner();
    progress.enable_steady_tick(Duration::from_millis(100));
    progress
}
