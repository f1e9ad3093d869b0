//! What many runs came to, in words: outcomes counted, what was seen where an expectation is not met, and why.
//!
//! Enters: endings, an expectation and its judgement. Leaves: short texts for the test report.
//! It deliberately judges nothing and plays nothing.

use std::collections::BTreeMap;

use crate::model::scenario::{Condition, Expectation, Milestone};
use crate::simulator::expect::{Ending, Judgement, holds, outcome_of, reached};
use crate::simulator::trace::Outcome;
use crate::unit::{Ratio, Seconds, grouped, significant};

use super::text::{clean, counted};
use super::verdict::word;

/// `rolled back after 1m20s at 10 %`, or `promoted in 198 of 200 runs, rolled back in 2`.
pub fn of_all(endings: &[Ending]) -> String {
    if let [only] = endings {
        return of_one(only);
    }
    let mut counts: BTreeMap<Outcome, u64> = BTreeMap::new();
    for ending in endings {
        *counts.entry(ending.verdict.outcome).or_default() += 1;
    }
    if let [(outcome, _)] = counts.iter().collect::<Vec<_>>().as_slice() {
        return format!("{} in all {} runs", word(**outcome), grouped(endings.len() as u64));
    }
    let mut ordered: Vec<(Outcome, u64)> = counts.into_iter().collect();
    ordered.sort_by_key(|(outcome, count)| (std::cmp::Reverse(*count), *outcome));
    let runs = grouped(endings.len() as u64);
    let part = |(at, (outcome, count)): (usize, &(Outcome, u64))| {
        let of = if at == 0 { format!(" of {runs} runs") } else { String::new() };
        format!("{} in {}{of}", word(*outcome), grouped(*count))
    };
    ordered.iter().enumerate().map(part).collect::<Vec<_>>().join(", ")
}

fn of_one(ending: &Ending) -> String {
    let verdict = &ending.verdict;
    let after = Seconds(verdict.at);
    match verdict.outcome {
        Outcome::Promoted => format!("promoted after {after}"),
        outcome => format!("{} after {after} at {} %", word(outcome), verdict.weight),
    }
}

/// What was seen in the place of what was expected, with unit, count and interval.
pub fn seen(expectation: &Expectation, judgement: &Judgement, endings: &[Ending]) -> String {
    if let [only] = endings {
        return match &expectation.condition {
            Condition::Outcome { .. } => whole(only),
            Condition::Milestone { index, milestone, .. } => came(*index, milestone, only),
            quantity => measured(quantity, only),
        };
    }
    let share = judgement.held as f64 / judgement.runs.max(1) as f64;
    let (low, high) = judgement.interval;
    let percent = |share: f64| significant(share * 100.0, 3);
    let interval = format!("{} %, {} to {}", percent(share), percent(low), percent(high));
    let count = format!("{} of {} runs ({interval})", grouped(judgement.held), grouped(judgement.runs));
    match &expectation.condition {
        Condition::Outcome { outcome, before: None, within: None, at_step: None, by: None }
            if !expectation.negated =>
        {
            format!("{} in {count}", word(outcome_of(*outcome)))
        }
        _ => format!("so in {count}"),
    }
}

/// One run with step and peak, since an outcome may be bounded by either.
fn whole(ending: &Ending) -> String {
    let verdict = &ending.verdict;
    let mut text = of_one(ending);
    if let Some(step) = verdict.step.filter(|_| verdict.outcome != Outcome::Promoted) {
        text.push_str(&format!(" in step {}", step + 1));
    }
    if verdict.outcome != Outcome::Promoted && verdict.peak_weight > verdict.weight {
        text.push_str(&format!(", having been at {} %", verdict.peak_weight));
    }
    text
}

fn measured(condition: &Condition, ending: &Ending) -> String {
    match condition {
        Condition::FailedRequests(..) => counted(
            ending.totals.exposed_failed,
            "request failed on the canary",
            "requests failed on the canary",
        ),
        Condition::ExposedRequests(..) => {
            counted(ending.totals.exposed, "request reached the canary", "requests reached the canary")
        }
        Condition::Duration(..) => format!("it took {}", Seconds(ending.verdict.at)),
        Condition::PeakWeight(..) => format!("the weight went up to {} %", ending.verdict.peak_weight),
        Condition::Outcome { .. } | Condition::Milestone { .. } => whole(ending),
    }
}

/// When a milestone came about, or how the run ended without it: `step 3 came after 6m`.
fn came(index: usize, milestone: &Milestone, ending: &Ending) -> String {
    let what = match milestone {
        Milestone::Step(step) => format!("step {}", step.saturating_add(1)),
        Milestone::Weight(comparison, bound) => format!("a weight {} {bound}", comparison.sign()),
        Milestone::Phase(phase) => format!("phase {phase:?}"),
        Milestone::Message(text) => format!("a message with \"{}\"", clean(text)),
    };
    match reached(index, ending) {
        Some(at) => format!("{what} came after {at}"),
        None => format!("{what} never came: {}", whole(ending)),
    }
}

/// How the runs that missed an expectation ended, the most frequent first; at most four lines.
pub fn details(expectation: &Expectation, judgement: &Judgement, endings: &[Ending]) -> Vec<String> {
    if judgement.met || endings.len() == 1 {
        return Vec::new();
    }
    let mut groups: BTreeMap<(Outcome, Option<String>, Option<u32>), u64> = BTreeMap::new();
    for ending in endings.iter().filter(|ending| !holds(expectation, ending)) {
        let verdict = &ending.verdict;
        *groups.entry((verdict.outcome, verdict.metric.clone(), verdict.step)).or_default() += 1;
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let line = |((outcome, metric, step), count): &((Outcome, Option<String>, Option<u32>), u64)| {
        let runs = counted(*count, "run", "runs");
        let by = metric.as_ref().map_or_else(String::new, |metric| format!(" by {}", clean(metric)));
        let place = step.map_or_else(String::new, |step| format!(" in step {}", step + 1));
        format!("{runs} {}{by}{place}", word(*outcome))
    };
    let mut lines: Vec<String> = groups.iter().take(4).map(line).collect();
    if let Some(quantiles) = quantiles(&expectation.condition, endings) {
        lines.push(quantiles);
    }
    lines
}

/// Median and 95th percentile of a quantity over all runs.
fn quantiles(condition: &Condition, endings: &[Ending]) -> Option<String> {
    let value = |ending: &Ending| match condition {
        Condition::FailedRequests(..) => Some(ending.totals.exposed_failed),
        Condition::ExposedRequests(..) => Some(ending.totals.exposed),
        Condition::Duration(..) => Some(ending.verdict.at),
        Condition::PeakWeight(..) => Some(u64::from(ending.verdict.peak_weight)),
        Condition::Milestone { index, .. } => reached(*index, ending).map(|at| at.0),
        Condition::Outcome { .. } => None,
    };
    let mut values: Vec<u64> = endings.iter().filter_map(value).collect();
    values.sort_unstable();
    let at =
        |share: f64| values.get(((values.len() as f64 * share) as usize).min(values.len().saturating_sub(1)));
    let show = |value: u64| match condition {
        Condition::Duration(..) | Condition::Milestone { .. } => Seconds(value).to_string(),
        Condition::PeakWeight(..) => Ratio(value as f64 / 100.0).to_string(),
        _ => grouped(value),
    };
    Some(format!("median {}, 95 % up to {}", show(*at(0.5)?), show(*at(0.95)?)))
}
