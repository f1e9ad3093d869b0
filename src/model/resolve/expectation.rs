//! Expectations of scenarios, read against the rollout that they are about.
//!
//! Enters: `expect` clauses. Leaves: conditions, and the milestones that a run looks out for because of them.
//! It deliberately holds nothing against a run; `simulator::expect` does.

use super::Context;
use super::rollout::ResolvedRollout;
use super::scope::declared;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::model::scenario::{Condition, Expectation, Milestone, Scenario};
use crate::syntax::tree::{self, Comparison, ExpectationKind, Quantity, Value};
use crate::unit::{Ratio, Weight};

/// One expectation; what it looks out for is added to the scenario's milestones.
pub(super) fn resolve(
    written: &tree::Expectation,
    scenario: &mut Scenario,
    rollout: &ResolvedRollout,
    context: &mut Context<'_>,
) -> Option<Expectation> {
    let text = context.sources.slice(written.span).split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.strip_prefix("expect ").unwrap_or(&text).to_owned();
    let condition = match &written.kind {
        ExpectationKind::Outcome { .. } => outcome(&written.kind, rollout, context)?,
        ExpectationKind::Quantity { quantity, comparison, bound } => {
            measure(quantity.value, comparison.value, bound, context)?
        }
        ExpectationKind::Milestone { milestone, within } => {
            let within = match within {
                None => None,
                Some(value) => {
                    Some(context.scope.seconds(value, "the time within which", 1, context.diagnostics)?.value)
                }
            };
            let milestone = self::milestone(milestone, rollout, context)?;
            let known = scenario.milestones.iter().position(|known| *known == milestone);
            let index = known.unwrap_or_else(|| {
                scenario.milestones.push(milestone.clone());
                scenario.milestones.len() - 1
            });
            Condition::Milestone { index, milestone, within }
        }
    };
    let share = match &written.share {
        None => None,
        Some((comparison, value)) => {
            let ratio = context.scope.ratio(value, "the share of runs", context.diagnostics)?;
            Some((comparison.value, Ratio(ratio.value)))
        }
    };
    Some(Expectation { text, span: written.span, negated: written.negated, condition, share })
}

/// `rollback before 30% within 5m at step 2 by error-rate`
fn outcome(
    kind: &ExpectationKind,
    rollout: &ResolvedRollout,
    context: &mut Context<'_>,
) -> Option<Condition> {
    let ExpectationKind::Outcome { outcome, before, within, at_step, by } = kind else { return None };
    let before = match before {
        None => None,
        Some(value) => Some(before_of(value, rollout, context)?),
    };
    let within = match within {
        None => None,
        Some(value) => {
            Some(context.scope.seconds(value, "the time within which", 1, context.diagnostics)?.value)
        }
    };
    let at_step = match at_step {
        None => None,
        Some(value) => Some(step_of(value, rollout, context)?),
    };
    let by = match by {
        None => None,
        Some(name) => Some(slo_of(name, outcome, rollout, context)?),
    };
    Some(Condition::Outcome { outcome: outcome.value, before, within, at_step, by })
}

/// The slo that decides: one that an analysis of the rollout measures.
fn slo_of(
    name: &tree::Name,
    outcome: &crate::source::Spanned<tree::Outcome>,
    rollout: &ResolvedRollout,
    context: &mut Context<'_>,
) -> Option<String> {
    if outcome.value == tree::Outcome::Promote {
        let headline = "no slo decides that a release is promoted";
        let label = "an slo rolls back or pauses";
        let report = Diagnostic::new(Code::UnmetScenario, headline, outcome.span, label);
        context.report(report.fix("write `rollback`", outcome.span, "rollback"));
        return None;
    }
    let measured = &rollout.rollout.templates;
    let known: Vec<&str> =
        measured.iter().flat_map(|template| &template.metrics).map(|metric| metric.name.as_str()).collect();
    if known.contains(&name.value.as_str()) || rollout.broken || context.scope.damage.explains(&name.value) {
        return Some(name.value.clone());
    }
    let headline = format!("no analysis of `{}` measures `{}`", rollout.rollout.name, name.value);
    let report = Diagnostic::new(Code::UnknownSlo, headline, name.span, "it could not decide");
    context.report(match nearest(&name.value, known.iter().copied()) {
        Some(near) => report.fix(format!("write `{near}`"), name.span, near),
        None if known.is_empty() => report,
        None => report.help(declared(&known)),
    });
    None
}

