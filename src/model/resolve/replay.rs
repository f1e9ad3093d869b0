//! The clause that puts a recording in the place of the world.
//!
//! Enters: the clause and the scenario as far as it is said. Leaves: [`Replay`], the canary's fault, and what contradicts.
//! It deliberately opens no recording: whether it will do is found when it is read.

use super::Context;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::replay::{Fault, Replay, Stands};
use crate::model::scenario::{Behaviour, Scenario};
use crate::source::{Span, Spanned};
use crate::syntax::tree::{self, BehaviourKind, ClauseKind, Side};
use crate::unit::instant::instant;

/// Takes the clause into the scenario.
pub(super) fn apply(scenario: &mut Scenario, clause: &tree::Replay, span: Span, context: &mut Context<'_>) {
    let from = clause.from.as_ref().and_then(|text| match instant(&text.value) {
        Ok(millis) => Some(Spanned::new(millis, text.span)),
        Err(why) => {
            let headline = format!("`{}` is no instant", text.value);
            context.report(Diagnostic::new(Code::RecordingStart, headline, text.span, why));
            None
        }
    });
    let replay = Replay {
        paths: vec![clause.path.value.clone()],
        stands: clause.stands.as_ref().map(|stands| stands.value),
        from,
        canary_hash: clause.canary_hash.clone(),
        stable_hash: clause.stable_hash.clone(),
    };
    scenario.replay = Some(Spanned::new(replay, span));
}

/// What the scenario says of its canary alone, from the behaviours as they were before stable's were inherited.
pub(super) fn fault(canary: &Behaviour, item: &tree::Scenario) -> Fault {
    let said = |errors: bool| {
        item.clauses.iter().any(|clause| match &clause.kind {
            ClauseKind::Side { side, behaviours } if side.value == Side::Canary => {
                behaviours.iter().any(|behaviour| {
                    let whole = behaviour.from.is_none() && behaviour.to.is_none();
                    let kind = match behaviour.kind {
                        BehaviourKind::Errors(_) => errors,
                        BehaviourKind::Latency(_) => !errors,
                        _ => false,
                    };
                    whole && kind && !is_ramp(behaviour)
                })
            }
            _ => false,
        })
    };
    Fault {
        errors: said(true).then_some(canary.errors),
        latency: said(false).then_some(canary.latency),
        episodes: canary.episodes.clone(),
    }
}

/// A ramp without a beginning is an episode from the release on.
fn is_ramp(behaviour: &tree::Behaviour) -> bool {
    let ramp = |course: &tree::Course| matches!(course, tree::Course::Ramp { .. });
    match &behaviour.kind {
        BehaviourKind::Errors(course) => ramp(course),
        BehaviourKind::Latency(quantiles) => quantiles.iter().any(|(_, course)| ramp(course)),
        _ => false,
    }
}

/// What a recording leaves nothing to say about.
pub(super) fn contradictions(scenario: &Scenario, item: &tree::Scenario, context: &mut Context<'_>) {
    let Some(replay) = &scenario.replay else { return };
    let canary = replay.value.stands == Some(Stands::ForCanary);
    for clause in &item.clauses {
        let (what, help) = match &clause.kind {
            ClauseKind::Traffic(_) => ("`traffic`", "the load is what was recorded"),
            ClauseKind::Side { side, .. } if side.value == Side::Stable => {
                ("`stable`", "stable answers as it was recorded")
            }
            ClauseKind::CanaryLikeStable | ClauseKind::Side { .. } if canary => {
                ("`canary`", "`as traffic` makes the recording the load, and the canary what is said of it")
            }
            ClauseKind::Scrape { .. } | ClauseKind::ScrapeNothing if canary => {
                ("`scrape`", "the recording was scraped already")
            }
            _ => continue,
        };
        let headline = format!("{what} has no part in a scenario that replays a recording");
        let report = Diagnostic::new(Code::RecordedAlready, headline, clause.span, "described here");
        context.report(report.because(replay.span, "recorded here").help(help));
    }
}
