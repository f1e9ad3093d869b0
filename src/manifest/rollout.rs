//! `argoproj.io` Rollout: what runs, and for how long things are kept.
//!
//! Enters and leaves: the fields of its `spec`; blue-green and the pod template stay untyped.
//! It deliberately knows no rule about their values; `model` and the lints do.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::canary::Canary;
use super::meta::{Kind, Labels, Resource, nullable};

/// A Rollout.
pub type Rollout = Resource<RolloutSpec>;

impl Kind for RolloutSpec {
    const API_VERSION: &'static str = "argoproj.io/v1alpha1";
    const KIND: &'static str = "Rollout";
}

/// `spec` of a Rollout. Source: Argo Rollouts v1.9.1, pkg/apis/rollouts/v1alpha1/types.go, RolloutSpec.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RolloutSpec {
    /// `replicas`
    pub replicas: Option<u32>,
    /// `paused`
    pub paused: Option<bool>,
    /// `restartAt`
    pub restart_at: Option<String>,
    /// `revisionHistoryLimit`
    pub revision_history_limit: Option<u32>,
    /// `progressDeadlineSeconds`
    pub progress_deadline_seconds: Option<u32>,
    /// `progressDeadlineAbort`
    pub progress_deadline_abort: Option<bool>,
    /// `minReadySeconds`
    pub min_ready_seconds: Option<u32>,
    /// `rollbackWindow`
    pub rollback_window: Option<RollbackWindow>,
    /// `analysis`
    pub analysis: Option<RunHistory>,
    /// `selector`
    pub selector: Option<LabelSelector>,
    /// `workloadRef`
    pub workload_ref: Option<WorkloadRef>,
    /// `template`, in the order in which it was written.
    pub template: Option<Value>,
    /// `strategy`
    pub strategy: Option<Strategy>,
}

/// `spec.rollbackWindow`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RollbackWindow {
    /// `revisions`
    pub revisions: Option<u32>,
}

/// `spec.analysis`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunHistory {
    /// `successfulRunHistoryLimit`
    pub successful_run_history_limit: Option<u32>,
    /// `unsuccessfulRunHistoryLimit`
    pub unsuccessful_run_history_limit: Option<u32>,
}

/// `spec.selector`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LabelSelector {
    /// `matchLabels`
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Labels::is_empty")]
    pub match_labels: Labels,
    /// `matchExpressions`
    pub match_expressions: Option<Vec<Value>>,
}

/// `spec.workloadRef`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkloadRef {
    /// `apiVersion`
    pub api_version: Option<String>,
    /// `kind`
    pub kind: Option<String>,
    /// `name`
    pub name: Option<String>,
    /// `scaleDown`: `never`, `onsuccess` or `progressively`.
    pub scale_down: Option<String>,
}

/// `spec.strategy`: exactly one of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Strategy {
    /// `canary`
    pub canary: Option<Canary>,
    /// `blueGreen`
    pub blue_green: Option<Value>,
}
