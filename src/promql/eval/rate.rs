//! `rate`, `increase`, `delta` and their instant kin, and counter resets.
//!
//! Enters: one window. Leaves: one value. Every operation is in Prometheus' order, so that results agree to the bit.
//! It deliberately knows no labels.

use super::super::value::STALE;
use super::window::Window;

/// Seconds of a width in milliseconds, as Go's `time.Duration.Seconds` computes them.
pub(crate) fn duration_seconds(ms: i64) -> f64 {
    (ms / 1000) as f64 + ((ms % 1000) * 1_000_000) as f64 / 1e9
}

/// Last minus first, with what was lost at each reset of a counter added in order.
#[inline]
pub(super) fn raw_increase(window: &Window<'_>, first: f64, last: f64, counter: bool) -> f64 {
    let mut increase = last - first;
    if !counter {
        return increase;
    }
    if let Some(drops) = window.drops {
        for number in drops {
            let before = (*number as usize).wrapping_sub(window.first).wrapping_sub(1);
            increase += window.values.get(before).copied().unwrap_or_default();
        }
    } else {
        for pair in window.values.windows(2) {
            if let [before, after] = pair
                && after < before
            {
                increase += before;
            }
        }
    }
    increase
}

/// The change over a window, extrapolated to its edges where samples come close enough to them.
/// Source: Prometheus v3.15.1, promql/functions.go, `extrapolatedRate`.
#[inline]
pub(super) fn extrapolated(window: &Window<'_>, range_ms: i64, counter: bool, per_second: bool) -> f64 {
    let Some((first, last, steps)) = window.ends() else {
        return STALE;
    };
    let increase = raw_increase(window, first, last, counter);
    let edges = Edges::new(window.time(0), window.time(steps), steps, window.start, window.end);
    increase
        * edges.factor(
            if counter { Some((first, increase)) } else { None },
            per_second.then(|| duration_seconds(range_ms)),
        )
}

/// Where the samples of a window lie between its edges.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Edges {
    /// Seconds between the first and the last sample.
    pub(super) sampled: f64,
    /// Seconds to extrapolate to the left, unless the counter would be less than zero there.
    pub(super) to_start: f64,
    /// Seconds to extrapolate to the right.
    pub(super) to_end: f64,
}

impl Edges {
    #[inline]
    pub(super) fn new(first: i64, last: i64, steps: usize, start: i64, end: i64) -> Self {
        let mut to_start = (first - start) as f64 / 1000.0;
        let mut to_end = (end - last) as f64 / 1000.0;
        let sampled = (last - first) as f64 / 1000.0;
        let average = sampled / steps as f64;
        let threshold = average * 1.1;
        if to_start >= threshold {
            to_start = average / 2.0;
        }
        if to_end >= threshold {
            to_end = average / 2.0;
        }
        Self { sampled, to_start, to_end }
    }

    /// What to multiply the change with. `counter` is the first value and the change of a counter.
    #[inline]
    pub(super) fn factor(self, counter: Option<(f64, f64)>, range: Option<f64>) -> f64 {
        let mut to_start = self.to_start;
        if let Some((first, increase)) = counter
            && increase > 0.0
            && first >= 0.0
        {
            let to_zero = self.sampled * (first / increase);
            if to_zero < to_start {
                to_start = to_zero;
            }
        }
        let factor = (self.sampled + to_start + self.to_end) / self.sampled;
        match range {
            Some(range) => factor / range,
            None => factor,
        }
    }
}

/// The change between the last two samples.
/// Source: Prometheus v3.15.1, promql/functions.go, `instantValue`.
pub(super) fn instant(window: &Window<'_>, per_second: bool) -> f64 {
    let [.., before, last] = window.values else {
        return STALE;
    };
    let count = window.values.len();
    let interval = window.time(count - 1) - window.time(count - 2);
    if interval == 0 {
        return STALE;
    }
    let change = if per_second && last < before { *last } else { last - before };
    if per_second { change / (interval as f64 / 1000.0) } else { change }
}

/// How often the value fell.
pub(super) fn resets(window: &Window<'_>) -> f64 {
    if let Some(drops) = window.drops {
        return drops.len() as f64;
    }
    window.values.windows(2).filter(|pair| matches!(pair, [before, after] if after < before)).count() as f64
}
