//! kube as a client of a server.

use bench_live::Phases;

mod pods;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    Phases::run(pods::run)
}
