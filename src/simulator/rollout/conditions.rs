//! Conditions: progress and its deadline, health, availability, completion, pauses.
//!
//! Enters: the stored status and the next one. Leaves: the next one's conditions.
//! It deliberately moves no index. Source: Argo Rollouts v1.9.1, rollout/sync.go, `calculateRolloutConditions`,
//! `checkPausedConditions`, `requeueStuckRollout`; utils/conditions/conditions.go.

use std::sync::Arc;

use super::Reconcile;
use super::pause::Abort;
use crate::simulator::objects::status::{Condition, ConditionType, Status};
use crate::simulator::text::Text;

impl Reconcile<'_> {
    fn condition(
        &self,
        kind: ConditionType,
        status: &'static str,
        reason: &'static str,
        message: Text,
    ) -> Condition {
        Condition { kind, status, reason, message, updated: self.now, changed: self.now }
    }

    /// Sets conditions of paused and resumed rollouts at once, before anything else is looked at.
    pub(super) fn check_paused_conditions(&mut self) {
        let old = &self.rollout.status;
        let progressing = old.condition(ConditionType::Progressing);
        let reason = progressing.map_or("", |condition| condition.reason);
        let paused = !old.pauses.is_empty() || self.rollout.spec.is_paused();
        let aborted = reason == "RolloutAborted";
        let mut status = None;
        let mut set = |condition: Condition| {
            status.get_or_insert_with(|| old.clone()).set_condition(condition);
        };
        if paused != (reason == "RolloutPaused") && !aborted && !old.completed() {
            let (reason, message) = if paused {
                ("RolloutPaused", "Rollout is paused")
            } else {
                ("RolloutResumed", "Rollout is resumed")
            };
            let message = Text::Fixed(message);
            set(self.condition(ConditionType::Progressing, "Unknown", reason, message));
        }
        if !old.abort && aborted {
            let message = Text::Fixed("Retrying Rollout after abort");
            set(self.condition(ConditionType::Progressing, "Unknown", "RolloutRetry", message));
        }
        let shown = old.condition(ConditionType::Paused).is_some_and(|condition| condition.status == "True");
        if paused != shown && !aborted {
            let value = if paused { "True" } else { "False" };
            let message = Text::Fixed("Rollout is paused");
            set(self.condition(ConditionType::Paused, value, "RolloutPaused", message));
        }
        let Some(mut status) = status else {
            return;
        };
        status.observed_generation = self.rollout.generation;
        (status.phase, status.message) = self.phase(&status);
        if status != self.rollout.status {
            self.patch_status(&status);
        }
    }

    /// Computes the next conditions.
    pub(super) fn conditions(&mut self, status: &mut Status) {
        let old_paused = !self.rollout.status.pauses.is_empty() || self.rollout.spec.is_paused();
        let aborted = self.aborted();
        let healthy = self.healthy(status);
        let became_unhealthy = self.health(status, !old_paused && healthy);
        if aborted {
            self.abort_condition(status);
        } else if healthy {
            let message = Text::Set("ReplicaSet ", self.new.hash, " has successfully progressed.");
            status.set_condition(self.condition(
                ConditionType::Progressing,
                "True",
                "NewReplicaSetAvailable",
                message,
            ));
        } else if self.progressing(status) || became_unhealthy {
            self.progress_condition(status, became_unhealthy);
        } else if !self.indefinite_step() && !self.waits_for_scale_down() && self.timed_out(status) {
            self.time_out(status);
        }
        let (value, message) = if self.enough_available(status) {
            ("True", "Rollout has minimum availability")
        } else {
            ("False", "Rollout does not have minimum availability")
        };
        let message = Text::Fixed(message);
        status.set_condition(self.condition(ConditionType::Available, value, "AvailableReason", message));
        self.completion(status);
    }

    fn enough_available(&self, status: &Status) -> bool {
        if self.blue_green.is_none() {
            return self.sum(|set| set.available) >= self.rollout.spec.replicas;
        }
        self.set_with(status.active).is_some_and(|set| self.saturated(set))
    }

    fn health(&self, status: &mut Status, healthy: bool) -> bool {
        if healthy {
            let message = Text::Fixed("Rollout is healthy");
            status.set_condition(self.condition(ConditionType::Healthy, "True", "RolloutHealthy", message));
            return false;
        }
        if self.rollout.status.condition(ConditionType::Healthy).is_none() {
            return false;
        }
        let message = Text::Fixed("Rollout is not healthy");
        status.set_condition(self.condition(ConditionType::Healthy, "False", "RolloutHealthy", message))
    }

    fn abort_condition(&mut self, status: &mut Status) {
        let cause = match &self.pause.abort {
            Some(Abort::Analysis(cause)) => Some(Arc::clone(cause)),
            _ => None,
        };
        let message = Text::Aborted(self.rollout.revision, cause);
        let spelled = message.clone();
        let changed = status.set_condition(self.condition(
            ConditionType::Progressing,
            "False",
            "RolloutAborted",
            message,
        ));
        if changed {
            let name = self.rollout_name();
            self.emit(true, "RolloutAborted", || spelled.spell(&name));
        }
    }

    fn progress_condition(&self, status: &mut Status, became_unhealthy: bool) {
        let (reason, message) = if status.stable == status.current && became_unhealthy {
            ("ReplicaSetNotAvailable", Text::Fixed("Rollout does not have minimum availability"))
        } else {
            ("ReplicaSetUpdated", Text::Set("ReplicaSet ", self.new.hash, " is progressing."))
        };
        let mut condition = self.condition(ConditionType::Progressing, "True", reason, message);
        if let Some(old) = self.rollout.status.condition(ConditionType::Progressing) {
            if old.status == "True" {
                condition.changed = old.changed;
            }
            status.remove_condition(ConditionType::Progressing);
        }
        status.set_condition(condition);
    }

    fn time_out(&mut self, status: &mut Status) {
        let message = Text::Set("ReplicaSet ", self.new.hash, " has timed out progressing.");
        status.set_condition(self.condition(
            ConditionType::Progressing,
            "False",
            "ProgressDeadlineExceeded",
            message.clone(),
        ));
        if self.rollout.spec.progress_deadline_abort {
            self.pause.abort = Some(Abort::Deadline);
            let name = self.rollout_name();
            self.emit(true, "RolloutAborted", || message.spell(&name));
        }
    }

    fn completion(&mut self, status: &mut Status) {
        let completed = status.completed();
        let value = if completed { "True" } else { "False" };
        let message = Text::Fixed("RolloutCompleted");
        let changed = status.set_condition(self.condition(
            ConditionType::Completed,
            value,
            "RolloutCompleted",
            message,
        ));
        if changed && !completed {
            let (revision, hash) = (self.rollout.revision, self.new.hash);
            self.emit(false, "RolloutNotCompleted", || {
                format!("Rollout not completed, started update to revision {revision} ({hash})")
            });
        }
    }

    /// Source: utils/conditions/conditions.go, `RolloutHealthy`.
    fn healthy(&self, status: &Status) -> bool {
        let replicas = self.rollout.spec.replicas;
        let count = self.step_count();
        if let Some(strategy) = &self.blue_green {
            return status.updated == replicas
                && status.available == replicas
                && self.rollout.status.observed_generation == self.rollout.generation
                && status.active == status.current
                && (strategy.preview_service.is_none() || status.preview == status.current);
        }
        let steps_done = count == 0 || status.step.is_none_or(|step| step == count);
        status.updated == replicas
            && status.available == replicas
            && self.rollout.status.observed_generation == self.rollout.generation
            && steps_done
            && status.completed()
            && status.replicas == replicas
    }

    /// Source: utils/conditions/conditions.go, `RolloutProgressing`.
    fn progressing(&self, status: &Status) -> bool {
        let old = &self.rollout.status;
        let moved = match (old.step, status.step) {
            (Some(from), Some(to)) => from != to,
            _ => false,
        };
        status.updated != old.updated
            || status.replicas - status.updated < old.replicas - old.updated
            || status.ready > old.ready
            || status.available > old.available
            || if self.blue_green.is_some() {
                status.active != old.active || status.preview != old.preview
            } else {
                status.stable != old.stable || moved || status.steps != old.steps
            }
    }

    /// Source: rollout/sync.go, `isWaitingForReplicaSetScaleDown`.
    fn waits_for_scale_down(&self) -> bool {
        self.others().any(|set| set.deadline.is_some())
    }

    /// Source: utils/conditions/conditions.go, `RolloutTimedOut`.
    fn timed_out(&self, status: &Status) -> bool {
        let Some(condition) = status.condition(ConditionType::Progressing) else {
            return false;
        };
        match condition.reason {
            "RolloutAborted" | "RolloutPaused" => false,
            "ProgressDeadlineExceeded" => true,
            _ => condition.updated + self.rollout.spec.progress_deadline <= self.now,
        }
    }

    /// Looks again when the progress deadline has passed.
    pub(super) fn requeue_stuck(&mut self, status: &Status) {
        let old = &self.rollout.status;
        let Some(condition) = old.condition(ConditionType::Progressing) else {
            return;
        };
        let paused = !old.pauses.is_empty() || self.rollout.spec.is_paused();
        if self.healthy(status)
            || condition.reason == "ProgressDeadlineExceeded"
            || paused
            || old.abort
            || self.indefinite_step()
        {
            return;
        }
        let deadline = condition.updated + self.rollout.spec.progress_deadline;
        if deadline <= self.now + 1 {
            let now = self.core.now;
            self.core.rollout.retry(now);
        } else {
            self.core.rollout_at(deadline + 1);
        }
    }
}
