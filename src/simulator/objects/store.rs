//! The API server, as far as the controllers notice it: objects, versions, refused stale writes, and what changed.
//!
//! Enters: writes. Leaves: objects as stored, and as the controllers' caches still show them until changes are delivered.
//! It deliberately knows neither who writes nor why.

use super::experiment::{Experiment, ExperimentId, Owner, SetKey};
use super::run::{Run, RunId};
use super::status::{Rollout, Status};
use super::{Cluster, DestinationRule, Hash, Ingress, ReplicaSet, Service, VirtualService};
use crate::model::argo::{Spec, Template};

/// A change that a watch would report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulator) enum Change {
    /// The Rollout was created.
    RolloutAdded,
    /// The Rollout changed.
    Rollout,
    /// A ReplicaSet was created, changed or deleted.
    ReplicaSet,
    /// A run was created.
    RunAdded(RunId),
    /// A run changed; whether its phase did.
    Run(RunId, bool),
    /// A run was deleted.
    RunDeleted(RunId),
    /// An experiment was created, changed or deleted.
    Experiment(ExperimentId),
    /// A ReplicaSet of an experiment changed; whether the number of its pods, wanted or there, did.
    TemplateSet(ExperimentId, bool),
    /// A Service.
    Service(usize),
    /// A VirtualService.
    VirtualService(usize),
    /// A DestinationRule.
    DestinationRule(usize),
    /// The canary's Ingress beside one.
    Ingress(usize),
}

impl Change {
    fn set(owner: Owner, counts: bool) -> Self {
        match owner {
            Owner::Rollout => Self::ReplicaSet,
            Owner::Experiment(id, _) => Self::TemplateSet(id, counts),
        }
    }

    /// Whether it is about traffic only.
    pub(in crate::simulator) fn route(self) -> bool {
        matches!(
            self,
            Self::Service(_) | Self::VirtualService(_) | Self::DestinationRule(_) | Self::Ingress(_)
        )
    }
}

/// The cluster.
#[derive(Clone, Debug)]
pub struct Store {
    /// The Rollout.
    pub rollout: Rollout,
    /// The Rollout's ReplicaSets, in the order of their names.
    pub sets: Vec<ReplicaSet>,
    /// ReplicaSets of experiments, in the order of creation.
    pub template_sets: Vec<ReplicaSet>,
    /// Experiments in order of creation, deleted ones included.
    pub experiments: Vec<Experiment>,
    /// Runs in order of creation, deleted ones included.
    pub runs: Vec<Run>,
    /// Services; those of experiments at the end, without a name once they are deleted.
    pub services: Vec<Service>,
    /// VirtualServices.
    pub virtual_services: Vec<VirtualService>,
    /// DestinationRules.
    pub destination_rules: Vec<DestinationRule>,
    /// Ingresses.
    pub ingresses: Vec<Ingress>,
    hashes: Vec<Template>,
    places: Vec<u32>,
    /// Whether what a deleted experiment owned is deleted with it, as in a cluster.
    pub(in crate::simulator) collects: bool,
    seen: Vec<(usize, VirtualService)>,
    stale: Vec<usize>,
    pub(in crate::simulator) changes: Vec<Change>,
    version: u64,
}

impl Store {
    /// A cluster into which a Rollout has just been applied.
    pub(in crate::simulator) fn new(spec: Spec, cluster: &Cluster) -> Self {
        let mut changes = vec![Change::RolloutAdded];
        changes.extend((0..cluster.services.len()).map(Change::Service));
        changes.extend((0..cluster.virtual_services.len()).map(Change::VirtualService));
        changes.extend((0..cluster.destination_rules.len()).map(Change::DestinationRule));
        changes.extend((0..cluster.ingresses.len()).map(Change::Ingress));
        Self {
            rollout: Rollout {
                spec,
                generation: 1,
                revision: 0,
                status: Status::default(),
                abort_written: false,
                version: 0,
            },
            sets: Vec::new(),
            template_sets: Vec::new(),
            experiments: Vec::new(),
            runs: Vec::new(),
            services: cluster.services.clone(),
            virtual_services: cluster.virtual_services.clone(),
            destination_rules: cluster.destination_rules.clone(),
            ingresses: cluster.ingresses.clone(),
            hashes: Vec::new(),
            places: cluster.places.clone(),
            collects: true,
            seen: Vec::new(),
            stale: Vec::new(),
            changes,
            version: 1,
        }
    }

    pub(super) fn next_version(&mut self) -> u64 {
        self.version += 1;
        self.version
    }

