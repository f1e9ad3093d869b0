//! Range queries: a plan evaluated at each step.
//!
//! Enters: start, end and step. Leaves: series of values, sorted by labels. It deliberately draws nothing.

use super::super::eval::layout::CLASH;
use super::super::eval::{Moment, Span};
use super::super::labels::Labels;
use super::super::store::Store;
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
        let place = self.span;
        let fault = |message: &str| EvalError {
            message: message.to_owned(),
            span: place,
        };
        let scalar = match self.root {
            Root::Scalar => true,
            Root::Vector => false,
            Root::String(_) => {
                return Err(fault(
                    "invalid expression type \"string\" for range query, must be Scalar or instant Vector",
                ));
            }
            Root::Matrix => {
                return Err(fault(
                    "invalid expression type \"range vector\" for range query, must be Scalar or instant Vector",
                ));
            }
        };
        if step_ms <= 0 {
            return Err(fault(
                "zero or negative query resolution step widths are not accepted. Try a positive integer",
            ));
        }
        let mut all: Vec<Vec<(i64, f64)>> = Vec::new();
        let (mut env, program) = self.begin(
            store,
            Span {
                start: start_ms,
                end: end_ms,
                step: step_ms,
            },
        )?;
        let pass = program.start_pass();
        let count = if end_ms < start_ms {
            0
        } else {
            (end_ms.saturating_sub(start_ms) / step_ms) as usize + 1
        };
        for number in 0..count {
            let t = start_ms + step_ms * number as i64;
            let moment = Moment {
                t,
                number,
                ahead: count - number,
                step: step_ms,
                ranged: count > 1,
                pass,
                stamp: 0,
            };
            // Instants cost something even where nothing is selected.
            env.meter.spend(program.nodes.len()).map_err(|message| fault(&message))?;
            program.evaluate(moment, &mut env)?;
            let output = program.output();
            if scalar {
                all.resize_with(1, Vec::new);
                env.meter.hold(1).map_err(|message| fault(&message))?;
                all.iter_mut().for_each(|points| points.push((t, output.scalar)));
                continue;
            }
            env.meter
                .hold(output.vector.len())
                .map_err(|message| fault(&message))?;
            all.resize_with(output.layout.len(), Vec::new);
            for (slot, value) in output.vector.iter() {
                if let Some(points) = all.get_mut(slot as usize) {
                    points.push((t, value));
                }
            }
        }
        if scalar {
            return Ok(all
                .into_iter()
                .map(|points| RangeSeries {
                    labels: Labels::default(),
                    points,
                })
                .collect());
        }
        self.finish(all).map_err(|()| fault(CLASH))
    }

    /// Gives the points their labels, with names dropped that were to be dropped at the end, and sorts.
    fn finish(&self, all: Vec<Vec<(i64, f64)>>) -> Result<Vec<RangeSeries>, ()> {
        let mut matrix: Vec<RangeSeries> = Vec::new();
        for ((_, labels, nameless), points) in self.program.output().layout.from(0).zip(all) {
            if !points.is_empty() {
                let labels = if nameless {
                    labels.without_name()
                } else {
                    labels.clone()
                };
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
                    if last
                        .points
                        .windows(2)
                        .any(|pair| matches!(pair, [a, b] if a.0 == b.0))
                    {
                        return Err(());
                    }
                }
                _ => merged.push(series),
            }
        }
        Ok(merged)
    }
}
