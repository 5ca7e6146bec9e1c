use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::bench::Result;
use crate::curve::Curve;

/// How the row of a curve's exponent ends, and what its unit begins with.
const EXPONENT: &str = "_exponent";
const OF: &str = "of ";

/// What was measured.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

struct Row {
    metric: String,
    peer: String,
    unit: String,
    ours: Samples,
    theirs: Samples,
}

/// The values of all runs.
#[derive(Clone, Default)]
pub(crate) struct Samples(Vec<f64>);

/// A row in the JSON file. What was not measured is not a number, so there it is null.
#[derive(Serialize, Deserialize)]
struct Entry<'a> {
    metric: Cow<'a, str>,
    peer: Cow<'a, str>,
    unit: Cow<'a, str>,
    ours: Option<f64>,
    theirs: Option<f64>,
    ratio: Option<f64>,
}

/// A ratio that issue and design ask for: a metric, the peer it holds against, and what to reach.
const TARGETS: &[(&str, &str, &str)] = &[
    ("check_all", "k8s-openapi", "≤ 0.35"),
    ("check_core_apps", "k8s-openapi", "≤ 0.15"),
    ("build_program", "kube", "≤ 0.45"),
    ("rebuild_program_release", "kube", "≤ 0.2 (0.1)"),
    ("build_models_release_cpu", "k8s-openapi", "≤ 0.8"),
    ("decode_podlist", "k8s-openapi", "≥ 6"),
    ("decode_deploymentlist", "k8s-openapi", "≥ 3.5 (5)"),
    ("decode_eventlist", "k8s-openapi", "≥ 3.5 (5)"),
    ("decode_secretlist", "k8s-openapi", "≥ 5"),
    ("decode_crdlist", "k8s-openapi", "≥ 4"),
    ("decode_podlist_instructions", "k8s-openapi", "≤ 0.25"),
    ("decode_deploymentlist_instructions", "k8s-openapi", "≤ 0.3 (0.2)"),
    ("decode_eventlist_instructions", "k8s-openapi", "≤ 0.3 (0.2)"),
    ("decode_secretlist_instructions", "k8s-openapi", "≤ 0.3 (0.2)"),
    ("decode_crdlist_instructions", "k8s-openapi", "≤ 0.3"),
    ("decode_podlist", "sonic_rs::Value", "≥ 1"),
    ("encode_podlist", "k8s-openapi", "≥ 2.5"),
    ("encode_deploymentlist", "k8s-openapi", "≥ 2.5"),
    ("encode_eventlist", "k8s-openapi", "≥ 2.5"),
    ("encode_secretlist", "k8s-openapi", "≥ 2.5"),
    ("encode_crdlist", "k8s-openapi", "≥ 3.5"),
    ("memory_podlist", "k8s-openapi", "≤ 0.25"),
    ("memory_podlist", "the JSON", "≤ 1"),
    ("watch_cpu", "kube watcher", "≤ 0.2"),
    ("reflector_cpu", "kube reflector", "≤ 0.18"),
    ("first_sync", "kube reflector", "≤ 0.2"),
    ("store_memory", "kube reflector", "≤ 0.3"),
    ("store_memory", "client-go informer", "< 1"),
    ("store_memory", "the JSON", "≤ 1"),
    ("request_cpu_1", "kube", "≤ 0.65"),
    ("request_cpu_8", "kube", "≤ 0.65"),
    ("request_cpu_64", "kube", "≤ 0.65"),
    ("create_cpu_1", "kube", "≤ 0.65"),
    ("create_cpu_8", "kube", "≤ 0.65"),
    ("create_cpu_64", "kube", "≤ 0.65"),
    ("request_p50_1", "client-go", "≤ 1"),
    ("request_p50_8", "client-go", "≤ 1"),
    ("request_p50_64", "client-go", "≤ 1"),
    ("request_p99_1", "client-go", "≤ 1"),
    ("request_p99_8", "client-go", "≤ 1"),
    ("request_p99_64", "client-go", "≤ 1"),
    ("controller_first_cpu", "kube Controller", "≤ 0.3"),
    ("controller_first_cpu", "controller-runtime", "≤ 0.2"),
    ("controller_change_cpu", "kube Controller", "≤ 0.3"),
    ("controller_change_cpu", "controller-runtime", "≤ 0.2"),
    ("controller_memory", "kube Controller", "≤ 0.3"),
    ("controller_memory", "controller-runtime", "≤ 0.7"),
    ("controller_change_p99", "kube Controller", "≤ 1"),
    ("controller_change_p99", "controller-runtime", "≤ 1"),
    ("webhook_mutate_cpu", "controller-runtime", "≤ 0.3"),
    ("webhook_validate_cpu", "controller-runtime", "≤ 0.3"),
    ("discovery_cold_cpu", "kubectl", "≤ 0.3"),
    ("discovery_cold_cpu", "kube Discovery", "≤ 0.3"),
    ("discovery_warm_cpu", "kubectl", "≤ 0.3"),
    ("forward_download", "kube", "≥ 1.5"),
    ("forward_upload", "kube", "≥ 1.5"),
    ("forward_download_cpu", "kubectl", "≤ 0.5"),
    ("forward_upload_cpu", "kubectl", "≤ 0.5"),
    ("exec_output", "kube", "≥ 1.5"),
    ("exec_input", "kube", "≥ 1.5"),
    ("exec_output_cpu", "kubectl", "≤ 0.5"),
    ("exec_input_cpu", "kubectl", "≤ 0.5"),
    ("apply_first", "kubectl", "≤ 0.5"),
    ("apply_second", "kubectl", "≤ 0.5"),
    ("apply_first_cpu", "kubectl", "≤ 0.2"),
    ("apply_second_cpu", "kubectl", "≤ 0.2"),
    ("informers_100_cpu", "one of ours", "about 1"),
    ("request_rate_1", "kube", "≥ 1.2"),
    ("request_rate_8", "kube", "≥ 1.2"),
    ("request_rate_64", "kube", "≥ 1.2"),
    ("request_p50_1", "kube", "≤ 0.8"),
    ("request_p50_8", "kube", "≤ 0.8"),
    ("request_p99_1", "kube", "≤ 0.8"),
    ("request_p99_8", "kube", "≤ 0.8"),
];

