//! What the Rollout does with AnalysisRuns: make them, judge them, end them, forget them.
//!
//! Enters: the steps, the background, and runs' phases. Leaves: runs, pauses and aborts.
//! It deliberately takes no measurement. Source: Argo Rollouts v1.9.1, rollout/analysis.go.

use std::sync::Arc;

use super::Reconcile;
use super::pause::Abort;
use crate::model::argo::{Analysis, AnalysisSpec, ArgValue, RolloutField};
use crate::simulator::analysis_run::resolve;
use crate::simulator::objects::Hash;
use crate::simulator::objects::run::{About, Kind, Phase, Run, RunId};
use crate::simulator::objects::status::{PauseReason, RunStatus};
use crate::simulator::text::Cause;
use crate::simulator::trace::EventKind;

impl Reconcile<'_> {
    /// Sorts runs into current and other ones. Source: utils/analysis/filter.go, `FilterCurrentRolloutAnalysisRuns`.
    pub(super) fn find_runs(&mut self) {
        let status = &self.rollout.status;
        let current = |run: &Option<RunStatus>| {
            run.as_ref().map(|run| run.run).filter(|id| self.core.store.run(*id).is_some())
        };
        let (step, background) = (current(&status.step_run), current(&status.background_run));
        let (pre, post) = (current(&status.pre_run), current(&status.post_run));
        let used = [step, background, pre, post];
        self.other_runs.clear();
        self.other_runs.extend((0..self.core.store.runs.len()).map(RunId).filter(|id| {
            let own = |run: &Run| run.kind.experiment().is_none();
            self.core.store.run(*id).is_some_and(own) && !used.contains(&Some(*id))
        }));
        (self.step_run, self.background_run) = (step, background);
        (self.pre_run, self.post_run) = (pre, post);
    }

    /// Source: `reconcileAnalysisRuns`.
    pub(super) fn reconcile_runs(&mut self) {
        let (step, background) = (self.step_run, self.background_run);
        let (pre, post) = (self.pre_run, self.post_run);
        let status = &self.rollout.status;
        if self.aborted()
            || status.promote_full
            || self.new.deadline.is_some()
            || status.stable.is_none()
            || self.rollback_within_window()
        {
            self.remember_runs();
            let current = [step, background, pre, post];
            let others = std::mem::take(&mut self.other_runs);
            for id in current.into_iter().flatten().chain(others.iter().copied()) {
                self.cancel(Some(id));
            }
            self.other_runs = others;
            return;
        }
        if let Some(strategy) = self.blue_green.clone() {
            self.pre_run = self.reconcile_pre_run(&strategy, pre);
            self.judge(self.pre_run, "Blue/green pre-promotion analysis phase error/failed");
            self.post_run = self.reconcile_post_run(&strategy, post);
            self.judge(self.post_run, "Blue/green post-promotion analysis phase error/failed");
        } else {
            self.step_run = self.reconcile_step_run(step);
            self.background_run = self.reconcile_background_run(background);
        }
        self.remember_runs();
        let used = [self.step_run, self.background_run, self.pre_run, self.post_run];
        let mut others = std::mem::take(&mut self.other_runs);
        others.retain(|id| !used.contains(&Some(*id)));
        for id in &others {
            self.cancel(Some(*id));
        }
        for id in self.runs_to_delete(&others) {
            self.core.store.delete_run(id);
        }
        self.other_runs = others;
        let old = self.rollout.status.clone();
        self.emit_run_change(old.post_run, self.post_run, "PostPromotion");
        self.emit_run_change(old.pre_run, self.pre_run, "PrePromotion");
        self.emit_run_change(old.step_run, self.step_run, "Step");
        self.emit_run_change(old.background_run, self.background_run, "Background");
    }

    fn remember_runs(&mut self) {
        let remembered = |id: Option<RunId>| {
            let run = self.core.store.runs.get(id?.0)?;
            Some(RunStatus { run: id?, phase: run.phase, message: run.message.clone() })
        };
        self.status.step_run = remembered(self.step_run);
        self.status.background_run = remembered(self.background_run);
        self.status.pre_run = remembered(self.pre_run);
        self.status.post_run = remembered(self.post_run);
    }

    fn emit_run_change(&mut self, old: Option<RunStatus>, current: Option<RunId>, kind: &str) {
        let Some((id, run)) = current.and_then(|id| Some((id, self.core.store.runs.get(id.0)?))) else {
            return;
        };
        let phase = run.phase;
        let changed = old.as_ref().is_none_or(|old| old.run == id && old.phase != phase);
        if phase == Phase::None || !changed || self.recorder.silent() {
            return;
        }
        let name = run.name(&self.rollout.spec.name);
        let before = old.map_or("NoPreviousStatus", |old| old.phase.name());
        let bad = matches!(phase, Phase::Failed | Phase::Error);
        self.emit(bad, &format!("AnalysisRun{phase}"), || {
            format!("{kind} Analysis Run '{name}' Status New: '{phase}' Previous: '{before}'")
        });
    }

    /// Asks a run to end, unless it has or was asked already. Source: `cancelAnalysisRuns`.
    pub(super) fn cancel(&mut self, id: Option<RunId>) {
        if let Some(id) = id
            && self.core.store.run(id).is_some_and(|run| !run.phase.completed())
        {
            self.core.store.terminate_run(id);
        }
    }

    /// Source: `needsNewAnalysisRun`.
    pub(super) fn needs_new_run(&self, current: Option<RunId>) -> bool {
        let Some(run) = current.and_then(|id| self.core.store.run(id)) else {
            return true;
        };
        let status = &self.rollout.status;
        if status.controller_pause
            && status.pause(PauseReason::CanaryPauseStep).is_none()
            && status.pause(PauseReason::BlueGreenPause).is_none()
        {
            return run.phase == Phase::Inconclusive;
        }
        status.aborted_at.is_some()
    }

    /// Source: `reconcileStepBasedAnalysisRun`.
    fn reconcile_step_run(&mut self, current: Option<RunId>) -> Option<RunId> {
        if !self.rollout.status.pauses.is_empty() || self.rollout.status.abort {
            return current;
        }
        let canary = Arc::clone(&self.canary);
        let index = self.step_index();
        let analysis = index
            .and_then(|index| canary.steps.get(usize::try_from(index).ok()?))
            .and_then(|step| step.analysis.as_ref())
            .filter(|analysis| !analysis.empty);
        let of_another_step =
            current.and_then(|id| self.core.store.run(id)).is_some_and(|run| run.kind.step() != index);
        let (Some(analysis), Some(index), false) = (analysis, index, of_another_step) else {
            self.cancel(current);
            return None;
        };
        if self.needs_new_run(current) {
            return Some(self.create_run(analysis, Kind::Step(index)));
        }
        self.judge(current, "Step-based analysis phase error/failed");
        current
    }

    /// Source: `reconcileBackgroundAnalysisRun`.
    fn reconcile_background_run(&mut self, current: Option<RunId>) -> Option<RunId> {
        let canary = Arc::clone(&self.canary);
        let Some(background) = canary.background.as_ref().filter(|background| !background.analysis.empty)
        else {
            self.cancel(current);
            return None;
        };
        let status = &self.rollout.status;
        let before_start = match (background.starting_step, self.step_index()) {
            (Some(start), Some(index)) => index < start,
            _ => false,
        };
        if status.fully_promoted() || status.stable.is_none() || status.current.is_none() || before_start {
            return None;
        }
        if status.pause(PauseReason::InconclusiveAnalysisRun).is_some() {
            return current;
        }
        if self.needs_new_run(current) {
            return Some(self.create_run(&background.analysis, Kind::Background));
        }
        self.judge(current, "Background analysis phase error/failed");
        current
    }

    fn judge(&mut self, current: Option<RunId>, what: &'static str) {
        let Some(run) = current.and_then(|id| self.core.store.run(id)) else {
            return;
        };
        match run.phase {
            Phase::Inconclusive => self.pause.add(PauseReason::InconclusiveAnalysisRun),
            Phase::Error | Phase::Failed => {
                let message = run.message.clone();
                self.pause.abort = Some(Abort::Analysis(Arc::new(Cause { what, message })));
            }
            _ => {}
        }
    }

    /// Makes a run, or takes an equal one that goes on under the same name.
    /// Source: utils/analysis/helpers.go, `CreateWithCollisionCounter`.
    pub(super) fn create_run(&mut self, analysis: &Analysis, kind: Kind) -> RunId {
        let hash = self.new.hash;
        let stable = self.stable.map(|set| set.hash);
        let spec = self.run_spec(analysis.index, hash, stable);
        let about = About { hash, stable, revision: self.rollout.revision, created: self.now };
        let mut run = Run::new(kind, analysis.index, spec, about);
        while let Some((at, existing)) = self.same_name(&run) {
            if !existing.phase.completed() && Arc::ptr_eq(&existing.spec, &run.spec) {
                return RunId(at);
            }
            run.collision += 1;
        }
        let name = run.name(&self.rollout.spec.name);
        let step = kind.step().and_then(|index| u32::try_from(index).ok());
        self.core.tell(self.recorder, || EventKind::RunStarted { name, kind: kind.name().to_owned(), step });
        self.core.store.create_run(run)
    }

    fn same_name(&self, run: &Run) -> Option<(usize, &Run)> {
        self.core.store.runs.iter().enumerate().find(|(_, other)| {
            !other.deleted
                && (other.hash, other.revision, other.kind, other.collision)
                    == (run.hash, run.revision, run.kind, run.collision)
        })
    }

    fn run_spec(
        &mut self,
        index: usize,
        latest: Hash,
        stable: Option<Hash>,
    ) -> Arc<crate::simulator::objects::run::RunSpec> {
        let analysis = self.core.analyses.get(index);
        let fields = analysis.map_or_else(Vec::new, |analysis| self.fields(analysis));
        let key = (index, latest.0, stable.map(|hash| hash.0), fields);
        if let Some((_, spec)) = self.core.specs.iter().find(|(known, _)| *known == key) {
            return Arc::clone(spec);
        }
        let spec = resolve::shared(analysis, latest, stable, &key.3);
        self.core.specs.push((key, Arc::clone(&spec)));
        spec
    }

    /// The Rollout's fields that arguments ask for, as they were when this reconcile began.
    fn fields(&self, analysis: &AnalysisSpec) -> Vec<String> {
        let status = &self.rollout.status;
        let weights = status.weights.as_ref();
        let hash = |hash: Option<Hash>| hash.map(|hash| hash.to_string());
        let field = |field: RolloutField| match field {
            RolloutField::Revision => Some(self.rollout.revision.to_string()),
            RolloutField::CanaryWeight => weights.map(|weights| weights.canary.to_string()),
            RolloutField::StableWeight => weights.map(|weights| weights.stable.to_string()),
            RolloutField::CurrentHash => hash(status.current),
            RolloutField::StableHash => hash(status.stable),
            RolloutField::StepIndex => status.step.map(|step| step.to_string()),
            RolloutField::Replicas => Some(self.rollout.spec.replicas.to_string()),
        };
        let asked = analysis.args.iter().filter_map(|arg| match arg.value {
            ArgValue::Field(asked) => Some(field(asked).unwrap_or_default()),
            _ => None,
        });
        asked.collect()
    }
}
