//! What operators do in a scenario.
//!
//! Enters: nodes of `action`. Leaves: [`Action`]s. It deliberately knows no time and no revision.

use crate::source::Spanned;

use super::build::{Builder, Node, Parts};
use super::grammar::Rule;
use super::tree::{Action, Side, Version};

impl<'t> Builder<'t> {
    /// `promote full`, `undo to revision 3`, `crash 2 canary pods for 1m` …
    pub(super) fn action(&mut self, node: Node<'t>) -> Option<Spanned<Action>> {
        let span = self.span(&node);
        let parts = Parts::of(node);
        let action = match parts.iter().next()?.as_rule() {
            Rule::kw_promote if parts.has(Rule::kw_full) => Action::PromoteFull,
            Rule::kw_promote => Action::Promote,
            Rule::kw_skip if parts.has(Rule::kw_all) => Action::SkipAllSteps,
            Rule::kw_skip => Action::SkipStep,
            Rule::kw_abort => Action::Abort,
            Rule::kw_retry => Action::Retry,
            Rule::kw_pause => Action::Pause,
            Rule::kw_resume => Action::Resume,
            Rule::kw_scale => Action::Scale(self.part(&parts, Rule::amount)?),
            Rule::kw_undo => Action::Undo(self.optional(&parts, Rule::amount)?),
            Rule::kw_apply => match parts.first(Rule::version)?.into_inner().next()?.as_rule() {
                Rule::kw_stable => Action::Apply(Version::Stable),
                Rule::kw_canary => Action::Apply(Version::Canary),
                _ => Action::Apply(Version::Another),
            },
            Rule::kw_terminate => Action::TerminateAnalysis,
            _ => Action::Crash {
                pods: self.part(&parts, Rule::amount)?,
                side: match parts.first(Rule::which_side)?.into_inner().next()?.as_rule() {
                    Rule::kw_stable => Side::Stable,
                    _ => Side::Canary,
                },
                recovery: self.optional(&parts, Rule::duration)?,
            },
        };
        Some(Spanned::new(action, span))
    }
}
