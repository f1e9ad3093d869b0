//! `status` of a Rollout, and how a patch of it is merged.
//!
//! Enters: the status a reconcile started from and the one it wants. Leaves: the stored one.
//! It deliberately knows no rule by which a status is computed.

use std::sync::Arc;

use super::super::text::Text;
use super::Hash;
use super::experiment::ExperimentId;
use super::few::Few;
use super::plugin::PluginStatus;
use super::run::{Phase as RunPhase, RunId};
use crate::model::argo::Spec;

/// A Rollout.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollout {
    /// `spec`
    pub spec: Spec,
    /// `metadata.generation`
    pub generation: i64,
    /// Annotation `rollout.argoproj.io/revision`; 0 without.
    pub revision: i64,
    /// `status`
    pub status: Status,
    /// Whether `status.abort` is written out as false, so that writing it again is no change.
    pub abort_written: bool,
    /// `metadata.resourceVersion`
    pub version: u64,
}

/// The stored status. Times are seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// `abort`
    pub abort: bool,
    /// `abortedAt`
    pub aborted_at: Option<i64>,
    /// `conditions`, the one that changed last at the end.
    pub conditions: Few<Condition, 6>,
    /// `controllerPause`
    pub controller_pause: bool,
    /// `pauseConditions`
    pub pauses: Few<PauseCondition, 3>,
    /// `currentPodHash`
    pub current: Option<Hash>,
    /// `stableRS`
    pub stable: Option<Hash>,
    /// `currentStepIndex`
    pub step: Option<i64>,
    /// `currentStepHash`: the steps themselves.
    pub steps: Option<StepsSeen>,
    /// `promoteFull`
    pub promote_full: bool,
    /// `observedGeneration`
    pub observed_generation: i64,
    /// `phase`
    pub phase: Phase,
    /// `message`
    pub message: Text,
    /// `replicas`
    pub replicas: i64,
    /// `updatedReplicas`
    pub updated: i64,
    /// `readyReplicas`
    pub ready: i64,
    /// `availableReplicas`
    pub available: i64,
    /// `HPAReplicas`
    pub hpa: i64,
    /// `canary.weights`
    pub weights: Option<Weights>,
    /// `canary.weights.additional`
    pub additional: Vec<AdditionalWeight>,
    /// `canary.currentExperiment`
    pub experiment: Option<ExperimentId>,
    /// `canary.currentStepAnalysisRunStatus`
    pub step_run: Option<RunStatus>,
    /// `canary.currentBackgroundAnalysisRunStatus`
    pub background_run: Option<RunStatus>,
    /// `blueGreen.prePromotionAnalysisRunStatus`
    pub pre_run: Option<RunStatus>,
    /// `blueGreen.postPromotionAnalysisRunStatus`
    pub post_run: Option<RunStatus>,
    /// `canary.stepPluginStatuses`
    pub plugins: Vec<PluginStatus>,
    /// `blueGreen.activeSelector`
    pub active: Option<Hash>,
    /// `blueGreen.previewSelector`
    pub preview: Option<Hash>,
    /// `blueGreen.scaleUpPreviewCheckPoint`
    pub checkpoint: bool,
}

/// The steps that a status was computed with.
#[derive(Clone, Debug)]
pub struct StepsSeen(pub Arc<crate::model::argo::Canary>);

impl PartialEq for StepsSeen {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.steps == other.0.steps
    }
}

/// `phase`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Not yet computed.
    #[default]
    None,
    /// An update goes on.
    Progressing,
    /// It waits.
    Paused,
    /// All is as wanted.
    Healthy,
    /// Aborted, invalid or timed out.
    Degraded,
}

impl Phase {
    /// As upstream spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Progressing => "Progressing",
            Self::Paused => "Paused",
            Self::Healthy => "Healthy",
            Self::Degraded => "Degraded",
        }
    }
}

/// `canary.weights`: weight and hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weights {
    /// The canary's weight.
    pub canary: i64,
    /// The canary's hash.
    pub canary_hash: Option<Hash>,
    /// The stable side's weight.
    pub stable: i64,
    /// The stable side's hash.
    pub stable_hash: Option<Hash>,
    /// `verified`: whether the last router says that it is in force.
    pub verified: Option<bool>,
}

