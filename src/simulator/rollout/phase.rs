//! The phase that people see, and its message.
//!
//! Enters: a status. Leaves: `status.phase` and `status.message`.
//! It deliberately decides nothing else. Source: Argo Rollouts v1.9.1, utils/rollout/rolloututil.go, `CalculateRolloutPhase`.

use std::sync::Arc;

use super::Reconcile;
use crate::simulator::objects::status::{ConditionType, Phase, Status};
use crate::simulator::text::Text;

/// The first condition that means something is wrong.
pub(super) fn degraded(status: &Status) -> Option<(Phase, Text)> {
    for condition in status.conditions.iter() {
        let prefix = if condition.kind == ConditionType::InvalidSpec {
            "InvalidSpec"
        } else if matches!(condition.reason, "RolloutAborted" | "ProgressDeadlineExceeded") {
            condition.reason
        } else {
            continue;
        };
        return Some((Phase::Degraded, Text::Prefixed(prefix, Arc::new(condition.message.clone()))));
    }
    None
}

impl Reconcile<'_> {
    /// The first that applies.
    pub(super) fn phase(&self, status: &Status) -> (Phase, Text) {
        if let Some(degraded) = degraded(status) {
            return degraded;
        }
        if self.rollout.spec.is_paused() {
            return (Phase::Paused, Text::Fixed("manually paused"));
        }
        if let Some(pause) = status.pauses.first() {
            return (Phase::Paused, Text::Fixed(pause.reason.name()));
        }
        let waiting = if status.updated < self.rollout.spec.replicas {
            "more replicas need to be updated"
        } else if status.available < status.updated {
            "updated replicas are still becoming available"
        } else if let Some(strategy) = &self.blue_green {
            let post = status.post_run.as_ref();
            if status.active.is_none() || status.active != status.current {
                "active service cutover pending"
            } else if status.completed() {
                return (Phase::Healthy, Text::Empty);
            } else if strategy.post_promotion.is_some() && post.is_none_or(|run| !run.phase.completed()) {
                "waiting for analysis to complete"
            } else {
                "waiting for post-promotion verification to complete"
            }
        } else if self.canary.traffic.is_none() && status.replicas > status.updated {
            "old replicas are pending termination"
        } else if !status.completed() {
            "waiting for all steps to complete"
        } else {
            return (Phase::Healthy, Text::Empty);
        };
        (Phase::Progressing, Text::Fixed(waiting))
    }
}
