//! Subqueries: a program within, evaluated on a grid of instants, and a window function over what it yields.
//!
//! Enters: an instant. Leaves: a vector, or the points of a window. What was evaluated for the window before is kept, so
//! an instant further on costs only what is new.
//! It deliberately knows no series but those of its own program.

use super::super::ast::{At, QuerySpan};
use super::super::plan::duration::Duration;
use super::super::store::{HORIZON_MS, Series, SeriesId, TimesView, signed};
use super::super::value::{RangeSeries, is_stale};
use super::layout::{CLASH, Mapping, Naming};
use super::select::check_scalars;
use super::source::Source;
use super::window::{Parameters, Window, WindowFunction, apply};
use super::{Env, Inputs, Moment, NodeId, Operator, Outcome, Output, Program, Span};

/// Steps that keeping a track takes at each instant, whatever it holds.
const TRACK: usize = 10;

/// The points of one slot of the inner program, forward in time.
#[derive(Clone, Debug, Default)]
struct Track {
    times: Vec<i64>,
    values: Vec<f64>,
    /// How many points at the front are no longer wanted.
    gone: usize,
}

impl Track {
    /// Drops the points at or before `t`, and sometimes their memory; says how many it gave back.
    fn prune(&mut self, t: i64) -> usize {
        while self.times.get(self.gone).is_some_and(|own| *own <= t) {
            self.gone += 1;
        }
        if self.gone < 64 || self.gone * 2 < self.times.len() {
            return 0;
        }
        self.times.drain(..self.gone);
        self.values.drain(..self.gone);
        std::mem::take(&mut self.gone)
    }

    /// The points up to `end`.
    fn until(&self, end: i64) -> (&[i64], &[f64]) {
        let high = self.times.partition_point(|t| *t <= end).max(self.gone);
        (self.times.get(self.gone..high).unwrap_or(&[]), self.values.get(self.gone..high).unwrap_or(&[]))
    }
}

/// Which part of the grid the tracks hold.
#[derive(Clone, Copy, Debug)]
struct Covered {
    from: i64,
    until: i64,
    step: i64,
    span: Span,
    appends: u64,
}

/// What a subquery is made of.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    pub(crate) range: Duration,
    pub(crate) step: Option<Duration>,
    pub(crate) offset: Duration,
    pub(crate) fixed: Option<At>,
    /// `None` leaves the points as they are.
    pub(crate) function: Option<WindowFunction>,
    pub(crate) scalars: Vec<NodeId>,
    pub(crate) quantile: Option<QuerySpan>,
    /// Whether what the program yields depends on the bounds of the query.
    pub(crate) spanned: bool,
    /// Whether it may look at samples after the instant of evaluation.
    pub(crate) volatile: bool,
}

/// A subquery.
#[derive(Clone, Debug)]
pub(crate) struct Subquery {
    program: Program,
    spec: Spec,
    naming: Naming,
    mapping: Mapping,
    tracks: Vec<Track>,
    covered: Option<Covered>,
    /// How many samples each series read had when the tracks were filled.
    lengths: Vec<(SeriesId, usize)>,
    /// Series of the store when those were listed.
    known: usize,
    points: usize,
    /// The evaluation that has counted them.
    counted: u64,
    scratch: Vec<f64>,
    matrix: Vec<RangeSeries>,
}

impl Subquery {
    pub(crate) fn new(program: Program, spec: Spec, delayed: bool) -> Self {
        let naming = Naming::new(spec.function.is_some_and(|function| !function.keeps_name()), delayed);
        Self {
            program,
            spec,
            naming,
            mapping: Mapping::default(),
            tracks: Vec::new(),
            covered: None,
            lengths: Vec::new(),
            known: 0,
            points: 0,
            counted: 0,
            scratch: Vec::new(),
            matrix: Vec::new(),
        }
    }

