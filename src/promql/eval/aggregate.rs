//! Aggregations that turn each group into one value.
//!
//! Enters: a vector. Leaves: a vector of groups, in the order in which they first appear, as the engine has them.
//! It deliberately knows no aggregations that choose among elements; those are in `choose`.

use std::collections::HashMap;

use super::super::ast::{AggregateOp, QuerySpan};
use super::super::labels::{Labels, METRIC_NAME};
use super::kahan::{Mean, Sum};
use super::layout::Layout;
use super::note::Oddity;
use super::over_time::quantile;
use super::{Env, Inputs, Moment, NodeId, Operator, Outcome, Output, Vector};

/// `by` or `without`, and which slot belongs to which group.
#[derive(Clone, Debug)]
pub(crate) struct Grouping {
    without: bool,
    labels: Vec<String>,
    groups: Vec<u32>,
    index: HashMap<Labels, u32>,
    keys: Vec<Labels>,
}

impl Grouping {
    pub(crate) fn new(without: bool, labels: &[String]) -> Self {
        let mut labels = labels.to_vec();
        if without {
            labels.push(METRIC_NAME.to_owned());
        }
        Self { without, labels, groups: Vec::new(), index: HashMap::new(), keys: Vec::new() }
    }

    /// Takes in new slots of the input.
    #[inline]
    pub(crate) fn sync(&mut self, layout: &Layout) {
        for (_, labels, _) in layout.from(self.groups.len()) {
            let key = if self.without { labels.without(&self.labels) } else { labels.only(&self.labels) };
            let group = *self.index.entry(key.clone()).or_insert(self.keys.len() as u32);
            if group as usize == self.keys.len() {
                self.keys.push(key);
            }
            self.groups.push(group);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    #[inline]
    pub(crate) fn group(&self, slot: u32) -> u32 {
        self.groups.get(slot as usize).copied().unwrap_or_default()
    }

    pub(crate) fn keys(&self) -> &[Labels] {
        &self.keys
    }
}

/// What is known of one group at one instant.
#[derive(Clone, Debug, Default)]
struct Group {
    stamp: u64,
    value: f64,
    mean: Mean,
    sum: Sum,
    count: f64,
    values: Vec<f64>,
}

/// An aggregation.
#[derive(Clone, Debug)]
pub(crate) struct Aggregate {
    pub(crate) input: NodeId,
    op: AggregateOp,
    /// The parameter of `quantile`, and where it stands.
    parameter: Option<(NodeId, QuerySpan)>,
    grouping: Grouping,
    groups: Vec<Group>,
    touched: Vec<u32>,
    scratch: Vec<f64>,
}

impl Aggregate {
    pub(crate) fn new(
        input: NodeId,
        op: AggregateOp,
        parameter: Option<(NodeId, QuerySpan)>,
        grouping: Grouping,
    ) -> Self {
        Self { input, op, parameter, grouping, groups: Vec::new(), touched: Vec::new(), scratch: Vec::new() }
    }

    /// Runs over the elements: `first` on the first of a group, `next` on the others.
    #[inline]
    fn each(
        &mut self,
        vector: &Vector,
        stamp: u64,
        first: impl Fn(&mut Group, f64),
        next: impl Fn(&mut Group, f64),
    ) {
        for (slot, value) in vector.iter() {
            let number = self.grouping.group(slot);
            let Some(group) = self.groups.get_mut(number as usize) else {
                continue;
            };
            if group.stamp == stamp {
                next(group, value);
            } else {
                group.stamp = stamp;
                self.touched.push(number);
                first(group, value);
            }
        }
    }

    /// One group without labels and an addition: what gates mostly ask for.
    #[inline]
    fn sum_all(vector: &Vector) -> Option<f64> {
        let (first, rest) = vector.values.split_first()?;
        let mut sum = Sum::of(*first);
        for value in rest {
            sum.add(*value);
        }
        Some(sum.total())
    }

    fn accumulate(&mut self, vector: &Vector, stamp: u64) {
        match self.op {
            AggregateOp::Sum => self.each(vector, stamp, |g, v| g.sum = Sum::of(v), |g, v| g.sum.add(v)),
            AggregateOp::Avg => {
                self.each(vector, stamp, |g, v| g.mean = Mean::of(v), |g, v| g.mean.add(v, false));
            }
            AggregateOp::Count => self.each(vector, stamp, |g, _| g.count = 1.0, |g, _| g.count += 1.0),
            AggregateOp::Min => self.each(
                vector,
                stamp,
                |g, v| g.value = v,
                |g, v| {
                    if g.value > v || g.value.is_nan() {
                        g.value = v;
                    }
                },
            ),
            AggregateOp::Max => self.each(
                vector,
                stamp,
                |g, v| g.value = v,
                |g, v| {
                    if g.value < v || g.value.is_nan() {
                        g.value = v;
                    }
                },
            ),
            AggregateOp::Stddev | AggregateOp::Stdvar => {
                self.each(vector, stamp, begin_variance, continue_variance);
            }
            AggregateOp::Quantile => self.each(
                vector,
                stamp,
                |g, v| {
                    g.values.clear();
                    g.values.push(v);
                },
                |g, v| g.values.push(v),
            ),
            _ => self.each(vector, stamp, |_, _| {}, |_, _| {}),
        }
    }

    fn result(op: AggregateOp, group: &Group, parameter: f64, scratch: &mut Vec<f64>) -> f64 {
        match op {
            AggregateOp::Sum => group.sum.total(),
            AggregateOp::Avg => group.mean.result(),
            AggregateOp::Count => group.count,
            AggregateOp::Min | AggregateOp::Max => group.value,
            AggregateOp::Stddev => (group.value / group.count).sqrt(),
            AggregateOp::Stdvar => group.value / group.count,
            AggregateOp::Quantile => quantile(parameter, &group.values, scratch),
            _ => 1.0,
        }
    }
}

/// Source: Prometheus v3.15.1, promql/engine.go, `aggregation`, for `stddev` and `stdvar`.
fn begin_variance(group: &mut Group, value: f64) {
    group.count = 1.0;
    group.sum = Sum::of(value);
    group.value = if value.is_finite() { 0.0 } else { f64::NAN };
}

fn continue_variance(group: &mut Group, value: f64) {
    group.count += 1.0;
    let delta = value - group.sum.value;
    group.sum.value += delta / group.count;
    group.value += delta * (value - group.sum.value);
}

impl Operator for Aggregate {
    fn run(&mut self, inputs: Inputs<'_>, output: &mut Output, now: Moment, env: &mut Env<'_>) -> Outcome {
        let input = inputs.output(self.input);
        self.grouping.sync(&input.layout);
        for key in self.grouping.keys().iter().skip(output.layout.len()) {
            output.layout.slot(key.clone(), false);
        }
        self.groups.resize_with(self.grouping.len(), Group::default);
        output.vector.clear();
        if self.op == AggregateOp::Quantile {
            env.meter.sort(input.vector.len())?;
        }
        env.meter.spend(input.vector.len())?;
        if self.op == AggregateOp::Sum && self.grouping.len() == 1 {
            if let Some(sum) = Self::sum_all(&input.vector) {
                output.vector.push(0, sum);
            }
            return Ok(());
        }
        let parameter = self.parameter.map_or(0.0, |(id, place)| {
            let q = inputs.scalar(id);
            if !(0.0..=1.0).contains(&q) {
                env.notes.add(Oddity::Quantile(q), place);
            }
            q
        });
        self.touched.clear();
        self.accumulate(&input.vector, now.stamp);
        if now.ranged && !self.touched.is_sorted() {
            self.touched.sort_unstable();
        }
        for number in &self.touched {
            if let Some(group) = self.groups.get(*number as usize) {
                output.vector.push(*number, Self::result(self.op, group, parameter, &mut self.scratch));
            }
        }
        Ok(())
    }

    fn boxed_clone(&self) -> Box<dyn Operator> {
        Box::new(self.clone())
    }
}
