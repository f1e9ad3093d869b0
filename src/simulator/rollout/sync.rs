//! The end of a reconcile: where the index goes, whether the update is over, and what is stored.
//!
//! Enters: all that the reconcile found out. Leaves: the next status, stored if it differs.
//! It deliberately does nothing to the cluster but that. Source: Argo Rollouts v1.9.1, rollout/canary.go,
//! `syncRolloutStatusCanary`; rollout/sync.go, `persistRolloutStatus`, `shouldFullPromote`, `promoteStable`.

use super::weights::threshold_met;
use super::{Reconcile, steps};
use crate::simulator::objects::status::{PauseReason, Status, StepsSeen};
use crate::simulator::text::Text;
use crate::simulator::trace::EventKind;
use std::sync::Arc;

/// Why an update is over.
pub(super) enum Promotion {
    Initial,
    Requested,
    Window,
    Steps(i64),
    ScaleDownDelay(String),
    BlueGreen,
}

impl Promotion {
    fn reason(&self) -> String {
        match self {
            Self::Initial => "Initial deploy".to_owned(),
            Self::Requested => "Full promotion requested".to_owned(),
            Self::Window => "Rollback within window".to_owned(),
            Self::Steps(count) => format!("Completed all {count} canary steps"),
            Self::ScaleDownDelay(name) => format!("Rollback to '{name}' within scaleDownDelay"),
            Self::BlueGreen => "Completed blue-green update".to_owned(),
        }
    }
}