    /// Whether what the tracks hold would still come out the same.
    fn still_holds(&self, covered: &Covered, env: &Env<'_>) -> bool {
        if self.spec.spanned && covered.span != env.span {
            return false;
        }
        if covered.appends == env.store.appends() {
            return true;
        }
        !self.spec.volatile
            && self.lengths.iter().all(|(id, length)| {
                let Some(series) = env.store.series(*id) else {
                    return false;
                };
                series.len() == *length
                    || (series.len() > *length && series.times().at(*length) > covered.until)
            })
    }

    /// Sees to it that the tracks hold the grid from `first` to `end`.
    fn cover(&mut self, first: i64, end: i64, step: i64, env: &mut Env<'_>) -> Outcome {
        let last = first + (end - first).max(-step).div_euclid(step) * step;
        self.list_series(env);
        let keeps = |covered: &Covered| {
            covered.step == step && covered.from <= first && covered.until >= first - step
        };
        let kept = self.covered.filter(keeps).filter(|covered| self.still_holds(covered, env));
        let before = self.points;
        if kept.is_none() {
            self.forget();
        }
        let from = kept.map_or(first, |covered| covered.until + step);
        for track in &mut self.tracks {
            self.points -= track.prune(first - 1);
        }
        if self.counted == env.meter.evaluation {
            env.meter.release(before - self.points);
        } else {
            self.counted = env.meter.evaluation;
            env.meter.hold(self.points)?;
        }
        self.evaluate(from, last, step, last > first, env)?;
        if kept.is_none_or(|covered| covered.appends != env.store.appends()) {
            for (id, length) in &mut self.lengths {
                *length = env.store.series(*id).map_or(0, Series::len);
            }
        }
        let until = last.max(from - step);
        self.covered =
            Some(Covered { from: first, until, step, span: env.span, appends: env.store.appends() });
        Ok(())
    }

    /// Takes in series that are new to the store; what the tracks hold was evaluated without them.
    fn list_series(&mut self, env: &Env<'_>) {
        if self.known == env.store.len() {
            return;
        }
        self.known = env.store.len();
        self.program.attach(env.store);
        let before = std::mem::take(&mut self.lengths);
        let length = |id| before.binary_search_by_key(&id, |known| known.0).ok().and_then(|i| before.get(i));
        let ids = series_of(&self.program).into_iter();
        self.lengths = ids.map(|id| (id, length(id).map_or(0, |known| known.1))).collect();
    }

    fn evaluate(&mut self, from: i64, last: i64, step: i64, ranged: bool, env: &mut Env<'_>) -> Outcome {
        if from > last {
            return Ok(());
        }
        let pass = self.program.start_pass();
        let count = ((last - from) / step + 1) as usize;
        for number in 0..count {
            let t = from + step * signed(number);
            let moment = Moment { t, number, ahead: count - number, step, ranged, pass, stamp: 0 };
            self.program.evaluate(moment, env).map_err(|fault| fault.message)?;
            let output = self.program.output();
            self.tracks.resize_with(output.layout.len(), Track::default);
            env.meter.hold(output.vector.len())?;
            self.points += output.vector.len();
            for (slot, value) in output.vector.iter() {
                if let Some(track) = self.tracks.get_mut(slot as usize) {
                    track.times.push(t);
                    track.values.push(value);
                }
            }
        }
        Ok(())
    }

    /// Applies the window function to each track.
    fn apply(
        &mut self,
        output: &mut Output,
        window: (i64, i64),
        t: i64,
        scalars: [f64; 2],
        env: &mut Env<'_>,
    ) -> Result<(), String> {
        let Some(function) = self.spec.function else {
            return Ok(());
        };
        let (start, end) = window;
        for (slot, track) in self.tracks.iter().enumerate() {
            let (times, values) = track.until(end);
            if values.is_empty() {
                continue;
            }
            env.meter.spend(values.len().max(function.steps(values.len())))?;
            let window = Window { values, times: TimesView::Wide(times), first: 0, drops: None, start, end };
            let mut with =
                Parameters { range_ms: self.spec.range.ms, t, scalars, scratch: &mut self.scratch };
            let value = apply(function, &window, &mut with);
            if !is_stale(value) {
                // As with selectors, series that fall together clash even if they follow each other; here, per instant.
                output
                    .vector
                    .push(self.mapping.take(slot as u32, t.unsigned_abs() + 1).map_err(|_| CLASH)?, value);
            }
        }
        Ok(())
    }
}

