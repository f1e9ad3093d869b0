//! The end of a run in plain words: what came of it, when and where, and why.
//!
//! Enters: a trace. Leaves: sentences without layout, for the timeline, the picture and the test report alike.
//! It deliberately decides nothing: it words what the controller decided and the trace recorded.

use crate::simulator::trace::{Event, EventKind, Outcome, SloBound, Trace};
use crate::unit::{Seconds, grouped};

use super::quantity::{Reading, bound};
use super::style::Ink;
use super::text::{clean, counted};

/// `rolled back after 1m, in step 2 of 7, at 10 %`
pub fn headline(trace: &Trace) -> String {
    let verdict = &trace.verdict;
    let count = trace.run.steps.len();
    let place = verdict.step.map(|step| format!("in step {} of {count}", step.saturating_add(1)));
    let place = place.or_else(|| (count == 0).then(|| side_of_switch(trace)));
    let after = Seconds(verdict.at);
    let weight = verdict.weight;
    match verdict.outcome {
        Outcome::Promoted => {
            let by_hand = trace.events.iter().any(
                |event| matches!(&event.kind, EventKind::Action { action, .. } if action == "promoteFull"),
            );
            let steps = match count {
                0 if is_blue_green(trace) => return format!("promoted after {after}"),
                0 => "without steps".into(),
                _ if by_hand => "by hand, past the remaining steps".into(),
                1 => "through its one step".into(),
                _ => format!("through all {count} steps"),
            };
            format!("promoted after {after}, {steps}")
        }
        Outcome::RolledBack => {
            let place = place.unwrap_or_else(|| "after the last step".into());
            let peak = if verdict.peak_weight > weight {
                format!(" (having been at {} %)", verdict.peak_weight)
            } else {
                String::new()
            };
            format!("rolled back after {after}, {place}, at {weight} %{peak}")
        }
        Outcome::Paused => {
            let place = place.unwrap_or_else(|| "after the last step".into());
            format!("paused after {after}, {place}, at {weight} %, and waits for a person")
        }
        Outcome::Refused => "refused: the controller reconciles nothing".into(),
        Outcome::Unfinished => {
            let place = place.unwrap_or_else(|| "past the last step".into());
            format!("undecided after {after}: {place}, at {weight} %")
        }
    }
}

/// `rolled back after 1m at 10 %`: for one line among many.
pub fn brief(trace: &Trace) -> String {
    let verdict = &trace.verdict;
    let after = Seconds(verdict.at);
    match verdict.outcome {
        Outcome::Promoted => format!("promoted after {after}"),
        Outcome::RolledBack => format!("rolled back after {after} at {} %", verdict.weight),
        Outcome::Paused => format!("paused after {after} at {} %", verdict.weight),
        Outcome::Refused => "refused by the controller's validation".into(),
        Outcome::Unfinished => format!("undecided after {after} at {} %", verdict.weight),
    }
}

/// `rolled back`, `promoted`, `paused`, `undecided`.
pub fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Promoted => "promoted",
        Outcome::RolledBack => "rolled back",
        Outcome::Paused => "paused",
        Outcome::Unfinished => "undecided",
        Outcome::Refused => "refused",
    }
}

/// What the outcome is painted with.
pub fn ink(outcome: Outcome) -> Ink {
    match outcome {
        Outcome::Promoted => Ink::Green,
        Outcome::RolledBack | Outcome::Refused => Ink::Red,
        Outcome::Paused | Outcome::Unfinished => Ink::Yellow,
    }
}

/// Why, as a sentence that goes on from the headline: `because error-rate was 9.6 % where the slo says < 1 % …`.
pub fn because(trace: &Trace) -> String {
    let verdict = &trace.verdict;
    match verdict.outcome {
        Outcome::Promoted => measured_well(trace),
        Outcome::Refused => format!("because the controller says: {}", clean(&verdict.message)),
        Outcome::Unfinished => "because the time played was over before the rollout was".into(),
        Outcome::RolledBack | Outcome::Paused => match &verdict.metric {
            Some(metric) => because_of_metric(trace, metric),
            None => without_metric(trace),
        },
    }
}

