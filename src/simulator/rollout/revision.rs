//! Revisions: a ReplicaSet for a new pod template, and the annotations that number them.
//!
//! Enters: the Rollout and its ReplicaSets. Leaves: the new ReplicaSet with the highest revision, and the Rollout's annotation.
//! It deliberately scales nothing. Source: Argo Rollouts v1.9.1, rollout/sync.go, `createDesiredReplicaSet`,
//! `syncReplicaSetRevision`, `setRolloutRevision`.

use super::{Failure, Reconcile};
use crate::simulator::core::Core;
use crate::simulator::event::{Recorder, set_name};
use crate::simulator::objects::ReplicaSet;
use crate::simulator::objects::status::{Condition, ConditionType, Rollout};
use crate::simulator::text::Text;

/// Creates the ReplicaSet of the current pod template, with no pods.
pub(super) fn create(
    core: &mut Core,
    recorder: &mut dyn Recorder,
    rollout: &mut Rollout,
    older: &[ReplicaSet],
    now: i64,
) -> Result<ReplicaSet, Failure> {
    let revision = highest(older.iter()) + 1;
    let set = core.store.create_set(rollout.spec.template, revision, now);
    number(core, recorder, rollout, revision)?;
    core.emit(recorder, false, "NewReplicaSetCreated", || {
        format!("Created ReplicaSet {} (revision {revision})", set_name(&rollout.spec.name, &set))
    });
    let before = rollout.status.clone();
    rollout.status.set_condition(Condition {
        kind: ConditionType::Progressing,
        status: "True",
        reason: "NewReplicaSetCreated",
        message: Text::Set("Created new replica set ", set.hash, ""),
        updated: now,
        changed: now,
    });
    core.store.patch_status(&before, &rollout.status);
    rollout.version = core.store.rollout.version;
    Ok(set)
}

fn highest<'a>(sets: impl Iterator<Item = &'a ReplicaSet>) -> i64 {
    sets.map(|set| set.revision).max().unwrap_or(0)
}

/// Writes the Rollout's revision annotation.
fn number(
    core: &mut Core,
    recorder: &mut dyn Recorder,
    rollout: &mut Rollout,
    revision: i64,
) -> Result<(), Failure> {
    if rollout.revision == revision {
        return Ok(());
    }
    if rollout.version != core.store.rollout.version {
        return Err(Failure::stale_rollout());
    }
    core.store.rollout.revision = revision;
    core.store.touch_rollout();
    rollout.revision = revision;
    rollout.version = core.store.rollout.version;
    core.emit(recorder, false, "RolloutUpdated", || format!("Rollout updated to revision {revision}"));
    Ok(())
}

impl Reconcile<'_> {
    /// Gives the new ReplicaSet the highest revision, and the Rollout the same.
    pub(super) fn sync_revision(&mut self) -> Result<(), Failure> {
        let new = self.new.hash;
        let newest = highest(self.sets.iter().filter(|set| set.hash != new)) + 1;
        let mut copy = self.new;
        copy.revision = copy.revision.max(newest);
        copy.min_ready = self.rollout.spec.min_ready;
        if copy != self.new {
            self.new = self
                .core
                .store
                .update_set(copy)
                .ok_or_else(|| Failure::stale_set(new).within("failed to update replicaset revision"))?;
            return Ok(());
        }
        number(self.core, self.recorder, &mut self.rollout, self.new.revision)
    }
}
