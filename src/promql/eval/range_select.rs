//! `up[5m]` as a query of its own: the samples themselves.
//!
//! Enters: series and an instant. Leaves: the points of each window. It deliberately applies no function.

use super::super::ast::At;
use super::super::matcher::CompiledMatcher;
use super::super::plan::duration::Duration;
use super::super::store::{HORIZON_MS, SeriesId, Store};
use super::super::value::{RangeSeries, is_stale};
use super::source::Source;
use super::{Env, Inputs, Moment, Operator, Outcome, Output, Span, at};

/// A range selector at the root of a query.
#[derive(Clone, Debug)]
pub(crate) struct RangeSelect {
    pub(crate) matchers: Vec<CompiledMatcher>,
    pub(crate) range: Duration,
    pub(crate) offset: Duration,
    pub(crate) fixed: Option<At>,
    pub(crate) ids: Vec<SeriesId>,
    pub(crate) matrix: Vec<RangeSeries>,
}

impl Operator for RangeSelect {
    fn run(&mut self, _inputs: Inputs<'_>, _output: &mut Output, now: Moment, env: &mut Env<'_>) -> Outcome {
        let reference = match self.fixed {
            None => now.t,
            Some(At::Millis(ms)) => ms.clamp(-HORIZON_MS, HORIZON_MS),
            Some(At::Start) => env.span.start,
            Some(At::End) => env.span.end,
        };
        let end = reference.saturating_sub(self.offset.ms);
        let start = end.saturating_sub(self.range.ms) - i64::from(env.options.closed_ranges);
        self.matrix.clear();
        for id in &self.ids {
            let Some(series) = env.store.series(*id) else {
                continue;
            };
            let (low, high) = (series.count_until(start, 0), series.count_until(end, 0));
            let mut points = Vec::new();
            for i in low..high {
                let value = at(series.values(), i);
                if !is_stale(value) {
                    points.push((series.times().at(i), value));
                }
            }
            env.meter.spend(high.saturating_sub(low))?;
            env.meter.hold(points.len())?;
            if let (Some(labels), false) = (env.store.labels(*id), points.is_empty()) {
                self.matrix.push(RangeSeries { labels: labels.clone(), points });
            }
        }
        Ok(())
    }

    fn attach(&mut self, _sources: &mut [Source], _output: &mut Output, store: &Store, first: usize) {
        for (id, labels) in store.labels_from(first) {
            if self.matchers.iter().all(|matcher| matcher.accepts(labels)) {
                self.ids.push(id);
            }
        }
    }

    fn begin(&mut self, span: Span) -> Outcome {
        self.range.resolve(span)?;
        self.offset.resolve(span)
    }

    fn reads(&self) -> Vec<SeriesId> {
        self.ids.clone()
    }

    fn take_matrix(&mut self) -> Vec<RangeSeries> {
        std::mem::take(&mut self.matrix)
    }

    fn boxed_clone(&self) -> Box<dyn Operator> {
        Box::new(self.clone())
    }
}
