//! Experiments: which templates they run, which analyses judge them, and what has come of it.
//!
//! Enters: an experiment step of a Rollout, and the ReplicaSets its templates are copied from. Leaves: experiments and
//! their statuses. It deliberately knows no rule by which they go on. Times are seconds.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use super::super::text::Text;
use super::Hash;
use super::run::{Phase, RunId};
use crate::model::argo::{self, Template};

/// An experiment by its number in the store, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExperimentId(pub usize);

/// Whose ReplicaSet it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// The Rollout's.
    Rollout,
    /// An experiment's, for the template with this index.
    Experiment(ExperimentId, usize),
}

/// What tells a ReplicaSet from all others: its owner, and its hash.
pub type SetKey = (Owner, Hash);

/// The ReplicaSet a template of an experiment is copied from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its hash, which the copy has too.
    pub hash: Hash,
    /// Its pod template.
    pub template: Template,
    /// Its `minReadySeconds`.
    pub min_ready: i64,
    /// Its place among names.
    pub place: u32,
    /// Whether its containers name ports; without any there is no Service.
    pub ports: bool,
}

/// `status.templateStatuses[].status`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TemplatePhase {
    /// Not yet reconciled.
    #[default]
    None,
    /// Pods are missing.
    Progressing,
    /// All pods are available.
    Running,
    /// It ran as long as it should.
    Successful,
    /// Pods were missing for too long.
    Failed,
    /// Something could not be written.
    Error,
}

impl TemplatePhase {
    /// Whether nothing more comes.
    pub fn completed(self) -> bool {
        matches!(self, Self::Successful | Self::Failed | Self::Error)
    }

    /// As upstream spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Progressing => "Progressing",
            Self::Running => "Running",
            Self::Successful => "Successful",
            Self::Failed => "Failed",
            Self::Error => "Error",
        }
    }

    /// Rank from best to worst. Source: Argo Rollouts v1.9.1, utils/experiment/experiment.go, `templateStatusOrder`.
    pub fn badness(self) -> u8 {
        match self {
            Self::None | Self::Successful => 0,
            Self::Running => 1,
            Self::Progressing => 2,
            Self::Error => 3,
            Self::Failed => 4,
        }
    }
}

impl fmt::Display for TemplatePhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `status.templateStatuses[]`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TemplateStatus {
    /// `status`
    pub phase: TemplatePhase,
    /// `message`
    pub message: Text,
    /// `replicas`, which is `updatedReplicas` too.
    pub replicas: i64,
    /// `readyReplicas`
    pub ready: i64,
    /// `availableReplicas`
    pub available: i64,
    /// `lastTransitionTime`
    pub changed: Option<i64>,
    /// `serviceName`
    pub service: Option<Arc<str>>,
    /// `podTemplateHash`
    pub hash: Option<Hash>,
}

/// `status.analysisRuns[]`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnalysisStatus {
    /// `phase`
    pub phase: Phase,
    /// `message`
    pub message: Text,
    /// `analysisRun`
    pub run: Option<RunId>,
}

/// Reasons of condition `Progressing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// `ReplicaSetUpdated`
    Updated,
    /// `NewReplicaSetAvailable`
    Available,
    /// `ExperimentCompleted`
    Completed,
}

impl Progress {
    /// Whether the condition's status is true.
    pub fn is_true(self) -> bool {
        self != Self::Completed
    }
}

/// Condition `Progressing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgressCondition {
    /// Its reason.
    pub reason: Progress,
    /// `lastUpdateTime`
    pub updated: i64,
    /// `lastTransitionTime`
    pub changed: i64,
}

/// `status` of an Experiment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// `phase`
    pub phase: Phase,
    /// `message`
    pub message: Text,
    /// `availableAt`
    pub available_at: Option<i64>,
    /// `templateStatuses`, in the templates' order; none before the first reconcile.
    pub templates: Vec<TemplateStatus>,
    /// `analysisRuns`, likewise.
    pub analyses: Vec<AnalysisStatus>,
    /// Condition `Progressing`.
    pub progress: Option<ProgressCondition>,
    /// Whether condition `InvalidExperimentSpec` is set.
    pub invalid: bool,
}

/// An Experiment.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// Hash of the Rollout's new ReplicaSet when it was made.
    pub hash: Hash,
    /// Hash of its stable one.
    pub stable: Hash,
    /// The Rollout's revision when it was made.
    pub revision: i64,
    /// The step it belongs to, from 0.
    pub step: i64,
    /// `-1`, `-2`, … where the name was taken; 0 without.
    pub collision: u32,
    /// `metadata.creationTimestamp`
    pub created: i64,
    /// What the step says.
    pub spec: Arc<argo::Experiment>,
    /// What each template is copied from.
    pub sources: Vec<Source>,
    /// `spec.progressDeadlineSeconds`
    pub progress_deadline: i64,
    /// `spec.terminate`
    pub terminate: bool,
    /// `status`
    pub status: Status,
    /// The Services of the templates, by index in the store.
    pub services: Vec<Option<usize>>,
    /// Whether it was deleted.
    pub deleted: bool,
}

impl Experiment {
    /// Its name.
    pub fn name(&self, rollout: &str) -> String {
        format!("{rollout}-{}{}", self.hash, self.suffix())
    }

    /// What follows the hash in its name: `-2-1`
    pub fn suffix(&self) -> String {
        let mut text = format!("-{}-{}", self.revision, self.step);
        if self.collision > 0 {
            let _ = write!(text, "-{}", self.collision);
        }
        text
    }

    /// The name of a template's ReplicaSet.
    pub fn set_name(&self, rollout: &str, template: usize) -> String {
        let name = self.spec.templates.get(template).map_or("", |template| &template.name);
        format!("{}-{name}", self.name(rollout))
    }

    /// Whether two specs are equal, apart from `terminate`.
    /// Source: Argo Rollouts v1.9.1, utils/experiment/experiment.go, `IsSemanticallyEqual`.
    pub fn same_spec(&self, other: &Self) -> bool {
        self.spec == other.spec
            && self.sources == other.sources
            && self.stable == other.stable
            && self.progress_deadline == other.progress_deadline
    }
}
