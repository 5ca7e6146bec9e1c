use std::process::Command;

use crate::bench::{Bench, Result, run};
use crate::lists::{KINDS, OURS, PEER};
use crate::table::{Samples, Table};

/// Counts the instructions of decoding or encoding each kind of list: the figure that noise does not touch.
pub(crate) fn measure(bench: &Bench, verb: &str, table: &mut Table) -> Result<()> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        eprintln!("valgrind is not installed: instructions are not counted");
        return Ok(());
    }
    for kind in KINDS {
        let file = bench.list(kind.name, kind.counted)?;
        let bytes = std::fs::metadata(&file)?.len() as f64;
        let count = |side| -> Result<Samples> {
            let mut valgrind = callgrind();
            valgrind.arg(bench.program(side));
            let (_, log) = run(valgrind.args([&format!("{verb}-once"), kind.name]).arg(&file))?;
            Ok((collected(&log)? / bytes).into())
        };
        table.add(&format!("{verb}_{}_instructions", kind.metric), PEER, "/B", &count(OURS)?, &count(PEER)?);
    }
    Ok(())
}

/// Callgrind, which counts inside `counted_region` alone.
pub(crate) fn callgrind() -> Command {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no"]);
    valgrind.arg("--toggle-collect=*counted_region*");
    valgrind
}

/// What callgrind has counted, by what it says on standard error.
pub(crate) fn collected(log: &str) -> Result<f64> {
    let line = log.lines().find_map(|line| line.split_once("Collected : "));
    let counted: f64 = line.ok_or("callgrind told no count")?.1.trim().parse()?;
    if counted == 0.0 {
        return Err("callgrind counted nothing: counted_region was not found".into());
    }
    Ok(counted)
}