    /// The hash of a pod template, once a ReplicaSet had it.
    pub fn hash(&self, template: Template) -> Option<Hash> {
        let at = self.hashes.iter().position(|known| *known == template)?;
        Some(Hash(u16::try_from(at).unwrap_or(u16::MAX)))
    }

    /// The ReplicaSet with a key, whoever owns it.
    pub fn find(&self, key: SetKey) -> Option<&ReplicaSet> {
        let sets = if key.0 == Owner::Rollout { &self.sets } else { &self.template_sets };
        sets.iter().find(|set| set.key() == key)
    }

    fn find_mut(&mut self, key: SetKey) -> Option<&mut ReplicaSet> {
        let sets = if key.0 == Owner::Rollout { &mut self.sets } else { &mut self.template_sets };
        sets.iter_mut().find(|set| set.key() == key)
    }

    /// The Rollout's ReplicaSet with a hash.
    pub fn set(&self, hash: Hash) -> Option<&ReplicaSet> {
        self.sets.iter().find(|set| set.hash == hash)
    }

    /// A run that was not deleted.
    pub fn run(&self, id: RunId) -> Option<&Run> {
        self.runs.get(id.0).filter(|run| !run.deleted)
    }

    pub(in crate::simulator) fn run_mut(&mut self, id: RunId) -> Option<&mut Run> {
        self.runs.get_mut(id.0).filter(|run| !run.deleted)
    }

    /// Creates a ReplicaSet without pods.
    pub(in crate::simulator) fn create_set(
        &mut self,
        template: Template,
        revision: i64,
        now: i64,
    ) -> ReplicaSet {
        let hash = self.hash(template).unwrap_or_else(|| {
            self.hashes.push(template);
            Hash(u16::try_from(self.hashes.len() - 1).unwrap_or(u16::MAX))
        });
        let place =
            self.places.get(usize::from(template.0)).copied().unwrap_or_else(|| u32::from(template.0));
        let set = ReplicaSet {
            hash,
            owner: Owner::Rollout,
            template,
            created: now,
            revision,
            desired: self.rollout.spec.replicas,
            deadline: None,
            wanted: 0,
            min_ready: self.rollout.spec.min_ready,
            pods: 0,
            ready: 0,
            available: 0,
            observed: false,
            place,
            version: self.next_version(),
        };
        let at = self.sets.partition_point(|other| other.place < place);
        self.sets.insert(at, set);
        self.changes.push(Change::ReplicaSet);
        set
    }

    /// Replaces a ReplicaSet's spec and annotations; `None` when the copy was stale.
    pub(in crate::simulator) fn update_set(&mut self, copy: ReplicaSet) -> Option<ReplicaSet> {
        let version = self.version + 1;
        let set = self.find_mut(copy.key())?;
        if set.version != copy.version {
            return None;
        }
        let rescaled = set.wanted != copy.wanted;
        let respecified = rescaled || set.min_ready != copy.min_ready;
        let next = ReplicaSet {
            pods: set.pods,
            ready: set.ready,
            available: set.available,
            observed: set.observed && !respecified,
            ..copy
        };
        if next == *set {
            return Some(next);
        }
        *set = ReplicaSet { version, ..next };
        let next = *set;
        self.version = version;
        self.changes.push(Change::set(next.owner, rescaled));
        Some(next)
    }

    /// Patches the deadline, whatever the version.
    pub(in crate::simulator) fn patch_deadline(&mut self, key: SetKey, deadline: Option<i64>) {
        let version = self.version + 1;
        if let Some(set) = self.find_mut(key)
            && set.deadline != deadline
        {
            set.deadline = deadline;
            set.version = version;
            self.version = version;
            self.changes.push(Change::set(key.0, false));
        }
    }

    /// Deletes a ReplicaSet.
    pub(in crate::simulator) fn delete_set(&mut self, hash: Hash) {
        self.sets.retain(|set| set.hash != hash);
        self.changes.push(Change::ReplicaSet);
    }

    /// Writes what the pods are like; says whether it was news.
    pub(in crate::simulator) fn write_pods(
        &mut self,
        key: SetKey,
        pods: i64,
        ready: i64,
        available: i64,
    ) -> bool {
        let version = self.version + 1;
        let Some(set) = self.find_mut(key) else {
            return false;
        };
        if set.observed && (set.pods, set.ready, set.available) == (pods, ready, available) {
            return false;
        }
        (set.pods, set.ready, set.available) = (pods, ready, available);
        set.observed = true;
        set.version = version;
        self.version = version;
        self.changes.push(Change::set(key.0, true));
        true
    }

