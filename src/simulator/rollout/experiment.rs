//! What the Rollout does with experiments: make them, judge them, end them, forget them.
//!
//! Enters: the steps, and experiments' phases. Leaves: experiments, pauses, aborts, and the weights of templates.
//! It deliberately reconciles no experiment. Source: Argo Rollouts v1.9.1, rollout/experiment.go.

use std::sync::Arc;

use super::Reconcile;
use super::pause::Abort;
use crate::model::argo::{self, SpecRef};
use crate::simulator::objects::ReplicaSet;
use crate::simulator::objects::experiment::{Experiment, ExperimentId, Source, Status};
use crate::simulator::objects::run::Phase;
use crate::simulator::objects::status::{AdditionalWeight, PauseReason};
use crate::simulator::schedule::experiments_by_name;
use crate::simulator::text::Cause;

impl Reconcile<'_> {
    /// Sorts experiments into the current one and others.
    pub(super) fn find_experiments(&mut self) {
        let store = &self.core.store;
        self.experiment = self.rollout.status.experiment.filter(|id| store.experiment(*id).is_some());
        let mut others: Vec<ExperimentId> = (0..store.experiments.len())
            .map(ExperimentId)
            .filter(|id| store.experiment(*id).is_some() && self.experiment != Some(*id))
            .collect();
        others.sort_by(|a, b| experiments_by_name(self.core, a.0, b.0));
        self.other_experiments = others;
    }

    /// Source: `reconcileExperiments`.
    pub(super) fn reconcile_experiments(&mut self) {
        let mut others = self.other_experiments.clone();
        if self.aborted() || self.rollout.status.promote_full {
            others.extend(self.experiment);
            self.cancel_experiments(&others);
            return;
        }
        if self.rollout.status.pause(PauseReason::InconclusiveAnalysisRun).is_some() {
            return;
        }
        let step = self.current_step().and_then(|step| step.experiment.clone());
        if let Some(spec) = step {
            let current = self.experiment.or_else(|| self.create_experiment(&spec));
            let Some(current) = current else {
                return;
            };
            self.judge_experiment(current);
            // The one that goes on is rescued from being ended, also where it was found again.
            others.retain(|id| Some(*id) != self.experiment);
        } else {
            others.extend(self.experiment);
        }
        self.cancel_experiments(&others);
        for id in self.experiments_to_delete(&others) {
            self.core.store.delete_experiment(id);
        }
    }

    fn judge_experiment(&mut self, id: ExperimentId) {
        let Some(status) = self.core.store.experiment(id).map(|experiment| &experiment.status) else {
            return;
        };
        match status.phase {
            Phase::Inconclusive => self.pause.add(PauseReason::InconclusiveExperiment),
            Phase::Error | Phase::Failed => {
                let message = status.message.clone();
                let what = "Experiment analysis phase is error/failed";
                self.pause.abort = Some(Abort::Analysis(Arc::new(Cause { what, message })));
            }
            Phase::Successful => {}
            _ => {
                self.experiment = Some(id);
                self.status.experiment = Some(id);
            }
        }
    }

    fn cancel_experiments(&mut self, list: &[ExperimentId]) {
        for id in list {
            let open = |experiment: &Experiment| !experiment.status.phase.completed();
            if self.core.store.experiment(*id).is_some_and(open) {
                self.core.store.terminate_experiment(*id);
            }
        }
    }

    /// Makes an experiment, or takes an equal one that goes on under the same name.
    /// Source: `GetExperimentFromTemplate`, `createExperimentWithCollisionHandling`.
    fn create_experiment(&mut self, spec: &Arc<argo::Experiment>) -> Option<ExperimentId> {
        let (new, stable) = (self.new, self.stable?);
        let ports = self.rollout.spec.ports;
        let source = |set: ReplicaSet| Source {
            hash: set.hash,
            template: set.template,
            min_ready: set.min_ready,
            place: set.place,
            ports,
        };
        let sources = spec
            .templates
            .iter()
            .map(|template| match template.spec_ref {
                SpecRef::Canary => source(new),
                SpecRef::Stable => source(stable),
            })
            .collect();
        let mut experiment = Experiment {
            hash: new.hash,
            stable: stable.hash,
            revision: self.rollout.revision,
            step: self.step_index().unwrap_or(0),
            collision: 0,
            created: self.now,
            spec: Arc::clone(spec),
            sources,
            progress_deadline: self.rollout.spec.progress_deadline,
            terminate: false,
            status: Status::default(),
            services: vec![None; spec.templates.len()],
            deleted: false,
        };
        let mut found = None;
        while let Some((at, existing)) = self.same_experiment_name(&experiment) {
            if !existing.status.phase.completed() && existing.same_spec(&experiment) {
                found = Some(ExperimentId(at));
                break;
            }
            experiment.collision += 1;
        }
        let rollout = self.rollout_name();
        let name = if self.recorder.silent() { String::new() } else { experiment.name(&rollout) };
        let id = found.unwrap_or_else(|| self.core.store.create_experiment(experiment));
        self.emit(false, "ExperimentCreated", || format!("Created Experiment '{name}'"));
        Some(id)
    }

    fn same_experiment_name(&self, experiment: &Experiment) -> Option<(usize, &Experiment)> {
        self.core.store.experiments.iter().enumerate().find(|(_, other)| {
            !other.deleted
                && (other.hash, other.revision) == (experiment.hash, experiment.revision)
                && other.suffix() == experiment.suffix()
        })
    }

    /// What templates of the running experiment get of the traffic.
    /// Source: rollout/trafficrouting.go, `calculateWeightDestinationsFromExperiment`.
    pub(super) fn additional_weights(&self) -> Vec<AdditionalWeight> {
        let step = self
            .step_index()
            .filter(|_| self.current_step().is_some())
            .and_then(|index| self.steps_back(index).find_map(|step| step.experiment.as_ref()));
        let current = self
            .experiment
            .and_then(|id| self.core.store.experiment(id))
            .filter(|experiment| experiment.status.phase == Phase::Running);
        let (Some(step), Some(current)) = (step, current) else {
            return Vec::new();
        };
        let names = current.spec.templates.iter().map(|template| &template.name);
        names
            .zip(&current.status.templates)
            .filter_map(|(name, status)| {
                let weight = step.templates.iter().find(|template| template.name == *name)?.weight?;
                let service = status.service.clone().unwrap_or_else(|| "".into());
                Some(AdditionalWeight { service, hash: status.hash, weight })
            })
            .collect()
    }
}
