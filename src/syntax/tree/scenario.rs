//! Scenarios as written: clauses, what operators do, how sides behave, and what is expected.
//!
//! Enters: nothing but values. Leaves: the scenario's part of the tree.
//! It deliberately knows no meaning: a revision may never have been, a phase may never come.

use super::{Comparison, Name, Value};
use crate::source::{Span, Spanned};

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
    /// `replay "night.om" as traffic`
    Replay(Replay),
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
        /// `gap 2m at 5m`: how long, and from when on.
        gap: Option<(Value, Value)>,
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
        /// What is done.
        action: Spanned<Action>,
    },
    /// `expect …`
    Expect(Expectation),
}

/// A recording in the place of the world, and how it is to be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// A file or a folder, relative to the program.
    pub path: Name,
    /// `as canary`, `as traffic`
    pub stands: Option<Spanned<Stands>>,
    /// `from "2024-11-02T10:00:00Z"`: the recorded instant at which the release is applied.
    pub from: Option<Name>,
    /// `canary-hash "7d9f8c6b5"`
    pub canary_hash: Option<Name>,
    /// `stable-hash "5bd4f1c7d"`
    pub stable_hash: Option<Name>,
}

/// For what a recording stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stands {
    /// For the canary's and stable's own series, which were recorded in an earlier release: open loop.
    ForCanary,
    /// For the load and for how stable answers it, of which the canary gets its share and a fault: closed loop.
    ForTraffic,
}

/// A side of the split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The version in force.
    Stable,
    /// The version on trial.
    Canary,
}

/// What an operator does, or what befalls the cluster.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// `promote`: `kubectl argo rollouts promote`
    Promote,
    /// `promote full`: `kubectl argo rollouts promote --full`
    PromoteFull,
    /// `skip step`: `kubectl argo rollouts promote --skip-current-step`
    SkipStep,
    /// `skip all steps`: `kubectl argo rollouts promote --skip-all-steps`
    SkipAllSteps,
    /// `abort`: `kubectl argo rollouts abort`
    Abort,
    /// `retry`: `kubectl argo rollouts retry rollout`
    Retry,
    /// `pause`: `kubectl argo rollouts pause`
    Pause,
    /// `resume`: `spec.paused` is set to false.
    Resume,
    /// `scale 20`: `kubectl scale rollout --replicas=20`
    Scale(Value),
    /// `undo`, `undo to revision 3`: `kubectl argo rollouts undo`
    Undo(Option<Value>),
    /// `apply another`: another pod template is applied.
    Apply(Version),
    /// `terminate analysis`: `kubectl argo rollouts terminate analysisrun`, of every run that goes on.
    TerminateAnalysis,
    /// `crash 2 canary pods for 1m`: so many ready pods become unready, for a while or for good.
    Crash {
        /// How many.
        pods: Value,
        /// Of which side.
        side: Side,
        /// `for 1m`
        recovery: Option<Value>,
    },
}

/// A version that can be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// The one that was in force before the release.
    Stable,
    /// The one that the scenario releases.
    Canary,
    /// One that was never applied before.
    Another,
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
    /// `start 20s..40s`: from a pod's creation until it is ready, from and to (equal where one was written).
    Start(Value, Value),
    /// `never ready`: no pod becomes ready.
    NeverReady,
    /// `only 2 ready`: no more pods become ready.
    OnlyReady(Value),
    /// `crashes after 10m for 2m`: so long after it became ready, a pod is not ready any more, for a while or for good.
    Crashes {
        /// `after 10m`
        after: Value,
        /// `for 2m`
        recovery: Option<Value>,
    },
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
    /// `expect no rollback`: that it does not come so.
    pub negated: bool,
    /// What is expected.
    pub kind: ExpectationKind,
    /// `in >= 99% of runs`
    pub share: Option<(Spanned<Comparison>, Value)>,
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
        /// `by error-rate`: the slo that decided.
        by: Option<Name>,
    },
    /// `failed requests < 500`, `duration <= 12m`, `peak weight <= 30%`
    Quantity {
        /// Which.
        quantity: Spanned<Quantity>,
        /// How it compares.
        comparison: Spanned<Comparison>,
        /// With what.
        bound: Value,
    },
    /// `step 3 within 5m`, `weight >= 50%`, `phase Degraded`, `message "…"`
    Milestone {
        /// What comes about at some time.
        milestone: Milestone,
        /// `within 5m`
        within: Option<Value>,
    },
}

/// What comes about on the way.
#[derive(Clone, Debug, PartialEq)]
pub enum Milestone {
    /// `step 3`: counted from 1.
    Step(Value),
    /// `weight >= 50%`
    Weight(Spanned<Comparison>, Value),
    /// `phase Degraded`
    Phase(Phase),
    /// `message "timed out"`: the controller says something in which this text is.
    Message(Name),
}

/// A phase of a rollout, as the controller writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// An update goes on.
    Progressing,
    /// It waits.
    Paused,
    /// All is as wanted.
    Healthy,
    /// It was aborted, is invalid or timed out.
    Degraded,
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
