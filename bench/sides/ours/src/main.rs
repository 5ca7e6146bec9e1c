//! This SDK: its own decoder and encoder.

use std::process::ExitCode;

mod side;

fn main() -> ExitCode {
    bench_measure::main(|arguments| side::SIDE.run(arguments))
}
