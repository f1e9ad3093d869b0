//! Watches: what changed is brought to those who wait for it, and to the world outside.
//!
//! Enters: the store's list of changes. Leaves: keys that are due, and a world that knows its pods and its split.
//! It deliberately judges nothing. Source: Argo Rollouts v1.9.1, rollout/controller.go, analysis/controller.go,
//! service/service.go, rollout/trafficrouting/istio/controller.go, their event handlers.

use super::clock::Key;
use super::core::Core;
use super::event::{RouteObject, Surroundings, Versions, revision};
use super::machine::Machine;
use super::objects::Hash;
use super::objects::experiment::ExperimentId;
use super::objects::run::RunId;
use super::objects::store::{Change, Store};
use super::pods::{Life, NewPod, Nursery, PodChange, cut};
use super::trace::EventKind;
use crate::model::argo::Template;
use crate::unit::{Seconds, Weight};

/// What the world outside was told last.
#[derive(Clone, Debug)]
pub(super) struct Outside {
    split: Option<i64>,
    available: Vec<i64>,
    /// Whose pods are the version in force, and whose the one on trial.
    versions: (Hash, Hash),
}

impl Default for Outside {
    fn default() -> Self {
        Self { split: None, available: Vec::new(), versions: (Hash(0), Hash(1)) }
    }
}

impl Outside {
    /// Who serves, if that is another than before: a template that is neither in force nor on trial begins a trial. One
    /// that returns to the version in force ends it, and the version that was on trial keeps its name.
    pub(super) fn versions(&mut self, core: &Core) -> Option<Versions> {
        let newest = core.store.hash(core.store.rollout.spec.template)?;
        let stable = core.store.rollout.status.stable?;
        if newest == self.versions.1 || newest == stable {
            return None;
        }
        self.versions = (stable, newest);
        Some(Versions { stable: revision(stable), canary: revision(newest) })
    }

    /// Percent of traffic that reaches the version on trial.
    pub(super) fn share(&self) -> i64 {
        self.split.unwrap_or(0)
    }

    /// The share of traffic that reaches the version on trial, if it is another than before.
    pub(super) fn split(&mut self, core: &Core) -> Option<Weight> {
        let share = share(core, self.versions.1).clamp(0, 100);
        if self.split == Some(share) {
            return None;
        }
        self.split = Some(share);
        Weight::new(u32::try_from(share).ok()?)
    }
}

/// Percent of traffic that reaches the newest version, as the data plane would have it.
pub(super) fn newest_share(core: &Core) -> i64 {
    core.store.hash(core.store.rollout.spec.template).map_or(0, |newest| share(core, newest))
}

/// Percent of traffic that reaches a version, as the data plane would have it.
fn share(core: &Core, version: Hash) -> i64 {
    let store = &core.store;
    let newest = Some(version);
    if let Some(blue_green) = &store.rollout.spec.blue_green {
        let active = store.services.get(blue_green.active_service).and_then(|service| service.selector);
        return if active == newest { 100 } else { 0 };
    }
    let canary = &store.rollout.spec.canary;
    let Some(traffic) = &canary.traffic else {
        let total: i64 = store.sets.iter().map(|set| set.available).sum();
        let new = store.sets.iter().find(|set| Some(set.hash) == newest).map_or(0, |set| set.available);
        return (100 * new).checked_div(total).unwrap_or(0);
    };
    let Some(istio) = canary.istio() else {
        return share_by_services(store, version, traffic.max_weight);
    };
    let Some(route) =
        store.virtual_services.get(istio.virtual_service).and_then(|service| service.http.last())
    else {
        return 0;
    };
    let target = |host: &str, subset: Option<&str>| -> Option<Hash> {
        if let (Some(subset), Some(rule)) = (subset, &istio.destination_rule) {
            return store
                .destination_rules
                .get(rule.destination_rule)?
                .subsets
                .iter()
                .find(|(name, _)| &**name == subset)?
                .1;
        }
        store.services.iter().find(|service| Some(&*service.name) == host.split('.').next())?.selector
    };
    route.to.iter().filter(|to| target(&to.host, to.subset.as_deref()) == newest).map(|to| to.weight).sum()
}

/// Percent of traffic that the two Services bring to a version, by the weights that the router was told last.
fn share_by_services(store: &Store, version: Hash, max: i64) -> i64 {
    let canary = &store.rollout.spec.canary;
    let weight = store.rollout.status.weights.map_or(0, |weights| weights.canary);
    let sides = [(canary.canary_service, weight), (canary.stable_service, max - weight)];
    let reached = sides.into_iter().filter(|(service, _)| {
        service.and_then(|at| store.services.get(at)).and_then(|service| service.selector) == Some(version)
    });
    (100 * reached.map(|(_, weight)| weight).sum::<i64>()).checked_div(max).unwrap_or(0)
}

