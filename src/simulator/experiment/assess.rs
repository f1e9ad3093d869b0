//! What templates and analyses make of an experiment.
//!
//! Enters: their next statuses. Leaves: the experiment's phase, message and condition.
//! It deliberately writes nothing. Source: Argo Rollouts v1.9.1, experiments/experiment.go, `calculateStatus`,
//! `assessTemplates`, `assessAnalysisRuns`; experiments/conditions.go.

use super::{Reconcile, required_successful};
use crate::simulator::objects::experiment::{Progress, ProgressCondition, TemplatePhase};
use crate::simulator::objects::run::Phase;
use crate::simulator::text::Text;

impl Reconcile<'_> {
    pub(super) fn assess(&mut self) {
        match self.status.phase {
            Phase::None => self.status.phase = Phase::Pending,
            Phase::Pending | Phase::Running => {
                let (templates, analyses) = (self.assess_templates(), self.assess_analyses());
                if templates.0 == Phase::Running && self.status.available_at.is_none() {
                    self.status.available_at = Some(self.now);
                    self.available = true;
                }
                let spec = &self.experiment.spec;
                let by_analyses = if templates.0.completed() {
                    templates.0 == Phase::Successful && (analyses.0.completed() || spec.requires_analysis())
                } else {
                    (analyses.0.completed() && analyses.0 != Phase::Successful)
                        || required_successful(spec, &self.status)
                };
                (self.status.phase, self.status.message) = if by_analyses { analyses } else { templates };
            }
            _ => {}
        }
        self.condition();
    }

    fn assess_templates(&self) -> (Phase, Text) {
        let (mut worst, mut message) = (TemplatePhase::Successful, Text::Empty);
        for template in &self.status.templates {
            if template.phase.badness() > worst.badness() {
                (worst, message) = (template.phase, template.message.clone());
            }
        }
        let phase = match worst {
            TemplatePhase::Progressing => Phase::Pending,
            TemplatePhase::Failed => Phase::Failed,
            TemplatePhase::Error => Phase::Error,
            TemplatePhase::Successful => Phase::Successful,
            TemplatePhase::None | TemplatePhase::Running => Phase::Running,
        };
        (phase, message)
    }

    fn assess_analyses(&self) -> (Phase, Text) {
        let (mut worst, mut message) = (Phase::Successful, Text::Empty);
        for analysis in &self.status.analyses {
            if analysis.phase.badness() > worst.badness() {
                (worst, message) = (analysis.phase, analysis.message.clone());
            }
        }
        if required_successful(&self.experiment.spec, &self.status) && worst == Phase::Successful {
            return (Phase::Successful, Text::Fixed("Required AnalysisRuns completed"));
        }
        if worst == Phase::Pending {
            worst = Phase::Running;
        }
        (worst, message)
    }

    /// Source: `calculateExperimentConditions`.
    fn condition(&mut self) {
        let old = &self.experiment.status;
        let condition = |reason| ProgressCondition { reason, updated: self.now, changed: self.now };
        if self.status.phase == Phase::Successful {
            condition(Progress::Completed).set(&mut self.status.progress);
        } else if self.progressed() {
            let mut next = condition(Progress::Updated);
            if let Some(current) = old.progress {
                if current.reason.is_true() {
                    next.changed = current.changed;
                }
                self.status.progress = None;
            }
            next.set(&mut self.status.progress);
        } else if old.available_at.is_some() && !self.passed() {
            condition(Progress::Available).set(&mut self.status.progress);
        }
    }

    /// Source: utils/conditions/experiments.go, `ExperimentProgressing`.
    fn progressed(&self) -> bool {
        let old = &self.experiment.status.templates;
        old.len() < self.status.templates.len()
            || old.iter().zip(&self.status.templates).any(|(old, new)| {
                (old.replicas, old.ready, old.available) != (new.replicas, new.ready, new.available)
            })
    }
}
