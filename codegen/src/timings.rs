use std::fmt;
use std::time::{Duration, Instant};

/// How long each step took, in the order of the steps.
#[derive(Clone, Debug, Default)]
pub struct Timings {
    steps: Vec<(&'static str, Duration)>,
}

impl Timings {
    /// Runs a step and notes how long it took.
    pub fn measure<T>(&mut self, step: &'static str, run: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = run();
        self.steps.push((step, start.elapsed()));
        result
    }

    /// Adds the steps of another part of the work.
    pub fn append(&mut self, other: &Self) {
        self.steps.extend_from_slice(&other.steps);
    }

    /// The steps, each with its time.
    pub fn steps(&self) -> impl Iterator<Item = (&'static str, Duration)> {
        self.steps.iter().copied()
    }
}

impl fmt::Display for Timings {
    /// A line for each step: its name, its milliseconds, and its share of the whole.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total: Duration = self.steps.iter().map(|(_, time)| *time).sum();
        let share = |time: Duration| 100.0 * time.as_secs_f64() / total.as_secs_f64().max(f64::MIN_POSITIVE);
        for (step, time) in &self.steps {
            writeln!(f, "{step:>8} {:7.1} ms {:3.0} %", time.as_secs_f64() * 1e3, share(*time))?;
        }
        write!(f, "{:>8} {:7.1} ms", "total", total.as_secs_f64() * 1e3)
    }
}
