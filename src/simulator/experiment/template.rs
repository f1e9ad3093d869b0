//! One template of an experiment: its ReplicaSet, its Service, and how far it is.
//!
//! Enters: a template, and its ReplicaSet as the cache shows it. Leaves: pods and a Service that are wanted or not, and the
//! template's next status. It deliberately knows no analysis. Source: Argo Rollouts v1.9.1, experiments/experiment.go,
//! `reconcileTemplate`; experiments/replicaset.go; experiments/service.go.

use std::sync::Arc;

use super::Reconcile;
use crate::model::argo::ExperimentTemplate;
use crate::simulator::clock::SECOND;
use crate::simulator::objects::ReplicaSet;
use crate::simulator::objects::experiment::{Owner, TemplatePhase, TemplateStatus};
use crate::simulator::objects::store::Change;
use crate::simulator::rollout::RESYNC;
use crate::simulator::text::Text;

/// `scaleDownDelaySeconds` unless written.
const DEFAULT_DELAY: i64 = 30;

impl Reconcile<'_> {
    pub(super) fn reconcile_template(&mut self, at: usize) {
        let old = self.status.templates.get(at).cloned().unwrap_or_default();
        let mut next = old.clone();
        let wanted = self.wanted(at, &self.experiment.status);
        let owner = Owner::Experiment(self.id, at);
        let mut set = self.core.store.template_set(owner);
        match set {
            None if self.core.store.template_name_taken(self.id, at) => {
                // Upstream stores one more count of collisions each time, which wakes it again.
                self.core.store.changes.push(Change::Experiment(self.id));
            }
            None => {
                if let Some(source) = self.experiment.sources.get(at).copied() {
                    set = Some(self.core.store.create_template_set(owner, source, self.now));
                    self.note_change(at, &mut next);
                }
            }
            Some(found) => {
                self.reconcile_service(at, &mut next, &found, wanted);
                if wanted == 0 {
                    set = Some(self.delay_scale_down(found));
                }
                if found.wanted != wanted {
                    self.scale(at, set.unwrap_or(found), wanted);
                    self.note_change(at, &mut next);
                }
            }
        }
        let counts = set.map_or((0, 0, 0), |set| (set.pods, set.ready, set.available));
        if counts != (old.replicas, old.ready, old.available) {
            (next.replicas, next.ready, next.available) = counts;
            self.note_change(at, &mut next);
        }
        self.judge_template(at, &mut next, wanted);
        if old.phase != next.phase {
            self.tell_template(at, &old, &next);
        }
        if let Some(slot) = self.status.templates.get_mut(at) {
            *slot = next;
        }
    }

    fn note_change(&mut self, at: usize, status: &mut TemplateStatus) {
        status.changed = Some(self.now);
        self.changed.push(at);
    }

    fn template_name(&self, at: usize) -> Arc<str> {
        let template = self.experiment.spec.templates.get(at);
        template.map_or_else(|| "".into(), |template| Arc::clone(&template.name))
    }

    fn judge_template(&mut self, at: usize, status: &mut TemplateStatus, wanted: i64) {
        if status.phase.completed() {
            return;
        }
        if wanted == status.available {
            status.phase = if self.passed() || self.terminating {
                TemplatePhase::Successful
            } else {
                TemplatePhase::Running
            };
            return;
        }
        let limit = self.experiment.progress_deadline;
        let late = match status.changed {
            Some(since) if !self.changed.contains(&at) => self.now >= since + limit,
            _ => limit < 0,
        };
        if late {
            let name = self.template_name(at);
            status.phase = TemplatePhase::Failed;
            status.message = Text::Owned(
                format!("Template '{name}' exceeded its progressDeadlineSeconds ({limit})").into(),
            );
        } else if self.terminating {
            status.phase = TemplatePhase::Successful;
        } else {
            status.phase = TemplatePhase::Progressing;
        }
    }

    fn tell_template(&mut self, at: usize, old: &TemplateStatus, new: &TemplateStatus) {
        let name = self.template_name(at);
        let (from, to) = (old.phase, new.phase);
        let bad = matches!(to, TemplatePhase::Failed | TemplatePhase::Error);
        let rollout = Arc::clone(&self.core.store.rollout.spec.name);
        self.emit(bad, &format!("Template{to}"), || {
            let mut text = format!("Template '{name}' transitioned from {from} -> {to}");
            if !new.message.is_empty() {
                text.push_str(": ");
                text.push_str(&new.message.spell(&rollout));
            }
            text
        });
    }

    /// Gives a ReplicaSet that is not wanted any more a deadline; returns it as it then is. Source: `addScaleDownDelay`.
    fn delay_scale_down(&mut self, set: ReplicaSet) -> ReplicaSet {
        let delay = self.experiment.spec.scale_down_delay.unwrap_or(DEFAULT_DELAY);
        let deadline = if delay == 0 { None } else { set.deadline.or(Some(self.now + delay)) };
        self.core.store.patch_deadline(set.key(), deadline);
        self.core.store.find(set.key()).copied().unwrap_or(set)
    }

    /// Source: `scaleTemplateRS`.
    fn scale(&mut self, at: usize, set: ReplicaSet, wanted: i64) {
        let mut wanted = wanted;
        if wanted == 0
            && let Some(deadline) = set.deadline.filter(|deadline| *deadline > self.now)
        {
            let left = deadline * SECOND - self.core.now;
            if left < RESYNC * SECOND {
                self.look_after(left);
            }
            wanted = self.replicas(at);
        }
        if set.wanted == wanted || self.core.store.update_set(ReplicaSet { wanted, ..set }).is_none() {
            return;
        }
        let operation = if set.wanted < wanted { "up" } else { "down" };
        let name = self.experiment.set_name(&self.core.store.rollout.spec.name, at);
        self.emit(false, "ScalingReplicaSet", || {
            format!("Scaled {operation} ReplicaSet {name} from {} to {wanted}", set.wanted)
        });
    }

    fn reconcile_service(&mut self, at: usize, status: &mut TemplateStatus, set: &ReplicaSet, wanted: i64) {
        let Some(name) = self.experiment.spec.templates.get(at).and_then(ExperimentTemplate::service) else {
            return;
        };
        if wanted != 0 {
            self.create_service(at, status, set, name);
        } else if set.available == 0
            && let Some(service) = self.core.store.template_service(self.id, at)
        {
            self.core.store.delete_service(service);
            self.core.store.own_service(self.id, at, None);
            (status.service, status.hash) = (None, None);
        }
    }

    /// Source: `createTemplateService`, `CreateService`.
    fn create_service(&mut self, at: usize, status: &mut TemplateStatus, set: &ReplicaSet, asked: Arc<str>) {
        if !self.experiment.sources.get(at).is_some_and(|source| source.ports) {
            return;
        }
        if self.core.store.template_service(self.id, at).is_none() {
            let name: Arc<str> = if asked.is_empty() {
                self.experiment.set_name(&self.core.store.rollout.spec.name, at).into()
            } else {
                asked
            };
            if self.core.store.services.iter().any(|service| service.name == name) {
                let template = self.template_name(at);
                status.phase = TemplatePhase::Error;
                status.message = Text::Owned(
                    format!(
                        "Failed to create Service {name} for template '{template}': service {name} already exists and is not owned by experiment template {template}"
                    )
                    .into(),
                );
                return;
            }
            let service = self.core.store.create_service(Arc::clone(&name), set.hash);
            self.core.store.own_service(self.id, at, Some(service));
            status.service = Some(name);
            status.hash = Some(set.hash);
        }
    }
}
