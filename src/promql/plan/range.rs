//! Range queries: a plan evaluated at each step.
//!
//! Enters: start, end and step. Leaves: series of values, sorted by labels. It deliberately draws nothing.

use super::super::eval::layout::CLASH;
use super::super::eval::{Moment, Span};
use super::super::labels::Labels;
use super::super::store::{Store, signed};
use super::super::value::RangeSeries;
use super::{EvalError, Plan, Root};

impl Plan {
    /// Evaluates the query at `start_ms`, then every `step_ms` up to `end_ms`. A scalar is one series without labels.
    ///
    /// # Errors
    /// As `evaluate`; and if the query is of another type than vector or scalar, or the step is not positive.
    pub fn evaluate_range(
        &mut self,
        store: &Store,
        start_ms: i64,
        end_ms: i64,
        step_ms: i64,
    ) -> Result<Vec<RangeSeries>, EvalError> {
        let scalar = self.range_type(step_ms)?;
        let place = self.span;
        let fault = |message: String| EvalError { message, span: place };
        let span = Span { start: start_ms, end: end_ms, step: step_ms };
        let (mut env, program) = self.begin(store, span)?;
        let pass = program.start_pass();
        let count = span.instants() as usize;
        let mut all: Vec<Vec<(i64, f64)>> = Vec::new();
        for number in 0..count {
            let t = start_ms + step_ms * signed(number);
            let (ahead, ranged) = (count - number, count > 1);
            program.evaluate(Moment { t, number, ahead, step: step_ms, ranged, pass, stamp: 0 }, &mut env)?;
            let output = program.output();
            env.meter.hold(output.vector.len().max(1)).map_err(fault)?;
            if scalar {
                all.resize_with(1, Vec::new);
                if let Some(points) = all.first_mut() {
                    points.push((t, output.scalar));
                }
                continue;
            }
            all.resize_with(output.layout.len(), Vec::new);
            for (slot, value) in output.vector.iter() {
                if let Some(points) = all.get_mut(slot as usize) {
                    points.push((t, value));
                }
            }
        }
        if scalar {
            let unlabelled = |points| RangeSeries { labels: Labels::default(), points };
            return Ok(all.into_iter().map(unlabelled).collect());
        }
        self.finish(all).map_err(|()| fault(CLASH.to_owned()))
    }

    /// Whether the query is a scalar, if it can be asked over a range at all.
    fn range_type(&self, step_ms: i64) -> Result<bool, EvalError> {
        let refuse = |message: String| Err(EvalError { message, span: self.span });
        let kind = match self.root {
            Root::Scalar | Root::Vector if step_ms <= 0 => {
                let message =
                    "zero or negative query resolution step widths are not accepted. Try a positive integer";
                return refuse(message.to_owned());
            }
            Root::Scalar => return Ok(true),
            Root::Vector => return Ok(false),
            Root::String(_) => "string",
            Root::Matrix => "range vector",
        };
        refuse(format!(
            "invalid expression type \"{kind}\" for range query, must be Scalar or instant Vector"
        ))
    }

    /// Gives the points their labels, with names dropped that were to be dropped at the end, and sorts.
    fn finish(&self, all: Vec<Vec<(i64, f64)>>) -> Result<Vec<RangeSeries>, ()> {
        let mut matrix: Vec<RangeSeries> = Vec::new();
        for ((_, labels, nameless), points) in self.program.output().layout.from(0).zip(all) {
            if !points.is_empty() {
                let labels = if nameless { labels.without_name() } else { labels.clone() };
                matrix.push(RangeSeries { labels, points });
            }
        }
        matrix.sort_by(|a, b| a.labels.cmp(&b.labels));
        let mut merged: Vec<RangeSeries> = Vec::with_capacity(matrix.len());
        for series in matrix {
            match merged.last_mut() {
                Some(last) if last.labels == series.labels => {
                    last.points.extend(series.points);
                    last.points.sort_by_key(|point| point.0);
                    if last.points.windows(2).any(|pair| matches!(pair, [a, b] if a.0 == b.0)) {
                        return Err(());
                    }
                }
                _ => merged.push(series),
            }
        }
        Ok(merged)
    }
}
