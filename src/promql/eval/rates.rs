//! `rate` and `increase` over many series and instants, which every gate of a canary asks for.
//!
//! Enters: rows of a source and the windows wanted. Leaves: cells of its tile, to the bit what `rate::extrapolated` gives.
//! Windows that lie alike around their samples share the work of extrapolation: those of the series of one target, and
//! those of one evenly scraped series at one instant after another. It deliberately knows no labels.

use super::super::store::{Series, Store};
use super::super::value::STALE;
use super::rate::{Edges, duration_seconds, raw_increase};
use super::source::{Frame, Row, Scratch, window_of};
use super::window::Window;

/// What to compute.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    counter: bool,
    /// Seconds to divide by.
    range: Option<f64>,
}

/// The extrapolation of the window before, which most often is that of the next too.
#[derive(Clone, Copy, Debug, Default)]
struct Remembered {
    to_first: i64,
    to_last: i64,
    steps: usize,
    edges: Edges,
    factor: f64,
}

impl Remembered {
    /// Remembers the extrapolation of a window from `start` to `end` with samples from `first` to `last`.
    #[inline]
    fn recall(&mut self, (start, end): (i64, i64), (first, last): (i64, i64), steps: usize, wanted: Wanted) {
        let (to_first, to_last) = (first - start, end - last);
        if self.to_first != to_first || self.to_last != to_last || self.steps != steps {
            let edges = Edges::new(first, last, steps, start, end);
            *self = Self { to_first, to_last, steps, edges, factor: edges.factor(None, wanted.range) };
        }
    }

    /// The result for a window whose values begin with `first` and rise by `increase`.
    #[inline]
    fn extrapolate(&self, first: f64, increase: f64, wanted: Wanted) -> f64 {
        // Where the counter would reach zero well before the left edge, the cut at zero, a division, does not matter.
        let (reach, needed) = (first * self.edges.sampled, self.edges.to_start * increase * (1.0 + 1e-9));
        if (increase > 0.0 && reach > needed && reach > 1e-290) || !wanted.counter || increase <= 0.0 {
            return increase * self.factor;
        }
        increase * self.edges.factor(Some((first, increase)), wanted.range)
    }
}

/// Fills the tile.
pub(super) fn rates<'a>(
    rows: &mut [Row],
    tiles: impl Iterator<Item = &'a mut [f64]>,
    frame: &Frame,
    store: &Store,
    scratch: &mut Scratch,
    (counter, per_second): (bool, bool),
) {
    let wanted = Wanted { counter, range: per_second.then(|| duration_seconds(frame.range)) };
    let mut known = Remembered::default();
    for (row, cells) in rows.iter_mut().zip(tiles) {
        let Some(series) = store.series(row.id) else {
            continue;
        };
        if frame.count > 1 && even_rates(row, cells, series, frame, &mut known, wanted).is_some() {
            continue;
        }
        let mut end = frame.reference;
        for cell in cells.iter_mut().take(frame.count) {
            let start = end.saturating_sub(frame.range);
            let (low, high) = row.advance(series, start - frame.closed, end);
            *cell = STALE;
            if low + 1 < high {
                *cell = rate(&window_of(series, (low, high), (start, end), scratch), &mut known, wanted);
            }
            end = end.saturating_add(frame.step);
        }
    }
}

/// One window.
#[inline]
fn rate(window: &Window<'_>, known: &mut Remembered, wanted: Wanted) -> f64 {
    let Some((first, last, steps)) = window.ends() else {
        return STALE;
    };
    let increase = raw_increase(window, first, last, wanted.counter);
    known.recall((window.start, window.end), (window.time(0), window.time(steps)), steps, wanted);
    known.extrapolate(first, increase, wanted)
}

/// All windows of an evenly scraped series that lie alike: `None` unless the instants go in whole scrapes, and no window
/// reaches beyond the samples, or holds a reset or a staleness marker.
#[inline]
fn even_rates(
    row: &mut Row,
    cells: &mut [f64],
    series: &Series,
    frame: &Frame,
    known: &mut Remembered,
    wanted: Wanted,
) -> Option<()> {
    let interval = series.even_step()?;
    if frame.step % interval != 0 {
        return None;
    }
    let hop = (frame.step / interval) as usize;
    let (start, end) = (frame.reference.saturating_sub(frame.range), frame.reference);
    let (low, high) = row.advance(series, start - frame.closed, end);
    let ahead = hop.checked_mul(frame.count - 1)?;
    let (last_low, last_high) = (low.checked_add(ahead)?, high.checked_add(ahead)?);
    if low == 0 || low + 1 >= high || last_high > series.len() || series.has_stale(low, last_high) {
        return None;
    }
    if wanted.counter && !series.drops(low + 1, last_high).is_empty() {
        return None;
    }
    let steps = high - low - 1;
    known.recall((start, end), (series.times().at(low), series.times().at(high - 1)), steps, wanted);
    let values = series.values().get(low..last_high)?;
    let ends = values.iter().zip(values.get(steps..)?).step_by(hop);
    for (cell, (first, last)) in cells.iter_mut().zip(ends) {
        *cell = known.extrapolate(*first, last - first, wanted);
    }
    (row.low, row.high) = (last_low as u32, last_high as u32);
    Some(())
}
