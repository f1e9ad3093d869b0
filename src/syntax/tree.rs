//! The typed tree of a `.roll` file, with spans. What stands in it was said; nothing is resolved or defaulted.
//!
//! Enters: nothing but values. Leaves: shapes that the grammar fills and that `model` and `formatter` read.
//! It deliberately knows no meaning: a word may name nothing, a percentage may exceed a hundred.

use crate::source::{Span, Spanned};
use crate::unit::Millis;

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

/// A test of a rollout: the world it meets and what must come of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Its name, unquoted.
    pub name: Name,
    /// `for checkout`
    pub rollout: Name,
    /// Its lines.
    pub clauses: Vec<Clause>,
    /// All of it.
    pub span: Span,
}

/// A line of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// What it is.
    pub kind: ClauseKind,
    /// All of it.
    pub span: Span,
}

/// The lines of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub enum ClauseKind {
    /// `traffic 50/s`
    Traffic(Value),
    /// `canary like stable`
    CanaryLikeStable,
    /// `stable { … }` or `canary { … }`
    Side {
        /// Which.
        side: Spanned<Side>,
        /// Its behaviours.
        behaviours: Vec<Behaviour>,
    },
    /// `pods { start 20s..40s }`: start of a pod, from and to (equal where one was written).
    PodStart(Value, Value),
    /// `scrape every 15s { jitter 2s miss 1% }`
    Scrape {
        /// Interval.
        every: Value,
        /// `jitter 2s`
        jitter: Option<Value>,
        /// `miss 1%`
        miss: Option<Value>,
    },
    /// `scrape nothing`: Prometheus never sees this release.
    ScrapeNothing,
    /// `runs 1000 seed 7`; the seed may stand alone (`seed 7`).
    Runs {
        /// How many.
        runs: Option<Value>,
        /// From which seed.
        seed: Option<Value>,
    },
    /// `at 12m promote`
    At {
        /// When.
        time: Value,
        /// `promote`, `promote full`, `abort`, `retry`.
        action: Spanned<Action>,
    },
    /// `expect …`
    Expect(Expectation),
}

/// A side of the split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The version in force.
    Stable,
    /// The version on trial.
    Canary,
}

/// What an operator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// `kubectl argo rollouts promote`
    Promote,
    /// `kubectl argo rollouts promote --full`
    PromoteFull,
    /// `kubectl argo rollouts abort`
    Abort,
    /// `kubectl argo rollouts retry rollout`
    Retry,
}

/// How one side behaves, perhaps for a while: `errors 20% from 3m to 4m`.
#[derive(Clone, Debug, PartialEq)]
pub struct Behaviour {
    /// What.
    pub kind: BehaviourKind,
    /// `from 3m`: seconds after the release was applied.
    pub from: Option<Value>,
    /// `to 4m`
    pub to: Option<Value>,
    /// All of it.
    pub span: Span,
}

/// The behaviours of a side.
#[derive(Clone, Debug, PartialEq)]
pub enum BehaviourKind {
    /// `errors 10%`, `errors ramp 0% to 10% over 20m`
    Errors(Course),
    /// `latency p95 2s`, `latency p95 ramps 200ms to 2s over 20m`, `latency p50 80ms p99 900ms`: quantile (0.95) and value.
    Latency(Vec<(Spanned<f64>, Course)>),
}

/// A value that stays or ramps.
#[derive(Clone, Debug, PartialEq)]
pub enum Course {
    /// It stays.
    Constant(Value),
    /// `ramps 200ms to 2s over 20m`
    Ramp {
        /// At the beginning.
        start: Value,
        /// At the end.
        end: Value,
        /// How long.
        over: Value,
    },
}

/// `expect rollback before 30% within 5m in >= 99% of runs`
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// What is expected.
    pub kind: ExpectationKind,
    /// All of it, from `expect`.
    pub span: Span,
}

/// What may be expected.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpectationKind {
    /// An outcome with its bounds.
    Outcome {
        /// Which.
        outcome: Spanned<Outcome>,
        /// `before 30%`: the weight stayed below.
        before: Option<Value>,
        /// `within 15m`
        within: Option<Value>,
        /// `at step 3`
        at_step: Option<Value>,
        /// `in >= 99% of runs`
        share: Option<(Spanned<Comparison>, Value)>,
    },
    /// `failed requests < 500`, `duration <= 12m`, `peak weight <= 30%`
    Quantity {
        /// Which.
        quantity: Spanned<Quantity>,
        /// How it compares.
        comparison: Spanned<Comparison>,
        /// With what.
        bound: Value,
        /// `in >= 99% of runs`
        share: Option<(Spanned<Comparison>, Value)>,
    },
}

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The new version is stable.
    Promote,
    /// The rollout was aborted.
    Rollback,
    /// It waits for a person.
    Pause,
}

/// What can be measured of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// `failed requests`: failed on the canary.
    FailedRequests,
    /// `exposed requests`: reached the canary.
    ExposedRequests,
    /// `duration`: from apply to verdict.
    Duration,
    /// `peak weight`
    PeakWeight,
}
