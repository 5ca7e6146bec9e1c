use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use crate::Histogram;

/// Metrics on their way into Prometheus' text format.
///
/// ```
/// use kubernetes_serving::MetricsText;
///
/// let mut text = MetricsText::default();
/// text.counter("shop_bills_total", "Number of bills sent", &[("currency", "EUR")], 3.0);
/// assert!(text.to_string().ends_with("shop_bills_total{currency=\"EUR\"} 3\n"));
/// ```
///
/// The samples of one metric stay together, whoever tells them; of the same labels, the last sample counts. A metric
/// whose name or label is not valid, or that has another kind under the same name, is left out and logged: a single
/// wrong line would make Prometheus drop all of them.
///
/// <https://prometheus.io/docs/instrumenting/exposition_formats/>
#[derive(Debug, Default)]
pub struct MetricsText {
    families: BTreeMap<String, Family>,
}

/// The samples of one name.
#[derive(Debug)]
struct Family {
    help: String,
    kind: &'static str,
    /// By their labels, as they are written.
    samples: BTreeMap<String, Sample>,
}

#[derive(Debug)]
enum Sample {
    Number(f64),
    Histogram(Box<Histogram>),
}

impl MetricsText {
    /// A number that only grows. Its name ends with `_total` by convention.
    pub fn counter(&mut self, name: &str, help: &str, labels: &[(&str, &str)], value: f64) {
        self.add(name, help, "counter", labels, Sample::Number(value));
    }

    /// A number that goes up and down.
    pub fn gauge(&mut self, name: &str, help: &str, labels: &[(&str, &str)], value: f64) {
        self.add(name, help, "gauge", labels, Sample::Number(value));
    }

    /// Durations in seconds, by buckets.
    pub fn histogram(&mut self, name: &str, help: &str, labels: &[(&str, &str)], histogram: &Histogram) {
        self.add(name, help, "histogram", labels, Sample::Histogram(Box::new(histogram.clone())));
    }

    fn add(&mut self, name: &str, help: &str, kind: &'static str, labels: &[(&str, &str)], sample: Sample) {
        let new = || Family { help: help.to_owned(), kind, samples: BTreeMap::new() };
        if !is_name(name, true) || !labels.iter().all(|(label, _)| is_name(label, false)) {
            return tracing::warn!(name, ?labels, "the name or a label of a metric is not valid");
        }
        let family = self.families.entry(name.to_owned()).or_insert_with(new);
        if family.kind != kind {
            return tracing::warn!(name, kind, other = family.kind, "a metric has two kinds");
        }
        let mut text = String::new();
        for (index, (label, value)) in labels.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            // Writing to a string does not fail.
            let _ = write!(text, "{comma}{label}=\"{}\"", escaped(value, true));
        }
        family.samples.insert(text, sample);
    }
}

impl fmt::Display for MetricsText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, family) in &self.families {
            writeln!(f, "# HELP {name} {}", escaped(&family.help, false))?;
            writeln!(f, "# TYPE {name} {}", family.kind)?;
            for (labels, sample) in &family.samples {
                match sample {
                    Sample::Number(value) => line(f, name, "", labels, Number(*value))?,
                    Sample::Histogram(histogram) => write_histogram(f, name, labels, histogram)?,
                }
            }
        }
        Ok(())
    }
}

fn write_histogram(f: &mut fmt::Formatter<'_>, name: &str, labels: &str, histogram: &Histogram) -> fmt::Result {
    let comma = if labels.is_empty() { "" } else { "," };
    for (limit, count) in histogram.buckets() {
        let labels = format!("{labels}{comma}le=\"{}\"", Number(limit.as_secs_f64()));
        line(f, name, "_bucket", &labels, count)?;
    }
    line(f, name, "_bucket", &format!("{labels}{comma}le=\"+Inf\""), histogram.count())?;
    line(f, name, "_sum", labels, Number(histogram.sum().as_secs_f64()))?;
    line(f, name, "_count", labels, histogram.count())
}

fn line(f: &mut fmt::Formatter<'_>, name: &str, suffix: &str, labels: &str, value: impl fmt::Display) -> fmt::Result {
    match labels {
        "" => writeln!(f, "{name}{suffix} {value}"),
        labels => writeln!(f, "{name}{suffix}{{{labels}}} {value}"),
    }
}

/// A number as Prometheus reads it.
struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            number if number.is_nan() => f.write_str("NaN"),
            f64::INFINITY => f.write_str("+Inf"),
            f64::NEG_INFINITY => f.write_str("-Inf"),
            // Rust writes small numbers out: 10 ns is 0.00000001.
            number if number != 0.0 && number.abs() < 1e-4 => write!(f, "{number:e}"),
            number => write!(f, "{number}"),
        }
    }
}

/// Help has its backslashes and line feeds escaped, and values of labels their quotes, too.
fn escaped(text: &str, is_label: bool) -> String {
    let text = text.replace('\\', "\\\\").replace('\n', "\\n");
    if is_label { text.replace('"', "\\\"") } else { text }
}

/// Names of metrics may contain colons, names of labels may not.
fn is_name(name: &str, is_metric: bool) -> bool {
    let is_start = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || byte == b':' && is_metric;
    let bytes = name.as_bytes();
    bytes.first().is_some_and(|byte| is_start(*byte))
        && bytes.iter().all(|byte| is_start(*byte) || byte.is_ascii_digit())
}
