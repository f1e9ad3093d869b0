//! A trace: everything that happened in one run, in time order, with causes; text, JSON and pictures are views of it.
//!
//! Enters: events from the controllers and the world. Leaves: [`Trace`], whose serialised form is a documented format.
//! It deliberately knows no layout and no unit's spelling.

use serde::Serialize;

/// The version of the serialised form. It rises when a field goes or means something else; a new field or a new kind of
/// event is no other version.
pub const VERSION: u32 = 1;

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trace {
    /// What was run.
    pub run: Run,
    /// How it ended.
    pub verdict: Verdict,
    /// What must be known of the answers that decided, sentences without a full stop; left out where nothing must.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What it cost.
    pub totals: Totals,
    /// Everything, in time order; causes before effects within a second.
    pub events: Vec<Event>,
    /// The slos' signals over time, as the world had them, for pictures.
    pub signals: Vec<SignalTrack>,
}

/// What was run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// The rollout.
    pub rollout: String,
    /// Its namespace.
    pub namespace: String,
    /// The scenario.
    pub scenario: String,
    /// Seed of the scenario.
    pub seed: u64,
    /// Number of the run among those of the seed, from 0.
    pub number: u64,
    /// Version of the controller: `1.9.1`.
    pub controller: &'static str,
    /// Major version of Prometheus.
    pub prometheus: u32,
    /// Where measured values came from, when not from queries of a world: `answers.json`. Left out otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
    /// Desired pods.
    pub replicas: u32,
    /// `istio by host`, `istio by subset`.
    pub route: String,
    /// One entry for each of Argo's steps: `10%`, `for 2m`, `analyze success-rate`, `until promoted`.
    pub steps: Vec<String>,
    /// The slos that are measured.
    pub slos: Vec<SloBound>,
    /// What answered the queries.
    pub series: SeriesOrigin,
    /// The recording, where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording: Option<RecordingUse>,
}

/// What answered the queries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum SeriesOrigin {
    /// Series that the simulation made: weights and behaviours decide what they show.
    #[default]
    #[serde(rename = "synthetic")]
    Synthetic,
    /// Series of an earlier release, which do not react to the weights of this one.
    #[serde(rename = "recorded, open loop")]
    OpenLoop,
    /// Recorded traffic, of which weights give the canary its share, and a fault.
    #[serde(rename = "recorded, closed loop")]
    ClosedLoop,
    /// Measured values, without any series.
    #[serde(rename = "answers")]
    Answers,
}

/// How a recording was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordingUse {
    /// As it was named.
    pub name: String,
    /// The recorded instant that is second 0, in RFC 3339.
    pub from: String,
    /// Why it is that one, in words.
    pub from_because: String,
    /// The second of the run at which the recording begins; 0 or less.
    pub begins: i64,
    /// The last second of the run that is recorded: queries after it find less and less, and then nothing.
    pub ends: u64,
    /// The recorded pod template hash that stood for the canary's, where pods tell it.
    pub canary_hash: Option<String>,
    /// The same for stable's.
    pub stable_hash: Option<String>,
}

/// An slo's bound as reports need it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SloBound {
    /// Metric name in the runs, and the slo's name.
    pub name: String,
    /// `ratio`, `latency` (milliseconds) or `rate`.
    pub unit: Unit,
    /// `<`, `<=`, `>`, `>=`
    pub comparison: &'static str,
    /// In the unit: 0 to 1, milliseconds, or per second.
    pub threshold: f64,
    /// Seconds.
    pub window: u64,
    /// Failures tolerated; 4294967295 where failures are not counted.
    pub failure_limit: u32,
    /// The metric's own conditions, where it is not an slo's; then `threshold` may be missing. Left out otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

/// Units of slos.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Unit {
    /// 0 to 1.
    Ratio,
    /// Milliseconds.
    Latency,
    /// Requests per second.
    Rate,
    /// A plain number, in the unit of the author's own query.
    Number,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The outcome.
    pub outcome: Outcome,
    /// Seconds after the release was applied.
    pub at: u64,
    /// Argo's index of the step in force just before (from 0), `None` past the last.
    pub step: Option<u32>,
    /// Canary weight in force just before, percent.
    pub weight: u32,
    /// Highest canary weight before the verdict, percent.
    pub peak_weight: u32,
    /// The controller's own message, letter for letter; empty where it has none.
    pub message: String,
    /// The metric that decided, where one did.
    pub metric: Option<String>,
    /// Its last value as Argo wrote it: `[0.096]`.
    pub value: Option<String>,
}

/// Outcomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// The new version is stable.
    Promoted,
    /// Aborted: stable has all traffic.
    RolledBack,
    /// It waits for a person.
    Paused,
    /// Neither within the time played.
    Unfinished,
    /// The controller's validation refuses it, and nothing is reconciled.
    Refused,
}

/// What a run cost until its verdict and scale-down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// Requests to both sides, from apply to verdict.
    pub requests: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that reached the canary.
    pub exposed: u64,
    /// Those that reached the canary and failed.
    pub exposed_failed: u64,
    /// Those of the exposed that the stable side would have failed, expected.
    pub expected_without: f64,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Seconds after the release was applied.
    pub at: u64,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum EventKind {
    /// The new revision was applied.
    Applied {
        /// Its number.
        revision: u64,
    },
    /// An operator did something.
    Action {
        /// `promote`, `promoteFull`, `promoteSkipCurrent`, `promoteSkipAll`, `abort`, `retry`, `pause`, `resume`, `scale`,
        /// `undo`, `setImage`, `terminateRuns` or `crashPods`.
        action: String,
        /// What its name leaves open: `to 20`, `to revision 1`, `stable`, `2 canary pods for 1m`; empty otherwise.
        detail: String,
        /// What the command prints that does it, letter for letter, or its error.
        outcome: String,
        /// Whether it changed anything; the plugin says the same where it did not.
        changed: bool,
    },
    /// The index moved to this step (from 0; the number of steps means past the last).
    Step {
        /// The index.
        index: u32,
    },
    /// The canary's weight was written; without a router, its share of the traffic became this.
    Weight {
        /// Percent.
        canary: u32,
    },
    /// A ReplicaSet was scaled.
    Scaled {
        /// Its revision.
        revision: u64,
        /// Pods wanted before.
        from: u32,
        /// Pods wanted from here on.
        to: u32,
    },
    /// A ReplicaSet's available pods changed.
    Available {
        /// Its revision.
        revision: u64,
        /// Available pods.
        available: u32,
        /// Pods wanted.
        wanted: u32,
    },
    /// An AnalysisRun was created.
    RunStarted {
        /// Its name.
        name: String,
        /// `Background` or `Step`.
        kind: String,
        /// The step it belongs to.
        step: Option<u32>,
    },
    /// A measurement ended.
    Measurement {
        /// The run.
        name: String,
        /// The metric.
        metric: String,
        /// The query as asked.
        query: String,
        /// The value as Argo writes it: `[0.096]`, `[]`, `[NaN]`; empty on error.
        value: String,
        /// `Successful`, `Failed`, `Inconclusive`, `Error`.
        phase: String,
        /// The error, where it is one.
        message: String,
        /// Whether the metric decides nothing.
        dry_run: bool,
        /// Failed measurements of this metric so far, this one included.
        failed: u32,
        /// Inconclusive ones likewise.
        inconclusive: u32,
    },
    /// An AnalysisRun completed.
    RunEnded {
        /// Its name.
        name: String,
        /// Its phase.
        phase: String,
        /// The controller's message.
        message: String,
    },
    /// The rollout's phase or its message changed.
    Phase {
        /// `Progressing`, `Paused`, `Healthy`, `Degraded`.
        phase: String,
        /// The controller's message.
        message: String,
    },
    /// A pause condition was added.
    Paused {
        /// `CanaryPauseStep`, `InconclusiveAnalysisRun`.
        reason: String,
        /// When it ends by itself, seconds after apply.
        until: Option<u64>,
    },
    /// The rollout was aborted.
    Aborted {
        /// The controller's message.
        message: String,
    },
    /// The new revision became stable.
    Promoted {
        /// Its number.
        revision: u64,
    },
    /// A reconcile failed; once an episode.
    ReconcileError {
        /// The controller's message.
        message: String,
    },
}

/// A signal over time on both sides.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignalTrack {
    /// The slo.
    pub slo: String,
    /// At which seconds.
    pub at: Vec<u64>,
    /// The canary's value from the emitted query, `null` where it has none.
    pub canary: Vec<Option<f64>>,
    /// The same query asked of the stable side.
    pub stable: Vec<Option<f64>>,
}
