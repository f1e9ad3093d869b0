//! Scenarios: the world that a rollout meets, in units, and what must come of it.
//!
//! Enters: facts from resolution. Leaves: what the simulator plays and what the test runner holds against its traces.
//! It deliberately knows no random numbers; a world is distributions, a run draws from them.

use crate::source::Span;
use crate::syntax::tree::{Action, Comparison, Outcome, Side};
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
    /// What operators do, by time.
    pub actions: Vec<(Seconds, Action)>,
    /// How many runs the expectations are about; 1 unless written.
    pub runs: u64,
    /// The seed of the first; 1 unless written.
    pub seed: u64,
    /// What must come of it.
    pub expectations: Vec<Expectation>,
}

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
    /// Scrapes; `None` where nothing is ever scraped.
    pub scrape: Option<Scrape>,
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
    /// What must hold of a run.
    pub condition: Condition,
    /// In which share of runs; `None` means in every one.
    pub share: Option<(Comparison, Ratio)>,
}

/// What must hold of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
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