    /// Notes that the Rollout was written.
    pub(in crate::simulator) fn touch_rollout(&mut self) {
        self.rollout.version = self.next_version();
        self.changes.push(Change::Rollout);
    }

    /// Merges the difference of two statuses into the stored one.
    pub(in crate::simulator) fn patch_status(&mut self, from: &Status, to: &Status) {
        self.rollout.status.merge(from, to);
        self.rollout.abort_written &= from.abort == to.abort;
        self.touch_rollout();
    }

    /// Changes the spec; one that stays as it was is no change.
    pub(in crate::simulator) fn edit(&mut self, edit: impl FnOnce(&mut Spec)) {
        let mut spec = self.rollout.spec.clone();
        edit(&mut spec);
        if spec != self.rollout.spec {
            self.rollout.spec = spec;
            self.rollout.generation += 1;
            self.touch_rollout();
        }
    }

    /// Creates a run.
    pub(in crate::simulator) fn create_run(&mut self, run: Run) -> RunId {
        let id = RunId(self.runs.len());
        self.runs.push(run);
        self.changes.push(Change::RunAdded(id));
        id
    }

    /// Asks a run to end.
    pub(in crate::simulator) fn terminate_run(&mut self, id: RunId) {
        if let Some(run) = self.run_mut(id)
            && !run.terminate
        {
            run.terminate = true;
            self.changes.push(Change::Run(id, false));
        }
    }

    /// Deletes a run.
    pub(in crate::simulator) fn delete_run(&mut self, id: RunId) {
        if let Some(run) = self.run_mut(id) {
            run.deleted = true;
            self.changes.push(Change::RunDeleted(id));
        }
    }

    /// Points a Service at a hash and marks it as managed.
    pub(in crate::simulator) fn patch_service(&mut self, at: usize, hash: Hash) {
        if let Some(service) = self.services.get_mut(at) {
            let same = service.selector == Some(hash) && service.managed;
            service.selector = Some(hash);
            service.managed = true;
            if !same {
                self.changes.push(Change::Service(at));
            }
        }
    }

    /// A VirtualService as the controllers' cache shows it.
    pub(in crate::simulator) fn cached_virtual_service(&self, at: usize) -> Option<&VirtualService> {
        self.seen
            .iter()
            .find(|(seen, _)| *seen == at)
            .map(|(_, cached)| cached)
            .or_else(|| self.virtual_services.get(at))
    }

    /// Replaces a VirtualService made from the cached one; `false` when that was stale.
    pub(in crate::simulator) fn update_virtual_service(&mut self, at: usize, next: VirtualService) -> bool {
        if self.stale.contains(&at) {
            return false;
        }
        if let Some(stored) = self.virtual_services.get_mut(at)
            && *stored != next
        {
            let old = std::mem::replace(stored, next);
            if self.seen.iter().all(|(seen, _)| *seen != at) {
                self.seen.push((at, old));
            }
            self.stale.push(at);
            self.changes.push(Change::VirtualService(at));
        }
        true
    }

    /// The same for a writer that changes the cached object itself before it writes.
    pub(in crate::simulator) fn update_virtual_service_in_place(
        &mut self,
        at: usize,
        next: VirtualService,
    ) -> bool {
        self.seen.retain(|(seen, _)| *seen != at);
        self.seen.push((at, next.clone()));
        self.update_virtual_service(at, next)
    }

    /// Writes a DestinationRule's subsets.
    pub(in crate::simulator) fn update_destination_rule(
        &mut self,
        at: usize,
        subsets: Vec<(std::sync::Arc<str>, Option<Hash>)>,
    ) {
        if let Some(rule) = self.destination_rules.get_mut(at) {
            rule.subsets = subsets;
            rule.managed = true;
            self.changes.push(Change::DestinationRule(at));
        }
    }

    /// Writes the weight of the canary's Ingress.
    pub(in crate::simulator) fn write_ingress(&mut self, at: usize, weight: i64) {
        if let Some(ingress) = self.ingresses.get_mut(at)
            && ingress.weight != Some(weight)
        {
            ingress.weight = Some(weight);
            self.changes.push(Change::Ingress(at));
        }
    }

    /// The caches show what is stored.
    pub(in crate::simulator) fn delivered(&mut self) {
        self.changes.clear();
        self.seen.clear();
        self.stale.clear();
        for ingress in &mut self.ingresses {
            ingress.seen = ingress.weight;
        }
        for service in &mut self.services {
            service.adopted = service.managed;
        }
    }
}