/// What the controller's phase of the deciding measurement means, with value and bound.
fn because_of_metric(trace: &Trace, metric: &str) -> String {
    let slo = slo(trace, metric);
    let last = deciding(trace, metric);
    let name = clean(metric);
    let Some(Deciding { phase, failed, inconclusive, errors, message }) = last else {
        return format!("because of {name}");
    };
    let value = verdict_value(trace, slo);
    match phase {
        "Error" => {
            let reason = if message.is_empty() { String::new() } else { format!(": {}", clean(message)) };
            format!("because {name} could not be measured{}{reason}", times_in_a_row(errors))
        }
        "Inconclusive" => {
            let times = if inconclusive > 1 { format!(" {}", times(inconclusive)) } else { String::new() };
            let said = slo.map_or_else(String::new, |slo| format!(" where {} {}", who_says(slo), bound(slo)));
            let verb = if value == "no data" { "had" } else { "was" };
            format!("because {name} was inconclusive{times}: it {verb} {value}{said}")
        }
        _ => {
            let Some(slo) = slo else {
                return format!("because {name} was {value}, and failed {}", times(failed));
            };
            format!(
                "because {name} was {value} where {} {} and {}",
                who_says(slo),
                bound(slo),
                tolerance(slo, failed)
            )
        }
    }
}

fn who_says(slo: &SloBound) -> &'static str {
    if slo.condition.is_some() { "its condition says" } else { "the slo says" }
}

/// Whether two versions stand side by side and a Service is switched between them.
pub fn is_blue_green(trace: &Trace) -> bool {
    trace.run.route == "blue-green"
}

/// What the new version is called before it is stable.
pub fn newcomer(trace: &Trace) -> &'static str {
    if is_blue_green(trace) { "new version" } else { "canary" }
}

/// Where a release without steps stood.
fn side_of_switch(trace: &Trace) -> String {
    match (is_blue_green(trace), trace.verdict.weight) {
        (false, _) => "without steps".into(),
        (true, 0) => "before the switch".into(),
        (true, _) => "after the switch".into(),
    }
}

/// `tolerates no failure`, `tolerates 2 failures, and this was the third`.
fn tolerance(slo: &SloBound, failed: u32) -> String {
    match slo.failure_limit {
        0 => "tolerates no failure".into(),
        u32::MAX => "tolerates any number of failures".into(),
        limit => format!(
            "tolerates {}, and this was the {}",
            counted(u64::from(limit), "failure", "failures"),
            ordinal(failed)
        ),
    }
}

/// Words for outcomes in which no metric had a part.
fn without_metric(trace: &Trace) -> String {
    let verdict = &trace.verdict;
    let by_hand = |names: &[&str]| {
        let done = |event: &&Event| {
            event.at == verdict.at
                && matches!(&event.kind, EventKind::Action { action, .. } if names.contains(&action.as_str()))
        };
        verdict.outcome == Outcome::RolledBack && trace.events.iter().any(|event| done(&event))
    };
    if by_hand(&["abort"]) {
        return "because an operator aborted it".into();
    }
    if by_hand(&["undo", "setImage"]) {
        return "because an operator took it back".into();
    }
    if verdict.message.contains("timed out progressing") {
        return "because its pods were not available within the progress deadline".into();
    }
    if verdict.outcome == Outcome::Paused && verdict.message == "BlueGreenPause" {
        return "because its strategy leaves the promotion to a person".into();
    }
    if verdict.outcome == Outcome::Paused && verdict.message != "InconclusiveAnalysisRun" {
        let step = verdict.step.and_then(|step| trace.run.steps.get(step as usize));
        if let Some(step) = step {
            return format!("because the step says `{}`", clean(step));
        }
    }
    if verdict.message.is_empty() {
        return "because the controller decided so and gave no reason".into();
    }
    format!("because the controller says: {}", clean(&verdict.message))
}

