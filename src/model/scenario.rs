//! Scenarios: the world that a rollout meets, in units, and what must come of it.
//!
//! Enters: facts from resolution. Leaves: what the simulator plays and what the test runner holds against its traces.
//! It deliberately knows no random numbers; a world is distributions, a run draws from them.

use super::replay::{Fault, Replay};
use crate::source::{Span, Spanned};
use crate::syntax::tree::{Comparison, Outcome, Phase, Side};
use crate::unit::{Millis, Rate, Ratio, Seconds, Weight};

/// A scenario for one rollout.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Its name; `a healthy release` where the file has none.
    pub name: String,
    /// Where it stands; `None` for the one that Rollcast supplies.
    pub span: Option<Span>,
    /// Index into the program's rollouts.
    pub rollout: usize,
    /// The world.
    pub world: World,
    /// The recording in the place of the world, where there is one.
    pub replay: Option<Spanned<Replay>>,
    /// What the canary adds to recorded traffic.
    pub fault: Fault,
    /// What operators do, by time.
    pub actions: Vec<(Seconds, Action)>,
    /// How many runs the expectations are about; 1 unless written.
    pub runs: u64,
    /// The seed of the first; 1 unless written.
    pub seed: u64,
    /// What must come of it.
    pub expectations: Vec<Expectation>,
    /// What is looked out for on the way, because expectations are about it.
    pub milestones: Vec<Milestone>,
}

/// What an operator does, or what befalls the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// `kubectl argo rollouts promote`
    Promote,
    /// `kubectl argo rollouts promote --full`
    PromoteFull,
    /// `kubectl argo rollouts promote --skip-current-step`
    SkipStep,
    /// `kubectl argo rollouts promote --skip-all-steps`
    SkipAllSteps,
    /// `kubectl argo rollouts abort`
    Abort,
    /// `kubectl argo rollouts retry rollout`
    Retry,
    /// `kubectl argo rollouts pause`
    Pause,
    /// `spec.paused` is set to false.
    Resume,
    /// `kubectl scale`, to so many pods.
    Scale(u32),
    /// `kubectl argo rollouts undo`, to a revision or to the one before.
    Undo(Option<u32>),
    /// The pod template of a version is applied.
    Apply(Version),
    /// `kubectl argo rollouts terminate analysisrun`, of every run that goes on.
    TerminateAnalysis,
    /// Ready pods become unready.
    Crash {
        /// So many at most.
        pods: u32,
        /// Of which side.
        side: Side,
        /// For how long; for good where it is `None`.
        recovery: Option<Seconds>,
    },
}

/// A version of the pods: 0 is the one in force before the release, 1 the one that the scenario releases, the others are
/// those that are applied later, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u16);

/// What a release meets.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    /// Offered requests per second, to both sides together.
    pub traffic: Rate,
    /// The stable side.
    pub stable: Behaviour,
    /// The canary side.
    pub canary: Behaviour,
    /// Start of a pod until it is available, uniformly between.
    pub pod_start: (Seconds, Seconds),
    /// What else becomes of the pods of the release, and of versions applied later.
    pub fate: Fate,
    /// Scrapes; `None` where nothing is ever scraped.
    pub scrape: Option<Scrape>,
}

/// What becomes of the pods of a release. Without more, each becomes ready and stays so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// From creation until a pod is ready, uniformly between, where it differs from the world's.
    pub start: Option<(Seconds, Seconds)>,
    /// No more pods than these become ready.
    pub most_ready: Option<u32>,
    /// From ready until a pod is not any more.
    pub crash_after: Option<Seconds>,
    /// From then until it is ready again.
    pub recover_after: Option<Seconds>,
}

/// How Prometheus looks at the pods.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scrape {
    /// Interval.
    pub every: Millis,
    /// Each scrape is late by up to this much, uniformly.
    pub jitter: Millis,
    /// Share of scrapes that fail.
    pub miss: Ratio,
    /// From the first until before the second, after the release was applied, every scrape fails.
    pub gap: Option<(Seconds, Seconds)>,
}

/// How one side answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Behaviour {
    /// Share of failing requests when no episode is in force.
    pub errors: Ratio,
    /// Latency when no episode is in force.
    pub latency: Lognormal,
    /// Deviations for a while; the last one in force wins, for errors and latency apart.
    pub episodes: Vec<Episode>,
}

/// A deviation from `from` (after the release was applied) until `to`.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    /// Beginning.
    pub from: Seconds,
    /// End; `None` lasts.
    pub to: Option<Seconds>,
    /// What deviates.
    pub change: Change,
}

/// What deviates in an episode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Share of failing requests, from the first to the second value over so many seconds (0: at once the second).
    Errors(Ratio, Ratio, Seconds),
    /// Latency, likewise; medians and spreads go geometrically.
    Latency(Lognormal, Lognormal, Seconds),
}

/// A lognormal latency: `exp(mu + sigma·z)` milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lognormal {
    /// Logarithm of the median in milliseconds.
    pub mu: f64,
    /// Spread.
    pub sigma: f64,
}

/// One expectation and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// As written, for reports.
    pub text: String,
    /// Where.
    pub span: Span,
    /// Whether the condition must not hold.
    pub negated: bool,
    /// What must hold of a run.
    pub condition: Condition,
    /// In which share of runs; `None` means in every one.
    pub share: Option<(Comparison, Ratio)>,
}

/// What comes about on the way, once or never.
#[derive(Clone, Debug, PartialEq)]
pub enum Milestone {
    /// The step index reaches this one, from 0, or passes it.
    Step(u32),
    /// So much of the traffic reaches the release: at least, or more than.
    Weight(Comparison, Weight),
    /// The controller writes this phase.
    Phase(Phase),
    /// The controller's message, or that of a condition, has this text in it.
    Message(String),
}

/// What must hold of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// How it ends.
    Outcome {
        /// The outcome.
        outcome: Outcome,
        /// The weight was always below this.
        before: Option<Weight>,
        /// No later than this.
        within: Option<Seconds>,
        /// In this step, from 1, as the terminal counts them.
        at_step: Option<u32>,
        /// This metric decided.
        by: Option<String>,
    },
    /// Something came about.
    Milestone {
        /// Index into the scenario's milestones.
        index: usize,
        /// What it is.
        milestone: Milestone,
        /// No later than this.
        within: Option<Seconds>,
    },
    /// Requests that failed on the canary.
    FailedRequests(Comparison, u64),
    /// Requests that reached the canary.
    ExposedRequests(Comparison, u64),
    /// From apply to verdict.
    Duration(Comparison, Seconds),
    /// The highest weight.
    PeakWeight(Comparison, Weight),
}

/// Which side a behaviour is of; re-exported so that readers need no syntax.
pub type WorldSide = Side;
