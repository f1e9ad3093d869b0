//! A canary whose steps nothing measures is a slow release, not a guarded one.
//!
//! Enters: a rollout's steps. Leaves: one warning at the first weight that no analysis ever judges.
//! It deliberately accepts a pause for a person as a guard.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::rollout::{Rollout, StepKind};
use crate::unit::Weight;

pub(super) fn check(rollout: &Rollout, diagnostics: &mut Diagnostics) {
    let steps = &rollout.canary.steps;
    if rollout.canary.background.is_some() {
        return;
    }
    let mut open = None;
    for step in steps {
        match &step.kind {
            StepKind::SetWeight(weight) if *weight > Weight::ZERO && *weight < Weight::FULL => {
                open = open.or(Some((*weight, step.span)));
            }
            StepKind::Analysis(_) | StepKind::Pause(None) => open = None,
            _ => {}
        }
    }
    if let Some((weight, span)) = open {
        let headline = format!("nothing is measured from {weight} on");
        let report = Diagnostic::new(
            Code::UnguardedWeight,
            headline,
            span,
            "no analysis follows, and none runs in the background",
        );
        diagnostics.push(report.help("`analyze … in background` measures through all steps"));
    }
}
