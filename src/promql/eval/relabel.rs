//! `label_replace` and `label_join`.
//!
//! Enters: a vector. Leaves: the same values under other labels. It deliberately reads no values.

use super::super::labels::Labels;
use super::super::parse::Pattern;
use super::layout::{CLASH, Mapping};
use super::{Env, Inputs, Meter, Moment, NodeId, Operator, Outcome, Output};

/// How labels change.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// `target` becomes `replacement`, expanded, where `pattern` matches `from`.
    Replace { target: String, replacement: String, from: String, pattern: Pattern },
    /// `target` becomes the values of `from`, with `separator` between.
    Join { target: String, separator: String, from: Vec<String> },
}

impl Change {
    /// Source: Prometheus v3.15.1, promql/functions.go, `evalLabelReplace` and `evalLabelJoin`.
    fn apply(&self, labels: &Labels, meter: &mut Meter) -> Result<Labels, String> {
        Ok(match self {
            Self::Replace { target, replacement, from, pattern } => {
                let Some(captures) = pattern.regex().captures(labels.get(from)) else {
                    return Ok(labels.clone());
                };
                let groups = replacement.matches('$').count();
                meter
                    .write(groups.saturating_mul(labels.get(from).len()).saturating_add(replacement.len()))?;
                let mut value = String::new();
                captures.expand(replacement, &mut value);
                labels.with(target, &value)
            }
            Self::Join { target, separator, from } => {
                let values: Vec<&str> = from.iter().map(|name| labels.get(name)).collect();
                let separators = separator.len().saturating_mul(values.len());
                let bytes = values.iter().fold(separators, |sum, value| sum.saturating_add(value.len()));
                meter.write(bytes)?;
                labels.with(target, &values.join(separator))
            }
        })
    }
}

/// A change of labels.
#[derive(Clone, Debug)]
pub(crate) struct Relabel {
    pub(crate) input: NodeId,
    pub(crate) change: Change,
    mapping: Mapping,
}

impl Relabel {
    pub(crate) fn new(input: NodeId, change: Change) -> Self {
        Self { input, change, mapping: Mapping::default() }
    }
}

impl Operator for Relabel {
    fn run(&mut self, inputs: Inputs<'_>, output: &mut Output, now: Moment, env: &mut Env<'_>) -> Outcome {
        let input = inputs.output(self.input);
        for (_, labels, nameless) in input.layout.from(self.mapping.len()) {
            self.mapping.push(output.layout.slot(self.change.apply(labels, &mut env.meter)?, nameless));
        }
        output.vector.clear();
        env.meter.spend(input.vector.len())?;
        for (slot, value) in input.vector.iter() {
            output.vector.push(self.mapping.take(slot, now.stamp).map_err(|_| CLASH)?, value);
        }
        Ok(())
    }

    fn boxed_clone(&self) -> Box<dyn Operator> {
        Box::new(self.clone())
    }
}
