//! Where samples enter a program: one lookup or window function over a set of series of the store.
//!
//! Enters: series, forward-moving instants. Leaves: a tile of values, a row a series and a column an instant.
//! Selectors that read the same thing of different series share a source, so nothing is computed twice.
//! It deliberately knows no labels.

use std::collections::HashMap;

use super::super::ast::{At, QuerySpan};
use super::super::options::Options;
use super::super::plan::duration::Duration;
use super::super::store::{HORIZON_MS, Series, SeriesId, Store, TimesView};
use super::super::value::{STALE, is_stale};
use super::rates::rates;
use super::window::{Parameters, Window, WindowFunction, apply, seconds};
use super::{Env, Moment, Outcome, Span, at};

/// How many instants of a range are computed in one go.
pub(crate) const BLOCK: usize = 32;

/// What is read of each series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reading {
    /// The latest sample.
    Value,
    /// The instant of the latest sample, in seconds.
    Time,
    /// A function of a window.
    Window(WindowFunction),
}

/// One series of a source, and where in its samples the last instant was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) id: SeriesId,
    pub(super) low: u32,
    pub(super) high: u32,
}

/// Which columns the tile has.
#[derive(Clone, Copy, Debug, Default)]
struct Filled {
    pass: u64,
    first: usize,
    count: usize,
}

/// A source.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    reading: Reading,
    range: Duration,
    offset: Duration,
    fixed: Option<At>,
    /// The fixed instant, resolved.
    fixed_ms: Option<i64>,
    pub(crate) place: QuerySpan,
    rows: Vec<Row>,
    row_of: HashMap<SeriesId, u32>,
    tile: Vec<f64>,
    stride: usize,
    filled: Filled,
    scratch: Scratch,
}

/// Memory for windows that have to be copied or sorted.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    times: Vec<i64>,
    values: Vec<f64>,
    sorted: Vec<f64>,
}

impl Source {
    pub(crate) fn new(
        reading: Reading,
        range: Duration,
        offset: Duration,
        fixed: Option<At>,
        place: QuerySpan,
    ) -> Self {
        Self {
            reading,
            range,
            offset,
            fixed,
            fixed_ms: None,
            place,
            rows: Vec::new(),
            row_of: HashMap::new(),
            tile: Vec::new(),
            stride: 1,
            filled: Filled::default(),
            scratch: Scratch::default(),
        }
    }

    /// The row of a series, new if need be.
    pub(crate) fn row(&mut self, id: SeriesId) -> u32 {
        let next = self.rows.len() as u32;
        *self.row_of.entry(id).or_insert_with(|| {
            self.rows.push(Row { id, low: 0, high: 0 });
            next
        })
    }

    pub(crate) fn series(&self) -> impl Iterator<Item = SeriesId> + '_ {
        self.rows.iter().map(|row| row.id)
    }

    pub(crate) fn begin(&mut self, span: Span) -> Outcome {
        let windowed = matches!(self.reading, Reading::Window(_));
        self.range.resolve(span)?;
        if windowed && self.range.ms <= 0 {
            return Err("duration must be greater than 0".to_owned());
        }
        self.offset.resolve(span)?;
        self.fixed_ms = self.fixed.map(|fixed| match fixed {
            At::Millis(ms) => ms.clamp(-HORIZON_MS, HORIZON_MS),
            At::Start => span.start,
            At::End => span.end,
        });
        Ok(())
    }

    pub(crate) fn forget(&mut self) {
        self.filled = Filled::default();
    }

    pub(crate) fn footprint(&self) -> usize {
        self.rows.len() * (1 + BLOCK)
    }

    /// The values of the column `column`, for rows in order: every `stride`th from there.
    #[inline]
    pub(crate) fn tile(&self) -> (&[f64], usize) {
        (&self.tile, self.stride)
    }

    /// Which columns the tile has: the pass, the first instant, and how many.
    #[inline]
    pub(crate) fn block(&self) -> (u64, usize, usize) {
        (self.filled.pass, self.filled.first, self.filled.count)
    }

    /// Sees to it that the tile has the instant, and says in which column.
    #[inline]
    pub(crate) fn ensure(
        &mut self,
        now: Moment,
        scalars: Option<[f64; 2]>,
        env: &mut Env<'_>,
    ) -> Result<usize, String> {
        let here = self.filled.pass == now.pass && scalars.is_none();
        if here && self.fixed.is_some() {
            return Ok(0);
        }
        if here && now.number >= self.filled.first && now.number < self.filled.first + self.filled.count {
            return Ok(now.number - self.filled.first);
        }
        let count = if scalars.is_some() || self.fixed.is_some() { 1 } else { now.ahead.clamp(1, BLOCK) };
        self.fill(now, count, scalars.unwrap_or_default(), env)?;
        self.filled = Filled { pass: now.pass, first: now.number, count };
        Ok(0)
    }

    fn fill(&mut self, now: Moment, count: usize, scalars: [f64; 2], env: &mut Env<'_>) -> Outcome {
        self.stride = if count > 1 { BLOCK } else { 1 };
        self.tile.resize(self.rows.len() * self.stride, STALE);
        env.meter.spend(self.rows.len() * count)?;
        let frame = Frame {
            t: now.t,
            reference: self.fixed_ms.unwrap_or(now.t).saturating_sub(self.offset.ms),
            step: if self.fixed.is_some() { 0 } else { now.step },
            count,
            range: self.range.ms,
            closed: i64::from(env.options.closed_ranges),
            scalars,
        };
        let tiles = self.tile.chunks_exact_mut(self.stride);
        match self.reading {
            Reading::Value => {
                lookups(&mut self.rows, tiles, &frame, env.store, env.options, |_, value| value);
            }
            Reading::Time => {
                lookups(&mut self.rows, tiles, &frame, env.store, env.options, |t, _| seconds(t));
            }
            Reading::Window(WindowFunction::Rate) => {
                rates(&mut self.rows, tiles, &frame, env.store, &mut self.scratch, (true, true));
            }
            Reading::Window(WindowFunction::Increase) => {
                rates(&mut self.rows, tiles, &frame, env.store, &mut self.scratch, (true, false));
            }
            Reading::Window(function) => {
                let read = windows(&mut self.rows, tiles, &frame, env.store, &mut self.scratch, function);
                env.meter.spend(read)?;
            }
        }
        Ok(())
    }
}

