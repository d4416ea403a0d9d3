//! Estimates that say how little they know: every one comes with an interval, or not at all.
//!
//! Distributions are those of `statrs`; the tests compare with values of scipy and statsmodels that are kept as data.

mod compare;
mod correlation;
mod duration;
mod funnel;
mod proportion;
#[cfg(test)]
mod tests;

pub use compare::{benjamini_hochberg, fisher, significance};
pub use correlation::{Correlation, lagged, spearman};
pub use duration::{Quantile, Survival, median, percentile};
pub use funnel::{FunnelLimits, funnel};
pub use proportion::{HALF_LIFE_DAYS, PRIOR_WEIGHT, Proportion, poisson, shrink};

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};

/// Fewer observations than this say nothing.
pub const FEWEST: u64 = 10;

/// An interval that covers the true value 95 times in a hundred.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Whether a value lies in it.
    pub fn contains(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// The quantile of the standard normal distribution.
fn z(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

/// Two-sided 95 %.
fn z95() -> f64 {
    z(0.975)
}
