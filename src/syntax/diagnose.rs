//! temporary
use std::ops::Range;

use super::build::Builder;
use super::grammar::Rule;

/// Where a statement stands, hence what it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    Item,
    RolloutHead,
    ScenarioHead,
    Setting,
    Default,
    Statement,
    PodField,
    RouteField,
    Label,
    Modifier,
    Step,
    Clause,
    Behaviour,
    Start,
    Scrape,
}

impl Context {
    /// The context of a broken node.
    pub(super) fn of_broken(rule: Rule) -> Option<Self> {
        Some(match rule {
            Rule::bad_item => Self::Item,
            Rule::bad_setting => Self::Setting,
            Rule::bad_default => Self::Default,
            Rule::bad_statement => Self::Statement,
            Rule::bad_pod_field => Self::PodField,
            Rule::bad_route_field => Self::RouteField,
            Rule::bad_label => Self::Label,
            Rule::bad_modifier => Self::Modifier,
            Rule::bad_step => Self::Step,
            Rule::bad_clause => Self::Clause,
            Rule::bad_behaviour => Self::Behaviour,
            Rule::bad_start => Self::Start,
            Rule::bad_scrape => Self::Scrape,
            _ => return None,
        })
    }
}

impl Builder<'_> {
    pub(super) fn diagnose(&mut self, bad: &Range<usize>, before: Option<&Range<usize>>, context: Context) -> bool {
        let span = self.place(bad);
        self.report(crate::diagnostic::Diagnostic::new(crate::diagnostic::Code::MalformedStatement, format!("{context:?}"), span, ""));
        true
    }
}
