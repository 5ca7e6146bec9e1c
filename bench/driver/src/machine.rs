use std::fs;
use std::process::Command;

/// The machine, the date and the compiler: what figures are worth nothing without.
pub(crate) fn description() -> String {
    let cpu = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let memory = field("/proc/meminfo", "MemTotal").and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    let memory = memory.unwrap_or_default().div_ceil(1 << 20);
    format!(
        "{cpu}, {cores} cores, {memory} GiB, {}; {}; {}; {}",
        output("uname", &["-srm"]),
        output("rustc", &["--version"]),
        output("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
        load(),
    )
}

/// How busy the machine is with this and all else.
pub(crate) fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!("load {}", load.split(' ').take(3).collect::<Vec<_>>().join(" "))
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
