//! AnalysisRuns: what they measure, and what they have measured.
//!
//! Enters: analyses with arguments resolved. Leaves: runs and their results.
//! It deliberately knows no rule by which a measurement is judged.

use std::fmt;
use std::sync::Arc;

use super::super::text::Text;
use super::Hash;
use super::experiment::ExperimentId;
use crate::condition::{self, Compiled};
use crate::model::argo::MetricSpec;

/// A run by its number in the store, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunId(pub usize);

/// Phases of measurements, metrics and runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Not yet reconciled.
    #[default]
    None,
    /// Nothing measured.
    Pending,
    /// It goes on.
    Running,
    /// Good.
    Successful,
    /// Bad.
    Failed,
    /// Could not be told.
    Error,
    /// Neither good nor bad.
    Inconclusive,
}

impl Phase {
    /// Whether nothing more comes.
    pub fn completed(self) -> bool {
        matches!(self, Self::Successful | Self::Failed | Self::Error | Self::Inconclusive)
    }

    /// As upstream spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Successful => "Successful",
            Self::Failed => "Failed",
            Self::Error => "Error",
            Self::Inconclusive => "Inconclusive",
        }
    }

    /// Rank from best to worst. Source: utils/analysis/helpers.go, `analysisStatusOrder`.
    pub fn badness(self) -> u8 {
        match self {
            Self::None | Self::Successful => 0,
            Self::Running => 1,
            Self::Pending => 2,
            Self::Inconclusive => 3,
            Self::Error => 4,
            Self::Failed => 5,
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What made a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `canary.analysis`
    Background,
    /// A step, from 0.
    Step(i64),
    /// `blueGreen.prePromotionAnalysis`
    PrePromotion,
    /// `blueGreen.postPromotionAnalysis`
    PostPromotion,
    /// An experiment's, for the analysis with this index.
    Experiment(ExperimentId, usize),
}

impl Kind {
    /// Label `rollout-type`; an experiment's has none.
    pub fn name(self) -> &'static str {
        match self {
            Self::Background => "Background",
            Self::Step(_) => "Step",
            Self::PrePromotion => "PrePromotion",
            Self::PostPromotion => "PostPromotion",
            Self::Experiment(..) => "Experiment",
        }
    }

    /// The experiment that made it.
    pub fn experiment(self) -> Option<ExperimentId> {
        match self {
            Self::Experiment(id, _) => Some(id),
            _ => None,
        }
    }
}

/// A metric ready to be measured.
#[derive(Debug)]
pub struct Metric {
    /// Its limits and where it comes from; the texts are resolved.
    pub spec: MetricSpec,
    /// Its name, shared with messages.
    pub name: Arc<str>,
    /// Success condition.
    pub success: Option<Compiled>,
    /// Failure condition.
    pub failure: Option<Compiled>,
    /// Whether it decides nothing.
    pub dry_run: bool,
    /// Measurements kept.
    pub keep: usize,
    /// What is wrong with a time of it.
    pub wrong: Option<Box<str>>,
}

/// A run's spec.
#[derive(Debug, Default)]
pub struct RunSpec {
    /// Metrics.
    pub metrics: Vec<Metric>,
    /// Why the controller refuses it in its first reconcile.
    pub refused: Option<Arc<str>>,
    /// Values of Secrets, which measurements' messages do not show.
    pub secrets: Vec<String>,
}

impl RunSpec {
    /// A text without Secrets.
    pub fn masked(&self, mut text: String) -> String {
        for secret in &self.secrets {
            text = text.replace(secret.as_str(), "*****");
        }
        text
    }
}

