//! Regenerates the generated crates, and compares descriptions.

#![allow(clippy::print_stdout, reason = "what the program reports is its output")]

mod command;

use std::process::ExitCode;

use clap::Parser;

use command::report;

/// The number of problems that are shown with the lines around them.
const EXCERPTS: usize = 5;

fn main() -> ExitCode {
    match command::run(&command::Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            report(format_args!("error: {error}"));
            for problem in error.problems().take(EXCERPTS).filter(|problem| !problem.excerpt().is_empty()) {
                report(format_args!("\n{}\n{}", problem.pointer(), problem.excerpt().trim_end()));
            }
            let mut source = std::error::Error::source(&error);
            while let Some(error) = source {
                report(format_args!("  caused by: {error}"));
                source = error.source();
            }
            ExitCode::FAILURE
        }
    }
}
