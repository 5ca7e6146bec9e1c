//! k8s-openapi, read and written by serde_json.

use std::process::ExitCode;

mod side;

fn main() -> ExitCode {
    bench_measure::main(|arguments| side::SIDE.run(arguments))
}