/// An AnalysisRun.
#[derive(Clone, Debug)]
pub struct Run {
    /// The analysis it was made from.
    pub analysis: usize,
    /// Hash of the ReplicaSet it is about.
    pub hash: Hash,
    /// Hash of the stable ReplicaSet when it was made.
    pub stable: Option<Hash>,
    /// The Rollout's revision when it was made.
    pub revision: i64,
    /// What made it.
    pub kind: Kind,
    /// What follows the hash in the name of an experiment's run: `-2-1-check`
    pub suffix: Option<Arc<str>>,
    /// `.1`, `.2`, … where the name was taken; 0 without.
    pub collision: u32,
    /// `metadata.creationTimestamp`
    pub created: i64,
    /// `spec`
    pub spec: Arc<RunSpec>,
    /// `spec.terminate`
    pub terminate: bool,
    /// `status.phase`
    pub phase: Phase,
    /// `status.message`
    pub message: Text,
    /// `status.startedAt`
    pub started_at: Option<i64>,
    /// `status.completedAt`
    pub completed_at: Option<i64>,
    /// `status.metricResults`, one place per metric of the spec; `None` before the first measurement.
    pub results: Vec<Option<MetricResult>>,
    /// Whether it was deleted.
    pub deleted: bool,
}

/// What a run is about, and when it is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About {
    pub(crate) hash: Hash,
    pub(crate) stable: Option<Hash>,
    pub(crate) revision: i64,
    pub(crate) created: i64,
}

impl Run {
    /// A run that was made and not begun.
    pub(crate) fn new(kind: Kind, analysis: usize, spec: Arc<RunSpec>, about: About) -> Self {
        let About { hash, stable, revision, created } = about;
        Self {
            analysis,
            hash,
            stable,
            revision,
            kind,
            suffix: None,
            collision: 0,
            created,
            results: vec![None; spec.metrics.len()],
            spec,
            terminate: false,
            phase: Phase::None,
            message: Text::Empty,
            started_at: None,
            completed_at: None,
            deleted: false,
        }
    }

    /// Its name.
    pub fn name(&self, rollout: &str) -> String {
        let mut name = String::new();
        let _ = self.write_name(rollout, &mut name);
        name
    }

    /// Writes its name.
    pub(in crate::simulator) fn write_name(
        &self,
        rollout: &str,
        out: &mut dyn fmt::Write,
    ) -> std::fmt::Result {
        match &self.suffix {
            Some(suffix) => write!(out, "{rollout}-{}{suffix}", self.hash)?,
            None => write!(out, "{rollout}-{}-{}", self.hash, self.revision)?,
        }
        match self.kind {
            Kind::Background | Kind::Experiment(..) => {}
            Kind::Step(index) => write!(out, "-{index}")?,
            Kind::PrePromotion => out.write_str("-pre")?,
            Kind::PostPromotion => out.write_str("-post")?,
        }
        if self.collision > 0 { write!(out, ".{}", self.collision) } else { Ok(()) }
    }

    /// Whether it ends, by request or because a metric is bad.
    /// Source: utils/analysis/helpers.go, `IsTerminating`.
    pub fn terminating(&self) -> bool {
        self.terminate
            || self.results.iter().flatten().any(|result| {
                !result.dry_run && matches!(result.phase, Phase::Failed | Phase::Error | Phase::Inconclusive)
            })
    }
}

/// `status.metricResults[]`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricResult {
    /// Phase.
    pub phase: Phase,
    /// Message.
    pub message: Text,
    /// Whether it decides nothing.
    pub dry_run: bool,
    /// Measurements that were no errors.
    pub count: i64,
    /// Good ones.
    pub successful: i64,
    /// Bad ones.
    pub failed: i64,
    /// Neither.
    pub inconclusive: i64,
    /// Errors.
    pub error: i64,
    /// Errors on end.
    pub consecutive_error: i64,
    /// Good ones on end.
    pub consecutive_success: i64,
    /// The last value measured.
    pub value: Option<condition::Value>,
    /// The last ones.
    pub measurements: Vec<Measurement>,
}

/// One measurement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measurement {
    /// Phase.
    pub phase: Phase,
    /// The value as written; empty on error and where nobody reads it.
    pub value: Text,
    /// The error.
    pub message: Text,
    /// When; measuring takes no time.
    pub at: i64,
}
