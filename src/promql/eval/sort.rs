//! `sort`, `sort_desc`, and sorting by labels.
//!
//! Enters: a vector. Leaves: the same elements in another order. It deliberately changes nothing in range queries,
//! whose series come sorted by labels whatever the order here.

use std::cmp::Ordering;

use super::super::ast::QuerySpan;
use super::note::Oddity;
use super::order;
use super::{Env, Inputs, Moment, NodeId, Operator, Outcome, Output};

/// What is sorted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Value,
    /// These labels in turn, then all of them.
    Labels(Vec<String>),
}

/// A sort.
#[derive(Clone, Debug)]
pub(crate) struct Sort {
    pub(crate) input: NodeId,
    pub(crate) key: Key,
    pub(crate) descending: bool,
    pub(crate) place: QuerySpan,
    pub(crate) items: Vec<(u32, f64)>,
}

impl Operator for Sort {
    fn run(&mut self, inputs: Inputs<'_>, output: &mut Output, now: Moment, env: &mut Env<'_>) -> Outcome {
        let input = inputs.output(self.input);
        for (_, labels, nameless) in input.layout.from(output.layout.len()) {
            output.layout.slot(labels.clone(), nameless);
        }
        output.vector.clear();
        let names = if let Key::Labels(names) = &self.key { 8 * (names.len() + 1) } else { 1 };
        env.meter.sort(input.vector.len().saturating_mul(names))?;
        self.items.clear();
        self.items.extend(input.vector.iter());
        if now.ranged {
            env.notes.add(Oddity::Sort, self.place);
        } else {
            match &self.key {
                Key::Value => order::by_value(&mut self.items, self.descending),
                Key::Labels(names) => {
                    let labels = |slot: u32| input.layout.get(slot).map(|(labels, _)| labels);
                    self.items.sort_by(|a, b| {
                        let by_names = names.iter().map(|name| {
                            let value = |slot: u32| labels(slot).map_or("", |labels| labels.get(name));
                            order::natural(value(a.0), value(b.0))
                        });
                        let all = || labels(a.0).cmp(&labels(b.0));
                        let ordering = by_names.fold(Ordering::Equal, Ordering::then).then_with(all);
                        if self.descending { ordering.reverse() } else { ordering }
                    });
                }
            }
        }
        for (slot, value) in &self.items {
            output.vector.push(*slot, *value);
        }
        Ok(())
    }

    fn boxed_clone(&self) -> Box<dyn Operator> {
        Box::new(self.clone())
    }
}
