//! Control limits of a funnel plot: how far a share may lie from that of all, by chance, at each number of observations.

use serde::Serialize;
use statrs::distribution::{Binomial, Discrete, DiscreteCDF};

use super::Interval;

/// The limits at one number of observations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FunnelLimits {
    /// 95 %: about one in twenty lies outside by chance.
    pub warning: Interval,
    /// 99.8 %: about one in five hundred does.
    pub action: Interval,
}

/// Exact binomial limits around `p`, interpolated between counts (Spiegelhalter 2005); `None` without observations.
pub fn funnel(p: f64, n: u64) -> Option<FunnelLimits> {
    let binomial = Binomial::new(p, n).ok().filter(|_| n > 0)?;
    let limit = |level: f64| {
        let r = binomial.inverse_cdf(level);
        let beyond = (binomial.cdf(r) - level) / binomial.pmf(r).max(f64::MIN_POSITIVE);
        ((r as f64 - beyond) / n as f64).clamp(0.0, 1.0)
    };
    let between = |low, high| Interval { low: limit(low), high: limit(high) };
    Some(FunnelLimits { warning: between(0.025, 0.975), action: between(0.001, 0.999) })
}