/// `canary.weights.additional[]`: what a template of an experiment gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdditionalWeight {
    /// `serviceName`; empty where the template has no Service.
    pub service: Arc<str>,
    /// `podTemplateHash`
    pub hash: Option<Hash>,
    /// `weight`
    pub weight: i64,
}

impl std::fmt::Display for AdditionalWeight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hash = self.hash.map(|hash| hash.to_string()).unwrap_or_default();
        write!(f, "{{{} {} {hash}}}", self.weight, self.service)
    }
}

/// What the Rollout remembers of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunStatus {
    /// The run.
    pub run: RunId,
    /// Its phase when last seen.
    pub phase: RunPhase,
    /// Its message when last seen.
    pub message: Text,
}

/// Why a rollout waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PauseReason {
    /// A pause step.
    CanaryPauseStep,
    /// A run was inconclusive.
    InconclusiveAnalysisRun,
    /// The preview waits to become active.
    BlueGreenPause,
    /// An experiment was inconclusive.
    InconclusiveExperiment,
}

impl PauseReason {
    /// As upstream spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::CanaryPauseStep => "CanaryPauseStep",
            Self::InconclusiveAnalysisRun => "InconclusiveAnalysisRun",
            Self::BlueGreenPause => "BlueGreenPause",
            Self::InconclusiveExperiment => "InconclusiveExperiment",
        }
    }
}

/// `pauseConditions[]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PauseCondition {
    /// Why.
    pub reason: PauseReason,
    /// Since when.
    pub since: i64,
}

/// Types of conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConditionType {
    /// Enough pods are available.
    Available,
    /// The current version is stable.
    Completed,
    /// All is as wanted.
    Healthy,
    /// It waits.
    Paused,
    /// Something happens.
    Progressing,
    /// The spec is refused.
    InvalidSpec,
}

impl ConditionType {
    /// As upstream spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Available => "Available",
            Self::Completed => "Completed",
            Self::Healthy => "Healthy",
            Self::Paused => "Paused",
            Self::Progressing => "Progressing",
            Self::InvalidSpec => "InvalidSpec",
        }
    }
}

/// `conditions[]`
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Type.
    pub kind: ConditionType,
    /// `True`, `False` or `Unknown`.
    pub status: &'static str,
    /// Reason.
    pub reason: &'static str,
    /// Message.
    pub message: Text,
    /// `lastUpdateTime`
    pub updated: i64,
    /// `lastTransitionTime`
    pub changed: i64,
}

impl Status {
    /// The condition of a type.
    pub fn condition(&self, kind: ConditionType) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }

    /// Puts a condition at the end, unless one of this type has the same status and reason; says whether it did.
    /// Source: Argo Rollouts v1.9.1, utils/conditions/conditions.go, `SetRolloutCondition`.
    pub fn set_condition(&mut self, mut condition: Condition) -> bool {
        if let Some(old) = self.condition(condition.kind) {
            if old.status == condition.status && old.reason == condition.reason {
                return false;
            }
            if old.status == condition.status {
                condition.changed = old.changed;
            }
        }
        self.remove_condition(condition.kind);
        self.conditions.push(condition);
        true
    }

    /// Takes the condition of a type away.
    pub fn remove_condition(&mut self, kind: ConditionType) {
        self.conditions.retain(|condition| condition.kind != kind);
    }

    /// The pause condition with a reason.
    pub fn pause(&self, reason: PauseReason) -> Option<&PauseCondition> {
        self.pauses.iter().find(|pause| pause.reason == reason)
    }

    /// Whether the current version is the stable one.
    pub fn fully_promoted(&self) -> bool {
        self.stable == self.current
    }

    /// Whether it is, and there is one. Source: utils/conditions/conditions.go, `RolloutCompleted`.
    pub fn completed(&self) -> bool {
        self.stable.is_some() && self.stable == self.current
    }

    /// Applies the difference between two statuses, field by field, as a merge patch does.
    pub fn merge(&mut self, from: &Self, to: &Self) {
        macro_rules! merge {
            ($($field:ident)*) => {
                $(if from.$field != to.$field {
                    self.$field = to.$field.clone();
                })*
            };
        }
        merge!(abort aborted_at conditions controller_pause pauses current stable step steps promote_full observed_generation
            phase message replicas updated ready available hpa weights additional experiment step_run background_run pre_run post_run plugins active preview
            checkpoint);
    }
}