impl Reconcile<'_> {
    /// Whether the update starts anew. Source: utils/replicaset/replicaset.go, `PodTemplateOrStepsChanged`.
    pub(super) fn template_or_steps_changed(&self) -> bool {
        let status = &self.rollout.status;
        status.steps.as_ref() != Some(&StepsSeen(Arc::clone(&self.canary)))
            || (status.current.is_some() && status.current != Some(self.new.hash))
    }

    pub(super) fn base_status(&self) -> Status {
        use crate::simulator::objects::status::ConditionType::InvalidSpec;
        let mut status = self.status.clone();
        let old = &self.rollout.status;
        status.current = Some(self.new.hash);
        status.replicas = self.sum(|set| set.pods);
        status.updated = self.new.pods;
        status.ready = self.sum(|set| set.ready);
        status.conditions.clone_from(&old.conditions);
        status.remove_condition(InvalidSpec);
        status.promote_full = old.promote_full;
        status.available = self.sum(|set| set.available);
        status.hpa = status.replicas;
        status.stable = old.stable;
        if self.blue_green.is_none() {
            status.steps = Some(StepsSeen(Arc::clone(&self.canary)));
            status.plugins.clone_from(self.plugins.as_ref().unwrap_or(&old.plugins));
        }
        status
    }

    /// Computes and stores the status.
    pub(super) fn sync_status(&mut self) {
        let mut status = self.base_status();
        let count = self.step_count();
        if self.template_or_steps_changed() {
            self.reset(&mut status);
        } else {
            let mut index = self.step_index();
            if self.rollout.status.promote_full || self.rollback_within_window() {
                self.pause.clear = true;
                self.pause.remove_abort = true;
                index = index.map(|_| count);
            }
            if let Some(promotion) = self.promotion() {
                self.promote(&mut status, &promotion);
            } else if self.aborted() {
                if count > 0 {
                    let stable = status.stable == status.current;
                    status.step = Some(if stable { count } else { 0 });
                }
            } else {
                if self.step_completed() {
                    index = index.map(|index| index + 1);
                    self.complete_step(index);
                    status.step_run = None;
                }
                status.step = index;
            }
        }
        self.conditions(&mut status);
        self.persist(status);
    }

    fn complete_step(&mut self, next: Option<i64>) {
        self.pause.remove_step = true;
        let next = next.unwrap_or(0);
        // Upstream's index and count are one variable where the steps are skipped.
        let skipped = self.rollout.status.promote_full || self.rollback_within_window();
        let count = if skipped { next } else { self.step_count() };
        let name = if self.recorder.silent() {
            String::new()
        } else {
            self.current_step().map(steps::name).unwrap_or_default()
        };
        self.emit(false, "RolloutStepCompleted", || {
            format!("Rollout step {next}/{count} completed ({name})")
        });
    }

    /// Source: rollout/sync.go, `resetRolloutStatus`.
    pub(super) fn reset(&mut self, status: &mut Status) {
        let count = self.step_count();
        self.pause.clear = true;
        self.pause.remove_abort = true;
        status.promote_full = false;
        status.step_run = None;
        status.background_run = None;
        status.pre_run = None;
        status.post_run = None;
        status.plugins.clear();
        status.checkpoint = false;
        status.step = (count > 0).then_some(0);
        if count == 0 {
            return;
        }
        if self.rollout.status.stable == Some(self.new.hash) {
            self.emit(false, "SkipSteps", || "Rollback to stable ReplicaSets".to_owned());
            status.step = Some(count);
        } else if self.rollback_within_window() && self.new.wanted > 0 {
            self.emit(false, "SkipSteps", || {
                "Rollback to active ReplicaSets within RollbackWindow".to_owned()
            });
            status.step = Some(count);
        }
    }

    /// Source: rollout/sync.go, `isRollbackWithinWindow`.
    pub(super) fn rollback_within_window(&self) -> bool {
        let Some(stable) = &self.stable else {
            return false;
        };
        let (from, to) = (self.new.created, stable.created);
        let window = self.rollout.spec.rollback_window;
        if from >= to || window <= 0 {
            return false;
        }
        let between = self.sets.iter().filter(|set| from < set.created && set.created < to).count();
        i64::try_from(between).unwrap_or(i64::MAX) < window
    }

    fn promotion(&self) -> Option<Promotion> {
        if self.stable.is_none() {
            return Some(Promotion::Initial);
        }
        let replicas = self.rollout.spec.replicas;
        if self.aborted()
            || (self.new.available < replicas
                && !threshold_met(self.canary.threshold, Some(&self.new), replicas))
        {
            return None;
        }
        if self.rollout.status.promote_full {
            return Some(Promotion::Requested);
        }
        if self.rollback_within_window() {
            return Some(Promotion::Window);
        }
        let count = self.step_count();
        (count == 0 || self.step_index() == Some(count)).then_some(Promotion::Steps(count))
    }

    pub(super) fn promote(&mut self, status: &mut Status, promotion: &Promotion) {
        let count = self.step_count();
        self.pause.clear = true;
        self.pause.remove_abort = true;
        status.promote_full = false;
        status.checkpoint = false;
        status.step = (count > 0).then_some(count);
        if status.stable == status.current {
            return;
        }
        status.stable = status.current;
        let (revision, hash) = (self.rollout.revision, self.new.hash);
        self.emit(false, "RolloutCompleted", || {
            format!("Rollout completed update to revision {revision} ({hash}): {}", promotion.reason())
        });
    }

    /// Stores a status that differs from the stored one, and says so.
    pub(super) fn persist(&mut self, mut status: Status) {
        self.pause_status(&mut status);
        status.observed_generation = self.rollout.generation;
        (status.phase, status.message) = self.phase(&status);
        if status == self.rollout.status {
            self.requeue_stuck(&status);
            return;
        }
        self.patch_status(&status);
        let old = &self.rollout.status;
        let (was, is) = (!old.pauses.is_empty(), !status.pauses.is_empty());
        if was != is {
            if let Some(pause) = status.pauses.first() {
                let reason = pause.reason.name();
                self.emit(false, "RolloutPaused", || format!("Rollout is paused ({reason})"));
            } else if status.aborted_at.is_none() {
                self.emit(false, "RolloutResumed", || "Rollout is resumed".to_owned());
            }
        }
    }

    /// Writes what a status has otherwise than the one that this reconcile began with, and tells what that changes.
    pub(super) fn patch_status(&mut self, status: &Status) {
        let stored = (!self.recorder.silent()).then(|| self.core.store.rollout.status.clone());
        self.core.store.patch_status(&self.rollout.status, status);
        if let Some(stored) = stored {
            let written = self.core.store.rollout.status.clone();
            self.tell_changes(&stored, &written);
        }
    }

    fn tell_changes(&mut self, old: &Status, status: &Status) {
        let number = |count: i64| u32::try_from(count).unwrap_or(0);
        if let Some(step) = status.step.filter(|_| status.step != old.step) {
            let index = number(step);
            self.core.tell(self.recorder, || EventKind::Step { index });
        }
        for pause in status.pauses.iter() {
            if old.pause(pause.reason).is_none() {
                let reason = pause.reason.name().to_owned();
                let until = self.pause_end(pause.reason, pause.since);
                self.core.tell(self.recorder, || EventKind::Paused { reason, until });
            }
        }
        let name = self.rollout_name();
        if status.abort && old.aborted_at.is_none() {
            use crate::simulator::objects::status::ConditionType::Progressing;
            let message = status
                .condition(Progressing)
                .map(|condition| condition.message.spell(&name))
                .unwrap_or_default();
            self.core.tell(self.recorder, || EventKind::Aborted { message });
        }
        if let Some(stable) = status.stable.filter(|_| status.stable != old.stable) {
            let revision = crate::simulator::event::revision(stable);
            self.core.tell(self.recorder, || EventKind::Promoted { revision });
        }
        if (status.phase, &status.message) != (old.phase, &old.message) {
            let (phase, message) = (status.phase.name().to_owned(), Text::spell(&status.message, &name));
            self.core.tell(self.recorder, || EventKind::Phase { phase, message });
        }
    }

    fn pause_end(&self, reason: PauseReason, since: i64) -> Option<u64> {
        let seconds = match (reason, &self.rollout.spec.blue_green) {
            (PauseReason::BlueGreenPause, Some(strategy)) => {
                Some(strategy.auto_promotion_seconds).filter(|seconds| *seconds > 0)?
            }
            _ => self.current_step()?.pause.as_ref()?.duration.as_ref()?.0,
        };
        u64::try_from(since + seconds - self.core.epoch).ok()
    }
}
