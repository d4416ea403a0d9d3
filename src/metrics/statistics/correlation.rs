//! Whether two weekly series move together, now and some weeks later.

use serde::Serialize;

use super::{Interval, z95};

/// Fewer weeks than this say nothing about a correlation.
const FEWEST_WEEKS: usize = 12;

/// A rank correlation. It does not say what causes what.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Correlation {
    /// The second series is looked at so many weeks later.
    pub lag: usize,
    /// Spearman's coefficient.
    pub rho: f64,
    /// Bonett and Wright's interval (2000), widened for series that follow themselves (Bartlett).
    pub interval: Interval,
    /// Pairs of weeks.
    pub n: usize,
}

/// Correlates `x` with `y` of 0 to `most` weeks later.
pub fn lagged(x: &[f64], y: &[f64], most: usize) -> Vec<Correlation> {
    let shifted = |lag: usize| {
        let later = y.get(lag..)?;
        let earlier = x.get(..later.len().min(x.len()))?;
        Some(Correlation { lag, ..spearman(earlier, later)? })
    };
    (0..=most).filter_map(shifted).collect()
}

/// Spearman's rank correlation; `None` under 12 pairs, or when one of the series never changes.
pub fn spearman(x: &[f64], y: &[f64]) -> Option<Correlation> {
    let n = x.len();
    if n < FEWEST_WEEKS || y.len() != n {
        return None;
    }
    let (x, y) = (ranks(x), ranks(y));
    let rho = pearson(&x, &y)?;
    let follows = |series: &[f64]| pearson(series.get(..n - 1)?, series.get(1..)?);
    let memory = (follows(&x).unwrap_or(0.0) * follows(&y).unwrap_or(0.0)).clamp(0.0, 0.9);
    let effective = (n as f64 * (1.0 - memory) / (1.0 + memory)).max(4.0);
    let spread = z95() * ((1.0 + rho * rho / 2.0) / (effective - 3.0)).sqrt();
    // A perfect correlation has no finite transform.
    let centre = rho.clamp(-0.999_999, 0.999_999).atanh();
    let interval = Interval { low: (centre - spread).tanh(), high: (centre + spread).tanh() };
    Some(Correlation { lag: 0, rho, interval, n })
}

/// Ranks from 1; equal values share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<(usize, f64)> = values.iter().copied().enumerate().collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for tied in order.chunk_by(|a, b| a.1.total_cmp(&b.1).is_eq()) {
        let mean = before as f64 + (tied.len() as f64 + 1.0) / 2.0;
        for (index, _) in tied {
            if let Some(rank) = ranks.get_mut(*index) {
                *rank = mean;
            }
        }
        before += tied.len();
    }
    ranks
}

fn pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (mx, my) = (mean(x), mean(y));
    let sum = |f: &dyn Fn(f64, f64) -> f64| x.iter().zip(y).map(|(a, b)| f(a - mx, b - my)).sum::<f64>();
    let scale = (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt();
    (scale > 0.0).then(|| (sum(&|a, b| a * b) / scale).clamp(-1.0, 1.0))
}
