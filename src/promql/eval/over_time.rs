//! Functions of the values of one window, their instants aside.
//!
//! Enters: values, at least one. Leaves: one value, with Prometheus' order of floating-point operations.
//! It deliberately knows no instants.

use super::kahan::{Mean, Sum};

/// Source: Prometheus v3.15.1, promql/functions.go, `funcSumOverTime`.
pub(super) fn sum(values: &[f64]) -> f64 {
    let mut sum = Sum::default();
    for value in values {
        sum.add(*value);
    }
    if sum.value.is_infinite() { sum.value } else { sum.total() }
}

/// Source: Prometheus v3.15.1, promql/functions.go, `funcAvgOverTime`.
pub(super) fn avg(values: &[f64]) -> f64 {
    let Some((first, rest)) = values.split_first() else {
        return f64::NAN;
    };
    let mut mean = Mean::of(*first);
    for value in rest {
        mean.add(*value, true);
    }
    mean.result()
}

/// Number and value of the first extreme; a NaN gives way to anything.
pub(super) fn extreme(values: &[f64], better: impl Fn(f64, f64) -> bool) -> (usize, f64) {
    let mut best = (0, values.first().copied().unwrap_or(f64::NAN));
    for (i, value) in values.iter().enumerate() {
        if better(*value, best.1) || best.1.is_nan() {
            best = (i, *value);
        }
    }
    best
}

/// Number of the last extreme.
pub(super) fn latest_extreme(values: &[f64], as_good: impl Fn(f64, f64) -> bool) -> usize {
    extreme(values, as_good).0
}

/// How often the value changed; from NaN to NaN is no change.
pub(super) fn changes(values: &[f64]) -> f64 {
    let changed = |pair: &&[f64]| matches!(pair, [before, after] if after != before && !(after.is_nan() && before.is_nan()));
    values.windows(2).filter(changed).count() as f64
}

/// Source: Prometheus v3.15.1, promql/functions.go, `varianceOverTime`.
pub(super) fn variance(values: &[f64]) -> f64 {
    let mut count = 0.0;
    let mut mean = Sum::default();
    let mut squares = Sum::default();
    for value in values {
        count += 1.0;
        let delta = value - mean.total();
        mean.add(delta / count);
        squares.add(delta * (value - mean.total()));
    }
    squares.total() / count
}

/// Orders numbers with NaN as the least.
fn nan_first(a: f64, b: f64) -> std::cmp::Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}

/// Source: Prometheus v3.15.1, promql/quantile.go, `quantile`.
pub(crate) fn quantile(q: f64, values: &[f64], scratch: &mut Vec<f64>) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    scratch.clear();
    scratch.extend_from_slice(values);
    scratch.sort_unstable_by(|a, b| nan_first(*a, *b));
    sorted_quantile(q, scratch)
}

/// A quantile of sorted values, at least one, interpolated between neighbours.
fn sorted_quantile(q: f64, sorted: &[f64]) -> f64 {
    let top = sorted.len() as f64 - 1.0;
    let rank = q * top;
    let lower = rank.floor().max(0.0);
    let upper = (lower + 1.0).min(top);
    let weight = rank - rank.floor();
    let at = |i: f64| sorted.get(i as usize).copied().unwrap_or(f64::NAN);
    at(lower) * (1.0 - weight) + at(upper) * weight
}

/// Source: Prometheus v3.15.1, promql/functions.go, `funcMadOverTime`.
pub(super) fn median_deviation(values: &[f64], scratch: &mut Vec<f64>) -> f64 {
    if values.iter().any(|value| value.is_nan()) {
        return f64::NAN;
    }
    let median = quantile(0.5, values, scratch);
    for value in scratch.iter_mut() {
        *value = (*value - median).abs();
    }
    scratch.sort_unstable_by(|a, b| nan_first(*a, *b));
    sorted_quantile(0.5, scratch)
}
