//! What must come of a scenario.
//!
//! Enters: nodes of `expect`. Leaves: [`Expectation`]s. It deliberately knows no rollout: whether there is such a step or
//! slo is for the model to say.

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Span, Spanned};

use super::build::{Builder, Node, Parts, extent};
use super::grammar::Rule;
use super::tree::{Comparison, Expectation, ExpectationKind, Milestone, Outcome, Phase, Quantity, Value};

impl<'t> Builder<'t> {
    /// `rollback before 30% within 5m`, `no phase Degraded`, `failed requests < 500 in >= 99% of runs`
    pub(super) fn expectation(&mut self, parts: &Parts<'t>, span: Span) -> Option<Expectation> {
        for bound in [Rule::before, Rule::within, Rule::at_step, Rule::by, Rule::share] {
            self.once(parts, bound)?;
        }
        let share = match parts.first(Rule::share) {
            Some(share) => Some(self.share(share)?),
            None => None,
        };
        let kind = if let Some(words) = parts.first(Rule::run_quantity) {
            ExpectationKind::Quantity {
                quantity: self.quantity(words)?,
                comparison: self.comparison(parts)?,
                bound: self.part(parts, Rule::amount)?,
            }
        } else if let Some(node) = parts.first(Rule::milestone) {
            ExpectationKind::Milestone {
                milestone: self.milestone(node)?,
                within: self.bound(parts, Rule::within)?,
            }
        } else {
            self.outcome(parts)?
        };
        Some(Expectation { negated: parts.has(Rule::kw_no), kind, share, span })
    }

    fn outcome(&mut self, parts: &Parts<'t>) -> Option<ExpectationKind> {
        let words = parts.first(Rule::outcome)?;
        let outcome = match words.clone().into_inner().next()?.as_rule() {
            Rule::kw_promote => Outcome::Promote,
            Rule::kw_rollback => Outcome::Rollback,
            _ => Outcome::Pause,
        };
        let by = parts.first(Rule::by).and_then(|by| by.into_inner().last());
        Some(ExpectationKind::Outcome {
            outcome: self.spanned(outcome, &words),
            before: self.bound(parts, Rule::before)?,
            within: self.bound(parts, Rule::within)?,
            at_step: self.bound(parts, Rule::at_step)?,
            by: by.map(|by| self.name(&by)),
        })
    }

    fn milestone(&mut self, node: Node<'t>) -> Option<Milestone> {
        let parts = Parts::of(node);
        Some(match parts.iter().next()?.as_rule() {
            Rule::kw_step => Milestone::Step(self.part(&parts, Rule::amount)?),
            Rule::kw_weight => Milestone::Weight(self.comparison(&parts)?, self.part(&parts, Rule::weight)?),
            Rule::kw_phase => {
                let phase = parts.first(Rule::phase)?;
                Milestone::Phase(match self.text(&phase) {
                    "Progressing" => Phase::Progressing,
                    "Paused" => Phase::Paused,
                    "Healthy" => Phase::Healthy,
                    _ => Phase::Degraded,
                })
            }
            _ => Milestone::Message(self.string(&parts.first(Rule::string)?)),
        })
    }

    /// The value of a bound such as `before 30%`; the outer `None` is a broken one.
    #[expect(clippy::option_option, reason = "absent and broken are two things")]
    fn bound(&mut self, parts: &Parts<'t>, rule: Rule) -> Option<Option<Value>> {
        match parts.first(rule) {
            Some(bound) => self.value(bound.into_inner().last()?).map(Some),
            None => Some(None),
        }
    }

    /// Bounds stand in any order, and each once.
    fn once(&mut self, parts: &Parts<'t>, rule: Rule) -> Option<()> {
        let mut bounds = parts.all(rule);
        let first = bounds.next();
        let (Some(first), Some(second)) = (first, bounds.next()) else {
            return Some(());
        };
        let word = self.text(&second).split_whitespace().next().unwrap_or("");
        let (first, second) = (self.place(&extent(&first)), self.place(&extent(&second)));
        self.report(
            Diagnostic::new(
                Code::MalformedStatement,
                format!("`{word}` is said twice in one `expect`"),
                second,
                "the second time here",
            )
            .because(first, "the first time here"),
        );
        None
    }

    fn share(&mut self, node: Node<'t>) -> Option<(Spanned<Comparison>, Value)> {
        let parts = Parts::of(node);
        Some((self.comparison(&parts)?, self.part(&parts, Rule::amount)?))
    }

    fn quantity(&mut self, node: Node<'t>) -> Option<Spanned<Quantity>> {
        let span = self.span(&node);
        let quantity = match node.into_inner().next()?.as_rule() {
            Rule::kw_failed => Quantity::FailedRequests,
            Rule::kw_exposed => Quantity::ExposedRequests,
            Rule::kw_duration => Quantity::Duration,
            _ => Quantity::PeakWeight,
        };
        Some(Spanned::new(quantity, span))
    }
}