/// The instants and the window of a fill.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// The first instant of evaluation.
    t: i64,
    /// The first right edge.
    pub(super) reference: i64,
    pub(super) step: i64,
    pub(super) count: usize,
    pub(super) range: i64,
    /// One if windows include their left edge.
    pub(super) closed: i64,
    scalars: [f64; 2],
}

/// Reads the latest sample of each series.
fn lookups<'a>(
    rows: &mut [Row],
    tiles: impl Iterator<Item = &'a mut [f64]>,
    frame: &Frame,
    store: &Store,
    options: &Options,
    pick: impl Fn(i64, f64) -> f64,
) {
    let reach = options.lookback_ms.saturating_add(frame.closed);
    for (row, cells) in rows.iter_mut().zip(tiles) {
        let Some(series) = store.series(row.id) else {
            continue;
        };
        let mut end = frame.reference;
        for cell in cells.iter_mut().take(frame.count) {
            let high = series.count_until(end, row.high as usize);
            row.high = high as u32;
            *cell = STALE;
            if let Some(last) = high.checked_sub(1) {
                let (t, value) = (series.times().at(last), at(series.values(), last));
                if t > end.saturating_sub(reach) && !is_stale(value) {
                    *cell = pick(t, value);
                }
            }
            end = end.saturating_add(frame.step);
        }
    }
}

impl Row {
    /// Moves to the window that ends at `end`, and says which samples lie in it.
    #[inline]
    pub(super) fn advance(&mut self, series: &Series, start: i64, end: i64) -> (usize, usize) {
        let low = series.count_until(start, self.low as usize);
        let high = series.count_until(end, (self.high as usize).max(low));
        self.low = low as u32;
        self.high = high as u32;
        (low, high)
    }
}

/// Copies the samples `low..high` that are no staleness markers.
fn copy_live(series: &Series, low: usize, high: usize, scratch: &mut Scratch) {
    scratch.times.clear();
    scratch.values.clear();
    for (i, value) in series.values().iter().enumerate().take(high).skip(low) {
        if !is_stale(*value) {
            scratch.times.push(series.times().at(i));
            scratch.values.push(*value);
        }
    }
}

/// Applies a function to the window of each series; says how many steps that takes.
fn windows<'a>(
    rows: &mut [Row],
    tiles: impl Iterator<Item = &'a mut [f64]>,
    frame: &Frame,
    store: &Store,
    scratch: &mut Scratch,
    function: WindowFunction,
) -> usize {
    let mut read = 0;
    for (row, cells) in rows.iter_mut().zip(tiles) {
        let Some(series) = store.series(row.id) else {
            continue;
        };
        let (mut end, mut t) = (frame.reference, frame.t);
        for cell in cells.iter_mut().take(frame.count) {
            let start = end.saturating_sub(frame.range);
            let (low, high) = row.advance(series, start - frame.closed, end);
            *cell = STALE;
            if low < high {
                read += function.steps(high - low);
                let mut sorted = std::mem::take(&mut scratch.sorted);
                let mut with =
                    Parameters { range_ms: frame.range, t, scalars: frame.scalars, scratch: &mut sorted };
                *cell = apply(function, &window_of(series, (low, high), (start, end), scratch), &mut with);
                scratch.sorted = sorted;
            }
            end = end.saturating_add(frame.step);
            t = t.saturating_add(frame.step);
        }
    }
    read
}

/// The samples `low..high` as a window.
#[inline]
pub(super) fn window_of<'a>(
    series: &'a Series,
    (low, high): (usize, usize),
    (start, end): (i64, i64),
    scratch: &'a mut Scratch,
) -> Window<'a> {
    if series.has_stale(low, high) {
        copy_live(series, low, high, scratch);
        return Window {
            values: &scratch.values,
            times: TimesView::Wide(&scratch.times),
            first: 0,
            drops: None,
            start,
            end,
        };
    }
    Window {
        values: series.values().get(low..high).unwrap_or(&[]),
        times: series.times(),
        first: low,
        drops: Some(series.drops(low + 1, high)),
        start,
        end,
    }
}
