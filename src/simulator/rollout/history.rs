//! Old ReplicaSets and runs beyond the history that is kept.
//!
//! Enters: other ReplicaSets, runs. Leaves: fewer of them.
//! It deliberately keeps whatever still has pods. Source: Argo Rollouts v1.9.1, rollout/sync.go, `reconcileRevisionHistoryLimit`;
//! utils/analysis/filter.go, `FilterAnalysisRunsToDelete`.

use super::Reconcile;
use crate::model::argo::Spec;
use crate::simulator::objects::ReplicaSet;
use crate::simulator::objects::experiment::ExperimentId;
use crate::simulator::objects::run::{Phase, Run, RunId};
use crate::simulator::schedule::{by_name, experiments_by_name};

impl Reconcile<'_> {
    /// Deletes empty ReplicaSets beyond `revisionHistoryLimit`, oldest first, with their runs.
    pub(super) fn clean_history(&mut self) {
        let limit = usize::try_from(self.rollout.spec.revision_history_limit).unwrap_or(0);
        let surplus = self.others().count().saturating_sub(limit);
        if surplus == 0 {
            return;
        }
        let mut old: Vec<ReplicaSet> = self.others().copied().collect();
        old.sort_by_key(|set| (set.created, set.place));
        for set in old.into_iter().take(surplus) {
            if set.pods != 0 || set.wanted != 0 || !set.observed {
                continue;
            }
            self.core.store.delete_set(set.hash);
            for id in self.other_runs.clone() {
                if self.core.store.run(id).is_some_and(|run| run.hash == set.hash) {
                    self.core.store.delete_run(id);
                }
            }
            for id in self.other_experiments.clone() {
                if self.core.store.experiment(id).is_some_and(|experiment| experiment.hash == set.hash) {
                    self.core.store.delete_experiment(id);
                }
            }
        }
    }

    /// Experiments of other times beyond the same limits.
    /// Source: utils/experiment/filter.go, `FilterExperimentsToDelete`.
    pub(super) fn experiments_to_delete(&self, others: &[ExperimentId]) -> Vec<ExperimentId> {
        let mut list: Vec<_> =
            others.iter().filter_map(|id| Some((*id, self.core.store.experiments.get(id.0)?))).collect();
        list.sort_by(|(a, x), (b, y)| {
            y.created.cmp(&x.created).then_with(|| experiments_by_name(self.core, b.0, a.0))
        });
        let mut kept = Kept::default();
        list.retain(|(_, experiment)| {
            !(self.sets.iter().any(|set| set.hash == experiment.hash)
                && kept.keep(experiment.status.phase, &self.rollout.spec))
        });
        list.into_iter().map(|(id, _)| id).collect()
    }

    /// Runs of other times beyond the history limits, newest kept, and those whose ReplicaSet is gone.
    pub(super) fn runs_to_delete(&self, others: &[RunId]) -> Vec<RunId> {
        let listed = || others.iter().filter_map(|id| Some((*id, self.core.store.runs.get(id.0)?)));
        let mut kept = Kept::default();
        let mut keeps = |run: &Run| {
            self.sets.iter().any(|set| set.hash == run.hash) && kept.keep(run.phase, &self.rollout.spec)
        };
        if listed().all(|(_, run)| keeps(run)) {
            // Within the limits in any order: nothing is listed and sorted at each reconcile.
            return Vec::new();
        }
        let mut runs: Vec<_> = listed().collect();
        runs.sort_by(|(a, x), (b, y)| y.created.cmp(&x.created).then_with(|| by_name(self.core, a.0, b.0)));
        let mut kept = Kept::default();
        runs.retain(|(_, run)| {
            !(self.sets.iter().any(|set| set.hash == run.hash) && kept.keep(run.phase, &self.rollout.spec))
        });
        runs.into_iter().map(|(id, _)| id).collect()
    }
}

/// How many were kept so far.
#[derive(Clone, Copy, Debug, Default)]
struct Kept {
    good: i64,
    bad: i64,
}

impl Kept {
    /// Whether one more is kept.
    fn keep(&mut self, phase: Phase, spec: &Spec) -> bool {
        match phase {
            Phase::Successful => {
                self.good += 1;
                self.good <= spec.successful_history
            }
            Phase::Failed | Phase::Error | Phase::Inconclusive => {
                self.bad += 1;
                self.bad <= spec.unsuccessful_history
            }
            _ => true,
        }
    }
}