/// All series that a program reads, those of programs within included; sorted, each once.
pub(crate) fn series_of(program: &Program) -> Vec<SeriesId> {
    let mut all: Vec<SeriesId> = program.sources.iter().flat_map(Source::series).collect();
    for node in &program.nodes {
        if let Some(inner) = node.operator.inner() {
            all.extend(series_of(inner));
        }
        all.extend(node.operator.reads());
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// The first multiple of `step` after `start`, or at it if `closed`.
fn first_on_grid(start: i64, step: i64, closed: bool) -> i64 {
    let at = start.div_euclid(step) * step;
    if at < start || (at == start && !closed) { at + step } else { at }
}

impl Operator for Subquery {
    fn run(&mut self, inputs: Inputs<'_>, output: &mut Output, now: Moment, env: &mut Env<'_>) -> Outcome {
        let mut scalars = [0.0; 2];
        for (to, id) in scalars.iter_mut().zip(&self.spec.scalars) {
            *to = inputs.scalar(*id);
        }
        let smoothing = self.spec.function == Some(WindowFunction::DoubleExponential);
        check_scalars(scalars, smoothing, self.spec.quantile, env)?;
        let reference = match self.spec.fixed {
            None => now.t,
            Some(At::Millis(ms)) => ms.clamp(-HORIZON_MS, HORIZON_MS),
            Some(At::Start) => env.span.start,
            Some(At::End) => env.span.end,
        };
        let end = reference.saturating_sub(self.spec.offset.ms);
        let start = end.saturating_sub(self.spec.range.ms);
        let step = self.spec.step.as_ref().map_or(env.options.default_subquery_step_ms, |step| step.ms);
        let step = step.min(HORIZON_MS);
        if step <= 0 {
            return Err("duration must be greater than 0".to_owned());
        }
        let first = first_on_grid(start, step, env.options.closed_ranges);
        self.cover(first, end, step, env)?;
        env.meter.spend(TRACK * (1 + self.tracks.len()))?;
        for (_, labels, nameless) in self.program.output().layout.from(self.mapping.len()) {
            let (labels, nameless) = self.naming.apply(labels, nameless);
            self.mapping.push(output.layout.slot(labels, nameless));
        }
        output.vector.clear();
        if self.spec.function.is_some() {
            return self.apply(output, (start, end), now.t, scalars, env);
        }
        self.matrix.clear();
        for (track, labels) in self.tracks.iter().zip(self.program.output().layout.labels()) {
            let (times, values) = track.until(end);
            if !times.is_empty() {
                let points = times.iter().copied().zip(values.iter().copied()).collect();
                self.matrix.push(RangeSeries { labels: labels.clone(), points });
            }
        }
        Ok(())
    }

    fn attach(
        &mut self,
        _sources: &mut [Source],
        _output: &mut Output,
        store: &super::super::store::Store,
        _first: usize,
    ) {
        self.program.attach(store);
    }

    fn begin(&mut self, span: Span) -> Outcome {
        self.spec.range.resolve(span)?;
        self.spec.offset.resolve(span)?;
        if let Some(step) = &mut self.spec.step {
            step.resolve(span)?;
        }
        if self.spec.range.ms <= 0 {
            return Err("duration must be greater than 0".to_owned());
        }
        self.program.begin(span).map_err(|fault| fault.message)
    }

    fn forget(&mut self) {
        self.program.forget();
        self.covered = None;
        self.points = 0;
        for track in &mut self.tracks {
            track.times.clear();
            track.values.clear();
            track.gone = 0;
        }
    }

    fn inner(&self) -> Option<&Program> {
        Some(&self.program)
    }

    fn take_matrix(&mut self) -> Vec<RangeSeries> {
        std::mem::take(&mut self.matrix)
    }

    fn boxed_clone(&self) -> Box<dyn Operator> {
        Box::new(self.clone())
    }
}
