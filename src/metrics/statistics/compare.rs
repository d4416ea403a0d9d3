//! Comparing shares: one team with the rest.

use statrs::function::factorial::ln_binomial;

use super::Proportion;

/// Two-sided exact test of Fisher: how likely shares that differ at least so much are when there is no difference.
pub fn fisher(one: Proportion, other: Proportion) -> f64 {
    let (drawn, hits, all) = (one.n, one.k + other.k, one.n + other.n);
    let ln_all = ln_binomial(all, drawn);
    let ln_p = |k: u64| ln_binomial(hits, k) + ln_binomial(all - hits, drawn - k) - ln_all;
    let observed = ln_p(one.k);
    let (least, most) = (drawn.saturating_sub(all - hits), drawn.min(hits));
    // As likely as what was seen counts, whatever the rounding says.
    let as_extreme = (least..=most).map(ln_p).filter(|p| *p <= observed + 1e-7);
    as_extreme.map(f64::exp).sum::<f64>().min(1.0)
}

/// Adjusts p-values so that among those at or below `q` at most the share `q` is expected to be false (Benjamini and
/// Hochberg 1995). In the order given.
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    let at = |index: usize| p_values.get(index).copied().unwrap_or(1.0);
    order.sort_by(|a, b| at(*a).total_cmp(&at(*b)));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut least: f64 = 1.0;
    for (rank, index) in order.into_iter().enumerate().rev() {
        least = least.min(at(index) * p_values.len() as f64 / (rank + 1) as f64);
        if let Some(place) = adjusted.get_mut(index) {
            *place = least;
        }
    }
    adjusted
}

/// `q = 0.021`: how often chance alone would differ as much, corrected for the number of comparisons.
pub fn significance(q: f64) -> String {
    if q < 0.001 { "q < 0.001".into() } else { format!("q = {q:.3}") }
}
