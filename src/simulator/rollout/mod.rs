//! The Rollout controller: one reconcile, in upstream's order.
//!
//! Enters: the stored cluster at one instant. Leaves: writes to it, and times at which to look again.
//! It deliberately knows neither how pods start nor how metrics are measured.
//! Source: Argo Rollouts v1.9.1, rollout/controller.go, rollout/context.go, rollout/canary.go.

pub(super) mod actions;
mod analysis;
#[cfg(test)]
mod arithmetic;
mod blue_green;
mod conditions;
mod destinations;
mod experiment;
mod failure;
mod history;
mod invalid;
mod istio;
mod operator;
mod pause;
mod phase;
mod plugin;
mod replicas;
mod revision;
mod router;
mod scale_down;
mod service;
mod steps;
mod sync;
mod traffic;
mod weights;

pub(super) use failure::Failure;

use super::core::{Core, Spare};
use super::event::{Recorder, Surroundings};
use super::objects::ReplicaSet;
use super::objects::experiment::ExperimentId;
use super::objects::plugin::PluginStatus;
use super::objects::run::RunId;
use super::objects::status::{Rollout, Status};
use crate::model::argo::{BlueGreen, Canary};
use pause::PauseContext;
use std::sync::Arc;

/// Delays at or beyond this are left to the informers' resync. Source: controller/controller.go.
pub(super) const RESYNC: i64 = 900;

/// One reconcile: what it started from, and what it wants.
struct Reconcile<'a> {
    core: &'a mut Core,
    around: &'a mut dyn Surroundings,
    recorder: &'a mut dyn Recorder,
    /// The current second; the instant is a little later, so that `now > deadline` holds at the deadline.
    now: i64,
    /// The Rollout as it was when the reconcile began.
    rollout: Rollout,
    /// `strategy.canary`
    canary: Arc<Canary>,
    /// `strategy.blueGreen`
    blue_green: Option<Arc<BlueGreen>>,
    /// All ReplicaSets as the cache shows them.
    sets: Vec<ReplicaSet>,
    /// The one of the current pod template.
    new: ReplicaSet,
    /// The stable one; may be another copy of the new one.
    stable: Option<ReplicaSet>,
    /// The status to be; only what carries over, weights and runs, until the end.
    status: Status,
    pause: PauseContext,
    step_run: Option<RunId>,
    background_run: Option<RunId>,
    pre_run: Option<RunId>,
    post_run: Option<RunId>,
    other_runs: Vec<RunId>,
    experiment: Option<ExperimentId>,
    other_experiments: Vec<ExperimentId>,
    /// What the plugins of steps came to, once they were asked.
    plugins: Option<Vec<PluginStatus>>,
    /// Whether one could not be asked.
    plugin_error: bool,
}

/// Reconciles the Rollout once.
pub(super) fn reconcile(
    core: &mut Core,
    around: &mut dyn Surroundings,
    recorder: &mut dyn Recorder,
) -> Result<(), Failure> {
    let mut reconcile = Reconcile::begin(core, around, recorder)?;
    let result = reconcile.run();
    let (sets, runs) = (std::mem::take(&mut reconcile.sets), std::mem::take(&mut reconcile.other_runs));
    reconcile.core.spare = Spare { sets, runs };
    result
}

impl<'a> Reconcile<'a> {
    /// Source: rollout/controller.go, `newRolloutContext`.
    fn begin(
        core: &'a mut Core,
        around: &'a mut dyn Surroundings,
        recorder: &'a mut dyn Recorder,
    ) -> Result<Self, Failure> {
        let mut rollout = core.store.rollout.clone();
        if let Some(reason) = core.refused.clone().or_else(|| rollout.spec.refused.clone()) {
            invalid::refuse(core, &rollout, &reason);
            return Err(Failure::invalid(reason));
        }
        let canary = Arc::clone(&rollout.spec.canary);
        let blue_green = rollout.spec.blue_green.clone();
        let now = core.second();
        let Spare { mut sets, runs } = std::mem::take(&mut core.spare);
        sets.clone_from(&core.store.sets);
        let existing = core
            .store
            .hash(rollout.spec.template)
            .and_then(|hash| sets.iter().find(|set| set.hash == hash).copied());
        let new = if let Some(new) = existing {
            new
        } else {
            let new = revision::create(core, recorder, &mut rollout, &sets, now)?;
            sets.push(new);
            new
        };
        let stable = rollout.status.stable.and_then(|hash| sets.iter().find(|set| set.hash == hash).copied());
        let status = Status {
            weights: rollout.status.weights,
            additional: rollout.status.additional.clone(),
            ..Status::default()
        };
        let mut this = Self {
            core,
            around,
            recorder,
            now,
            canary,
            blue_green,
            sets,
            new,
            stable,
            status,
            pause: PauseContext::default(),
            step_run: None,
            background_run: None,
            pre_run: None,
            post_run: None,
            other_runs: runs,
            experiment: None,
            other_experiments: Vec::new(),
            plugins: None,
            plugin_error: false,
            rollout,
        };
        this.find_runs();
        this.find_experiments();
        if this.rollout.status.fully_promoted() && this.aborted() {
            this.pause.remove_abort = true;
        }
        Ok(this)
    }

