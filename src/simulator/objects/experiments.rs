//! What the API server does for experiments: their objects, their ReplicaSets, their Services.
//!
//! Enters: writes. Leaves: stored objects and a list of what changed.
//! It deliberately knows no rule of a controller; garbage is collected at once, or, as in the oracle, never.

use std::sync::Arc;

use super::experiment::{Experiment, ExperimentId, Owner, Source, Status};
use super::run::RunId;
use super::store::{Change, Store};
use super::{ReplicaSet, Service};

impl Store {
    /// An experiment that was not deleted.
    pub fn experiment(&self, id: ExperimentId) -> Option<&Experiment> {
        self.experiments.get(id.0).filter(|experiment| !experiment.deleted)
    }

    fn experiment_mut(&mut self, id: ExperimentId) -> Option<&mut Experiment> {
        self.experiments.get_mut(id.0).filter(|experiment| !experiment.deleted)
    }

    /// The place of a ReplicaSet's name among all: that of its hash, then what follows it.
    pub(in crate::simulator) fn set_place(&self, set: &ReplicaSet) -> (u32, String) {
        match set.owner {
            Owner::Rollout => (set.place, String::new()),
            Owner::Experiment(id, template) => {
                let Some(experiment) = self.experiments.get(id.0) else {
                    return (set.place, String::new());
                };
                let place = self.set(experiment.hash).map_or(u32::MAX, |set| set.place);
                (place, format!("{}{}", experiment.suffix(), experiment.set_name("", template)))
            }
        }
    }

    /// Creates an experiment.
    pub(in crate::simulator) fn create_experiment(&mut self, experiment: Experiment) -> ExperimentId {
        let id = ExperimentId(self.experiments.len());
        self.experiments.push(experiment);
        self.changes.push(Change::Experiment(id));
        id
    }

    /// Asks an experiment to end.
    pub(in crate::simulator) fn terminate_experiment(&mut self, id: ExperimentId) {
        if let Some(experiment) = self.experiment_mut(id)
            && !experiment.terminate
        {
            experiment.terminate = true;
            self.changes.push(Change::Experiment(id));
        }
    }

    /// Deletes an experiment.
    pub(in crate::simulator) fn delete_experiment(&mut self, id: ExperimentId) {
        if let Some(experiment) = self.experiment_mut(id) {
            experiment.deleted = true;
            self.changes.push(Change::Experiment(id));
            if self.collects {
                self.collect(id);
            }
        }
    }

    fn collect(&mut self, id: ExperimentId) {
        self.template_sets.retain(|set| !matches!(set.owner, Owner::Experiment(owner, _) if owner == id));
        self.changes.push(Change::TemplateSet(id, true));
        for at in 0..self.runs.len() {
            if self.runs.get(at).is_some_and(|run| run.kind.experiment() == Some(id)) {
                self.delete_run(RunId(at));
            }
        }
        let services = self.experiments.get(id.0).map(|experiment| experiment.services.clone());
        for at in services.into_iter().flatten().flatten() {
            self.delete_service(at);
        }
    }

    /// Stores an experiment's status; says whether it was news.
    pub(in crate::simulator) fn patch_experiment(&mut self, id: ExperimentId, status: &Status) -> bool {
        let Some(experiment) = self.experiment_mut(id).filter(|experiment| experiment.status != *status)
        else {
            return false;
        };
        experiment.status.clone_from(status);
        self.changes.push(Change::Experiment(id));
        true
    }

    /// Creates a template's ReplicaSet without pods.
    pub(in crate::simulator) fn create_template_set(
        &mut self,
        owner: Owner,
        source: Source,
        now: i64,
    ) -> ReplicaSet {
        let set = ReplicaSet {
            hash: source.hash,
            owner,
            template: source.template,
            created: now,
            revision: 0,
            desired: 0,
            deadline: None,
            wanted: 0,
            min_ready: source.min_ready,
            pods: 0,
            ready: 0,
            available: 0,
            observed: false,
            place: source.place,
            version: self.next_version(),
        };
        self.template_sets.push(set);
        if let Owner::Experiment(id, _) = owner {
            self.changes.push(Change::TemplateSet(id, true));
        }
        set
    }

    /// Whether the name of a template's ReplicaSet is taken by one that a deleted experiment of the same name left behind.
    /// The controller waits for ever for another name, which it does not choose by its count of collisions.
    pub(in crate::simulator) fn template_name_taken(&self, id: ExperimentId, template: usize) -> bool {
        let name = |id: ExperimentId, at| self.experiments.get(id.0).map(|owner| owner.set_name("", at));
        !self.collects
            && self.template_sets.iter().any(|set| match set.owner {
                Owner::Experiment(other, at) => other != id && name(other, at) == name(id, template),
                Owner::Rollout => false,
            })
    }

    /// The ReplicaSet of a template.
    pub(in crate::simulator) fn template_set(&self, owner: Owner) -> Option<ReplicaSet> {
        self.template_sets.iter().find(|set| set.owner == owner).copied()
    }

    /// Creates a template's Service.
    pub(in crate::simulator) fn create_service(&mut self, name: Arc<str>, selector: super::Hash) -> usize {
        let at = self.services.len();
        self.services.push(Service { name, selector: Some(selector), managed: false, adopted: false });
        self.changes.push(Change::Service(at));
        at
    }

    /// Deletes a template's Service; its place is not used again.
    pub(in crate::simulator) fn delete_service(&mut self, at: usize) {
        if let Some(service) = self.services.get_mut(at) {
            (service.name, service.selector) = ("".into(), None);
            self.changes.push(Change::Service(at));
        }
    }

    /// Takes what the controllers injected out of a Service that no Rollout refers to.
    pub(in crate::simulator) fn release_service(&mut self, at: usize) {
        if let Some(service) = self.services.get_mut(at) {
            (service.selector, service.managed) = (None, false);
            self.changes.push(Change::Service(at));
        }
    }

    /// The Service that a template has.
    pub(in crate::simulator) fn template_service(&self, id: ExperimentId, template: usize) -> Option<usize> {
        *self.experiments.get(id.0)?.services.get(template)?
    }

    /// Notes which Service a template has.
    pub(in crate::simulator) fn own_service(&mut self, id: ExperimentId, template: usize, at: Option<usize>) {
        if let Some(slot) =
            self.experiments.get_mut(id.0).and_then(|experiment| experiment.services.get_mut(template))
        {
            *slot = at;
        }
    }
}
