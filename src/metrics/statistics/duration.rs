//! Durations: medians with an interval, and those that are not over yet.

use serde::Serialize;
use statrs::distribution::{Binomial, DiscreteCDF};

use super::{FEWEST, Interval, z95};

/// The quantile of sorted values, interpolated linearly (type 7 of Hyndman and Fan, as in R and numpy).
pub fn percentile(sorted: &[f64], p: f64) -> Option<f64> {
    let place = p.clamp(0.0, 1.0) * (sorted.len().checked_sub(1)? as f64);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index of a slice")]
    let below = place.floor() as usize;
    let low = *sorted.get(below)?;
    let high = sorted.get(below + 1).copied().unwrap_or(low);
    Some(low + (high - low) * (place - below as f64))
}

/// The median of sorted values with an interval between order statistics; it covers at least 95 times in a hundred.
pub fn median(sorted: &[f64]) -> Option<(f64, Option<Interval>)> {
    let n = sorted.len() as u64;
    let middle = percentile(sorted, 0.5)?;
    let interval = || {
        let ranks = Binomial::new(0.5, n).ok().filter(|_| n >= FEWEST)?;
        // P(X < r) ≤ 0.025: the r-th smallest lies above the median no more often than that.
        let rank = usize::try_from(ranks.inverse_cdf(0.025)).ok()?;
        let low = *sorted.get(rank.checked_sub(1)?)?;
        let high = *sorted.get(sorted.len() - rank)?;
        Some(Interval { low, high })
    };
    Some((middle, interval()))
}

/// Kaplan and Meier's estimate of how long things take, some of which are not over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Survival {
    steps: Vec<Step>,
    observed: u64,
    censored: u64,
}

/// The share that is not over after a time.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    time: f64,
    share: f64,
    /// Greenwood's sum.
    variance: f64,
}

/// A quantile of durations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Quantile {
    /// The duration; `None` when too many are not over yet.
    pub value: Option<f64>,
    /// 95 % (Brookmeyer and Crowley, log-log).
    pub low: Option<f64>,
    /// `None`: no upper bound can be told yet.
    pub high: Option<f64>,
}

impl Survival {
    /// From durations, each with whether it is over.
    pub fn of(durations: impl IntoIterator<Item = (f64, bool)>) -> Self {
        let mut all: Vec<(f64, bool)> = durations.into_iter().collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut survival = Self::default();
        let (mut share, mut variance, mut left) = (1.0, 0.0, all.len() as f64);
        for tied in all.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
            let Some((time, _)) = tied.first() else { continue };
            let over = tied.iter().filter(|(_, over)| *over).count();
            survival.observed += over as u64;
            survival.censored += (tied.len() - over) as u64;
            if over > 0 {
                let over = over as f64;
                share *= 1.0 - over / left;
                variance += over / (left * (left - over));
                survival.steps.push(Step { time: *time, share, variance });
            }
            left -= tied.len() as f64;
        }
        survival
    }

    /// How many are over.
    pub fn observed(&self) -> u64 {
        self.observed
    }

    /// How many are not.
    pub fn censored(&self) -> u64 {
        self.censored
    }

    /// The time after which the share `p` is over.
    pub fn quantile(&self, p: f64) -> Quantile {
        let left = 1.0 - p;
        let first = |reached: &dyn Fn(&Step) -> bool| self.steps.iter().find(|s| reached(s)).map(|s| s.time);
        Quantile {
            value: first(&|s| s.share <= left + 1e-12),
            low: first(&|s| s.band().is_none_or(|band| band.low <= left)),
            high: first(&|s| s.band().is_some_and(|band| band.high <= left)),
        }
    }

    /// The share that is not over after a time, with its interval where there is one.
    pub fn at(&self, time: f64) -> (f64, Option<Interval>) {
        let step = self.steps.iter().rev().find(|s| s.time <= time);
        step.map_or((1.0, None), |s| (s.share, s.band()))
    }
}

impl Step {
    /// Log-log band; none at the ends, where it is not defined.
    fn band(&self) -> Option<Interval> {
        if !(self.share > 0.0 && self.share < 1.0) {
            return None;
        }
        let spread = z95() * self.variance.sqrt() / self.share.ln().abs();
        Some(Interval { low: self.share.powf(spread.exp()), high: self.share.powf((-spread).exp()) })
    }
}