fn milestone(
    written: &tree::Milestone,
    rollout: &ResolvedRollout,
    context: &mut Context<'_>,
) -> Option<Milestone> {
    Some(match written {
        tree::Milestone::Step(value) => Milestone::Step(step_of(value, rollout, context)?.saturating_sub(1)),
        tree::Milestone::Weight(comparison, value) => {
            let bound = context.scope.weight(value, "a weight", context.diagnostics)?;
            let sign = super::sign(comparison.value);
            if matches!(comparison.value, Comparison::Less | Comparison::LessEqual) {
                let headline = format!("the weight is {sign} {bound} from the beginning");
                let span = comparison.span;
                let report =
                    Diagnostic::new(Code::UnmetScenario, headline, span, "says nothing of the release");
                let help = format!("`expect peak weight {sign} {bound}` says that it never gets higher");
                context.report(report.help(help).fix("write `>=`", span, ">="));
                return None;
            }
            if comparison.value == Comparison::Greater && bound.percent() >= 100 {
                let headline = "no weight is above 100%";
                context.report(Diagnostic::new(Code::UnmetScenario, headline, value.span, "can never hold"));
                return None;
            }
            Milestone::Weight(comparison.value, bound)
        }
        tree::Milestone::Phase(phase) => Milestone::Phase(*phase),
        tree::Milestone::Message(text) if text.value.trim().is_empty() => {
            let headline = "every message has nothing in it";
            context.report(Diagnostic::new(
                Code::UnmetScenario,
                headline,
                text.span,
                "say a part of the message",
            ));
            return None;
        }
        tree::Milestone::Message(text) => Milestone::Message(text.value.clone()),
    })
}

/// `failed requests < 500`
fn measure(
    quantity: Quantity,
    comparison: Comparison,
    bound: &Value,
    context: &mut Context<'_>,
) -> Option<Condition> {
    let Context { scope, diagnostics, .. } = context;
    let requests = 0..=1_u64 << 53;
    Some(match quantity {
        Quantity::FailedRequests => {
            let bound = scope.count(bound, "the number of requests", requests, diagnostics)?;
            Condition::FailedRequests(comparison, bound.value)
        }
        Quantity::ExposedRequests => {
            let bound = scope.count(bound, "the number of requests", requests, diagnostics)?;
            Condition::ExposedRequests(comparison, bound.value)
        }
        Quantity::Duration => {
            Condition::Duration(comparison, scope.seconds(bound, "a duration", 0, diagnostics)?.value)
        }
        Quantity::PeakWeight => {
            Condition::PeakWeight(comparison, scope.weight(bound, "a weight", diagnostics)?)
        }
    })
}

/// `before 0%` could never hold once the canary has traffic, and never fail before.
fn before_of(value: &Value, rollout: &ResolvedRollout, context: &mut Context<'_>) -> Option<Weight> {
    let weight = context.scope.weight(value, "a weight", context.diagnostics)?;
    if weight == Weight::ZERO && !rollout.broken {
        let headline = "no weight is below 0%";
        context.report(Diagnostic::new(Code::UnmetScenario, headline, value.span, "can never hold"));
        return None;
    }
    Some(weight)
}

fn step_of(value: &Value, rollout: &ResolvedRollout, context: &mut Context<'_>) -> Option<u32> {
    let steps = &rollout.rollout.canary.steps;
    let most = u64::try_from(steps.len()).unwrap_or(u64::MAX).max(1);
    let step = context.scope.count(value, "a step", 1..=u64::from(u32::MAX), context.diagnostics)?;
    if step.value > most && !rollout.broken {
        let headline = format!("there is no step {}", step.value);
        let label = format!("the rollout has {most} step{}", if most == 1 { "" } else { "s" });
        let report = Diagnostic::new(Code::UnmetScenario, headline, value.span, label);
        context.report(report.help("a weight with a duration is two steps: the weight and the pause"));
        return None;
    }
    u32::try_from(step.value).ok()
}
