//! Objectives and their modifiers.
//!
//! Enters: nodes. Leaves: [`Slo`]s. It deliberately knows no signal and no unit.

use super::build::{Builder, Node, Parts};
use super::grammar::Rule;
use super::tree::{Metric, Modifier, ModifierKind, Name, NoData, Slo};
use crate::source::Span;

impl<'t> Builder<'t> {
    /// `slo error-rate < 1% over 1m { … }`
    pub(super) fn slo(&mut self, node: Node<'t>) -> Option<Slo> {
        let span = self.span(&node);
        let parts = Parts::of(node);
        let block = parts.first(Rule::slo_block).map(Parts::of);
        let modifiers = block.map_or_else(Vec::new, |block| self.block(block.block(), Self::modifier));
        Some(Slo {
            signal: self.name(&parts.first(Rule::signal)?),
            alias: parts.first(Rule::name).map(|alias| self.name(&alias)),
            comparison: self.comparison(&parts)?,
            threshold: self.part(&parts, Rule::threshold)?,
            window: self.optional(&parts, Rule::duration)?,
            modifiers,
            span,
        })
    }

    /// ``metric queue-depth = promql `max(queue_depth{…})` ``
    pub(super) fn metric(&mut self, node: Node<'t>) -> Option<Metric> {
        let span = self.span(&node);
        let parts = Parts::of(node);
        let quoted = self.name(&parts.first(Rule::query)?);
        let (length, span_of) = (quoted.value.len(), quoted.span);
        let inside = quoted.value.get(1..length.saturating_sub(1)).unwrap_or_default().to_owned();
        let place = Span { start: span_of.start + 1, end: span_of.end.saturating_sub(1), ..span_of };
        Some(Metric { name: self.name(&parts.first(Rule::name)?), query: Name::new(inside, place), span })
    }

    fn modifier(&mut self, node: Node<'t>, list: &mut Vec<Modifier>) -> Option<()> {
        let span = self.span(&node);
        let rule = node.as_rule();
        let parts = Parts::of(node);
        let kind = match rule {
            Rule::every => ModifierKind::Every(self.part(&parts, Rule::duration)?),
            Rule::count => ModifierKind::Count(self.part(&parts, Rule::amount)?),
            Rule::tolerate => {
                for tolerance in parts.all(Rule::tolerance) {
                    list.push(self.tolerance(tolerance)?);
                }
                return Some(());
            }
            Rule::succeed => ModifierKind::SucceedAfter(self.part(&parts, Rule::amount)?),
            Rule::wait => ModifierKind::Wait(self.part(&parts, Rule::duration)?),
            Rule::no_data => {
                let word = parts.last()?;
                let policy = match word.as_rule() {
                    Rule::kw_passes => NoData::Passes,
                    Rule::kw_fails => NoData::Fails,
                    _ => NoData::Pauses,
                };
                ModifierKind::NoData(self.spanned(policy, &word))
            }
            Rule::at_least => ModifierKind::AtLeast(self.part(&parts, Rule::amount)?),
            Rule::dry_run => ModifierKind::DryRun,
            _ => return None,
        };
        list.push(Modifier { kind, span });
        Some(())
    }

    fn tolerance(&mut self, node: Node<'t>) -> Option<Modifier> {
        let span = self.span(&node);
        let parts = Parts::of(node);
        let value = self.part(&parts, Rule::amount)?;
        let kind = match parts.last()?.as_rule() {
            Rule::kw_inconclusive => ModifierKind::Inconclusive(value),
            Rule::kw_errors => ModifierKind::Errors(value),
            _ => ModifierKind::Failures(value),
        };
        Some(Modifier { kind, span })
    }
}
