//! The machinery of a plan: nodes in the order of their evaluation, each with its slots and its current vector.
//!
//! Enters: a program that the planner built, a store and an instant. Leaves: the vector or scalar of every node.
//! It deliberately knows no syntax: what a node does was settled when it was made.

pub(crate) mod absent;
pub(crate) mod aggregate;
pub(crate) mod arithmetic;
pub(crate) mod calendar;
pub(crate) mod choose;
pub(crate) mod count_values;
pub(crate) mod elementwise;
pub(crate) mod histogram;
pub(crate) mod join;
pub(crate) mod kahan;
pub(crate) mod layout;
pub(crate) mod note;
pub(crate) mod order;
mod over_time;
pub(crate) mod range_select;
mod rate;
mod rates;
pub(crate) mod regression;
pub(crate) mod relabel;
pub(crate) mod scalar;
pub(crate) mod select;
pub(crate) mod set;
pub(crate) mod sort;
pub(crate) mod source;
pub(crate) mod subquery;
pub(crate) mod total;
pub(crate) mod window;

use super::ast::QuerySpan;
use super::options::{Budget, Options};
use super::store::{SeriesId, Store};
use super::value::RangeSeries;
use layout::Layout;
use note::Notes;
use source::Source;

/// The number of a node in its program.
pub(crate) type NodeId = usize;

/// Success, or what went wrong in Prometheus' words.
pub(crate) type Outcome = Result<(), String>;

/// What went wrong, and at which part of the query.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) span: QuerySpan,
}

/// The elements of an instant vector, in the order in which Prometheus' engine would have them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Vector {
    pub(crate) slots: Vec<u32>,
    pub(crate) values: Vec<f64>,
}

impl Vector {
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.slots.clear();
        self.values.clear();
    }

    #[inline]
    pub(crate) fn push(&mut self, slot: u32, value: f64) {
        self.slots.push(slot);
        self.values.push(value);
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    #[inline]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, f64)> + '_ {
        self.slots.iter().copied().zip(self.values.iter().copied())
    }
}

/// What a node yields.
#[derive(Clone, Debug, Default)]
pub(crate) struct Output {
    pub(crate) layout: Layout,
    pub(crate) vector: Vector,
    pub(crate) scalar: f64,
}

/// The bounds of the query as asked: `start()`, `end()`, `step()` and `range()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// Zero for an instant query.
    pub(crate) step: i64,
}

impl Span {
    /// How many instants the query is asked at.
    pub(crate) fn instants(self) -> u64 {
        let beyond = self.end.saturating_sub(self.start);
        match beyond.checked_div(self.step) {
            Some(steps) => u64::try_from(beyond).map_or(0, |_| steps.unsigned_abs() + 1),
            None => 1,
        }
    }
}

/// One instant of a pass over several.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Milliseconds since the epoch.
    pub(crate) t: i64,
    /// Which instant of the pass this is.
    pub(crate) number: usize,
    /// How many instants the pass still has, this one included.
    pub(crate) ahead: usize,
    /// Milliseconds between the instants of the pass.
    pub(crate) step: i64,
    /// Whether the pass has more than one instant, in which case the engine keeps groups in a fixed order.
    pub(crate) ranged: bool,
    /// Differs for every pass of a program.
    pub(crate) pass: u64,
    /// Differs for every instant at which a program is evaluated.
    pub(crate) stamp: u64,
}

/// Steps that evaluating a program takes, and each of its nodes, beside what they do to elements.
const EVALUATION: usize = 10;
const NODE: usize = 15;

/// Steps that a new label set takes, and values that take as much memory.
pub(crate) const LABEL_STEPS: usize = 300;
const LABEL_VALUES: usize = 24;

/// What an evaluation has used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter {
    budget: Budget,
    steps: u64,
    held: u64,
    /// Differs for every evaluation of a plan.
    pub(crate) evaluation: u64,
}

impl Meter {
    pub(crate) fn new(budget: Budget, evaluation: u64) -> Self {
        Self { budget, steps: 0, held: 0, evaluation }
    }

    /// Counts elementary steps.
    #[inline]
    pub(crate) fn spend(&mut self, steps: usize) -> Outcome {
        self.steps = self.steps.saturating_add(steps as u64);
        if self.steps > self.budget.steps {
            return Err(format!(
                "query processing would take more than {} steps in query execution",
                self.budget.steps
            ));
        }
        Ok(())
    }

    /// Counts the steps of sorting.
    #[inline]
    pub(crate) fn sort(&mut self, items: usize) -> Outcome {
        self.spend(sorting(items))
    }

    /// Counts label sets that no evaluation has seen before.
    pub(crate) fn learn(&mut self, sets: usize) -> Outcome {
        self.spend(sets * LABEL_STEPS)?;
        self.hold(sets * LABEL_VALUES)
    }

    /// Counts bytes of text about to be written.
    pub(crate) fn write(&mut self, bytes: usize) -> Outcome {
        self.spend(bytes)?;
        self.hold(bytes / size_of::<f64>())
    }

    /// Counts values no longer kept.
    pub(crate) fn release(&mut self, values: usize) {
        self.held = self.held.saturating_sub(values as u64);
    }

    /// Counts values kept.
    #[inline]
    pub(crate) fn hold(&mut self, values: usize) -> Outcome {
        self.held = self.held.saturating_add(values as u64);
        if self.held > self.budget.samples {
            return Err(
                "query processing would load too many samples into memory in query execution".to_owned()
            );
        }
        Ok(())
    }
}

/// Steps that sorting takes.
pub(crate) fn sorting(items: usize) -> usize {
    items.saturating_mul(items.checked_ilog2().unwrap_or_default() as usize + 1)
}

