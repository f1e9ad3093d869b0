//! Values to pixels, and round numbers for axes.
//!
//! Enters: bounds. Leaves: positions and ticks. It deliberately knows no unit's spelling.

/// A straight mapping of values to pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    /// The value at `from`.
    pub(super) low: f64,
    /// The value at `to`.
    pub(super) high: f64,
    /// Pixels at the low end.
    pub(super) from: f64,
    /// Pixels at the high end.
    pub(super) to: f64,
}

impl Scale {
    /// Pixels of a value; values beyond the bounds stay at the edge.
    pub(super) fn at(&self, value: f64) -> f64 {
        let span = self.high - self.low;
        let share = if span > 0.0 && span.is_finite() && value.is_finite() {
            ((value - self.low) / span).clamp(0.0, 1.0)
        } else {
            0.0
        };
        self.from + share * (self.to - self.from)
    }
}

/// Round numbers from at or below `low` to at or above `high`, about `count` steps of 1, 2, 2.5 or 5 times a power of
/// ten.
pub(super) fn ticks(low: f64, high: f64, count: u32) -> Vec<f64> {
    let span = high - low;
    if !span.is_finite() || span <= 0.0 || count == 0 {
        return vec![low];
    }
    let step = round_step(span / f64::from(count));
    let first = libm::floor(low / step + 1e-9);
    let last = libm::ceil(high / step - 1e-9);
    let steps = (last - first).clamp(1.0, 50.0) as u32;
    (0..=steps).map(|at| (first + f64::from(at)) * step).collect()
}

fn round_step(rough: f64) -> f64 {
    let magnitude = libm::pow(10.0, libm::floor(libm::log10(rough)));
    let share = rough / magnitude;
    let step = [1.0, 2.0, 2.5, 5.0].into_iter().find(|step| share <= step * 1.000_001);
    step.unwrap_or(10.0) * magnitude
}

/// Seconds between the ticks of a clock of `end` seconds with at most `most` ticks.
pub(super) fn clock_step(end: u64, most: u64) -> u64 {
    const STEPS: [u64; 17] =
        [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];
    let least = end.div_ceil(most.max(1)).max(1);
    STEPS.into_iter().find(|step| *step >= least).unwrap_or_else(|| least.div_ceil(86_400) * 86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_hold_the_bounds() {
        assert_eq!(ticks(0.0, 9.57, 4), [0.0, 2.5, 5.0, 7.5, 10.0]);
        assert_eq!(ticks(0.0, 520.0, 4), [0.0, 200.0, 400.0, 600.0]);
        assert_eq!(ticks(95.0, 100.0, 4), [94.0, 96.0, 98.0, 100.0]);
        assert_eq!(ticks(3.0, 3.0, 4), [3.0]);
        assert_eq!(ticks(0.0, f64::INFINITY, 4), [0.0]);
    }

    #[test]
    fn clocks_tick_in_steps_that_people_count_in() {
        assert_eq!(clock_step(90, 8), 15);
        assert_eq!(clock_step(747, 10), 120);
        assert_eq!(clock_step(0, 10), 1);
        assert_eq!(clock_step(86_400 * 30, 10), 259_200);
    }

    #[test]
    fn values_beyond_the_bounds_stay_at_the_edge() {
        let scale = Scale { low: 0.0, high: 10.0, from: 100.0, to: 0.0 };
        assert_eq!((scale.at(5.0), scale.at(99.0), scale.at(-1.0)), (50.0, 0.0, 100.0));
    }
}
