//! Straight lines through a window, and double exponential smoothing.
//!
//! Enters: one window. Leaves: slope, prediction or smoothed value, or `STALE` for none.
//! It deliberately knows no labels.

use super::super::value::STALE;
use super::kahan::Sum;
use super::window::Window;

/// Slope and intercept of the least squares through the window, with time counted from `origin`.
/// Source: Prometheus v3.15.1, promql/functions.go, `linearRegression`.
fn line(window: &Window<'_>, origin: i64) -> (f64, f64) {
    let (mut x_sum, mut y_sum, mut xy_sum, mut xx_sum) =
        (Sum::default(), Sum::default(), Sum::default(), Sum::default());
    let first = window.values.first().copied().unwrap_or(f64::NAN);
    let mut constant = true;
    let mut n = 0.0;
    for (i, y) in window.values.iter().enumerate() {
        if i > 0 && *y != first {
            constant = false;
        }
        n += 1.0;
        let x = (window.time(i) - origin) as f64 / 1e3;
        x_sum.add(x);
        y_sum.add(*y);
        xy_sum.add(x * y);
        xx_sum.add(x * x);
    }
    if constant {
        return if first.is_infinite() { (f64::NAN, f64::NAN) } else { (0.0, first) };
    }
    let (x, y, xy, xx) = (x_sum.total(), y_sum.total(), xy_sum.total(), xx_sum.total());
    let covariance = xy - x * y / n;
    let variance = xx - x * x / n;
    let slope = covariance / variance;
    (slope, y / n - slope * x / n)
}

pub(super) fn deriv(window: &Window<'_>) -> f64 {
    if window.values.len() < 2 {
        return STALE;
    }
    line(window, window.time(0)).0
}

/// The value `ahead` seconds after `t`.
pub(super) fn predict(window: &Window<'_>, t: i64, ahead: f64) -> f64 {
    if window.values.len() < 2 {
        return STALE;
    }
    let (slope, intercept) = line(window, t);
    slope * ahead + intercept
}

/// Source: Prometheus v3.15.1, promql/functions.go, `funcDoubleExponentialSmoothing`.
pub(super) fn smooth(values: &[f64], [factor, trend_factor]: [f64; 2]) -> f64 {
    let [first, second, ..] = values else { return STALE };
    let mut level = 0.0;
    let mut smoothed = *first;
    let mut trend = second - first;
    for (i, value) in values.iter().enumerate().skip(1) {
        let scaled = factor * value;
        if i > 1 {
            trend = trend_factor * (smoothed - level) + (1.0 - trend_factor) * trend;
        }
        let carried = (1.0 - factor) * (smoothed + trend);
        (level, smoothed) = (smoothed, scaled + carried);
    }
    smoothed
}