/// What stood behind a promotion.
fn measured_well(trace: &Trace) -> String {
    let measurements = trace.events.iter().filter_map(|event| match &event.kind {
        EventKind::Measurement { phase, dry_run: false, .. } => Some(phase.as_str()),
        _ => None,
    });
    let (mut all, mut failed, mut errors, mut inconclusive) = (0_u64, 0_u64, 0_u64, 0_u64);
    for phase in measurements {
        all += 1;
        match phase {
            "Failed" => failed += 1,
            "Error" => errors += 1,
            "Inconclusive" => inconclusive += 1,
            _ => {}
        }
    }
    if all == 0 {
        return "although nothing was measured on the way".into();
    }
    let exceptions: Vec<String> = [(failed, "failed"), (inconclusive, "inconclusive"), (errors, "in error")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", grouped(count)))
        .collect();
    let measurements = counted(all, "measurement", "measurements");
    let rules = if trace.run.slos.iter().any(|slo| slo.condition.is_some()) { "condition" } else { "slo" };
    if exceptions.is_empty() {
        return format!("because every {rules} held in all of {measurements}");
    }
    format!(
        "because no more went wrong than the {rules}s tolerate: of {measurements}, {}",
        exceptions.join(", ")
    )
}

/// The verdict's value in the unit of its slo.
fn verdict_value(trace: &Trace, slo: Option<&SloBound>) -> String {
    let value = trace.verdict.value.as_deref().unwrap_or("");
    match Reading::of(value) {
        Reading::Nothing => "no value".into(),
        reading => reading.spelled(slo),
    }
}

/// The last deciding measurement of a metric before the verdict, and how many errors it ended.
struct Deciding<'a> {
    phase: &'a str,
    failed: u32,
    inconclusive: u32,
    errors: u32,
    message: &'a str,
}

fn deciding<'a>(trace: &'a Trace, metric: &str) -> Option<Deciding<'a>> {
    let mut errors = 0;
    let mut last = None;
    for Event { at, kind } in &trace.events {
        let EventKind::Measurement {
            metric: of, phase, message, failed, inconclusive, dry_run: false, ..
        } = kind
        else {
            continue;
        };
        if of != metric || *at > trace.verdict.at {
            continue;
        }
        errors = if phase == "Error" { errors + 1 } else { 0 };
        let (failed, inconclusive) = (*failed, *inconclusive);
        last = Some(Deciding { phase, failed, inconclusive, errors, message });
    }
    last
}

/// The bound of a metric, where it is an slo's.
pub fn slo<'a>(trace: &'a Trace, metric: &str) -> Option<&'a SloBound> {
    trace.run.slos.iter().find(|slo| slo.name == metric)
}

/// `once`, `twice`, `3 times`.
pub fn times(count: u32) -> String {
    match count {
        1 => "once".into(),
        2 => "twice".into(),
        more => format!("{} times", grouped(u64::from(more))),
    }
}

fn times_in_a_row(count: u32) -> String {
    if count > 1 { format!(" {} in a row", times(count)) } else { String::new() }
}

/// `first`, `second`, … `21st`.
pub fn ordinal(count: u32) -> String {
    let words =
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
    let index = count.checked_sub(1).and_then(|at| usize::try_from(at).ok());
    if let Some(word) = index.and_then(|at| words.get(at)) {
        return (*word).to_owned();
    }
    let suffix = match (count % 10, count % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{}{suffix}", grouped(u64::from(count)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_words_where_words_are_shorter() {
        assert_eq!((times(1).as_str(), times(2).as_str(), times(3).as_str()), ("once", "twice", "3 times"));
        assert_eq!(ordinal(3), "third");
        assert_eq!(ordinal(11), "11th");
        assert_eq!(ordinal(22), "22nd");
        assert_eq!(ordinal(113), "113th");
        assert_eq!(ordinal(0), "0th");
    }
}