/// What all nodes may see.
#[derive(Debug)]
pub(crate) struct Env<'a> {
    pub(crate) store: &'a Store,
    pub(crate) options: &'a Options,
    pub(crate) span: Span,
    pub(crate) meter: Meter,
    pub(crate) notes: &'a mut Notes,
}

/// Nodes evaluated before the one that reads them, and the sources of the program.
#[derive(Debug)]
pub(crate) struct Inputs<'a> {
    pub(crate) nodes: &'a [Node],
    pub(crate) sources: &'a mut [Source],
}

static NOTHING: std::sync::LazyLock<Output> = std::sync::LazyLock::new(Output::default);

impl Inputs<'_> {
    #[inline]
    pub(crate) fn output(&self, id: NodeId) -> &Output {
        self.nodes.get(id).map_or(&*NOTHING, |node| &node.output)
    }

    #[inline]
    pub(crate) fn scalar(&self, id: NodeId) -> f64 {
        self.output(id).scalar
    }
}

/// What a node does at each instant.
pub(crate) trait Operator: std::fmt::Debug + Send + Sync {
    fn run(&mut self, inputs: Inputs<'_>, output: &mut Output, at: Moment, env: &mut Env<'_>) -> Outcome;

    /// Takes in series that are new to the store, number `first` and up.
    fn attach(&mut self, _sources: &mut [Source], _output: &mut Output, _store: &Store, _first: usize) {}

    /// Learns the bounds of the query, which durations may depend on.
    fn begin(&mut self, _span: Span) -> Outcome {
        Ok(())
    }

    /// Forgets what it remembers of samples.
    fn forget(&mut self) {}

    /// Programs within.
    fn inner(&self) -> Option<&Program> {
        None
    }

    /// Series read without a source.
    fn reads(&self) -> Vec<SeriesId> {
        Vec::new()
    }

    /// The points of a range vector at the root of a query.
    fn take_matrix(&mut self) -> Vec<RangeSeries> {
        Vec::new()
    }

    fn boxed_clone(&self) -> Box<dyn Operator>;
}

/// A node of a program.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) operator: Box<dyn Operator>,
    pub(crate) output: Output,
    pub(crate) span: QuerySpan,
}

impl Clone for Node {
    fn clone(&self) -> Self {
        Self { operator: self.operator.boxed_clone(), output: self.output.clone(), span: self.span }
    }
}

/// Nodes in the order of evaluation; the last is the root.
#[derive(Clone, Debug, Default)]
pub(crate) struct Program {
    pub(crate) nodes: Vec<Node>,
    pub(crate) sources: Vec<Source>,
    pub(crate) root: NodeId,
    /// Whether anything depends on the bounds of the query.
    pub(crate) spanned: bool,
    begun: bool,
    attached: usize,
    stamp: u64,
    pub(crate) pass: u64,
}

impl Program {
    /// Takes in the series that the store has and the program does not know.
    pub(crate) fn attach(&mut self, store: &Store) {
        if self.attached >= store.len() {
            return;
        }
        for node in &mut self.nodes {
            node.operator.attach(&mut self.sources, &mut node.output, store, self.attached);
        }
        self.attached = store.len();
    }

    /// Learns the bounds of the query.
    pub(crate) fn begin(&mut self, span: Span) -> Result<(), Fault> {
        if self.begun && !self.spanned {
            return Ok(());
        }
        for source in &mut self.sources {
            source.begin(span).map_err(|message| Fault { message, span: source.place })?;
        }
        for node in &mut self.nodes {
            node.operator.begin(span).map_err(|message| Fault { message, span: node.span })?;
        }
        self.begun = true;
        Ok(())
    }

    /// Forgets what it remembers of samples.
    pub(crate) fn forget(&mut self) {
        for node in &mut self.nodes {
            node.operator.forget();
        }
        for source in &mut self.sources {
            source.forget();
        }
    }

    /// Values kept between instants.
    pub(crate) fn footprint(&self) -> usize {
        self.nodes.iter().map(|node| node.output.layout.len()).sum::<usize>()
            + self.sources.iter().map(Source::footprint).sum::<usize>()
    }

    /// Starts a pass: instants evaluated in one go.
    pub(crate) fn start_pass(&mut self) -> u64 {
        self.pass += 1;
        self.pass
    }

    /// Evaluates all nodes at one instant.
    #[inline]
    pub(crate) fn evaluate(&mut self, mut at: Moment, env: &mut Env<'_>) -> Result<(), Fault> {
        self.stamp += 1;
        at.stamp = self.stamp;
        if let Err(message) = env.meter.spend(EVALUATION + self.nodes.len() * NODE) {
            return Err(Fault { message, span: QuerySpan::default() });
        }
        for i in 0..self.nodes.len() {
            let Some((before, rest)) = self.nodes.split_at_mut_checked(i) else {
                break;
            };
            let Some(node) = rest.first_mut() else { break };
            let inputs = Inputs { nodes: before, sources: &mut self.sources };
            let known = node.output.layout.len();
            let ran = node.operator.run(inputs, &mut node.output, at, env);
            let new = node.output.layout.len() - known;
            if let Err(message) = ran.and_then(|()| if new > 0 { env.meter.learn(new) } else { Ok(()) }) {
                return Err(Fault { message, span: node.span });
            }
        }
        Ok(())
    }

    /// What the root yields.
    pub(crate) fn output(&self) -> &Output {
        self.nodes.get(self.root).map_or(&*NOTHING, |node| &node.output)
    }
}

/// Reads a column; there is nothing beyond its end.
#[inline]
pub(crate) fn at<T: Copy + Default>(column: &[T], i: usize) -> T {
    column.get(i).copied().unwrap_or_default()
}
