//! Blue-green: the preview beside the active version, and the moment at which it takes over.
//!
//! Enters: Services, ReplicaSets, runs. Leaves: switched Services, pauses, and the status of this strategy.
//! It deliberately knows no weights. Source: Argo Rollouts v1.9.1, rollout/bluegreen.go, rollout/service.go, rollout/analysis.go.

use std::sync::Arc;

use super::sync::Promotion;
use super::{Failure, Reconcile};
use crate::model::argo::{Analysis, BlueGreen};
use crate::simulator::event::set_name;
use crate::simulator::objects::run::{Kind, Phase, RunId};
use crate::simulator::objects::status::{PauseReason, Status};
use crate::simulator::objects::{Hash, ReplicaSet};

impl Reconcile<'_> {
    /// Source: `rolloutBlueGreen`.
    pub(super) fn run_blue_green(&mut self, strategy: &BlueGreen) -> Result<(), Failure> {
        self.sync_revision().map_err(|failure| {
            failure.within("failed to getAllReplicaSetsAndSyncRevision in rolloutBlueGreen create true")
        })?;
        if let Some(preview) = strategy.preview_service.filter(|_| !self.halted()) {
            self.switch_service(preview, self.new.hash);
        }
        if self.template_changed() {
            self.sync_blue_green_status(strategy);
            return Ok(());
        }
        self.reconcile_blue_green_sets()?;
        self.reconcile_blue_green_pause(strategy);
        self.reconcile_active_service(strategy);
        self.reconcile_runs();
        self.sync_blue_green_status(strategy);
        Ok(())
    }

    fn template_changed(&self) -> bool {
        let current = self.rollout.status.current;
        current.is_some() && current != Some(self.new.hash)
    }

    /// Source: `reconcileBlueGreenReplicaSets`.
    pub(super) fn reconcile_blue_green_sets(&mut self) -> Result<(), Failure> {
        self.remove_deadlines();
        if let Some(stable) = self.stable {
            self.scale(stable, self.rollout.spec.replicas).map_err(|failure| {
                failure
                    .within("failed to scaleReplicaSetAndRecordEvent in reconcileBlueGreenStableReplicaSet")
            })?;
        }
        self.reconcile_new_set()?;
        self.reconcile_other_sets();
        self.clean_history();
        Ok(())
    }

    /// Pods that the new ReplicaSet should have. Source: utils/replicaset/replicaset.go, `NewRSNewReplicas`.
    pub(super) fn wanted_blue_green(&self, strategy: &BlueGreen) -> i64 {
        let replicas = self.rollout.spec.replicas;
        let status = &self.rollout.status;
        let Some(preview) = strategy.preview_replicas else {
            return replicas;
        };
        let active = self.set_with(status.active);
        if active.is_none_or(|set| set.hash == self.new.hash) || status.promote_full {
            return replicas;
        }
        if status.current != Some(self.new.hash) {
            return preview;
        }
        let paused = self.rollout.spec.is_paused() || !status.pauses.is_empty();
        if !paused && status.checkpoint { replicas } else { preview }
    }

    /// The ReplicaSet of a hash.
    pub(super) fn set_with(&self, hash: Option<Hash>) -> Option<&ReplicaSet> {
        self.sets.iter().find(|set| Some(set.hash) == hash)
    }

    /// Source: utils/annotations/annotations.go, `IsSaturated`.
    pub(super) fn saturated(&self, set: &ReplicaSet) -> bool {
        let replicas = self.rollout.spec.replicas;
        set.wanted == replicas && set.desired == replicas && set.available == replicas
    }

    /// Source: utils/replicaset/bluegreen.go, `ReadyForPause`.
    fn ready_for_pause(&self, strategy: &BlueGreen) -> bool {
        let wanted = self.wanted_blue_green(strategy);
        self.new.wanted == wanted && self.new.available == wanted
    }

    fn selector(&self, service: usize) -> Option<Hash> {
        self.core.store.services.get(service)?.selector
    }

    /// Source: `isBlueGreenFastTracked`.
    fn fast_tracked(&self, strategy: &BlueGreen) -> bool {
        let active = self.selector(strategy.active_service);
        self.new.deadline.is_some()
            || self.rollout.status.promote_full
            || active.is_none()
            || active == Some(self.new.hash)
    }

    /// Source: rollout/pause.go, `completedPrePromotionAnalysis`.
    fn pre_promotion_done(&self, strategy: &BlueGreen) -> bool {
        strategy.pre_promotion.is_none() || self.phase_of(self.pre_run) == Some(Phase::Successful)
    }

    fn phase_of(&self, run: Option<RunId>) -> Option<Phase> {
        Some(self.core.store.run(run?)?.phase)
    }

    /// Source: `reconcileBlueGreenPause`.
    fn reconcile_blue_green_pause(&mut self, strategy: &BlueGreen) {
        if self.rollout.status.abort || !self.ready_for_pause(strategy) || self.halted() {
            return;
        }
        let managed = !strategy.auto_promotion || strategy.auto_promotion_seconds > 0;
        if self.fast_tracked(strategy) || self.rollout.status.checkpoint || !managed {
            self.pause.remove_blue_green = true;
            return;
        }
        if !self.pre_promotion_done(strategy) {
            return;
        }
        let since = self.rollout.status.pause(PauseReason::BlueGreenPause).map(|pause| pause.since);
        match since {
            Some(_) if self.blue_green_pause_completed(strategy) => self.pause.remove_blue_green = true,
            Some(since) if strategy.auto_promotion_seconds > 0 => {
                self.look_again_at(since + strategy.auto_promotion_seconds);
            }
            None if !self.rollout.status.controller_pause => {
                self.pause.add(PauseReason::BlueGreenPause);
            }
            _ => {}
        }
    }

    /// Source: rollout/pause.go, `CompletedBlueGreenPause`.
    fn blue_green_pause_completed(&self, strategy: &BlueGreen) -> bool {
        let status = &self.rollout.status;
        let pause = status.pause(PauseReason::BlueGreenPause);
        if self.pause.adds_any() {
            false
        } else if status.checkpoint {
            true
        } else if strategy.auto_promotion {
            strategy.auto_promotion_seconds == 0
                || pause.is_some_and(|pause| self.now >= pause.since + strategy.auto_promotion_seconds)
        } else {
            status.controller_pause && pause.is_none()
        }
    }

    /// Source: rollout/service.go, `reconcileActiveService`.
    fn reconcile_active_service(&mut self, strategy: &BlueGreen) {
        let new = self.new;
        if self.halted() || !self.ready_for_pause(strategy) || !self.saturated(&new) {
            return;
        }
        let mut hash = self.selector(strategy.active_service);
        if self.fast_tracked(strategy)
            || (self.blue_green_pause_completed(strategy) && self.pre_promotion_done(strategy))
        {
            hash = Some(new.hash);
        }
        if self.rollout.status.abort {
            hash = self.rollout.status.stable;
        }
        if let Some(hash) = hash {
            self.switch_service(strategy.active_service, hash);
        }
    }

    /// Source: `scaleDownOldReplicaSetsForBlueGreen`; failures there are swallowed upstream.
    pub(super) fn reconcile_old_blue_green_sets(&mut self, mut old: Vec<ReplicaSet>) -> bool {
        let Some(strategy) = self.blue_green.clone() else {
            return false;
        };
        let inconclusive = PauseReason::InconclusiveAnalysisRun;
        let waits = strategy.post_promotion.is_some()
            && strategy.scale_down_delay.is_none()
            && !self.skips_post(self.post_run)
            && self.phase_of(self.post_run) != Some(Phase::Successful);
        if self.rollout.status.pause(inconclusive).is_some() || waits {
            return false;
        }
        old.sort_by_key(|set| std::cmp::Reverse((set.revision, set.created)));
        let (mut annotated, mut scaled) = (0, false);
        for set in old {
            if self.referenced(set.hash) {
                continue;
            }
            let wanted = self.delayed(&set, &mut annotated, self.rollout.spec.replicas);
            if set.wanted == wanted {
                continue;
            }
            if self.scale(set, wanted).is_err() {
                return false;
            }
            scaled = true;
        }
        scaled
    }

    /// Source: `skipPrePromotionAnalysisRun`.
    fn skips_pre(&self, strategy: &BlueGreen, current: Option<RunId>) -> bool {
        let status = &self.rollout.status;
        let hash = Some(self.new.hash);
        if status.stable == hash || status.active.is_none() || status.active == hash {
            return true;
        }
        if current.is_some() {
            return false;
        }
        match strategy.preview_replicas {
            Some(count) => self.new.wanted != count || self.new.available != count,
            None => !self.saturated(&self.new),
        }
    }

    /// Source: `skipPostPromotionAnalysisRun`.
    fn skips_post(&self, current: Option<RunId>) -> bool {
        let status = &self.rollout.status;
        let hash = Some(self.new.hash);
        status.stable == hash || status.active != hash || (current.is_none() && !self.saturated(&self.new))
    }

    /// Source: `reconcilePrePromotionAnalysisRun`.
    pub(super) fn reconcile_pre_run(
        &mut self,
        strategy: &BlueGreen,
        current: Option<RunId>,
    ) -> Option<RunId> {
        let skips = self.skips_pre(strategy, current);
        self.reconcile_promotion_run(strategy.pre_promotion.as_ref(), Kind::PrePromotion, skips, current)
    }

    /// Source: `reconcilePostPromotionAnalysisRun`.
    pub(super) fn reconcile_post_run(
        &mut self,
        strategy: &BlueGreen,
        current: Option<RunId>,
    ) -> Option<RunId> {
        let skips = self.skips_post(current);
        self.reconcile_promotion_run(strategy.post_promotion.as_ref(), Kind::PostPromotion, skips, current)
    }

    fn reconcile_promotion_run(
        &mut self,
        analysis: Option<&Analysis>,
        kind: Kind,
        skips: bool,
        current: Option<RunId>,
    ) -> Option<RunId> {
        let Some(analysis) = analysis.filter(|analysis| !analysis.empty) else {
            self.cancel(current);
            return None;
        };
        if skips {
            self.cancel(current);
            return current;
        }
        let inconclusive = PauseReason::InconclusiveAnalysisRun;
        if self.rollout.status.pause(inconclusive).is_none() && self.needs_new_run(current) {
            return Some(self.create_run(analysis, kind));
        }
        current
    }

    /// Counts the pods of the active version.
    pub(super) fn count_active(&self, status: &mut Status, ready: bool) {
        if let Some(active) = self.set_with(status.active) {
            status.hpa = active.pods;
            status.available = active.available;
            if ready {
                status.ready = active.ready;
            }
        } else {
            status.hpa = self.sum(|set| set.pods);
            status.available = self.sum(|set| set.available);
        }
    }

    /// Source: `syncRolloutStatusBlueGreen`.
    fn sync_blue_green_status(&mut self, strategy: &BlueGreen) {
        let mut status = self.base_status();
        if self.template_changed() {
            self.reset(&mut status);
        }
        if self.rollout.status.promote_full || self.rollback_within_window() {
            self.pause.clear = true;
            self.pause.remove_abort = true;
        }
        status.preview = strategy.preview_service.and_then(|service| self.selector(service));
        status.active = self.selector(strategy.active_service);
        match self.blue_green_promotion(strategy, &status) {
            Some(promotion) => self.promote(&mut status, &promotion),
            None => status.checkpoint = self.checkpoint(strategy),
        }
        self.count_active(&mut status, true);
        self.conditions(&mut status);
        self.persist(status);
    }

    /// Source: rollout/sync.go, `shouldFullPromote`.
    fn blue_green_promotion(&self, strategy: &BlueGreen, status: &Status) -> Option<Promotion> {
        if self.stable.is_none() || status.active.is_none() {
            return Some(Promotion::Initial);
        }
        if status.active != status.current {
            return None;
        }
        if self.rollout.status.promote_full {
            return Some(Promotion::Requested);
        }
        if self.rollback_within_window() {
            return Some(Promotion::Window);
        }
        if self.aborted() {
            return None;
        }
        if strategy.post_promotion.is_some() {
            if self.new.deadline.is_some() {
                let name = set_name(&Arc::clone(&self.rollout.spec.name), &self.new);
                return Some(Promotion::ScaleDownDelay(name));
            }
            if self.phase_of(self.post_run) != Some(Phase::Successful) {
                return None;
            }
        }
        Some(Promotion::BlueGreen)
    }

    /// Source: `calculateScaleUpPreviewCheckPoint`.
    fn checkpoint(&self, strategy: &BlueGreen) -> bool {
        let Some(count) = strategy.preview_replicas else {
            return false;
        };
        self.rollout.status.checkpoint
            || (self.pre_promotion_done(strategy)
                && self.blue_green_pause_completed(strategy)
                && self.new.available == count)
    }
}
