//! Steps: which one is current, whether it is complete, and how it is called.
//!
//! Enters: the steps and the stored index. Leaves: answers about them.
//! It deliberately moves no index. Source: Argo Rollouts v1.9.1, utils/replicaset/canary.go; rollout/canary.go,
//! `completedCurrentCanaryStep`; utils/rollout/rolloututil.go, `CanaryStepString`.

use super::Reconcile;
use crate::model::argo::Step;
use crate::simulator::objects::run::Phase;

/// How a step is called in events.
pub(super) fn name(step: &Step) -> String {
    if let Some(weight) = step.set_weight {
        return format!("setWeight: {weight}");
    }
    if let Some(pause) = &step.pause {
        return match &pause.duration {
            Some((_, text)) => format!("pause: {text}"),
            None => "pause".to_owned(),
        };
    }
    if step.experiment.is_some() {
        return "experiment".to_owned();
    }
    if step.analysis.is_some() {
        return "analysis".to_owned();
    }
    if let Some(scale) = step.set_canary_scale {
        if let Some(weight) = scale.weight {
            return format!("setCanaryScale{{weight: {weight}}}");
        }
        if scale.match_traffic_weight {
            return "setCanaryScale{matchTrafficWeight: true}".to_owned();
        }
        if let Some(replicas) = scale.replicas {
            return format!("setCanaryScale{{replicas: {replicas}}}");
        }
    }
    if let Some(plugin) = &step.plugin {
        return format!("plugin: {}", plugin.name);
    }
    if let Some(route) = &step.set_header_route {
        return format!("setHeaderRoute: {}", route.name);
    }
    match &step.set_mirror_route {
        Some(route) => format!("setMirrorRoute: {}", route.name),
        None => "invalid".to_owned(),
    }
}

impl Reconcile<'_> {
    /// How many steps there are.
    pub(super) fn step_count(&self) -> i64 {
        i64::try_from(self.canary.steps.len()).unwrap_or(i64::MAX)
    }

    /// The stored index; `None` without steps.
    pub(super) fn step_index(&self) -> Option<i64> {
        (!self.canary.steps.is_empty()).then(|| self.rollout.status.step.unwrap_or(0))
    }

    /// The step of an index.
    pub(super) fn step(&self, index: i64) -> Option<&Step> {
        self.canary.steps.get(usize::try_from(index).ok()?)
    }

    /// The step in force; `None` past the last one.
    pub(super) fn current_step(&self) -> Option<&Step> {
        self.step(self.step_index()?)
    }

    /// Steps from the current one backwards, or from the one before it.
    pub(super) fn steps_back(&self, from: i64) -> impl Iterator<Item = &Step> {
        let end = usize::try_from(from + 1).unwrap_or(0);
        self.canary.steps.get(..end.min(self.canary.steps.len())).unwrap_or_default().iter().rev()
    }

    /// Whether the current step is complete.
    pub(super) fn step_completed(&self) -> bool {
        if self.rollout.spec.is_paused() {
            return false;
        }
        let Some(step) = self.current_step() else {
            return false;
        };
        if let Some(pause) = &step.pause {
            return self.pause_completed(pause.duration.as_ref().map(|(seconds, _)| *seconds));
        }
        if step.set_canary_scale.is_some() || step.set_weight.is_some() {
            return self.at_desired(self.status.weights);
        }
        if step.experiment.is_some() {
            return self
                .experiment
                .and_then(|id| self.core.store.experiment(id))
                .is_some_and(|experiment| experiment.status.phase == Phase::Successful);
        }
        if step.analysis.is_some() {
            return self
                .step_run
                .and_then(|id| self.core.store.run(id))
                .is_some_and(|run| run.phase == Phase::Successful);
        }
        if step.set_header_route.is_some() || step.set_mirror_route.is_some() {
            return true;
        }
        step.plugin.is_some() && self.plugin_completed()
    }

    /// Whether the step cannot be expected to end by itself soon. Source: rollout/sync.go, `isIndefiniteStep`.
    pub(super) fn indefinite_step(&self) -> bool {
        use crate::simulator::objects::status::ConditionType::Paused;
        self.current_step()
            .is_some_and(|step| step.experiment.is_some() || step.analysis.is_some() || step.pause.is_some())
            || self.rollout.status.condition(Paused).is_some_and(|condition| condition.status == "True")
    }
}
