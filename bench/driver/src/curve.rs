use crate::table::Samples;

/// How a figure grows with a number.
pub(crate) struct Curve {
    pub(crate) name: String,
    pub(crate) unit: String,
    /// What the number counts.
    pub(crate) of: String,
    pub(crate) points: Vec<(usize, Samples)>,
}

impl Curve {
    pub(crate) fn new(name: &str, unit: &str, of: &str) -> Self {
        let [name, unit, of] = [name, unit, of].map(str::to_owned);
        Self { name, unit, of, points: Vec::new() }
    }

    pub(crate) fn add(&mut self, number: usize, samples: Samples) {
        self.points.push((number, samples));
    }

    /// The k of a cost that grows with n as n^k: the slope between logarithms, by least squares.
    pub(crate) fn exponent(&self) -> f64 {
        let logs: Vec<(f64, f64)> =
            self.points.iter().map(|(number, samples)| ((*number as f64).ln(), samples.median().ln())).collect();
        let count = logs.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / count;
        let (x, y) = (mean(|log| log.0), mean(|log| log.1));
        let covariance: f64 = logs.iter().map(|log| (log.0 - x) * (log.1 - y)).sum();
        let variance: f64 = logs.iter().map(|log| (log.0 - x).powi(2)).sum();
        covariance / variance
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponent_is_that_of_the_power() {
        for (power, factor) in [(1.0, 3.0), (2.0, 0.01), (0.0, 7.0)] {
            let mut curve = Curve::new("", "", "");
            for number in [10_usize, 100, 1_000] {
                curve.add(number, Samples::from(factor * (number as f64).powf(power)));
            }
            assert!((curve.exponent() - power).abs() < 1e-9, "{} is not {power}", curve.exponent());
        }
    }
}
