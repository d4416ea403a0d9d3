//! Compared with values of scipy and statsmodels, kept in `tests/data/metrics/statistics.json`.

use serde_json::Value;

use super::*;

fn kept() -> Value {
    serde_json::from_str(include_str!("../../../tests/data/metrics/statistics.json")).unwrap()
}

fn rows(name: &str) -> Vec<Vec<f64>> {
    serde_json::from_value(kept()[name].clone()).unwrap()
}

fn floats(value: &Value) -> Vec<f64> {
    serde_json::from_value(value.clone()).unwrap()
}

#[track_caller]
fn near(found: f64, expected: f64, within: f64) {
    assert!((found - expected).abs() <= within * expected.abs().max(1.0), "{found} is not {expected}");
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn count(x: f64) -> u64 {
    x as u64
}

fn share(k: f64, n: f64) -> Proportion {
    Proportion { k: count(k), n: count(n) }
}

#[test]
fn wilson_is_that_of_statsmodels() {
    for row in rows("wilson") {
        let interval = share(row[0], row[1]).wilson().unwrap();
        near(interval.low, row[2], 1e-9);
        near(interval.high, row[3], 1e-9);
    }
    assert_eq!(Proportion::default().wilson(), None);
}

#[test]
fn poisson_is_that_of_scipy() {
    for row in rows("poisson") {
        let interval = poisson(count(row[0]), row[1]).unwrap();
        near(interval.low, row[2], 1e-7);
        near(interval.high, row[3], 1e-7);
    }
    assert_eq!(poisson(1, 0.0), None);
}

#[test]
fn fisher_is_that_of_scipy() {
    for row in rows("fisher") {
        near(fisher(share(row[0], row[1]), share(row[2], row[3])), row[4], 1e-9);
    }
}

#[test]
fn benjamini_hochberg_is_that_of_statsmodels() {
    let kept = &kept()["benjamini_hochberg"];
    for (found, expected) in benjamini_hochberg(&floats(&kept["p"])).into_iter().zip(floats(&kept["adjusted"])) {
        near(found, expected, 1e-12);
    }
    assert!(benjamini_hochberg(&[]).is_empty());
}

#[test]
fn funnel_limits_are_those_of_scipy() {
    for row in rows("funnel") {
        let limits = funnel(row[0], count(row[1])).unwrap();
        let found = [limits.warning.low, limits.warning.high, limits.action.low, limits.action.high];
        for (found, expected) in found.into_iter().zip(&row[2..]) {
            near(found, *expected, 1e-7);
        }
    }
    assert_eq!(funnel(0.1, 0), None);
}

#[test]
fn ranks_correlate_as_in_scipy() {
    for case in kept()["spearman"].as_array().unwrap() {
        let found = spearman(&floats(&case["x"]), &floats(&case["y"])).unwrap();
        near(found.rho, case["rho"].as_f64().unwrap(), 1e-12);
        assert!(found.interval.contains(found.rho));
    }
    assert_eq!(spearman(&[1.0; 11], &[2.0; 11]), None, "too few weeks");
    assert_eq!(spearman(&[1.0; 20], &[2.0; 20]), None, "nothing moves");
    let up: Vec<f64> = (0..20).map(f64::from).collect();
    let lags = lagged(&up, &up, 3);
    assert_eq!(lags.iter().map(|c| (c.lag, c.n)).collect::<Vec<_>>(), [(0, 20), (1, 19), (2, 18), (3, 17)]);
}

#[test]
fn survival_is_that_of_statsmodels() {
    for case in kept()["survival"].as_array().unwrap() {
        let over = floats(&case["over"]).into_iter().map(|d| d > 0.5);
        let survival = Survival::of(floats(&case["time"]).into_iter().zip(over));
        for (time, expected) in floats(&case["surv_times"]).into_iter().zip(floats(&case["surv_prob"])) {
            near(survival.at(time).0, expected, 1e-9);
        }
        let median = survival.quantile(0.5);
        assert_eq!(median.value, case["median"].as_f64());
        assert_eq!((median.low, median.high), (case["low"].as_f64(), case["high"].as_f64()));
        assert_eq!(survival.quantile(0.9).value, case["p90"].as_f64());
    }
    assert_eq!(Survival::of([(1.0, false), (2.0, false)]).quantile(0.5).value, None, "not reached");
}

#[test]
fn medians_are_those_of_numpy() {
    for case in kept()["median"].as_array().unwrap() {
        let values = floats(&case["values"]);
        let (middle, interval) = median(&values).unwrap();
        near(middle, case["median"].as_f64().unwrap(), 1e-9);
        near(percentile(&values, 0.9).unwrap(), case["p90"].as_f64().unwrap(), 1e-9);
        let rank = usize::try_from(case["rank"].as_u64().unwrap()).unwrap();
        let expected =
            (values.len() >= 10).then(|| Interval { low: values[rank - 1], high: values[values.len() - rank] });
        assert_eq!(interval, expected);
    }
    assert_eq!(median(&[]), None);
}

#[test]
fn few_observations_are_pulled_to_the_organisation() {
    let kept = &kept()["shrink"];
    let observations: Vec<(f64, f64)> = serde_json::from_value(kept["observations"].clone()).unwrap();
    near(shrink(observations, kept["prior"].as_f64().unwrap()), kept["q"].as_f64().unwrap(), 1e-12);
    near(shrink([(0.0, 1.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)], 0.1), 0.125, 1e-12);
    assert_eq!(shrink([], 0.1), 0.1);
}
