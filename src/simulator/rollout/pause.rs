//! Pauses and aborts: what this reconcile adds and takes away, and what that makes of the stored ones.
//!
//! Enters: the stored pause conditions and what the reconcile decided. Leaves: the next ones.
//! It deliberately knows no analysis. Source: Argo Rollouts v1.9.1, rollout/pause.go, and rollout/canary.go, `reconcileCanaryPause`.

use std::sync::Arc;

use super::{RESYNC, Reconcile};
use crate::simulator::objects::status::{PauseCondition, PauseReason, Status};
use crate::simulator::text::Cause;

/// What a reconcile decides about pauses and aborts.
#[derive(Debug, Default)]
pub(super) struct PauseContext {
    add_step: bool,
    add_inconclusive: bool,
    add_experiment: bool,
    add_blue_green: bool,
    /// Whether the pause of the step is over.
    pub(super) remove_step: bool,
    /// Whether the pause before promotion is over.
    pub(super) remove_blue_green: bool,
    /// Whether all pauses are over.
    pub(super) clear: bool,
    /// Why the rollout is aborted from here on.
    pub(super) abort: Option<Abort>,
    /// Whether it is not aborted any more.
    pub(super) remove_abort: bool,
}

/// An abort that this reconcile decided.
#[derive(Clone, Debug)]
pub(super) enum Abort {
    /// An analysis or an experiment was bad.
    Analysis(Arc<Cause>),
    /// The progress deadline passed.
    Deadline,
}

impl PauseContext {
    /// Adds a pause.
    pub(super) fn add(&mut self, reason: PauseReason) {
        match reason {
            PauseReason::CanaryPauseStep => self.add_step = true,
            PauseReason::InconclusiveAnalysisRun => self.add_inconclusive = true,
            PauseReason::BlueGreenPause => self.add_blue_green = true,
            PauseReason::InconclusiveExperiment => self.add_experiment = true,
        }
    }

    /// Whether one was added.
    pub(super) fn adds_any(&self) -> bool {
        self.add_step || self.add_inconclusive || self.add_blue_green || self.add_experiment
    }
}

impl Reconcile<'_> {
    /// Source: rollout/pause.go, `CalculatePauseStatus`.
    pub(super) fn pause_status(&self, status: &mut Status) {
        let old = &self.rollout.status;
        if self.pause.abort.is_some() || (!self.pause.remove_abort && old.abort) {
            status.abort = true;
            status.aborted_at = Some(old.aborted_at.unwrap_or(self.now));
            return;
        }
        status.abort = false;
        status.aborted_at = None;
        if self.pause.clear {
            return;
        }
        let mut controller_pause = old.controller_pause;
        let mut pauses = std::mem::take(&mut status.pauses);
        pauses.clear();
        pauses.extend(old.pauses.iter().filter(|pause| match pause.reason {
            PauseReason::CanaryPauseStep => !self.pause.remove_step,
            PauseReason::InconclusiveAnalysisRun | PauseReason::InconclusiveExperiment => true,
            PauseReason::BlueGreenPause => !self.pause.remove_blue_green,
        }));
        for (add, reason) in [
            (self.pause.add_blue_green, PauseReason::BlueGreenPause),
            (self.pause.add_step, PauseReason::CanaryPauseStep),
            (self.pause.add_experiment, PauseReason::InconclusiveExperiment),
            (self.pause.add_inconclusive, PauseReason::InconclusiveAnalysisRun),
        ] {
            if add && old.pause(reason).is_none() {
                let since = self.now;
                pauses.push(PauseCondition { reason, since });
                controller_pause = true;
            }
        }
        if pauses.is_empty() {
            return;
        }
        status.controller_pause = controller_pause;
        status.pauses = pauses;
    }

    /// Whether a pause step is over.
    pub(super) fn pause_completed(&self, duration: Option<i64>) -> bool {
        let pause = self.rollout.status.pause(PauseReason::CanaryPauseStep);
        match (pause, duration) {
            (None, _) => self.rollout.status.controller_pause,
            (Some(pause), Some(duration)) => self.now >= pause.since + duration,
            (Some(_), None) => false,
        }
    }

    /// Begins or goes on with the pause of a pause step; says whether there is one.
    pub(super) fn reconcile_pause_step(&mut self) -> bool {
        if self.rollout.spec.is_paused() || self.rollout.status.promote_full {
            return false;
        }
        let Some(pause) = self.current_step().and_then(|step| step.pause.as_ref()) else {
            return false;
        };
        let duration = pause.duration.as_ref().map(|(seconds, _)| *seconds);
        let Some(since) = self.rollout.status.pause(PauseReason::CanaryPauseStep).map(|pause| pause.since)
        else {
            if !self.rollout.status.controller_pause {
                self.pause.add(PauseReason::CanaryPauseStep);
            }
            return true;
        };
        if let Some(duration) = duration {
            self.look_again_at(since + duration);
        }
        true
    }

    /// Asks to be woken at the end of a pause, unless a resync comes before it.
    pub(super) fn look_again_at(&mut self, end: i64) {
        if end > self.now && end <= self.now + RESYNC {
            self.core.rollout_at(end);
        }
    }
}