impl Table {
    pub(crate) fn add(&mut self, metric: &str, peer: &str, unit: &str, ours: &Samples, theirs: &Samples) {
        let [metric, peer, unit] = [metric, peer, unit].map(str::to_owned);
        let row = Row { metric, peer, unit, ours: ours.clone(), theirs: theirs.clone() };
        eprintln!("{row}");
        self.rows.push(row);
    }

    /// Adds a row for each point, and one for the exponent.
    pub(crate) fn add_curve(&mut self, curve: Curve) {
        for (number, samples) in &curve.points {
            self.add(&format!("{}_{number}", curve.name), "", &curve.unit, samples, &Samples::EMPTY);
        }
        let (exponent, unit) = (Samples::from(curve.exponent()), format!("{OF}{}", curve.of));
        self.add(&format!("{}{EXPONENT}", curve.name), "linear", &unit, &exponent, &Samples::from(1.0));
    }

    /// The curves that the rows have points of.
    pub(crate) fn curves(&self) -> Vec<Curve> {
        let curve = |row: &Row| {
            let name = row.metric.strip_suffix(EXPONENT)?;
            let points: Vec<(usize, &Row)> =
                self.rows.iter().filter_map(|row| Some((row.number(name)?, row))).collect();
            let mut curve = Curve::new(name, &points.first()?.1.unit, row.unit.strip_prefix(OF)?);
            points.into_iter().for_each(|(number, row)| curve.add(number, row.ours.clone()));
            Some(curve)
        };
        self.rows.iter().filter_map(curve).collect()
    }

    /// How many times better this SDK is by a row, if it was measured: more in a second, or less of all else.
    pub(crate) fn advantage(&self, metric: &str, peer: &str) -> Option<f64> {
        let row = self.rows.iter().find(|row| row.metric == metric && row.peer == peer)?;
        let times = if row.unit.ends_with("/s") { row.ratio() } else { 1.0 / row.ratio() };
        times.is_finite().then_some(times)
    }

    pub(crate) fn to_json(&self) -> String {
        let entry = |row: &Row| {
            let finite = |value: f64| value.is_finite().then_some(value);
            let (ours, theirs, ratio) = (row.ours.median(), row.theirs.median(), row.ratio());
            let [metric, peer, unit] = [&row.metric, &row.peer, &row.unit].map(|text| text.clone().into());
            Entry { metric, peer, unit, ours: finite(ours), theirs: finite(theirs), ratio: finite(ratio) }
        };
        let entries: Vec<Entry<'_>> = self.rows.iter().map(entry).collect();
        // Strings and finite numbers can always be written.
        serde_json::to_string_pretty(&entries).unwrap_or_default() + "\n"
    }

    /// Takes in rows that were written as JSON.
    pub(crate) fn add_json(&mut self, text: &[u8]) -> Result<()> {
        for entry in serde_json::from_slice::<Vec<Entry<'_>>>(text)? {
            let samples = |value: Option<f64>| value.map_or(Samples::EMPTY, Samples::from);
            self.add(&entry.metric, &entry.peer, &entry.unit, &samples(entry.ours), &samples(entry.theirs));
        }
        Ok(())
    }
}

impl Row {
    /// The number of a point of a curve, if it is one of that name.
    fn number(&self, curve: &str) -> Option<usize> {
        self.metric.strip_prefix(curve)?.strip_prefix('_')?.parse().ok()
    }

    fn ratio(&self) -> f64 {
        self.ours.median() / self.theirs.median()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| metric | unit | ours (least–most) | peer | theirs (least–most) | ratio | target |")?;
        writeln!(f, "|---|---|---|---|---|---|---|")?;
        self.rows.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { metric, peer, unit, ours, theirs } = self;
        let target = TARGETS.iter().find(|(of, against, _)| of == metric && against == peer);
        let target = target.map_or("", |(_, _, target)| target);
        write!(f, "| {metric} | {unit} | {ours} | {peer} | {theirs} |")?;
        match theirs.is_empty() {
            true => write!(f, " – | {target} |"),
            false => write!(f, " {:.3} | {target} |", self.ratio()),
        }
    }
}

impl Samples {
    pub(crate) const EMPTY: Self = Self(Vec::new());

    pub(crate) fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        match sorted.len() {
            0 => f64::NAN,
            length if length % 2 == 1 => sorted[middle],
            _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
        }
    }
}

impl From<f64> for Samples {
    fn from(value: f64) -> Self {
        Self(vec![value])
    }
}

impl FromIterator<f64> for Samples {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

impl fmt::Display for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("–");
        }
        let least = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if least == most {
            return f.write_str(&short(least));
        }
        write!(f, "{} ({}–{})", short(self.median()), short(least), short(most))
    }
}

/// A number with about three digits that say something.
pub(crate) fn short(value: f64) -> String {
    let decimals = match value.abs() {
        large if large >= 100.0 => 0,
        middle if middle >= 10.0 => 1,
        _ => 2,
    };
    let rounded = format!("{value:.decimals$}");
    if rounded.contains('.') { rounded.trim_end_matches('0').trim_end_matches('.').to_owned() } else { rounded }
}
