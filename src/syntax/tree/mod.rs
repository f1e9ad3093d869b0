//! The typed tree of a `.roll` file, with spans. What stands in it was said; nothing is resolved or defaulted.
//!
//! Enters: nothing but values. Leaves: shapes that the grammar fills and that `model` and `formatter` read.
//! It deliberately knows no meaning: a word may name nothing, a percentage may exceed a hundred.

mod scenario;

use crate::source::{Span, Spanned};
use crate::unit::Millis;
pub use scenario::{
    Action, Behaviour, BehaviourKind, Clause, ClauseKind, Course, Expectation, ExpectationKind, Milestone,
    Outcome, Phase, Quantity, Scenario, Side, Version,
};

/// A name as written, with its place.
pub type Name = Spanned<String>;

/// One file, in source order. Broken statements are absent; they are among the diagnostics of the parse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    /// The items at the top level.
    pub items: Vec<Item>,
}

/// An item at the top level.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// `import "slos.roll"`
    Import(Name),
    /// `param replicas = 5`, `param error-budget: ratio = 1%`
    Param(Param),
    /// `env production { replicas = 40 }`
    Env(Env),
    /// `defaults { … }`
    Defaults(Spanned<Vec<Statement>>),
    /// `slo …` shared by all rollouts of the file and of its importers.
    Slo(Slo),
    /// ``metric queue-depth = promql `…` `` shared like slos.
    Metric(Metric),
    /// `rollout checkout in shop { … }`
    Rollout(Rollout),
    /// `scenario "…" for checkout { … }`
    Scenario(Scenario),
}

/// A value in a place that wants one.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// What it is.
    pub kind: ValueKind,
    /// Where.
    pub span: Span,
}

/// The kinds of a value. Numbers are exact as written: `95%` is 0.95, read from `95e-2`.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueKind {
    /// `95%`: the ratio, 0.95.
    Ratio(f64),
    /// `2m`, `500ms`, `1m30s`.
    Duration(Millis),
    /// `200/s`: requests per second.
    Rate(f64),
    /// `3`, `0.5`
    Number(f64),
    /// `"text"`, unquoted.
    Text(String),
    /// A param's name, or a word where words are wanted.
    Name(String),
}

/// A param with its default.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Name.
    pub name: Name,
    /// `: ratio`; one of `ratio duration rate count text`.
    pub unit: Option<Name>,
    /// Default.
    pub value: Value,
}

/// Values of params in one environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Env {
    /// Name.
    pub name: Name,
    /// `replicas = 40`
    pub settings: Vec<(Name, Value)>,
}

/// A rollout.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollout {
    /// Name.
    pub name: Name,
    /// `in demo`
    pub namespace: Option<Name>,
    /// The statements of its block.
    pub body: Vec<Statement>,
    /// The whole item.
    pub span: Span,
}

/// A statement of a rollout or of `defaults`, with the span of the whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// What it is.
    pub kind: StatementKind,
    /// All of it, block included.
    pub span: Span,
}

/// The statements of a rollout; `defaults` allows some of them.
#[derive(Clone, Debug, PartialEq)]
pub enum StatementKind {
    /// `pods from "deployment.yaml"`
    PodsFrom(Name),
    /// `pods { image "…" port http 8080 … }`
    Pods(Vec<Field>),
    /// `workload Deployment/checkout`
    Workload(Workload),
    /// `replicas 10`
    Replicas(Value),
    /// `route istio subsets { host checkout … }`
    Route(Route),
    /// `prometheus "http://…:9090"`
    Prometheus(Value),
    /// `namespace shop` (in `defaults`)
    Namespace(Name),
    /// `labels { team: payments }`
    Labels(Vec<(Name, Name)>),
    /// `slo …`
    Slo(Slo),
    /// ``metric queue-depth = promql `…` ``
    Metric(Metric),
    /// `canary { … }`
    Canary(Vec<Step>),
    /// `analyze latency-p95, error-rate in background from 10%`
    Background(Background),
}

