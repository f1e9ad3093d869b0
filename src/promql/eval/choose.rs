//! Aggregations that choose elements: `topk`, `bottomk`, `limitk` and `limit_ratio`.
//!
//! Enters: a vector and a parameter. Leaves: some of its elements, labels and all.
//! It deliberately computes no new values.

use super::super::ast::{AggregateOp, QuerySpan};
use super::aggregate::Grouping;
use super::note::Oddity;
use super::order::{Heap, hash};
use super::{Env, Inputs, Moment, NodeId, Operator, Outcome, Output};

/// A choice.
#[derive(Clone, Debug)]
pub(crate) struct Choose {
    pub(crate) input: NodeId,
    pub(crate) op: AggregateOp,
    pub(crate) parameter: NodeId,
    pub(crate) place: QuerySpan,
    grouping: Grouping,
    /// For each slot a number in 0..1 that its labels alone decide.
    shares: Vec<f64>,
    heaps: Vec<Heap>,
    stamps: Vec<u64>,
    touched: Vec<u32>,
}

impl Choose {
    pub(crate) fn new(
        input: NodeId,
        op: AggregateOp,
        parameter: NodeId,
        place: QuerySpan,
        grouping: Grouping,
    ) -> Self {
        Self {
            input,
            op,
            parameter,
            place,
            grouping,
            shares: Vec::new(),
            heaps: Vec::new(),
            stamps: Vec::new(),
            touched: Vec::new(),
        }
    }

    /// The elements whose labels fall into the share wanted.
    /// Source: Prometheus v3.15.1, promql/engine.go, `AddRatioSample`.
    fn by_ratio(&self, input: &Output, output: &mut Output, ratio: f64) {
        for (slot, value) in input.vector.iter() {
            let share = self.shares.get(slot as usize).copied().unwrap_or_default();
            if (ratio >= 0.0 && share < ratio) || (ratio < 0.0 && share >= 1.0 + ratio) {
                output.vector.push(slot, value);
            }
        }
    }

    fn by_count(&mut self, input: &Output, output: &mut Output, now: Moment, most: usize) {
        self.touched.clear();
        self.heaps.resize_with(self.grouping.len(), Heap::default);
        self.stamps.resize(self.grouping.len(), 0);
        for (slot, value) in input.vector.iter() {
            let number = self.grouping.group(slot);
            let (Some(heap), Some(stamp)) =
                (self.heaps.get_mut(number as usize), self.stamps.get_mut(number as usize))
            else {
                continue;
            };
            if *stamp != now.stamp {
                *stamp = now.stamp;
                heap.clear();
                self.touched.push(number);
            }
            match self.op {
                AggregateOp::Limitk => heap.keep_first(slot, value, most),
                op => heap.offer(slot, value, most, op == AggregateOp::Topk),
            }
        }
        for number in &self.touched {
            if let Some(heap) = self.heaps.get_mut(*number as usize) {
                if self.op != AggregateOp::Limitk {
                    heap.sort(self.op == AggregateOp::Topk);
                }
                for (slot, value) in heap.items() {
                    output.vector.push(*slot, *value);
                }
            }
        }
    }
}

impl Operator for Choose {
    fn run(&mut self, inputs: Inputs<'_>, output: &mut Output, now: Moment, env: &mut Env<'_>) -> Outcome {
        let input = inputs.output(self.input);
        self.grouping.sync(&input.layout);
        for (_, labels, nameless) in input.layout.from(output.layout.len()) {
            output.layout.slot(labels.clone(), nameless);
            if self.op == AggregateOp::LimitRatio {
                self.shares.push(hash(labels) as f64 / u64::MAX as f64);
            }
        }
        output.vector.clear();
        env.meter.sort(input.vector.len())?;
        let parameter = inputs.scalar(self.parameter);
        if self.op == AggregateOp::LimitRatio {
            if parameter.is_nan() {
                return Err("Ratio value is NaN".to_owned());
            }
            if parameter.abs() > 1.0 {
                env.notes.add(Oddity::Ratio(parameter), self.place);
            }
            self.by_ratio(input, output, parameter.clamp(-1.0, 1.0));
            return Ok(());
        }
        if parameter.is_nan() {
            return Err("Parameter value is NaN".to_owned());
        }
        if parameter >= 9_223_372_036_854_775_807.0 {
            return Err(format!("Scalar value {parameter} overflows int64"));
        }
        if parameter <= -9_223_372_036_854_775_808.0 {
            return Err(format!("Scalar value {parameter} underflows int64"));
        }
        if parameter >= 1.0 {
            self.by_count(input, output, now, parameter as usize);
        }
        Ok(())
    }

    fn boxed_clone(&self) -> Box<dyn Operator> {
        Box::new(self.clone())
    }
}
