//! `and`, `or` and `unless`.
//!
//! Enters: two vectors. Leaves: elements of either, unchanged. It deliberately compares labels only.

use super::super::ast::{BinaryOp, Matching};
use super::join::Signatures;
use super::layout::{CLASH, Mapping};
use super::{Env, Inputs, Moment, NodeId, Operator, Outcome, Output};

/// A set operator.
#[derive(Clone, Debug)]
pub(crate) struct SetOperation {
    pub(crate) op: BinaryOp,
    pub(crate) left: NodeId,
    pub(crate) right: NodeId,
    signatures: Signatures,
    of_left: Vec<u32>,
    of_right: Vec<u32>,
    /// For each signature, when the side that decides last had it.
    seen: Vec<u64>,
    from_left: Mapping,
    from_right: Mapping,
    /// For each result, when it was last yielded.
    yielded: Vec<u64>,
}

impl SetOperation {
    pub(crate) fn new(op: BinaryOp, left: NodeId, right: NodeId, matching: &Matching) -> Self {
        Self {
            op,
            left,
            right,
            signatures: Signatures::new(matching),
            of_left: Vec::new(),
            of_right: Vec::new(),
            seen: Vec::new(),
            from_left: Mapping::default(),
            from_right: Mapping::default(),
            yielded: Vec::new(),
        }
    }

    fn sync(&mut self, inputs: &Inputs<'_>, output: &mut Output) {
        let (left, right) = (inputs.output(self.left), inputs.output(self.right));
        self.signatures.sync(&left.layout, &mut self.of_left);
        self.signatures.sync(&right.layout, &mut self.of_right);
        self.seen.resize(self.signatures.len(), 0);
        for (_, labels, nameless) in left.layout.from(self.from_left.len()) {
            self.from_left.push(output.layout.slot(labels.clone(), nameless));
        }
        if self.op == BinaryOp::Or {
            for (_, labels, nameless) in right.layout.from(self.from_right.len()) {
                self.from_right.push(output.layout.slot(labels.clone(), nameless));
            }
        }
        self.yielded.resize(output.layout.len(), 0);
    }

    fn yields(&mut self, slot: u32, value: f64, stamp: u64, output: &mut Output) -> Outcome {
        if let Some(yielded) = self.yielded.get_mut(slot as usize) {
            if *yielded == stamp {
                return Err(CLASH.to_owned());
            }
            *yielded = stamp;
        }
        output.vector.push(slot, value);
        Ok(())
    }
}

impl Operator for SetOperation {
    fn run(&mut self, inputs: Inputs<'_>, output: &mut Output, now: Moment, env: &mut Env<'_>) -> Outcome {
        self.sync(&inputs, output);
        output.vector.clear();
        let (left, right) = (&inputs.output(self.left).vector, &inputs.output(self.right).vector);
        env.meter.spend(6 * (left.len() + right.len()))?;
        let or = self.op == BinaryOp::Or;
        let (deciding, of_deciding) = if or { (left, &self.of_left) } else { (right, &self.of_right) };
        for slot in &deciding.slots {
            let signature = of_deciding.get(*slot as usize).copied().unwrap_or_default();
            if let Some(seen) = self.seen.get_mut(signature as usize) {
                *seen = now.stamp;
            }
        }
        let seen = |seen: &[u64], signatures: &[u32], slot: u32| {
            let signature = signatures.get(slot as usize).copied().unwrap_or_default();
            seen.get(signature as usize) == Some(&now.stamp)
        };
        for (slot, value) in left.iter() {
            if or || seen(&self.seen, &self.of_left, slot) == (self.op == BinaryOp::And) {
                self.yields(self.from_left.get(slot), value, now.stamp, output)?;
            }
        }
        if or {
            for (slot, value) in right.iter() {
                if !seen(&self.seen, &self.of_right, slot) {
                    self.yields(self.from_right.get(slot), value, now.stamp, output)?;
                }
            }
        }
        Ok(())
    }

    fn boxed_clone(&self) -> Box<dyn Operator> {
        Box::new(self.clone())
    }
}