    /// Source: rollout/context.go, `reconcile`.
    fn run(&mut self) -> Result<(), Failure> {
        self.check_paused_conditions();
        self.sync_revision().map_err(|failure| {
            failure.within("failed to getAllReplicaSetsAndSyncRevision in isScalingEvent")
        })?;
        if self.is_scaling_event() {
            return self.sync_replicas_only();
        }
        match self.blue_green.clone() {
            Some(strategy) => self.run_blue_green(&strategy),
            None => self.run_canary(),
        }
    }

    /// Source: rollout/context.go via rollout/sync.go, `isScalingEvent`.
    fn is_scaling_event(&self) -> bool {
        [Some(self.new), self.stable]
            .into_iter()
            .flatten()
            .any(|set| set.wanted > 0 && set.desired != self.rollout.spec.replicas)
    }

    /// Source: rollout/sync.go, `syncReplicasOnly`.
    fn sync_replicas_only(&mut self) -> Result<(), Failure> {
        self.sync_revision().map_err(|failure| {
            failure.within("failed to getAllReplicaSetsAndSyncRevision in syncReplicasOnly")
        })?;
        let mut status = self.rollout.status.clone();
        if self.blue_green.is_some() {
            self.reconcile_blue_green_sets().map_err(|failure| {
                failure.within("failed to reconcileBlueGreenReplicaSets in syncReplicasOnly")
            })?;
            self.count_active(&mut status, false);
            self.persist(status);
            return Ok(());
        }
        self.reconcile_replica_sets()
            .map_err(|failure| failure.within("failed to reconcileCanaryReplicaSets in syncReplicasOnly"))?;
        status.available = self.sum(|set| set.available);
        status.hpa = self.sum(|set| set.pods);
        self.persist(status);
        Ok(())
    }

    /// Source: rollout/canary.go, `rolloutCanary`.
    fn run_canary(&mut self) -> Result<(), Failure> {
        if self.template_or_steps_changed() {
            self.sync_revision().map_err(|failure| failure.within("failed to getAllReplicaSetsAndSyncRevision in rolloutCanary with PodTemplateOrStepsChanged"))?;
            self.sync_status();
            return Ok(());
        }
        self.sync_revision().map_err(|failure| {
            failure.within("failed to getAllReplicaSetsAndSyncRevision in rolloutCanary create true")
        })?;
        self.clean_history();
        self.reconcile_services();
        self.reconcile_traffic()?;
        self.reconcile_experiments();
        self.reconcile_runs();
        if self.pause.adds_any() {
            self.sync_status();
            return Ok(());
        }
        if self.reconcile_replica_sets()? || self.reconcile_pause_step() {
            self.sync_status();
            return Ok(());
        }
        self.reconcile_plugins();
        self.sync_status();
        Ok(())
    }

    /// Whether the rollout counts as aborted in this reconcile. Source: rollout/pause.go, `IsAborted`.
    fn aborted(&self) -> bool {
        !self.pause.remove_abort && (self.pause.abort.is_some() || self.rollout.status.abort)
    }

    /// Why nothing may be scaled. Source: rollout/context.go, `haltProgress`.
    fn halted(&self) -> bool {
        use super::objects::status::PauseReason::InconclusiveAnalysisRun;
        self.rollout.spec.is_paused() || self.rollout.status.pause(InconclusiveAnalysisRun).is_some()
    }

    /// ReplicaSets that are neither the new nor the stable one.
    fn others(&self) -> impl Iterator<Item = &ReplicaSet> {
        let (new, stable) = (self.new.hash, self.stable.map(|set| set.hash));
        self.sets.iter().filter(move |set| set.hash != new && Some(set.hash) != stable)
    }

    fn sum(&self, count: impl Fn(&ReplicaSet) -> i64) -> i64 {
        self.sets.iter().map(count).sum()
    }

    fn rollout_name(&self) -> Arc<str> {
        Arc::clone(&self.rollout.spec.name)
    }

    fn emit(&mut self, warning: bool, reason: &str, message: impl FnOnce() -> String) {
        self.core.emit(self.recorder, warning, reason, message);
    }
}
