//! Scaling the stable and the new ReplicaSet.
//!
//! Enters: wanted counts. Leaves: written ones, one ReplicaSet a reconcile.
//! It deliberately knows no pods. Source: Argo Rollouts v1.9.1, rollout/canary.go, `reconcileCanaryReplicaSets`;
//! rollout/replicaset.go, `reconcileNewReplicaSet`; rollout/sync.go, `scaleReplicaSet`.

use super::{Failure, RESYNC, Reconcile};
use crate::simulator::event::{revision, set_name};
use crate::simulator::objects::ReplicaSet;
use crate::simulator::trace::EventKind;

impl Reconcile<'_> {
    /// Scales stable, else new, else other ReplicaSets; says whether any was scaled.
    pub(super) fn reconcile_replica_sets(&mut self) -> Result<bool, Failure> {
        if self.halted() {
            return Ok(false);
        }
        self.remove_deadlines();
        Ok(self.reconcile_stable_set()? || self.reconcile_new_set()? || self.reconcile_other_sets())
    }

    /// Source: rollout/replicaset.go, `removeScaleDownDeadlines`. The copies at hand keep theirs, and their old version.
    pub(super) fn remove_deadlines(&mut self) {
        let spare_new = self.delays_scale_down_on_abort();
        if !spare_new && self.new.deadline.is_some() {
            self.core.store.patch_deadline(self.new.key(), None);
        }
        if let Some(stable) = self.stable
            && stable.deadline.is_some()
            && (spare_new || stable.hash != self.new.hash)
        {
            self.core.store.patch_deadline(stable.key(), None);
        }
    }

    fn reconcile_stable_set(&mut self) -> Result<bool, Failure> {
        let Some(stable) = self.other_stable().copied() else {
            return Ok(false);
        };
        let (_, wanted) = self.wanted(self.rollout.status.weights);
        let (scaled, _) = self.scale(stable, wanted).map_err(|failure| {
            failure.within("failed to scaleReplicaSetAndRecordEvent in reconcileCanaryStableReplicaSet")
        })?;
        Ok(scaled)
    }

    /// Source: utils/replicaset/replicaset.go, `NewRSNewReplicas`.
    fn wanted_new(&self) -> i64 {
        match &self.blue_green {
            Some(strategy) => self.wanted_blue_green(strategy),
            None => self.wanted(self.status.weights).0,
        }
    }

    pub(super) fn reconcile_new_set(&mut self) -> Result<bool, Failure> {
        let mut wanted = self.wanted_new();
        if self.delays_scale_down_on_abort() {
            if let Some(deadline) = self.new.deadline {
                if deadline <= self.now {
                    wanted = 0;
                } else if deadline <= self.now + RESYNC {
                    self.core.rollout_at(deadline);
                    return Ok(false);
                }
            } else if let (Some(delay), _) = self.abort_delay() {
                let full = self.stable.is_some_and(|stable| stable.available == self.rollout.spec.replicas);
                if full {
                    let new = self.new;
                    self.delay(&new, delay);
                }
                return Ok(false);
            }
        }
        let (scaled, _) = self.scale(self.new, wanted).map_err(|failure| {
            failure.within("failed to scaleReplicaSetAndRecordEvent in reconcileNewReplicaSet")
        })?;
        Ok(scaled)
    }

    /// Source: rollout/replicaset.go, `shouldDelayScaleDownOnAbort`.
    pub(super) fn delays_scale_down_on_abort(&self) -> bool {
        let (delay, written) = self.abort_delay();
        self.aborted()
            && self.stable.is_some()
            && (self.canary.traffic.is_some() || self.blue_green.is_some())
            && delay.is_some()
            && (written || !self.canary.dynamic_stable_scale)
    }

    /// Scales a ReplicaSet and notes how many pods the Rollout wants; says whether the size changed.
    pub(super) fn scale(&mut self, set: ReplicaSet, wanted: i64) -> Result<(bool, ReplicaSet), Failure> {
        let replicas = self.rollout.spec.replicas;
        let annotate = set.desired != replicas || (replicas == 0 && set.deadline.is_some());
        if set.wanted == wanted && !annotate {
            return Ok((false, set));
        }
        let mut copy = set;
        copy.wanted = wanted;
        copy.desired = replicas;
        if wanted == 0 && !self.delays_scale_down_on_abort() {
            copy.deadline = None;
        }
        let next = self.core.store.update_set(copy).ok_or_else(|| {
            Failure::stale_set(set.hash)
                .within("failed to updateReplicaSet in scaleReplicaSet")
                .within("failed to scaleReplicaSet in scaleReplicaSetAndRecordEvent")
        })?;
        if set.wanted == wanted {
            return Ok((false, next));
        }
        let operation = if set.wanted < wanted { "up" } else { "down" };
        let name = self.rollout_name();
        self.emit(false, "ScalingReplicaSet", || {
            format!(
                "Scaled {operation} ReplicaSet {} (revision {}) from {} to {wanted}",
                set_name(&name, &next),
                next.revision,
                set.wanted
            )
        });
        self.core.tell(self.recorder, || EventKind::Scaled {
            revision: revision(set.hash),
            from: u32::try_from(set.wanted).unwrap_or(0),
            to: u32::try_from(wanted).unwrap_or(0),
        });
        Ok((true, next))
    }
}
