//! Analyses: templates, metrics with their queries and conditions, and the slos they come from.
//!
//! Enters: facts from resolution. Leaves: Argo's shapes with every limit that matters written out.
//! It deliberately knows no evaluation; a query is text here, exactly the text that is emitted.

use super::Fact;
use crate::source::Span;
use crate::syntax::tree::{Comparison, NoData};
use crate::unit::{Millis, Seconds};

/// What an analysis step or the background runs: references and arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// Indices into the rollout's `templates`.
    pub templates: Vec<usize>,
    /// Arguments, resolved when the run is created.
    pub args: Vec<Arg>,
}

/// An argument that the Rollout gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arg {
    /// Name.
    pub name: String,
    /// Value.
    pub value: ArgValue,
}

/// Where an argument's value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArgValue {
    /// `value`
    Text(String),
    /// `valueFrom.podTemplateHashValue: Latest`
    LatestHash,
    /// `valueFrom.podTemplateHashValue: Stable`
    StableHash,
}

/// An AnalysisTemplate.
#[derive(Clone, Debug, PartialEq)]
pub struct AnalysisTemplate {
    /// `metadata.name`
    pub name: String,
    /// Arguments that must be given, without a default.
    pub args: Vec<String>,
    /// Its metrics; names are unique among all templates of one analysis.
    pub metrics: Vec<Metric>,
    /// `dryRun[].metricName`: regular expressions over metric names, unanchored as Argo reads them.
    pub dry_run: Vec<String>,
}

/// One metric of a template. Source: Argo Rollouts v1.9.1, pkg/apis/rollouts/v1alpha1/analysis_types.go, Metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Name.
    pub name: String,
    /// The slo it measures: an index into the rollout's `slos`.
    pub slo: usize,
    /// The PromQL as emitted; `{{args.NAME}}` stands for arguments.
    pub query: String,
    /// `successCondition`
    pub success_condition: Option<String>,
    /// `failureCondition`
    pub failure_condition: Option<String>,
    /// `interval`
    pub interval: Fact<Seconds>,
    /// `initialDelay`
    pub initial_delay: Fact<Seconds>,
    /// `count`; `None` measures until terminated, which only a background may.
    pub count: Option<Fact<u32>>,
    /// `failureLimit`: fails when more than this many measurements failed.
    pub failure_limit: Fact<u32>,
    /// `inconclusiveLimit`
    pub inconclusive_limit: Fact<u32>,
    /// `consecutiveErrorLimit`
    pub consecutive_error_limit: Fact<u32>,
    /// `consecutiveSuccessLimit`; 0 is off.
    pub consecutive_success_limit: Fact<u32>,
}

/// An objective as its author means it: what reports compare with.
#[derive(Clone, Debug, PartialEq)]
pub struct Slo {
    /// Its name: the signal's, or the alias.
    pub name: String,
    /// Where it is declared.
    pub span: Span,
    /// What is measured.
    pub signal: Signal,
    /// The query, where it is the author's own.
    pub own: Option<Own>,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what.
    pub threshold: Threshold,
    /// The window of the rate.
    pub window: Fact<Seconds>,
    /// What an empty answer means.
    pub no_data: Fact<NoData>,
    /// The requests under which nothing is concluded.
    pub at_least: Option<u64>,
    /// Measured and reported, never decides.
    pub dry_run: bool,
}

/// The built-in signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    /// Share of requests that did not fail.
    SuccessRate,
    /// Share of requests that failed.
    ErrorRate,
    /// A latency quantile in percent: 50, 90, 95, 99.
    Latency(u8),
    /// Requests per second.
    RequestRate,
    /// A metric of the author's own.
    Own,
}

/// A metric of the author's own: PromQL that yields at most one number.
#[derive(Clone, Debug, PartialEq)]
pub struct Own {
    /// The query as written, with `${canary}` and `${stable}`.
    pub text: String,
    /// Where it stands, between the backticks.
    pub span: Span,
    /// Whether it yields a scalar rather than a vector.
    pub scalar: bool,
    /// The metric names that it reads, sorted.
    pub families: Vec<String>,
}

/// A threshold in its signal's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Threshold {
    /// 0 to 1.
    Ratio(f64),
    /// Latency.
    Latency(Millis),
    /// Requests per second.
    Rate(f64),
    /// A plain number, in the unit of the author's own query.
    Number(f64),
}
