//! Vectors out of a source: those of its rows that a selector selects.
//!
//! Enters: a tile of values. Leaves: a vector in the order in which the series were created.
//! It deliberately does not know how the values came about.

use super::super::ast::QuerySpan;
use super::super::matcher::CompiledMatcher;
use super::super::store::Store;
use super::super::value::is_stale;
use super::layout::{CLASH, Mapping, Naming};
use super::note::Oddity;
use super::source::Source;
use super::{Env, Inputs, Moment, NodeId, Operator, Outcome, Output, at};

/// A selector over a source.
#[derive(Clone, Debug)]
pub(crate) struct Select {
    pub(crate) source: usize,
    pub(crate) matchers: Vec<CompiledMatcher>,
    pub(crate) naming: Naming,
    /// Scalar arguments of a window function.
    pub(crate) scalars: Vec<NodeId>,
    /// Whether the smoothing factors have to be checked.
    pub(crate) smoothing: bool,
    /// Whether the first scalar is a quantile, and where it stands.
    pub(crate) quantile: Option<QuerySpan>,
    /// Where the argument stands, of functions that want a counter.
    pub(crate) counter: Option<QuerySpan>,
    rows: Vec<u32>,
    mapping: Mapping,
    /// Rows whose names are not those of counters.
    suspects: Vec<(u32, String)>,
}

/// Ends of the names of counters.
const COUNTERS: [&str; 4] = ["_total", "_sum", "_count", "_bucket"];

impl Select {
    pub(crate) fn new(source: usize, matchers: Vec<CompiledMatcher>, naming: Naming) -> Self {
        Self {
            source,
            matchers,
            naming,
            scalars: Vec::new(),
            smoothing: false,
            quantile: None,
            counter: None,
            rows: Vec::new(),
            mapping: Mapping::default(),
            suspects: Vec::new(),
        }
    }

    /// Rows of the source, in the order of the series.
    pub(crate) fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// Whether it takes values as they are: without arguments, clashes or names to note.
    pub(crate) fn is_plain(&self) -> bool {
        self.scalars.is_empty() && self.suspects.is_empty() && self.mapping.is_injective()
    }

    pub(crate) fn arguments(
        &self,
        inputs: &Inputs<'_>,
        env: &mut Env<'_>,
    ) -> Result<Option<[f64; 2]>, String> {
        if self.scalars.is_empty() {
            return Ok(None);
        }
        let mut scalars = [0.0; 2];
        for (to, id) in scalars.iter_mut().zip(&self.scalars) {
            *to = inputs.scalar(*id);
        }
        check_scalars(scalars, self.smoothing, self.quantile, env)?;
        Ok(Some(scalars))
    }
}

/// Checks the scalar arguments of window functions.
pub(crate) fn check_scalars(
    scalars: [f64; 2],
    smoothing: bool,
    quantile: Option<QuerySpan>,
    env: &mut Env<'_>,
) -> Outcome {
    if smoothing {
        for (factor, name) in scalars.iter().zip(["smoothing", "trend"]) {
            if *factor <= 0.0 || *factor >= 1.0 {
                let bounds = if name == "smoothing" { "0 < sf < 1" } else { "0 < tf < 1" };
                return Err(format!("invalid {name} factor. Expected: {bounds}, got: {factor:.6}"));
            }
        }
    }
    if let Some(place) = quantile {
        let [q, _] = scalars;
        if q.is_nan() || !(0.0..=1.0).contains(&q) {
            env.notes.add(Oddity::Quantile(q), place);
        }
    }
    Ok(())
}

impl Operator for Select {
    fn run(&mut self, inputs: Inputs<'_>, output: &mut Output, now: Moment, env: &mut Env<'_>) -> Outcome {
        output.vector.clear();
        let scalars = self.arguments(&inputs, env)?;
        let Some(source) = inputs.sources.get_mut(self.source) else {
            return Ok(());
        };
        let column = source.ensure(now, scalars, env)?;
        env.meter.spend(self.rows.len())?;
        let (tile, stride) = source.tile();
        if let Some(place) = self.counter {
            for (row, metric) in &self.suspects {
                if !is_stale(at(tile, *row as usize * stride + column)) {
                    env.notes.add(Oddity::NotCounter { metric: metric.clone() }, place);
                }
            }
        }
        let vector = &mut output.vector;
        if self.mapping.is_injective() {
            for (i, row) in self.rows.iter().enumerate() {
                let value = at(tile, *row as usize * stride + column);
                if !is_stale(value) {
                    vector.push(self.mapping.get(i as u32), value);
                }
            }
            return Ok(());
        }
        for (i, row) in self.rows.iter().enumerate() {
            let value = at(tile, *row as usize * stride + column);
            if !is_stale(value) {
                // Series that only differ in name may not even follow each other within one query.
                let slot = self.mapping.take(i as u32, now.pass).map_err(|_| CLASH)?;
                vector.push(slot, value);
            }
        }
        Ok(())
    }

    fn attach(&mut self, sources: &mut [Source], output: &mut Output, store: &Store, first: usize) {
        let Some(source) = sources.get_mut(self.source) else {
            return;
        };
        for (id, labels) in store.labels_from(first) {
            if self.matchers.iter().all(|matcher| matcher.accepts(labels)) {
                let row = source.row(id);
                let metric = labels.metric();
                if self.counter.is_some()
                    && !metric.is_empty()
                    && !COUNTERS.iter().any(|end| metric.ends_with(end))
                {
                    self.suspects.push((row, metric.to_owned()));
                }
                let (labels, nameless) = self.naming.apply(labels, false);
                self.rows.push(row);
                self.mapping.push(output.layout.slot(labels, nameless));
            }
        }
        output.vector.slots.reserve(self.rows.len());
        output.vector.values.reserve(self.rows.len());
    }

    fn boxed_clone(&self) -> Box<dyn Operator> {
        Box::new(self.clone())
    }
}
