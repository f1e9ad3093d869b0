//! Compiled queries: planned once against a set of series, then evaluated at one instant after another.
//!
//! Enters: a tree, a store, options. Leaves: a plan, and from it answers.
//! Selectors become numbers of series, label work is done once, and an evaluation at the next instant moves windows
//! forward in buffers that are already there. It deliberately knows nothing of rollouts.

mod build;
mod call;
pub(crate) mod duration;
mod range;

use super::ast::{Expr, QuerySpan};
use super::eval::layout::{CLASH, Mapping};
use super::eval::note::Notes;
use super::eval::subquery::series_of;
use super::eval::{Env, Fault, Meter, Moment, Output, Program, Span};
use super::options::{Budget, Options};
use super::store::{HORIZON_MS, SeriesId, Store};
use super::value::{Answer, RangeSeries, Samples};

pub use super::eval::note::Note;

/// Why a query cannot be planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanError {
    /// What is wrong.
    pub message: String,
    /// Which part of the query is.
    pub span: QuerySpan,
}

impl std::fmt::Display for PlanError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for PlanError {}

/// Why a query has no answer, in Prometheus' words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError {
    /// What went wrong.
    pub message: String,
    /// At which part of the query.
    pub span: QuerySpan,
}

impl std::fmt::Display for EvalError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for EvalError {}

impl From<Fault> for EvalError {
    fn from(fault: Fault) -> Self {
        Self { message: fault.message, span: fault.span }
    }
}

/// What a query yields.
#[derive(Clone, Debug, PartialEq)]
enum Root {
    Scalar,
    String(String),
    Vector,
    Matrix,
}

/// A query ready to be evaluated.
#[derive(Clone, Debug)]
pub struct Plan {
    program: Program,
    root: Root,
    span: QuerySpan,
    options: Options,
    notes: Notes,
    series: Vec<SeriesId>,
    matrix: Vec<RangeSeries>,
    /// What the root yields, without the names that were to be dropped at the end.
    finals: Output,
    renamed: Mapping,
    evaluations: u64,
    /// Series of the store already planned for, and which store it was.
    known: usize,
    identity: u64,
    footprint: usize,
}

impl Plan {
    /// Plans a query against the series of a store; series that come later are taken in when they are there.
    ///
    /// # Errors
    /// If the query uses what is refused (native histograms), or cannot be valid whatever the samples.
    pub fn new(expr: &Expr, store: &Store, options: &Options) -> Result<Self, PlanError> {
        let (program, root) = build::program(expr, options)?;
        let mut plan = Self {
            program,
            root,
            span: expr.span,
            options: options.clone(),
            notes: Notes::default(),
            series: Vec::new(),
            matrix: Vec::new(),
            finals: Output::default(),
            renamed: Mapping::default(),
            evaluations: 0,
            known: usize::MAX,
            identity: store.identity(),
            footprint: 0,
        };
        plan.attach(store);
        Ok(plan)
    }

    /// The series that the query reads, in the order of their creation. Their labels are in the store.
    pub fn series(&self) -> &[SeriesId] {
        &self.series
    }

    /// Warnings and infos of the last evaluation.
    pub fn notes(&self) -> Vec<Note> {
        self.notes.sentences()
    }

    /// Forgets what is remembered of samples. Only needed after samples have been taken out of a store by other means
    /// than `Store::clear_samples`.
    pub fn forget(&mut self) {
        self.program.forget();
    }

    /// Takes in new series, and notices another store.
    fn attach(&mut self, store: &Store) {
        if self.identity != store.identity() {
            self.identity = store.identity();
            self.program.forget();
        }
        if self.known != store.len() {
            self.known = store.len();
            self.program.attach(store);
            self.series = series_of(&self.program);
            self.footprint = self.program.footprint();
        }
    }

    /// Starts an evaluation.
    fn begin<'a>(
        &'a mut self,
        store: &'a Store,
        span: Span,
    ) -> Result<(Env<'a>, &'a mut Program), EvalError> {
        if [span.start, span.end].iter().any(|t| t.unsigned_abs() > HORIZON_MS.unsigned_abs()) {
            return Err(EvalError { message: "timestamp out of bounds".to_owned(), span: self.span });
        }
        self.attach(store);
        self.notes.clear();
        self.program.begin(span)?;
        let budget = self.options.budget.unwrap_or_else(|| Budget::new(store.held(), span.instants()));
        let mut meter = Meter::new(budget, self.program.pass + 1);
        meter.hold(self.footprint).map_err(|message| EvalError { message, span: self.span })?;
        Ok((Env { store, options: &self.options, span, meter, notes: &mut self.notes }, &mut self.program))
    }

    /// Evaluates the query at `t_ms`, milliseconds since the epoch. Going forward is quick; going back is right.
    ///
    /// # Errors
    /// What Prometheus would answer with an error, and a budget exceeded.
    pub fn evaluate(&mut self, store: &Store, t_ms: i64) -> Result<Answer<'_>, EvalError> {
        let (mut env, program) = self.begin(store, Span { start: t_ms, end: t_ms, step: 0 })?;
        let pass = program.start_pass();
        program.evaluate(
            Moment { t: t_ms, number: 0, ahead: 1, step: 0, ranged: false, pass, stamp: 0 },
            &mut env,
        )?;
        if self.root == Root::Vector && self.options.delayed_name_removal {
            self.name_finals()?;
        }
        if self.root == Root::Matrix {
            self.matrix.clear();
            for node in &mut self.program.nodes {
                self.matrix.extend(node.operator.take_matrix());
            }
            self.matrix.sort_by(|a, b| a.labels.cmp(&b.labels));
        }
        let delayed = self.options.delayed_name_removal && self.root == Root::Vector;
        let output = if delayed { &self.finals } else { self.program.output() };
        Ok(match &self.root {
            Root::Scalar => Answer::Scalar(output.scalar),
            Root::String(text) => Answer::String(text),
            Root::Matrix => Answer::Matrix(&self.matrix),
            Root::Vector => Answer::Vector(Samples {
                labels: output.layout.labels(),
                slots: &output.vector.slots,
                values: &output.vector.values,
            }),
        })
    }

    /// Drops the names that were to be dropped at the end.
    fn name_finals(&mut self) -> Result<(), EvalError> {
        let output = self.program.output();
        for (_, labels, nameless) in output.layout.from(self.renamed.len()) {
            let labels = if nameless { labels.without_name() } else { labels.clone() };
            self.renamed.push(self.finals.layout.slot(labels, false));
        }
        self.finals.vector.clear();
        self.evaluations += 1;
        for (slot, value) in output.vector.iter() {
            let Ok(slot) = self.renamed.take(slot, self.evaluations) else {
                return Err(EvalError { message: CLASH.to_owned(), span: self.span });
            };
            self.finals.vector.push(slot, value);
        }
        Ok(())
    }
}
