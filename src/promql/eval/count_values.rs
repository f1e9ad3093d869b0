//! `count_values`: how often each value occurs.
//!
//! Enters: a vector. Leaves: a vector with the values as labels. It deliberately rounds nothing.

use std::collections::HashMap;

use super::super::labels::Labels;
use super::aggregate::Grouping;
use super::{Env, Inputs, Moment, NodeId, Operator, Outcome, Output};

/// Counts equal values of a group.
#[derive(Clone, Debug)]
pub(crate) struct CountValues {
    pub(crate) input: NodeId,
    label: String,
    grouping: Grouping,
    /// Slots of what was seen before: group and bits of the value.
    known: HashMap<(u32, u64), u32>,
    counts: Vec<(u64, f64)>,
    touched: Vec<u32>,
}

impl CountValues {
    pub(crate) fn new(input: NodeId, label: String, grouping: Grouping) -> Self {
        Self { input, label, grouping, known: HashMap::new(), counts: Vec::new(), touched: Vec::new() }
    }
}

impl CountValues {
    /// The slot of a value of a group.
    fn slot(
        &mut self,
        group: u32,
        value: f64,
        output: &mut Output,
        env: &mut Env<'_>,
    ) -> Result<u32, String> {
        if let Some(slot) = self.known.get(&(group, value.to_bits())) {
            return Ok(*slot);
        }
        let empty = Labels::default();
        let key = self.grouping.keys().get(group as usize).unwrap_or(&empty);
        let slot = output.layout.slot(key.with(&self.label, &short(value)), false);
        env.meter.hold(1)?;
        self.known.insert((group, value.to_bits()), slot);
        self.counts.resize(output.layout.len(), (0, 0.0));
        Ok(slot)
    }
}

/// A number as Go's `FormatFloat(v, 'f', -1, 64)` writes it.
pub(crate) fn short(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        value.to_string()
    }
}

/// A number as a label of OpenMetrics writes it: with a point or an exponent.
/// Source: Prometheus v3.15.1, model/labels/float.go, `FormatOpenMetricsFloat`.
pub(crate) fn bound(value: f64) -> String {
    let magnitude = value.abs();
    if !value.is_finite() || magnitude == 0.0 || (1e-4..1e6).contains(&magnitude) {
        let plain = short(value);
        let whole = value.is_finite() && !plain.contains('.');
        return if whole { format!("{plain}.0") } else { plain };
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
    format!("{digits}e{sign}{exponent:0>2}")
}

impl Operator for CountValues {
    fn run(&mut self, inputs: Inputs<'_>, output: &mut Output, now: Moment, env: &mut Env<'_>) -> Outcome {
        let input = inputs.output(self.input);
        self.grouping.sync(&input.layout);
        output.vector.clear();
        self.touched.clear();
        env.meter.spend(input.vector.len())?;
        for (slot, value) in input.vector.iter() {
            let slot = self.slot(self.grouping.group(slot), value, output, env)?;
            let Some(count) = self.counts.get_mut(slot as usize) else {
                continue;
            };
            if count.0 != now.stamp {
                *count = (now.stamp, 0.0);
                self.touched.push(slot);
            }
            count.1 += 1.0;
        }
        for slot in &self.touched {
            output.vector.push(*slot, self.counts.get(*slot as usize).map_or(0.0, |count| count.1));
        }
        Ok(())
    }

    fn boxed_clone(&self) -> Box<dyn Operator> {
        Box::new(self.clone())
    }
}
