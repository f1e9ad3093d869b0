//! `absent` and `absent_over_time`: one where nothing is.
//!
//! Enters: a vector. Leaves: a vector of one element if it is empty. It deliberately does not read the labels of its input.

use super::super::ast::{MatchOp, Selector};
use super::super::labels::{Labels, METRIC_NAME};
use super::{Env, Inputs, Moment, NodeId, Operator, Outcome, Output};

/// Says that a vector is empty.
#[derive(Clone, Debug)]
pub(crate) struct Absent {
    pub(crate) input: NodeId,
}

impl Operator for Absent {
    fn run(&mut self, inputs: Inputs<'_>, output: &mut Output, _now: Moment, _env: &mut Env<'_>) -> Outcome {
        output.vector.clear();
        if inputs.output(self.input).vector.is_empty() {
            output.vector.push(0, 1.0);
        }
        Ok(())
    }

    fn boxed_clone(&self) -> Box<dyn Operator> {
        Box::new(self.clone())
    }
}

/// The labels that the absent element must have had: those that exactly one matcher fixes.
/// Source: Prometheus v3.15.1, promql/functions.go, `createLabelsForAbsentFunction`.
pub(crate) fn labels_of(selector: &Selector) -> Labels {
    let mut labels = Labels::default();
    let mut seen: Vec<&str> = Vec::new();
    for matcher in selector.matchers.iter().filter(|matcher| matcher.label != METRIC_NAME) {
        if matcher.op == MatchOp::Equal && !seen.contains(&matcher.label.as_str()) {
            labels = labels.with(&matcher.label, &matcher.value);
            seen.push(&matcher.label);
        } else {
            labels = labels.with(&matcher.label, "");
        }
    }
    labels
}
