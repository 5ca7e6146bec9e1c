use std::any::Any;
use std::fmt::Write as _;
use std::sync::{Arc, Weak};

use kubernetes_core::text::printable;

/// The checks of an endpoint, in the order in which they were added.
#[derive(Clone, Default)]
pub(super) struct Checks(Vec<Check>);

#[derive(Clone)]
struct Check {
    name: String,
    /// The check ends with this, if it is given.
    owner: Option<Weak<dyn Any + Send + Sync>>,
    run: Arc<dyn Fn() -> Option<Result<(), String>> + Send + Sync>,
}

impl Check {
    fn is_over(&self) -> bool {
        self.owner.as_ref().is_some_and(|owner| owner.strong_count() == 0)
    }
}

/// How much of a reason is shown.
const MAX_REASON_BYTES: usize = 512;

impl Checks {
    /// Adds a check, in place of one of the same name; it ends with its owner. No check is run.
    pub(super) fn add(
        &mut self,
        name: &str,
        owner: Option<Weak<dyn Any + Send + Sync>>,
        run: impl Fn() -> Option<Result<(), String>> + Send + Sync + 'static,
    ) {
        self.0.retain(|check| check.name != name && !check.is_over());
        self.0.push(Check { name: name.to_owned(), owner, run: Arc::new(run) });
    }

    /// Runs all checks, or one. Returns whether they succeeded, and a report in the format of Kubernetes' components;
    /// `None` if there is no such check.
    pub(super) fn run(&self, endpoint: &str, only: &str, is_verbose: bool) -> Option<(bool, String)> {
        let (mut report, mut succeeded, mut found) = (String::new(), true, only.is_empty());
        let asked = self.0.iter().filter(|check| only.is_empty() || check.name == only);
        for check in asked.filter(|check| !check.is_over()) {
            let Some(result) = (check.run)() else { continue };
            found = true;
            // Writing to a string does not fail.
            let _ = match &result {
                Ok(()) => writeln!(report, "[+]{} ok", check.name),
                Err(reason) => writeln!(report, "[-]{} failed: {}", check.name, printable(reason, MAX_REASON_BYTES)),
            };
            succeeded &= result.is_ok();
        }
        match (found, succeeded) {
            (false, _) => return None,
            (true, true) if !is_verbose => "ok".clone_into(&mut report),
            (true, true) => report.push_str(&format!("{endpoint} check passed\n")),
            (true, false) => report.push_str(&format!("{endpoint} check failed\n")),
        }
        Some((succeeded, report))
    }
}
