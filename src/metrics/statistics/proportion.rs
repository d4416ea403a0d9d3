//! Shares and rates of few events.

use serde::Serialize;
use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::{FEWEST, Interval, z95};

/// Weight of what is known about the organisation, in observations.
pub const PRIOR_WEIGHT: f64 = 20.0;
/// After this many days an observation weighs half.
pub const HALF_LIFE_DAYS: f64 = 90.0;

/// `k` of `n`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Proportion {
    /// How many.
    pub k: u64,
    /// Of how many.
    pub n: u64,
}

impl Proportion {
    /// Counts which items of a list are meant.
    pub fn of<T>(items: impl IntoIterator<Item = T>, mut is_meant: impl FnMut(T) -> bool) -> Self {
        items
            .into_iter()
            .fold(Self::default(), |so_far, item| Self { k: so_far.k + u64::from(is_meant(item)), n: so_far.n + 1 })
    }

    /// The share, unless nothing was counted.
    pub fn rate(self) -> Option<f64> {
        (self.n > 0).then(|| self.k as f64 / self.n as f64)
    }

    /// Whether there is enough to say something.
    pub fn is_enough(self) -> bool {
        self.n >= FEWEST
    }

    /// Wilson's score interval (1927), 95 %, without continuity correction.
    pub fn wilson(self) -> Option<Interval> {
        let rate = self.rate()?;
        let (n, z) = (self.n as f64, z95());
        let denominator = 1.0 + z * z / n;
        let centre = (rate + z * z / (2.0 * n)) / denominator;
        let half = z / denominator * (rate * (1.0 - rate) / n + z * z / (4.0 * n * n)).sqrt();
        // At the ends the formula is exact, and its rounding is not.
        let low = if self.k == 0 { 0.0 } else { (centre - half).max(0.0) };
        let high = if self.k == self.n { 1.0 } else { (centre + half).min(1.0) };
        Some(Interval { low, high })
    }

    /// What is left of `all` without these.
    pub fn rest_of(self, all: Self) -> Self {
        Self { k: all.k.saturating_sub(self.k), n: all.n.saturating_sub(self.n) }
    }
}

/// A rate pulled towards that of the organisation: `(Σ w·y + m·p0) / (Σ w + m)`, where an observation of `days` ago
/// weighs `w = 0.5^(days / 90)` and `m` is [`PRIOR_WEIGHT`].
pub fn shrink(observations: impl IntoIterator<Item = (f64, f64)>, prior: f64) -> f64 {
    let (hits, weight) = observations.into_iter().fold((0.0, 0.0), |(hits, weight), (days, y)| {
        let w = 0.5_f64.powf(days.max(0.0) / HALF_LIFE_DAYS);
        (hits + w * y, weight + w)
    });
    (hits + PRIOR_WEIGHT * prior) / (weight + PRIOR_WEIGHT)
}

/// The exact interval (Garwood 1936) of a Poisson rate: `events` in an `exposure` that is not zero.
pub fn poisson(events: u64, exposure: f64) -> Option<Interval> {
    if exposure <= 0.0 {
        return None;
    }
    let quantile = |p: f64, degrees: u64| ChiSquared::new(degrees as f64).ok().map(|c| c.inverse_cdf(p) / 2.0);
    let low = if events == 0 { 0.0 } else { quantile(0.025, 2 * events)? };
    Some(Interval { low: low / exposure, high: quantile(0.975, 2 * (events + 1))? / exposure })
}
