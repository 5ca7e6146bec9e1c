//! `--help` fits on a terminal of 80 columns.

use std::path::Path;
use std::process::Command;

#[test]
fn help_fits_on_80_columns() {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts");
    let mut commands = Vec::from(["check", "test-cluster", "update"].map(|name| Command::new(scripts.join(name))));
    for subcommand in [&[][..], &["facts"], &["diff"], &["crds"], &["pin"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kubernetes-codegen"));
        command.args(subcommand);
        commands.push(command);
    }
    for mut command in commands {
        let output = command.arg("--help").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && text.contains("--help"), "{command:?}: {text}");
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{command:?}: {line}");
        }
    }
}
