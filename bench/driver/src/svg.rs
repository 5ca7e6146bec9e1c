//! Pictures: how many times better than each peer, and how costs grow.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::bench::Result;
use crate::curve::Curve;
use crate::table::{Table, short};

/// The rows of the comparison, if they were measured.
const HEADLINES: &[(&str, &str)] = &[
    ("decode_podlist", "k8s-openapi"),
    ("decode_crdlist", "k8s-openapi"),
    ("decode_secretlist", "k8s-openapi"),
    ("decode_podlist_cpu", "client-go, protobuf"),
    ("encode_podlist", "k8s-openapi"),
    ("memory_podlist", "k8s-openapi"),
    ("check_all", "k8s-openapi"),
    ("check_core_apps", "k8s-openapi"),
    ("build_program", "kube"),
    ("rebuild_program_release", "kube"),
    ("request_rate_1", "kube"),
    ("request_rate_8", "kube"),
    ("request_rate_64", "kube"),
    ("request_cpu_1", "kube"),
    ("request_cpu_8", "kube"),
    ("request_cpu_64", "kube"),
    ("request_cpu_1", "client-go"),
    ("create_rate_1", "kube"),
    ("create_rate_8", "kube"),
    ("create_rate_64", "kube"),
    ("create_cpu_1", "kube"),
    ("create_cpu_8", "kube"),
    ("create_cpu_64", "kube"),
    ("informer_sync_cpu", "client-go, protobuf"),
    ("informer_sync_bytes", "client-go, protobuf"),
    ("watch_cpu", "kube watcher"),
    ("reflector_cpu", "kube reflector"),
    ("reflector_cpu", "client-go informer"),
    ("first_sync", "kube reflector"),
    ("store_memory", "kube reflector"),
    ("store_memory", "client-go informer"),
    ("controller_first_cpu", "kube Controller"),
    ("controller_first_cpu", "controller-runtime"),
    ("controller_change_p99", "kube Controller"),
    ("controller_memory", "controller-runtime"),
    ("controller_cold_start", "kube Controller"),
    ("webhook_mutate_cpu", "controller-runtime"),
    ("webhook_validate_cpu", "controller-runtime"),
    ("discovery_cold_cpu", "kubectl"),
    ("forward_upload", "kube"),
    ("exec_output", "kube"),
    ("exec_input", "kube"),
    ("forward_download_cpu", "kubectl"),
    ("apply_second", "kubectl"),
];

/// The height of what stands below.
const CAPTION: f64 = 38.0;

const OURS: &str = "#2a7f62";
const THEIRS: &str = "#b5523b";
const TEXT: &str = "#444";
const GRID: &str = "#ccc";

/// Draws what was measured into a folder: `comparison.svg`, and `curves.svg`.
pub(crate) fn draw(folder: &Path, table: &Table, caption: &str) -> Result<()> {
    fs::create_dir_all(folder)?;
    let bars: Vec<(String, f64)> = HEADLINES
        .iter()
        .filter_map(|(metric, peer)| Some((format!("{metric} – {peer}"), table.advantage(metric, peer)?)))
        .collect();
    if !bars.is_empty() {
        fs::write(folder.join("comparison.svg"), comparison(&bars, caption))?;
    }
    let drawn = table.curves();
    if !drawn.is_empty() {
        fs::write(folder.join("curves.svg"), curves(&drawn, caption))?;
    }
    Ok(())
}

/// A bar for each row, to the right of 1 where this SDK is better.
fn comparison(bars: &[(String, f64)], caption: &str) -> String {
    const ROW: f64 = 18.0;
    let (left, width) = (300.0, 420.0);
    let height = 60.0 + ROW * bars.len() as f64;
    let most = bars.iter().map(|(_, times)| times.log2().abs()).fold(1.0, f64::max).ceil();
    let place = |times: f64| left + width * (times.log2() + 1.0).clamp(0.0, most + 1.0) / (most + 1.0);
    let mut svg = Svg::new(left + width + 60.0, height + CAPTION);
    svg.text(left, 16.0, "start", "times better than the peer (1 is as good)");
    for power in -1..=most as i32 {
        let x = place(2_f64.powi(power));
        svg.line((x, 24.0), (x, height - 30.0), if power == 0 { TEXT } else { GRID });
        svg.text(x, height - 16.0, "middle", &short(2_f64.powi(power)));
    }
    for (row, (label, times)) in bars.iter().enumerate() {
        let y = 28.0 + ROW * row as f64;
        let (one, end) = (place(1.0), place(*times));
        svg.bar(one.min(end), y, (end - one).abs().max(1.0), ROW - 5.0, if *times >= 1.0 { OURS } else { THEIRS });
        svg.text(left - 8.0, y + 10.0, "end", label);
        svg.text(one.max(end) + 4.0, y + 10.0, "start", &short(*times));
    }
    svg.caption(height, caption);
    svg.finish()
}

/// A small plot for each curve, both axes in powers of ten.
fn curves(curves: &[Curve], caption: &str) -> String {
    const COLUMNS: usize = 3;
    const WIDTH: f64 = 260.0;
    const HEIGHT: f64 = 190.0;
    let rows = curves.len().div_ceil(COLUMNS) as f64;
    let mut svg = Svg::new(WIDTH * COLUMNS as f64, HEIGHT * rows + CAPTION);
    for (index, curve) in curves.iter().enumerate() {
        let corner = (WIDTH * (index % COLUMNS) as f64, HEIGHT * (index / COLUMNS) as f64);
        plot(&mut svg, curve, corner, (WIDTH, HEIGHT));
    }
    svg.caption(HEIGHT * rows, caption);
    svg.finish()
}

