//! Where a statement stands, hence what it may be.
//!
//! Enters: the rule of a broken node. Leaves: the context, the rule that reads one statement of it, and its name for
//! people. It deliberately knows no statement.

use super::grammar::Rule;

/// A place in which statements stand.
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
    /// Those in which a statement can be looked for that stands in the wrong one.
    pub(super) const ALL: &'static [Self] = &[
        Self::Item,
        Self::Statement,
        Self::Default,
        Self::Modifier,
        Self::Clause,
        Self::Behaviour,
        Self::RouteField,
        Self::PodField,
        Self::Scrape,
        Self::Start,
    ];

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

    /// The rule that reads one statement and nothing after it.
    pub(super) fn probe(self) -> Rule {
        match self {
            Self::Item => Rule::probe_item,
            Self::RolloutHead => Rule::probe_rollout,
            Self::ScenarioHead => Rule::probe_scenario,
            Self::Setting => Rule::probe_setting,
            Self::Default => Rule::probe_default,
            Self::Statement => Rule::probe_statement,
            Self::PodField => Rule::probe_pod_field,
            Self::RouteField => Rule::probe_route_field,
            Self::Label => Rule::probe_label,
            Self::Modifier => Rule::probe_modifier,
            Self::Step => Rule::probe_step,
            Self::Clause => Rule::probe_clause,
            Self::Behaviour => Rule::probe_behaviour,
            Self::Start => Rule::probe_start,
            Self::Scrape => Rule::probe_scrape,
        }
    }

    /// What stands there, with its article.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Item => "an item of a file",
            Self::RolloutHead => "a rollout",
            Self::ScenarioHead => "a scenario",
            Self::Setting => "a setting of an `env`",
            Self::Default => "a statement of `defaults`",
            Self::Statement => "a statement of a rollout",
            Self::PodField => "a field of `pods`",
            Self::RouteField => "a field of a route",
            Self::Label => "a label",
            Self::Modifier => "a modifier of an slo",
            Self::Step => "a step of a canary",
            Self::Clause => "a clause of a scenario",
            Self::Behaviour => "a behaviour of a version",
            Self::Start => "a clause of `pods` in a scenario",
            Self::Scrape => "a clause of `scrape`",
        }
    }
}
