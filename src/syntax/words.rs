//! How diagnostics spell what the grammar expected.
//!
//! Enters: rules. Leaves: words and phrases. It deliberately knows no text and no place.

use super::context::Context;
use super::grammar::Rule;

/// The word of a `kw_…` rule: its name with hyphens.
fn keyword(rule: Rule) -> Option<String> {
    let name = format!("{rule:?}");
    let word = match name.strip_prefix("kw_")? {
        "failures" => "failure",
        word => word,
    };
    Some(word.replace('_', "-"))
}

/// Rules that are a choice of words.
fn choice(rule: Rule) -> &'static [&'static str] {
    match rule {
        Rule::unit => &["ratio", "duration", "rate", "count", "text"],
        Rule::action => ACTIONS,
        Rule::version => &["stable", "canary", "another"],
        Rule::milestone => &["step", "weight", "phase", "message"],
        Rule::phase => &["Progressing", "Paused", "Healthy", "Degraded"],
        Rule::outcome => &["promote", "rollback", "pause"],
        Rule::run_quantity => &["failed requests", "exposed requests", "duration", "peak weight"],
        Rule::stands => &["as"],
        Rule::side | Rule::which_side => &["stable", "canary"],
        _ => &[],
    }
}

/// What an operator may do.
const ACTIONS: &[&str] = &[
    "promote",
    "promote full",
    "skip step",
    "skip all steps",
    "abort",
    "retry",
    "pause",
    "resume",
    "scale",
    "undo",
    "undo to revision",
    "apply",
    "terminate analysis",
    "crash",
];

/// The words among what was expected.
pub(super) fn keywords(rules: &[Rule]) -> Vec<String> {
    let of = |rule: &Rule| {
        let words = choice(*rule).iter().map(|word| (*word).to_owned());
        words.chain(keyword(*rule)).collect::<Vec<_>>()
    };
    rules.iter().flat_map(of).collect()
}

/// What a rule wants, for people; nothing where saying it would not help.
pub(super) fn phrases(rule: Rule) -> Vec<String> {
    let phrase = match rule {
        Rule::amount | Rule::setting_value | Rule::course => "a value",
        Rule::number => "a number",
        Rule::duration => "a duration such as `2m`",
        Rule::weight | Rule::step_weight => "a weight such as `10%`",
        Rule::threshold => "a threshold such as `1%` or `500ms`",
        Rule::text | Rule::string => "a string such as `\"text\"`",
        Rule::target => "a name or a string",
        Rule::path | Rule::name | Rule::kind | Rule::step_param => "a name",
        Rule::signal => "a signal such as `error-rate`",
        Rule::reference => "a workload such as `Deployment/checkout`",
        Rule::quantity => "a quantity such as `250m`",
        Rule::quantile => "a quantile such as `p95`",
        Rule::comparison => "a comparison (`<`, `<=`, `>` or `>=`)",
        Rule::label_key => "a label such as `team: payments`",
        Rule::label_value | Rule::label_word => "a label's value",
        Rule::tolerance => "a number such as `1`",
        Rule::query => "a query in backticks",
        Rule::equals => "`=`",
        Rule::colon => "`:`",
        Rule::comma => "`,`",
        Rule::dots => "`..`",
        Rule::open => "`{`",
        Rule::close => "`}`",
        Rule::finish | Rule::step_end => "the end of the statement",
        _ => return keywords(&[rule]).iter().map(|word| format!("`{word}`")).collect(),
    };
    vec![phrase.to_owned()]
}

/// Alternatives as one phrase: `a`, `b` or `c`; words first, then signs, and the end of the statement last.
pub(super) fn listed(rules: &[Rule]) -> String {
    let rank = |rule: Rule| match rule {
        Rule::finish | Rule::step_end => 2,
        Rule::open | Rule::close | Rule::comma => 1,
        _ => 0,
    };
    let mut rules = rules.to_vec();
    rules.sort_by_key(|rule| rank(*rule));
    let mut all: Vec<String> = Vec::new();
    for phrase in rules.iter().flat_map(|rule| phrases(*rule)) {
        if !all.contains(&phrase) {
            all.push(phrase);
        }
    }
    match all.as_slice() {
        [] => "something else".to_owned(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// Where a statement would be at home.
pub(super) fn belongs_to(word: &str, home: Context) -> String {
    let place = match home {
        Context::Item => "at the top level of a file",
        Context::Default if word == "namespace" => {
            "in `defaults`, or in a rollout's head: `rollout NAME in NAMESPACE`"
        }
        Context::Default => "in `defaults`",
        Context::Modifier => "in the block of an slo",
        Context::Step => "in the block of `canary`",
        Context::Clause => "in a scenario",
        Context::Behaviour => "in `stable { … }` or `canary { … }` of a scenario",
        Context::RouteField => "in the block of a route",
        Context::PodField => "in the block of `pods`",
        Context::Scrape => "in the block of `scrape`",
        Context::Start => "in `pods { … }` of a scenario",
        _ => "in a rollout",
    };
    format!("`{word}` belongs {place}")
}
