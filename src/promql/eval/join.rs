//! Operators between two vectors, whose elements are matched by labels.
//!
//! Enters: two vectors. Leaves: a vector in the order of the side that may be many.
//! It deliberately knows no set operators; those are in `set`.

use std::collections::HashMap;

use super::super::ast::{BinaryOp, Cardinality, Matching};
use super::super::labels::{Labels, METRIC_NAME};
use super::super::parse::quote;
use super::arithmetic::{compares, compute, holds};
use super::layout::{CLASH, Layout, Naming};
use super::{Env, Inputs, Moment, NodeId, Operator, Outcome, Output};

/// Numbers for what two sides are matched by.
#[derive(Clone, Debug)]
pub(crate) struct Signatures {
    on: bool,
    labels: Vec<String>,
    index: HashMap<Labels, u32>,
}

impl Signatures {
    pub(crate) fn new(matching: &Matching) -> Self {
        let mut labels = matching.labels.clone();
        if !matching.on {
            labels.push(METRIC_NAME.to_owned());
        }
        Self { on: matching.on, labels, index: HashMap::new() }
    }

    pub(crate) fn key(&self, labels: &Labels) -> Labels {
        if self.on { labels.only(&self.labels) } else { labels.without(&self.labels) }
    }

    /// Takes in new slots of one side.
    #[inline]
    pub(crate) fn sync(&mut self, layout: &Layout, known: &mut Vec<u32>) {
        for (_, labels, _) in layout.from(known.len()) {
            let next = self.index.len() as u32;
            known.push(*self.index.entry(self.key(labels)).or_insert(next));
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }
}

/// An arithmetic operator or a comparison between vectors.
#[derive(Clone, Debug)]
pub(crate) struct Join {
    pub(crate) op: BinaryOp,
    /// The side that may be many, and the other. They are left and right unless `swapped`.
    pub(crate) many: NodeId,
    pub(crate) one: NodeId,
    swapped: bool,
    return_bool: bool,
    matching: Matching,
    naming: Naming,
    signatures: Signatures,
    of_many: Vec<u32>,
    of_one: Vec<u32>,
    /// For each signature, the element of the one side at the instant of the stamp.
    partners: Vec<(u64, u32, f64)>,
    /// For each signature, when it was last matched.
    matched: Vec<u64>,
    /// For each slot of the many side, the partner and the result last seen.
    last: Vec<(u32, u32)>,
    pairs: HashMap<(u32, u32), u32>,
    /// For each result, when it was last yielded and by which signature.
    yielded: Vec<(u64, u32)>,
}

impl Join {
    pub(crate) fn new(
        op: BinaryOp,
        left: NodeId,
        right: NodeId,
        return_bool: bool,
        matching: &Matching,
        delayed: bool,
    ) -> Self {
        let swapped = matching.card == Cardinality::OneToMany;
        let (many, one) = if swapped { (right, left) } else { (left, right) };
        Self {
            op,
            many,
            one,
            swapped,
            return_bool,
            matching: matching.clone(),
            naming: Naming::new(!compares(op) || return_bool, delayed),
            signatures: Signatures::new(matching),
            of_many: Vec::new(),
            of_one: Vec::new(),
            partners: Vec::new(),
            matched: Vec::new(),
            last: Vec::new(),
            pairs: HashMap::new(),
            yielded: Vec::new(),
        }
    }

    /// The labels of a result.
    /// Source: Prometheus v3.15.1, promql/engine.go, `resultMetric`.
    fn result_labels(&self, many: (&Labels, bool), one: &Labels) -> (Labels, bool) {
        let (mut labels, nameless) = self.naming.apply(many.0, many.1);
        if self.matching.card == Cardinality::OneToOne {
            labels = if self.matching.on {
                labels.only(&self.matching.labels)
            } else {
                labels.without(&self.matching.labels)
            };
        }
        for name in &self.matching.include {
            labels = labels.with(name, one.get(name));
        }
        (labels, nameless)
    }

