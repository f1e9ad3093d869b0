//! The clauses of scenarios: the world, what an operator does, and what must come of it.
//!
//! Enters: nodes. Leaves: [`Clause`]s. It deliberately knows no time and no chance.

use crate::diagnostic::{Code, Diagnostic};
use crate::source::Spanned;

use super::build::{Builder, Node, Parts, extent};
use super::grammar::Rule;
use super::tree::{Behaviour, BehaviourKind, Clause, ClauseKind, Course, Side, Value};

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
            Rule::expect => ClauseKind::Expect(self.expectation(&parts, span)?),
            _ => return None,
        };
        list.push(Clause { kind, span });
        Some(())
    }

    fn behaviour(&mut self, node: Node<'t>, list: &mut Vec<Behaviour>) -> Option<()> {
        let span = self.span(&node);
        let rule = node.as_rule();
        let parts = Parts::of(node);
        let kind = match rule {
            Rule::errors => BehaviourKind::Errors(self.course(parts.first(Rule::course)?)?),
            Rule::start => {
                let (from, to) = self.starts(&parts)?;
                BehaviourKind::Start(from, to)
            }
            Rule::never_ready => BehaviourKind::NeverReady,
            Rule::only_ready => BehaviourKind::OnlyReady(self.part(&parts, Rule::amount)?),
            Rule::crashes => {
                let mut times = parts.all(Rule::duration);
                let after = self.value(times.next()?)?;
                let recovery = match times.next() {
                    Some(time) => Some(self.value(time)?),
                    None => None,
                };
                BehaviourKind::Crashes { after, recovery }
            }
            _ => BehaviourKind::Latency(self.quantiles(&parts)?),
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

    fn quantiles(&mut self, parts: &Parts<'t>) -> Option<Vec<(Spanned<f64>, Course)>> {
        let mut quantiles = Vec::new();
        for (quantile, course) in parts.all(Rule::quantile).zip(parts.all(Rule::course)) {
            let text = self.text(&quantile);
            let share = super::value::decimal(text.strip_prefix('p')?, "", "e-2")?;
            quantiles.push((self.spanned(share, &quantile), self.course(course)?));
        }
        Some(quantiles)
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
        list.push(self.starts(&Parts::of(node))?);
        Some(())
    }

    /// `20s..40s`; one alone is both.
    fn starts(&mut self, parts: &Parts<'t>) -> Option<(Value, Value)> {
        let mut times = parts.all(Rule::duration);
        let from = self.value(times.next()?)?;
        let to = match times.next() {
            Some(to) => self.value(to)?,
            None => from.clone(),
        };
        Some((from, to))
    }

    fn scrape(&mut self, parts: &Parts<'t>) -> Option<ClauseKind> {
        let every = self.part(parts, Rule::duration)?;
        let block = parts.first(Rule::scrape_block).map(Parts::of);
        let settings = block.map_or_else(Vec::new, |block| {
            self.block(block.block(), |builder, node, list| {
                let rule = node.as_rule();
                let parts = Parts::of(node);
                let values =
                    parts.iter().filter(|part| matches!(part.as_rule(), Rule::duration | Rule::amount));
                let values: Option<Vec<Value>> = values.map(|value| builder.value(value)).collect();
                list.push((rule, values?));
                Some(())
            })
        });
        let last = |wanted: Rule| {
            let found = settings.iter().rev().find(|(rule, _)| *rule == wanted);
            found.map(|(_, values)| values.as_slice())
        };
        let first = |wanted: Rule| last(wanted).and_then(<[Value]>::first).cloned();
        let gap = match last(Rule::outage) {
            Some([length, at]) => Some((length.clone(), at.clone())),
            _ => None,
        };
        Some(ClauseKind::Scrape { every, jitter: first(Rule::jitter), miss: first(Rule::miss), gap })
    }
}