/// `key value value …` in a block: `port http 8080`, `host checkout`, `resources cpu 250m memory 256Mi`.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// First word.
    pub key: Name,
    /// What follows on the line. Anything that is no literal of the language is a `Name` (`250m`, `shop/public`).
    pub values: Vec<Value>,
    /// A nested block of `key: value` pairs (`labels { … }`).
    pub pairs: Vec<(Name, Name)>,
    /// All of it.
    pub span: Span,
}

/// A workload that stands in Git or in the cluster beside the Rollout.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// `Deployment`
    pub kind: Name,
    /// `checkout`
    pub name: Name,
    /// `from "checkout.deployment.yaml"`: the file to read labels and ports from.
    pub from: Option<Name>,
    /// `scale down never`, `scale down on success`, `scale down progressively`: the last word.
    pub scale_down: Option<Name>,
}

/// How traffic is split.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// `istio`, `istio subsets`, `nginx` …
    pub kind: Vec<Name>,
    /// The block.
    pub fields: Vec<Field>,
}

/// An objective.
#[derive(Clone, Debug, PartialEq)]
pub struct Slo {
    /// `error-rate`
    pub signal: Name,
    /// `as strict-errors`: the name where it is not the signal's.
    pub alias: Option<Name>,
    /// The comparison.
    pub comparison: Spanned<Comparison>,
    /// `1%`
    pub threshold: Value,
    /// `over 1m`
    pub window: Option<Value>,
    /// The block.
    pub modifiers: Vec<Modifier>,
    /// All of it.
    pub span: Span,
}

/// A signal of the author's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// The name by which slos call it.
    pub name: Name,
    /// The PromQL between the backticks, letter for letter; its place is that of the text inside.
    pub query: Name,
    /// All of it.
    pub span: Span,
}

/// Comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

impl Comparison {
    /// As written: `<=`.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
        }
    }
}

/// A line of an slo's block.
#[derive(Clone, Debug, PartialEq)]
pub struct Modifier {
    /// What it is.
    pub kind: ModifierKind,
    /// All of it.
    pub span: Span,
}

/// The modifiers of an slo.
#[derive(Clone, Debug, PartialEq)]
pub enum ModifierKind {
    /// `every 30s`
    Every(Value),
    /// `for 5 measurements`
    Count(Value),
    /// `tolerate 1 failure`
    Failures(Value),
    /// `tolerate 2 inconclusive`
    Inconclusive(Value),
    /// `tolerate 4 errors`
    Errors(Value),
    /// `succeed after 3 in a row`
    SucceedAfter(Value),
    /// `wait 60s`
    Wait(Value),
    /// `no data pauses|passes|fails`
    NoData(Spanned<NoData>),
    /// `at least 100 requests`
    AtLeast(Value),
    /// `dry run`
    DryRun,
}

/// What an empty answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoData {
    /// Inconclusive, which pauses.
    Pauses,
    /// Successful.
    Passes,
    /// Failed.
    Fails,
}

/// A step of a canary.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it is.
    pub kind: StepKind,
    /// All of it.
    pub span: Span,
}

/// The steps that this version compiles.
#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    /// `10%`, `10% for 2m`: a weight and perhaps a pause.
    Weight {
        /// The weight.
        weight: Value,
        /// The pause after it.
        pause: Option<Value>,
    },
    /// `pause for 2m`
    Pause(Value),
    /// `pause until promoted`
    PauseUntilPromoted,
    /// `analyze success-rate, latency-p95 for 5 measurements`
    Analyze {
        /// The slos.
        slos: Vec<Name>,
        /// The count for this step alone.
        count: Option<Value>,
    },
}

/// `analyze a, b in background from 10%`
#[derive(Clone, Debug, PartialEq)]
pub struct Background {
    /// The slos.
    pub slos: Vec<Name>,
    /// `from 10%`
    pub from: Option<Value>,
}