/// The key of an object by index, made when it is first asked for.
fn key_of(keys: &mut Vec<Key>, at: usize) -> Option<&mut Key> {
    if keys.len() <= at {
        keys.resize_with(at + 1, Key::default);
    }
    keys.get_mut(at)
}

struct Kindergarten<'a> {
    around: &'a mut dyn Surroundings,
    epoch: i64,
}

impl Nursery for Kindergarten<'_> {
    fn life(&mut self, pod: &NewPod) -> Life {
        self.around.pod_life(pod)
    }

    fn termination(&mut self, template: Template, at: i64) -> i64 {
        cut(self.around.pod_termination(template, at))
    }

    fn changed(&mut self, at: i64, hash: Hash, number: u32, change: PodChange) {
        let at = u64::try_from(at - self.epoch).unwrap_or(0);
        self.around.pod(Seconds(at), revision(hash), number, change);
    }
}

impl Machine<'_> {
    /// Lets pods follow their ReplicaSets.
    pub(super) fn sync_pods(&mut self) {
        let now = self.core.second();
        let core = &mut *self.core;
        let mut nursery = Kindergarten { around: &mut *self.around, epoch: core.epoch };
        core.pods.sync(&mut core.store, &mut nursery, now);
        if !self.recorder.silent() {
            self.tell_pods();
        }
    }

    /// Without Istio nobody writes a weight into a VirtualService, and what Services and pods come to is told instead.
    pub(super) fn tell_share(&mut self, split: Weight) {
        let spec = &self.core.store.rollout.spec;
        if spec.blue_green.is_some() || spec.canary.istio().is_none() {
            self.core.tell(self.recorder, || EventKind::Weight { canary: split.percent() });
        }
    }

    fn tell_pods(&mut self) {
        let shown = &mut self.outside.available;
        for set in &self.core.store.sets {
            let at = usize::from(set.hash.0);
            if shown.len() <= at {
                shown.resize(at + 1, 0);
            }
            let Some(last) = shown.get_mut(at).filter(|last| **last != set.available) else {
                continue;
            };
            *last = set.available;
            let number = |count: i64| u32::try_from(count).unwrap_or(0);
            self.core.tell(self.recorder, || EventKind::Available {
                revision: revision(set.hash),
                available: number(set.available),
                wanted: number(set.wanted),
            });
        }
    }

    /// Brings all changes to whom they concern; says whether anything but traffic changed.
    pub(super) fn deliver(&mut self) -> bool {
        let mut progress = false;
        loop {
            self.sync_pods();
            if self.core.store.changes.is_empty() {
                return progress;
            }
            let changes = std::mem::take(&mut self.core.store.changes);
            self.core.store.delivered();
            for change in &changes {
                progress |= !change.route();
                self.observe(*change);
                self.notify(*change);
            }
            let mut changes = changes;
            changes.clear();
            self.core.store.changes = changes;
        }
    }

    fn observe(&mut self, change: Change) {
        let object = match change {
            Change::Service(at) => RouteObject::Service(at),
            Change::VirtualService(at) => RouteObject::VirtualService(at),
            Change::DestinationRule(at) => RouteObject::DestinationRule(at),
            Change::Ingress(at) => RouteObject::Ingress(at),
            _ => {
                self.core.route_writes.clear();
                return;
            }
        };
        let writes = &mut self.core.route_writes;
        match writes.iter_mut().find(|(known, _)| *known == object) {
            Some((_, count)) => *count += 1,
            None => writes.push((object, 1)),
        }
    }

    fn notify(&mut self, change: Change) {
        let now = self.core.now;
        match change {
            Change::RolloutAdded => {
                self.core.rollout.event(now);
                let name = self.core.store.rollout.spec.name.clone();
                self.core.emit(self.recorder, false, "RolloutAddedToInformer", || {
                    format!("Rollout resource added to informer: default/{name}")
                });
            }
            Change::Ingress(at) if !self.watches(at) => {}
            Change::Rollout | Change::VirtualService(_) | Change::Ingress(_) => self.core.rollout.event(now),
            Change::RunDeleted(id) => {
                if self.experiment_of(id).is_none() {
                    self.core.rollout.event(now);
                }
            }
            Change::ReplicaSet => {
                self.core.pods.disturb();
                self.core.rollout.event(now);
            }
            Change::RunAdded(id) => {
                if self.experiment_of(id).is_none() {
                    self.core.rollout.event(now);
                }
                if self.core.runs.len() <= id.0 {
                    self.core.runs.resize_with(id.0 + 1, Key::default);
                }
                self.wake_run(id.0);
            }
            Change::Run(id, phase_changed) => {
                if self.experiment_of(id).is_some() {
                    self.wake_experiment_of(id);
                } else if phase_changed {
                    self.core.rollout.event(now);
                }
                self.wake_run(id.0);
            }
            Change::Experiment(id) => {
                self.core.rollout.add(now);
                if self.core.experiments.len() <= id.0 {
                    self.core.experiments.resize_with(id.0 + 1, Key::default);
                }
                self.wake_experiment(id);
            }
            Change::TemplateSet(id, counts) => {
                self.core.pods.disturb();
                if counts {
                    self.wake_experiment(id);
                }
            }
            Change::Service(at) => {
                if let Some(key) = key_of(&mut self.core.services, at) {
                    key.add(now);
                }
            }
            Change::DestinationRule(at) => {
                if let Some(key) = key_of(&mut self.core.rules, at) {
                    key.event(now);
                }
            }
        }
    }

    /// Whether an Ingress is of a class that the controller watches.
    fn watches(&self, ingress: usize) -> bool {
        self.core.store.ingresses.get(ingress).is_some_and(|ingress| ingress.watched)
    }

    fn experiment_of(&self, id: RunId) -> Option<ExperimentId> {
        self.core.store.runs.get(id.0)?.kind.experiment()
    }

    fn wake_experiment(&mut self, id: ExperimentId) {
        let now = self.core.now;
        if let Some(key) = self.core.experiments.get_mut(id.0) {
            key.add(now);
        }
    }

    /// A run that is over wakes the experiment that made it.
    fn wake_experiment_of(&mut self, id: RunId) {
        let over = self.core.store.run(id).is_some_and(|run| run.phase.completed());
        if let Some(experiment) = self.experiment_of(id).filter(|_| over) {
            self.wake_experiment(experiment);
        }
    }

    fn wake_run(&mut self, at: usize) {
        let now = self.core.now;
        if let Some(key) = self.core.runs.get_mut(at) {
            key.add(now);
        }
    }

    /// The informers' periodic repetition; the controller skips ReplicaSets itself.
    pub(super) fn resync(&mut self) {
        self.notify(Change::Rollout);
        for at in 0..self.core.store.runs.len() {
            if self.core.store.run(RunId(at)).is_some() {
                self.wake_experiment_of(RunId(at));
                self.wake_run(at);
            }
        }
        for at in 0..self.core.store.experiments.len() {
            if self.core.store.experiment(ExperimentId(at)).is_some() {
                self.wake_experiment(ExperimentId(at));
            }
        }
        for at in 0..self.core.store.services.len() {
            self.notify(Change::Service(at));
        }
        for at in 0..self.core.store.virtual_services.len() {
            self.notify(Change::VirtualService(at));
        }
        for at in 0..self.core.store.destination_rules.len() {
            self.notify(Change::DestinationRule(at));
        }
        for at in 0..self.core.store.ingresses.len() {
            self.notify(Change::Ingress(at));
        }
    }

    /// A Service that the Rollout manages wakes it; one that it does not refer to any more loses what was injected. Source: service/service.go, `syncService`.
    pub(super) fn sync_service(&mut self, at: usize) {
        let now = self.core.now;
        let canary = &self.core.store.rollout.spec.canary;
        let blue_green = self.core.store.rollout.spec.blue_green.as_ref();
        let referenced = canary.canary_service == Some(at)
            || canary.stable_service == Some(at)
            || blue_green.is_some_and(|strategy| {
                strategy.active_service == at || strategy.preview_service == Some(at)
            });
        let selects = self.core.store.services.get(at).is_some_and(|service| service.selector.is_some());
        if selects && referenced {
            self.core.rollout.event(now);
        } else if selects && self.core.store.services.get(at).is_some_and(|service| service.managed) {
            self.core.store.release_service(at);
        }
    }

    /// A DestinationRule that the Rollout manages wakes it.
    pub(super) fn sync_rule(&mut self, at: usize) {
        let now = self.core.now;
        if self.core.store.destination_rules.get(at).is_some_and(|rule| rule.managed) {
            self.core.rollout.event(now);
        }
    }
}
