//! Items at the top level: imports, params, envs, defaults, and the heads of rollouts and scenarios.
//!
//! Enters: nodes. Leaves: [`Item`]s. It deliberately knows no blocks but those of envs; others have their own files.

use crate::source::Spanned;

use super::build::{Builder, Node, Parts, extent};
use super::context::Context;
use super::grammar::Rule;
use super::tree::{Env, Item, Name, Param, Rollout, Scenario, Value};

impl<'t> Builder<'t> {
    /// All items of a file.
    pub(super) fn items(&mut self, root: Node<'t>) -> Vec<Item> {
        let parts = Parts::of(root);
        self.block(parts.iter().filter(|part| part.as_rule() != Rule::EOI), Self::item)
    }

    fn item(&mut self, node: Node<'t>, list: &mut Vec<Item>) -> Option<()> {
        let item = match node.as_rule() {
            Rule::import => Item::Import(self.string(&Parts::of(node).first(Rule::string)?)),
            Rule::param => Item::Param(self.param(node)?),
            Rule::env => Item::Env(self.env(node)?),
            Rule::defaults => {
                let span = self.span(&node);
                let parts = Parts::of(node);
                let statements = self.block(parts.block(), Self::statement);
                Item::Defaults(Spanned::new(statements, span))
            }
            Rule::slo => Item::Slo(self.slo(node)?),
            Rule::metric => Item::Metric(self.metric(node)?),
            Rule::rollout => Item::Rollout(self.rollout(node)?),
            Rule::scenario => Item::Scenario(self.scenario(node)?),
            _ => return None,
        };
        list.push(item);
        Some(())
    }

    fn param(&mut self, node: Node<'t>) -> Option<Param> {
        let parts = Parts::of(node);
        Some(Param {
            name: self.name(&parts.first(Rule::name)?),
            unit: parts.first(Rule::unit).map(|unit| self.name(&unit)),
            value: self.part(&parts, Rule::setting_value)?,
        })
    }

    fn env(&mut self, node: Node<'t>) -> Option<Env> {
        let parts = Parts::of(node);
        Some(Env {
            name: self.name(&parts.first(Rule::name)?),
            settings: self.block(parts.block(), Self::setting),
        })
    }

    fn setting(&mut self, node: Node<'t>, list: &mut Vec<(Name, Value)>) -> Option<()> {
        let parts = Parts::of(node);
        let name = self.name(&parts.first(Rule::name)?);
        list.push((name, self.part(&parts, Rule::setting_value)?));
        Some(())
    }

    fn rollout(&mut self, node: Node<'t>) -> Option<Rollout> {
        let span = self.span(&node);
        let parts = self.head(node, Rule::rollout_head, Context::RolloutHead);
        let body = self.block(parts.block(), Self::statement);
        let head = Parts::of(parts.first(Rule::rollout_head)?);
        let mut names = head.all(Rule::name);
        Some(Rollout {
            name: self.name(&names.next()?),
            namespace: names.next().map(|name| self.name(&name)),
            body,
            span,
        })
    }

    fn scenario(&mut self, node: Node<'t>) -> Option<Scenario> {
        let span = self.span(&node);
        let parts = self.head(node, Rule::scenario_head, Context::ScenarioHead);
        let clauses = self.block(parts.block(), Self::clause);
        let head = Parts::of(parts.first(Rule::scenario_head)?);
        Some(Scenario {
            name: self.string(&head.first(Rule::string)?),
            rollout: self.name(&head.first(Rule::name)?),
            clauses,
            span,
        })
    }

    /// The parts of an item, of which a broken head has been diagnosed.
    fn head(&mut self, node: Node<'t>, good: Rule, context: Context) -> Parts<'t> {
        let start = node.as_span().start();
        let parts = Parts::of(node);
        if let (None, Some(open)) = (parts.first(good), parts.first(Rule::open)) {
            self.diagnose(&(start..extent(&open).end), None, context);
        }
        parts
    }
}
