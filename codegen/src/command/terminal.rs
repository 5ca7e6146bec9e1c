//! Output: everything that is printed passes through here, since it may contain untrusted text.

use std::fmt::Display;
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::ProgressBar;
use kubernetes_codegen::printable;

/// Prints a result to standard output.
pub(crate) fn print(text: impl Display) {
    print!("{}", printable(&text.to_string()));
}

/// Prints a message to standard error.
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