    /// The slot of the result of two elements.
    #[inline]
    fn pair(&mut self, inputs: &Inputs<'_>, output: &mut Output, many: u32, one: u32) -> u32 {
        if let Some((partner, slot)) = self.last.get(many as usize)
            && *partner == one
        {
            return *slot;
        }
        let slot = if let Some(slot) = self.pairs.get(&(many, one)) {
            *slot
        } else {
            let empty = Labels::default();
            let many_labels = inputs.output(self.many).layout.get(many).unwrap_or((&empty, false));
            let one_labels = inputs.output(self.one).layout.get(one).map_or(&empty, |(labels, _)| labels);
            let (labels, nameless) = self.result_labels(many_labels, one_labels);
            let slot = output.layout.slot(labels, nameless);
            self.pairs.insert((many, one), slot);
            self.yielded.resize(output.layout.len().max(self.yielded.len()), (0, 0));
            slot
        };
        if let Some(last) = self.last.get_mut(many as usize) {
            *last = (one, slot);
        }
        slot
    }

    /// Notes the elements of the one side by signature.
    fn note_partners(&mut self, inputs: &Inputs<'_>, now: Moment) -> Outcome {
        let one = inputs.output(self.one);
        for (slot, value) in one.vector.iter() {
            let signature = self.of_one.get(slot as usize).copied().unwrap_or_default();
            let Some(partner) = self.partners.get_mut(signature as usize) else {
                continue;
            };
            if partner.0 == now.stamp {
                let empty = Labels::default();
                let labels = |slot: u32| one.layout.get(slot).map_or(&empty, |(labels, _)| labels);
                let (this, other) = (labels(slot), labels(partner.1));
                let side = if self.swapped { "left" } else { "right" };
                return Err(format!(
                    "found duplicate series for the match group {} on the {side} hand-side of the operation: [{}, {}];\
                     many-to-many matching not allowed: matching labels must be unique on one side",
                    braces(&self.signatures.key(this)),
                    braces(other),
                    braces(this)
                ));
            }
            *partner = (now.stamp, slot, value);
        }
        Ok(())
    }

    /// Refuses a second result where there may be one.
    #[inline]
    fn check(&mut self, signature: u32, slot: u32, stamp: u64) -> Outcome {
        if self.matching.card == Cardinality::OneToOne
            && let Some(matched) = self.matched.get_mut(signature as usize)
        {
            if *matched == stamp {
                let message = "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)";
                return Err(message.to_owned());
            }
            *matched = stamp;
        }
        if let Some(yielded) = self.yielded.get_mut(slot as usize) {
            if yielded.0 == stamp {
                let same = yielded.1 == signature && self.matching.card != Cardinality::OneToOne;
                let grouping = "multiple matches for labels: grouping labels must ensure unique matches";
                return Err(if same { grouping } else { CLASH }.to_owned());
            }
            *yielded = (stamp, signature);
        }
        Ok(())
    }
}

/// A label set as Prometheus prints it in errors, its name like any other label.
fn braces(labels: &Labels) -> String {
    let pairs: Vec<String> =
        labels.iter().map(|(name, value)| format!("{name}={}", quote::string(value))).collect();
    format!("{{{}}}", pairs.join(", "))
}

impl Operator for Join {
    fn run(&mut self, inputs: Inputs<'_>, output: &mut Output, now: Moment, env: &mut Env<'_>) -> Outcome {
        output.vector.clear();
        let (many, one) = (inputs.output(self.many), inputs.output(self.one));
        if many.vector.is_empty() || one.vector.is_empty() {
            return Ok(());
        }
        env.meter.spend(many.vector.len() + one.vector.len())?;
        self.signatures.sync(&many.layout, &mut self.of_many);
        self.signatures.sync(&one.layout, &mut self.of_one);
        self.partners.resize(self.signatures.len(), (0, 0, 0.0));
        self.matched.resize(self.signatures.len(), 0);
        self.last.resize(self.of_many.len(), (u32::MAX, 0));
        self.note_partners(&inputs, now)?;
        for (slot, value) in many.vector.iter() {
            let signature = self.of_many.get(slot as usize).copied().unwrap_or_default();
            let Some((stamp, partner, other)) = self.partners.get(signature as usize).copied() else {
                continue;
            };
            if stamp != now.stamp {
                continue;
            }
            let (left, right) = if self.swapped { (other, value) } else { (value, other) };
            let filters = compares(self.op) && !self.return_bool;
            let result = if filters { left } else { compute(self.op, left, right) };
            let target = self.pair(&inputs, output, slot, partner);
            self.check(signature, target, now.stamp)?;
            if !filters || holds(self.op, left, right) {
                output.vector.push(target, result);
            }
        }
        Ok(())
    }

    fn boxed_clone(&self) -> Box<dyn Operator> {
        Box::new(self.clone())
    }
}