fn plot(svg: &mut Svg, curve: &Curve, (left, top): (f64, f64), (width, height): (f64, f64)) {
    let points: Vec<(f64, f64)> =
        curve.points.iter().map(|(number, samples)| ((*number as f64).log10(), samples.median().log10())).collect();
    let bounds = |of: fn(&(f64, f64)) -> f64| {
        let values = points.iter().map(of).filter(|value| value.is_finite());
        let (least, most) =
            values.fold((f64::MAX, f64::MIN), |(least, most), value| (least.min(value), most.max(value)));
        (least.floor(), most.ceil().max(least.floor() + 1.0))
    };
    let (x_bounds, y_bounds) = (bounds(|point| point.0), bounds(|point| point.1));
    let (inner_left, inner_top) = (left + 48.0, top + 34.0);
    let (inner_width, inner_height) = (width - 62.0, height - 66.0);
    let share = |value: f64, (least, most): (f64, f64)| (value - least) / (most - least);
    let x = |value| inner_left + inner_width * share(value, x_bounds);
    let y = |value| inner_top + inner_height * (1.0 - share(value, y_bounds));
    svg.text(left + 8.0, top + 18.0, "start", &format!("{}: n^{:.2}", curve.name, curve.exponent()));
    for power in x_bounds.0 as i32..=x_bounds.1 as i32 {
        let at = x(f64::from(power));
        svg.line((at, inner_top), (at, inner_top + inner_height), GRID);
        svg.text(at, inner_top + inner_height + 13.0, "middle", &power_of_ten(power));
    }
    for power in y_bounds.0 as i32..=y_bounds.1 as i32 {
        let at = y(f64::from(power));
        svg.line((inner_left, at), (inner_left + inner_width, at), GRID);
        svg.text(inner_left - 5.0, at + 4.0, "end", &power_of_ten(power));
    }
    svg.text(
        inner_left + inner_width,
        inner_top + inner_height + 26.0,
        "end",
        &format!("{} → {}", curve.of, curve.unit),
    );
    let places: Vec<(f64, f64)> = points.iter().map(|point| (x(point.0), y(point.1))).collect();
    for pair in places.windows(2) {
        svg.line(pair[0], pair[1], OURS);
    }
    places.iter().for_each(|place| svg.dot(*place));
}

fn power_of_ten(power: i32) -> String {
    match power {
        -3..=3 => short(10_f64.powi(power)),
        4 | 5 => format!("{} k", 10_u32.pow(power.unsigned_abs() - 3)),
        _ => format!("1e{power}"),
    }
}

/// A document in the making.
struct Svg(String);

impl Svg {
    fn new(width: f64, height: f64) -> Self {
        Self(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
             font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
        ))
    }

    // Writing to a string can't fail.
    fn text(&mut self, x: f64, y: f64, anchor: &str, text: &str) {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        _ = writeln!(self.0, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{TEXT}\">{text}</text>");
    }

    /// The command, and below it the machine and the date.
    fn caption(&mut self, top: f64, caption: &str) {
        for (line, text) in caption.splitn(2, "; ").enumerate() {
            self.text(8.0, top + 14.0 + 15.0 * line as f64, "start", text);
        }
    }

    fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), color: &str) {
        _ = writeln!(self.0, "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{color}\"/>");
    }

    fn bar(&mut self, x: f64, y: f64, width: f64, height: f64, color: &str) {
        _ = writeln!(
            self.0,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{color}\"/>"
        );
    }

    fn dot(&mut self, (x, y): (f64, f64)) {
        _ = writeln!(self.0, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{OURS}\"/>");
    }

    fn finish(self) -> String {
        self.0 + "</svg>\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Samples;

    #[test]
    fn pictures_have_a_bar_for_each_row_and_a_plot_for_each_curve() {
        let mut table = Table::default();
        table.add("request_rate_1", "kube", "/s", &Samples::from(20.0), &Samples::from(10.0));
        table.add("request_cpu_1", "kube", "µs", &Samples::from(20.0), &Samples::from(10.0));
        assert_eq!(table.advantage("request_rate_1", "kube"), Some(2.0), "more requests in a second are better");
        assert_eq!(table.advantage("request_cpu_1", "kube"), Some(0.5), "less time is better");
        let mut curve = Curve::new("scale_list_cpu", "s", "pods");
        curve.add(10, Samples::from(1.0));
        curve.add(100, Samples::from(10.0));
        table.add_curve(curve);
        let mut again = Table::default();
        again.add_json(table.to_json().as_bytes()).expect("what was written can be read");
        assert_eq!(again.to_json(), table.to_json());
        let table = again;
        let folder = std::env::temp_dir().join(format!("bench-svg-{}", std::process::id()));
        draw(&folder, &table, "a <machine>").expect("the folder can be written");
        let read = |name: &str| fs::read_to_string(folder.join(name)).expect("the picture is there");
        let (comparison, curves) = (read("comparison.svg"), read("curves.svg"));
        fs::remove_dir_all(&folder).expect("it can be removed");
        assert_eq!(comparison.matches("<rect").count(), 3, "two bars and the background");
        assert!(comparison.contains(OURS) && comparison.contains(THEIRS) && comparison.contains("a &lt;machine>"));
        assert_eq!(curves.matches("<circle").count(), 2);
        assert!(curves.contains("n^1.00"));
    }
}
