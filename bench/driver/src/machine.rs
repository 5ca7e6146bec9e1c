use std::fs;
use std::process::Command;

use crate::bench::Result;

/// The machine, the date and the compiler: what figures are worth nothing without.
pub(crate) fn description() -> String {
    let cpu = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let memory = field("/proc/meminfo", "MemTotal").and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    let memory = memory.unwrap_or_default().div_ceil(1 << 20);
    format!(
        "{cpu}, {cores} cores, {memory} GiB, {}; {}; {}",
        output("uname", &["-srm"]),
        output("rustc", &["--version"]),
        output("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
    )
}

/// What a count of instructions depends on beside the code.
pub(crate) fn tools() -> Result<String> {
    let [compiler, counter] = [("rustc", "--version"), ("valgrind", "--version")].map(|(program, argument)| {
        let version = output(program, &[argument]);
        if version.ends_with('?') { Err(format!("{program} is not installed")) } else { Ok(version) }
    });
    let library = output("ldd", &["--version"]);
    let library = library.lines().next().unwrap_or_default();
    Ok(format!("{}, {}, {library}, {}", compiler?, counter?, std::env::consts::ARCH))
}

/// How busy the machine is with this and all else.
pub(crate) fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!("load {}", load.split(' ').take(3).collect::<Vec<_>>().join(" "))
}

/// The time that another process has had on the cores.
pub(crate) fn cpu_milliseconds(process: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field, the name in parentheses, may have spaces.
    let (_, rest) = stat.rsplit_once(')').ok_or("the kernel does not tell the time of a process")?;
    let ticks = rest.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    // Linux tells them in hundredths of a second, whatever it counts in itself.
    Ok(10.0 * ticks.sum::<std::result::Result<f64, _>>()?)
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map_or_else(|_| format!("{program}?"), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
