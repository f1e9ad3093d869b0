//! The statements of rollouts and of defaults: pods, workload, route, canary and the small ones.
//!
//! Enters: nodes. Leaves: [`Statement`]s. It deliberately knows no Kubernetes: a route's fields are words.

use super::build::{Builder, Node, Parts};
use super::grammar::Rule;
use super::tree::{
    Background, Field, Name, Route, Statement, StatementKind, Step, StepKind, Value, ValueKind, Workload,
};

impl<'t> Builder<'t> {
    /// A statement of a rollout or of defaults.
    pub(super) fn statement(&mut self, node: Node<'t>, list: &mut Vec<Statement>) -> Option<()> {
        let span = self.span(&node);
        let rule = node.as_rule();
        if rule == Rule::slo {
            let kind = StatementKind::Slo(self.slo(node)?);
            list.push(Statement { kind, span });
            return Some(());
        }
        if rule == Rule::metric {
            let kind = StatementKind::Metric(self.metric(node)?);
            list.push(Statement { kind, span });
            return Some(());
        }
        let parts = Parts::of(node);
        let kind = match rule {
            Rule::pods_from => StatementKind::PodsFrom(self.string(&parts.first(Rule::string)?)),
            Rule::pods => StatementKind::Pods(self.block(parts.block(), Self::field)),
            Rule::workload => StatementKind::Workload(self.workload(&parts)?),
            Rule::replicas => StatementKind::Replicas(self.part(&parts, Rule::amount)?),
            Rule::route => StatementKind::Route(self.route(&parts)),
            Rule::prometheus => StatementKind::Prometheus(self.part(&parts, Rule::text)?),
            Rule::namespace => StatementKind::Namespace(self.name(&parts.first(Rule::name)?)),
            Rule::labels => StatementKind::Labels(self.block(parts.block(), Self::label)),
            Rule::canary => StatementKind::Canary(self.block(parts.block(), Self::step)),
            Rule::background => StatementKind::Background(Background {
                slos: parts.all(Rule::name).map(|name| self.name(&name)).collect(),
                from: self.optional(&parts, Rule::weight)?,
            }),
            _ => return None,
        };
        list.push(Statement { kind, span });
        Some(())
    }

    fn workload(&mut self, parts: &Parts<'t>) -> Option<Workload> {
        let reference = Parts::of(parts.first(Rule::reference)?);
        let scale_down = parts.first(Rule::scale_down).and_then(|words| words.into_inner().last());
        Some(Workload {
            kind: self.name(&reference.first(Rule::kind)?),
            name: self.name(&reference.first(Rule::name)?),
            from: parts.first(Rule::string).map(|string| self.string(&string)),
            scale_down: scale_down.map(|word| self.name(&word)),
        })
    }

    fn route(&mut self, parts: &Parts<'t>) -> Route {
        let words = parts.iter().filter(|part| !matches!(part.as_rule(), Rule::kw_route | Rule::route_block));
        let kind = words.map(|word| self.name(&word)).collect();
        let block = parts.first(Rule::route_block).map(Parts::of);
        let fields = block.map_or_else(Vec::new, |block| self.block(block.block(), Self::field));
        Route { kind, fields }
    }

    /// `port http 8080`: the first word is the key; what follows are values, or a block of labels.
    fn field(&mut self, node: Node<'t>, list: &mut Vec<Field>) -> Option<()> {
        let span = self.span(&node);
        let rule = node.as_rule();
        let parts = Parts::of(node);
        let key = self.name(&parts.iter().next()?);
        let (mut values, mut pairs) = (Vec::new(), Vec::new());
        if rule == Rule::labels {
            pairs = self.block(parts.block(), Self::label);
        } else {
            for part in parts.iter().skip(1) {
                values.push(self.field_value(part)?);
            }
        }
        list.push(Field { key, values, pairs, span });
        Some(())
    }

    fn field_value(&mut self, part: Node<'t>) -> Option<Value> {
        let span = self.span(&part);
        let kind = match part.as_rule() {
            Rule::amount | Rule::duration | Rule::text | Rule::target => return self.value(part),
            Rule::string => ValueKind::Text(self.string(&part).value),
            _ => ValueKind::Name(self.text(&part).to_owned()),
        };
        Some(Value { kind, span })
    }

    fn label(&mut self, node: Node<'t>, list: &mut Vec<(Name, Name)>) -> Option<()> {
        let parts = Parts::of(node);
        let key = self.word_or_string(parts.first(Rule::label_key)?)?;
        let value = self.word_or_string(parts.first(Rule::label_value)?)?;
        list.push((key, value));
        Some(())
    }

    fn step(&mut self, node: Node<'t>, list: &mut Vec<Step>) -> Option<()> {
        let span = self.span(&node);
        let rule = node.as_rule();
        let parts = Parts::of(node);
        let kind = match rule {
            Rule::weight_step => StepKind::Weight {
                weight: self.part(&parts, Rule::step_weight)?,
                pause: self.optional(&parts, Rule::duration)?,
            },
            Rule::param_step => {
                let name = self.name(&parts.first(Rule::step_param)?);
                StepKind::Weight {
                    weight: Value { kind: ValueKind::Name(name.value), span: name.span },
                    pause: self.optional(&parts, Rule::duration)?,
                }
            }
            Rule::pause if parts.has(Rule::kw_until) => StepKind::PauseUntilPromoted,
            Rule::pause => StepKind::Pause(self.part(&parts, Rule::duration)?),
            Rule::analyze => StepKind::Analyze {
                slos: parts.all(Rule::name).map(|name| self.name(&name)).collect(),
                count: self.optional(&parts, Rule::amount)?,
            },
            _ => return None,
        };
        list.push(Step { kind, span });
        Some(())
    }
}
