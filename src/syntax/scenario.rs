//! The clauses of scenarios: the world, what an operator does, and what must come of it.
//!
//! Enters: nodes. Leaves: [`Clause`]s. It deliberately knows no time and no chance.

use crate::diagnostic::{Code, Diagnostic};
use crate::source::Spanned;

use super::build::{Builder, Node, Parts, extent};
use super::grammar::Rule;
use super::tree::{
    Action, Behaviour, BehaviourKind, Clause, ClauseKind, Comparison, Course, Expectation, ExpectationKind,
    Outcome, Quantity, Side, Value,
};

impl<'t> Builder<'t> {
    /// A line of a scenario.
    pub(super) fn clause(&mut self, node: Node<'t>, list: &mut Vec<Clause>) -> Option<()> {
        let span = self.span(&node);
        let rule = node.as_rule();
        if rule == Rule::pod_start {
            let (from, to) = self.pod_start(node)?;
            let kind = ClauseKind::PodStart(from, to);
            list.push(Clause { kind, span });
            return Some(());
        }
        let parts = Parts::of(node);
        let kind = match rule {
            Rule::traffic => ClauseKind::Traffic(self.part(&parts, Rule::amount)?),
            Rule::like => ClauseKind::CanaryLikeStable,
            Rule::side => {
                let word = parts.iter().next()?;
                let side = match word.as_rule() {
                    Rule::kw_stable => Side::Stable,
                    _ => Side::Canary,
                };
                ClauseKind::Side {
                    side: self.spanned(side, &word),
                    behaviours: self.block(parts.block(), Self::behaviour),
                }
            }
            Rule::scrape_nothing => ClauseKind::ScrapeNothing,
            Rule::scrape => self.scrape(&parts)?,
            Rule::runs => {
                let mut amounts = parts.all(Rule::amount);
                let runs = self.value(amounts.next()?)?;
                let seed = match amounts.next() {
                    Some(seed) => Some(self.value(seed)?),
                    None => None,
                };
                ClauseKind::Runs { runs: Some(runs), seed }
            }
            Rule::seed => ClauseKind::Runs { runs: None, seed: Some(self.part(&parts, Rule::amount)?) },
            Rule::at => {
                let action = parts.first(Rule::action)?;
                ClauseKind::At { time: self.part(&parts, Rule::duration)?, action: self.action(action)? }
            }
            Rule::expect => ClauseKind::Expect(Expectation { kind: self.expectation(&parts)?, span }),
            _ => return None,
        };
        list.push(Clause { kind, span });
        Some(())
    }

    fn action(&mut self, node: Node<'t>) -> Option<Spanned<Action>> {
        let span = self.span(&node);
        let action = match node.into_inner().last()?.as_rule() {
            Rule::kw_full => Action::PromoteFull,
            Rule::kw_abort => Action::Abort,
            Rule::kw_retry => Action::Retry,
            _ => Action::Promote,
        };
        Some(Spanned::new(action, span))
    }

    fn behaviour(&mut self, node: Node<'t>, list: &mut Vec<Behaviour>) -> Option<()> {
        let span = self.span(&node);
        let rule = node.as_rule();
        let parts = Parts::of(node);
        let kind = if rule == Rule::errors {
            BehaviourKind::Errors(self.course(parts.first(Rule::course)?)?)
        } else {
            let mut quantiles = Vec::new();
            for (quantile, course) in parts.all(Rule::quantile).zip(parts.all(Rule::course)) {
                let text = self.text(&quantile);
                let share = super::value::decimal(text.strip_prefix('p')?, "", "e-2")?;
                quantiles.push((self.spanned(share, &quantile), self.course(course)?));
            }
            BehaviourKind::Latency(quantiles)
        };
        let (mut from, mut to) = (None, None);
        if let Some(during) = parts.first(Rule::during).map(Parts::of) {
            let mut times = during.all(Rule::duration);
            from = Some(self.value(times.next()?)?);
            if let Some(end) = times.next() {
                to = Some(self.value(end)?);
            }
        }
        list.push(Behaviour { kind, from, to, span });
        Some(())
    }

    fn course(&mut self, node: Node<'t>) -> Option<Course> {
        let parts = Parts::of(node);
        let Some(ramp) = parts.first(Rule::ramp).map(Parts::of) else {
            return Some(Course::Constant(self.part(&parts, Rule::amount)?));
        };
        let mut amounts = ramp.all(Rule::amount);
        Some(Course::Ramp {
            start: self.value(amounts.next()?)?,
            end: self.value(amounts.next()?)?,
            over: self.part(&ramp, Rule::duration)?,
        })
    }

    fn pod_start(&mut self, node: Node<'t>) -> Option<(Value, Value)> {
        let whole = extent(&node);
        let parts = Parts::of(node);
        let was = self.mistakes();
        let mut starts = self.block(parts.block(), Self::start);
        let span = self.place(&(whole.end.saturating_sub(1)..whole.end));
        // A brace that takes no place is one that was forgotten, which has been said.
        if starts.is_empty() && self.mistakes() == was && span.start < span.end {
            self.report(
                Diagnostic::new(
                    Code::MalformedStatement,
                    "expected `start` in `pods`, found `}`",
                    span,
                    "expected `start`",
                )
                .help("`pods { start 20s..40s }` says how long a pod takes to start"),
            );
        }
        starts.pop()
    }

    fn start(&mut self, node: Node<'t>, list: &mut Vec<(Value, Value)>) -> Option<()> {
        let parts = Parts::of(node);
        let mut times = parts.all(Rule::duration);
        let from = self.value(times.next()?)?;
        let to = match times.next() {
            Some(to) => self.value(to)?,
            None => from.clone(),
        };
        list.push((from, to));
        Some(())
    }

    fn scrape(&mut self, parts: &Parts<'t>) -> Option<ClauseKind> {
        let every = self.part(parts, Rule::duration)?;
        let block = parts.first(Rule::scrape_block).map(Parts::of);
        let settings = block.map_or_else(Vec::new, |block| {
            self.block(block.block(), |builder, node, list| {
                let rule = node.as_rule();
                let value = builder.value(node.into_inner().last()?)?;
                list.push((rule, value));
                Some(())
            })
        });
        let last = |wanted: Rule| {
            let found = settings.iter().rev().find(|(rule, _)| *rule == wanted);
            found.map(|(_, value)| value.clone())
        };
        Some(ClauseKind::Scrape { every, jitter: last(Rule::jitter), miss: last(Rule::miss) })
    }

    fn expectation(&mut self, parts: &Parts<'t>) -> Option<ExpectationKind> {
        let share = match parts.first(Rule::share) {
            Some(share) => Some(self.share(share)?),
            None => None,
        };
        if let Some(words) = parts.first(Rule::run_quantity) {
            return Some(ExpectationKind::Quantity {
                quantity: self.quantity(words)?,
                comparison: self.comparison(parts)?,
                bound: self.part(parts, Rule::amount)?,
                share,
            });
        }
        let words = parts.first(Rule::outcome)?;
        let outcome = match words.clone().into_inner().next()?.as_rule() {
            Rule::kw_promote => Outcome::Promote,
            Rule::kw_rollback => Outcome::Rollback,
            _ => Outcome::Pause,
        };
        for bound in [Rule::before, Rule::within, Rule::at_step, Rule::share] {
            self.once(parts, bound)?;
        }
        Some(ExpectationKind::Outcome {
            outcome: self.spanned(outcome, &words),
            before: self.bound(parts, Rule::before)?,
            within: self.bound(parts, Rule::within)?,
            at_step: self.bound(parts, Rule::at_step)?,
            share,
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
