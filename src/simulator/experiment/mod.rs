//! The Experiment controller: ReplicaSets for templates, runs for analyses, and what both make of an experiment.
//!
//! Enters: experiments as the Rollout made them. Leaves: their statuses, pods, Services and runs, and times at which to look
//! again. It deliberately knows no Rollout. Source: Argo Rollouts v1.9.1, experiments/experiment.go, experiments/controller.go.

mod analysis;
mod assess;
mod template;

use super::clock::SECOND;
use super::core::Core;
use super::event::{Emitted, Recorder};
use super::objects::experiment::{Experiment, ExperimentId, ProgressCondition, Status, TemplatePhase};
use super::objects::run::Phase;
use crate::model::argo;

/// One reconcile of one experiment.
struct Reconcile<'a> {
    core: &'a mut Core,
    recorder: &'a mut dyn Recorder,
    id: ExperimentId,
    /// The current second; the instant is a little later.
    now: i64,
    /// The experiment as it was when the reconcile began.
    experiment: Experiment,
    /// The status to be.
    status: Status,
    /// Whether it was ending when the reconcile began.
    terminating: bool,
    /// Templates whose `lastTransitionTime` this reconcile set: it is exact to the microsecond until it is stored.
    changed: Vec<usize>,
    /// Whether this reconcile set `availableAt`, likewise.
    available: bool,
}

/// Reconciles an experiment once.
pub(super) fn reconcile(core: &mut Core, recorder: &mut dyn Recorder, id: ExperimentId) {
    let Some(experiment) = core.store.experiment(id).cloned() else {
        return;
    };
    let mut this = Reconcile {
        now: core.second(),
        status: experiment.status.clone(),
        terminating: terminating(&experiment, &experiment.status),
        changed: Vec::new(),
        available: false,
        core,
        recorder,
        id,
        experiment,
    };
    this.run();
}

/// Whether an experiment ends. Source: utils/experiment/experiment.go, `IsTerminating`.
fn terminating(experiment: &Experiment, status: &Status) -> bool {
    experiment.terminate
        || status.phase.completed()
        || status
            .templates
            .iter()
            .any(|template| matches!(template.phase, TemplatePhase::Failed | TemplatePhase::Error))
        || status
            .analyses
            .iter()
            .any(|analysis| matches!(analysis.phase, Phase::Failed | Phase::Error | Phase::Inconclusive))
        || required_successful(&experiment.spec, status)
}

/// Whether there are required analyses, and all of them were good.
/// Source: utils/experiment/experiment.go, `RequiredAnalysisRunsSuccessful`.
fn required_successful(spec: &argo::Experiment, status: &Status) -> bool {
    spec.requires_analysis()
        && spec.analyses.iter().enumerate().filter(|(_, analysis)| analysis.required).all(|(at, _)| {
            status.analyses.get(at).is_some_and(|analysis| analysis.phase == Phase::Successful)
        })
}

/// Whether a spec is refused. Source: utils/conditions/experiments.go, `VerifyExperimentSpec`.
fn invalid(experiment: &Experiment) -> bool {
    let names = &experiment.spec.templates;
    experiment.sources.iter().any(|source| source.min_ready > experiment.progress_deadline)
        || names.iter().enumerate().any(|(at, template)| {
            template.name.is_empty() || names.iter().take(at).any(|other| other.name == template.name)
        })
}

impl Reconcile<'_> {
    fn run(&mut self) {
        if invalid(&self.experiment) {
            self.status.invalid = true;
            self.persist();
            return;
        }
        self.status.templates.resize_with(self.experiment.spec.templates.len(), Default::default);
        self.status.analyses.resize_with(self.experiment.spec.analyses.len(), Default::default);
        for at in 0..self.experiment.spec.templates.len() {
            self.reconcile_template(at);
        }
        for at in 0..self.experiment.spec.analyses.len() {
            self.reconcile_analysis(at);
        }
        self.assess();
        if let Some(wait) = self.next_look() {
            self.look_after(wait);
        }
        self.persist();
    }

    /// Source: experiments/controller.go, `persistExperimentStatus`, `recordEvent`.
    fn persist(&mut self) {
        if !self.core.store.patch_experiment(self.id, &self.status) {
            return;
        }
        let (old, new) = (self.experiment.status.phase, self.status.phase);
        if old != new {
            let bad = matches!(new, Phase::Error | Phase::Failed | Phase::Inconclusive);
            self.emit(bad, &format!("Experiment{new}"), || {
                format!("Experiment transitioned from {old} -> {new}")
            });
        }
    }

    /// Asks for the experiment in so many microseconds.
    fn look_after(&mut self, wait: i64) {
        let now = self.core.now;
        if let Some(key) = self.core.experiments.get_mut(self.id.0) {
            key.add_after(now, wait);
        }
    }

    /// Emits a Kubernetes event about the experiment, if anybody listens.
    fn emit(&mut self, warning: bool, reason: &str, message: impl FnOnce() -> String) {
        if !self.recorder.silent() {
            let name = self.experiment.name(&self.core.store.rollout.spec.name);
            self.recorder.emitted(Emitted {
                object: format!("Experiment/{name}"),
                warning,
                reason: reason.to_owned(),
                message: message(),
            });
        }
    }

    /// Whether it has run for its duration. Source: utils/experiment/experiment.go, `PassedDurations`.
    fn passed(&self) -> bool {
        let times = self.experiment.spec.duration.zip(self.experiment.status.available_at);
        times.is_some_and(|(duration, since)| self.now >= since + duration)
    }

    /// Pods that a template wants. Source: utils/experiment/experiment.go, `CalculateTemplateReplicasCount`.
    fn wanted(&self, at: usize, status: &Status) -> i64 {
        let done = status.templates.get(at).is_some_and(|template| template.phase.completed());
        if done || terminating(&self.experiment, status) { 0 } else { self.replicas(at) }
    }

    fn replicas(&self, at: usize) -> i64 {
        self.experiment.spec.templates.get(at).map_or(0, argo::ExperimentTemplate::replicas)
    }

    /// Microseconds until the experiment is worth another look. Source: `calculateEnqueueDuration`.
    fn next_look(&self) -> Option<i64> {
        if terminating(&self.experiment, &self.status) {
            return None;
        }
        // What was stored is whole seconds, what was just found out is not.
        let left = |since: i64, exact: bool, span: i64| {
            if exact { span * SECOND } else { (since + span) * SECOND - self.core.now }
        };
        let end = self
            .experiment
            .spec
            .duration
            .zip(self.status.available_at)
            .map(|(duration, since)| left(since, self.available, duration))
            .filter(|left| *left >= 0);
        let deadlines = self.status.templates.iter().enumerate().filter_map(|(at, template)| {
            let open = matches!(template.phase, TemplatePhase::Progressing | TemplatePhase::Running);
            let missing = template.available != self.wanted(at, &self.status);
            let since = template.changed.filter(|_| open && missing)?;
            Some(left(since, self.changed.contains(&at), self.experiment.progress_deadline))
        });
        end.into_iter().chain(deadlines).min()
    }
}

impl ProgressCondition {
    /// Puts a condition in place of another, unless it has the same status and reason.
    /// Source: utils/conditions/experiments.go, `SetExperimentCondition`.
    fn set(self, slot: &mut Option<Self>) {
        *slot = match *slot {
            Some(old) if old.reason == self.reason => Some(old),
            Some(old) if old.reason.is_true() == self.reason.is_true() => {
                Some(Self { changed: old.changed, ..self })
            }
            _ => Some(self),
        };
    }
}
