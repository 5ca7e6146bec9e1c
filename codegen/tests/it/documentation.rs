//! The commands of docs/regenerating.md are commands that there are.

use std::process::Command;

use super::support::root;

#[test]
fn documented_commands_and_options_exist() {
    let text = std::fs::read_to_string(root().join("docs/regenerating.md")).expect("the page is there");
    let mut checked = 0;
    for line in text.lines() {
        let Some((_, arguments)) = line.split_once("-p kubernetes-codegen").filter(|_| line.starts_with("cargo run"))
        else {
            continue;
        };
        let words: Vec<&str> = arguments.split_whitespace().skip_while(|word| *word == "--").collect();
        let command = words.first().filter(|word| !word.starts_with('-'));
        let mut codegen = Command::new(env!("CARGO_BIN_EXE_kubernetes-codegen"));
        let output = codegen.args(command).arg("--help").output().expect("the program starts");
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        let help = String::from_utf8_lossy(&output.stdout).into_owned();
        for option in words.iter().filter(|word| word.starts_with("--")) {
            assert!(help.contains(option), "{line}: there is no {option} in\n{help}");
        }
        checked += 1;
    }
    assert!(checked >= 5, "only {checked} commands were found");
}

/// The page shows what the generator prints of the pinned description.
#[test]
fn the_summary_in_the_documentation_is_the_one_of_the_pinned_description() {
    let text = std::fs::read_to_string(root().join("docs/regenerating.md")).expect("the page is there");
    let (bytes, kubernetes) = super::support::pinned();
    let summary = super::support::generate_pinned(&bytes, &kubernetes).summary.to_string();
    assert!(text.contains(&summary), "docs/regenerating.md lacks: {summary}");
}
