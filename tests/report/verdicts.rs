//! Every way a run can end, in words.

use std::fmt::Write as _;

use crate::samples;
use rollcast::report::{Commands, Look, timeline, verdict};
use rollcast::simulator::trace::{Event, EventKind, Outcome, Trace};

/// The rollback with its last failing measurement made into something else.
fn ended(outcome: Outcome, metric: Option<&str>, message: &str) -> Trace {
    let mut trace = samples::rolled_back();
    trace.verdict.outcome = outcome;
    trace.verdict.metric = metric.map(str::to_owned);
    trace.verdict.message = message.into();
    trace
}

fn last_measurement(trace: &mut Trace, change: impl Fn(&mut String, &mut String, &mut u32, &mut u32)) {
    let measurements = trace.events.iter_mut().rev().filter_map(|event| match &mut event.kind {
        EventKind::Measurement { metric, phase, message, failed, inconclusive, .. }
            if metric == "error-rate" =>
        {
            Some((phase, message, failed, inconclusive))
        }
        _ => None,
    });
    if let Some((phase, message, failed, inconclusive)) = measurements.into_iter().next() {
        change(phase, message, failed, inconclusive);
    }
}

fn endings() -> Vec<(&'static str, Trace)> {
    let mut tolerant = samples::rolled_back();
    tolerant.run.slos.iter_mut().for_each(|slo| slo.failure_limit = 2);
    last_measurement(&mut tolerant, |_, _, failed, _| *failed = 3);
    let mut later = samples::rolled_back();
    later.verdict.step = None;
    later.verdict.weight = 50;
    later.verdict.peak_weight = 100;
    let mut unreachable = samples::rolled_back();
    unreachable.verdict.value = None;
    last_measurement(&mut unreachable, |phase, message, _, _| {
        *phase = "Error".into();
        *message = "connection refused".into();
    });
    let mut undecided = samples::rolled_back();
    undecided.verdict.outcome = Outcome::Paused;
    last_measurement(&mut undecided, |phase, _, _, inconclusive| {
        *phase = "Inconclusive".into();
        *inconclusive = 2;
    });
    let mut aborted = ended(Outcome::RolledBack, None, "Rollout aborted update to revision 2");
    aborted.events.push(Event { at: 60, kind: action("abort", "rollout 'canary-demo' aborted") });
    let mut full = samples::promoted();
    let kind = action("promoteFull", "rollout 'canary-demo' fully promoted");
    full.events.insert(20, Event { at: 150, kind });
    let mut unmeasured = samples::promoted();
    unmeasured.events.retain(|event| !matches!(event.kind, EventKind::Measurement { .. }));
    let mut healthy = samples::promoted();
    let bad =
        |kind: &EventKind| matches!(kind, EventKind::Measurement { phase, .. } if phase != "Successful");
    healthy.events.retain(|event| !bad(&event.kind));
    let mut waiting = ended(Outcome::Paused, None, "CanaryPauseStep");
    waiting.run.steps.splice(1..2, ["until promoted".to_owned()]);
    let late = "ReplicaSet \"canary-demo-7c9d8f6b5\" has timed out progressing.";
    vec![
        ("one failure", samples::rolled_back()),
        ("more failures than tolerated", tolerant),
        ("past the last step", later),
        ("an error", unreachable),
        ("inconclusive", undecided),
        ("an operator aborts", aborted),
        ("pods do not come", ended(Outcome::RolledBack, None, late)),
        ("an unknown metric", ended(Outcome::RolledBack, Some("smoke"), "")),
        ("no reason given", ended(Outcome::RolledBack, None, "")),
        ("a pause without end", waiting),
        ("the time is over", ended(Outcome::Unfinished, None, "")),
        ("healthy", healthy),
        ("within tolerance", samples::promoted()),
        ("by hand", full),
        ("unmeasured", unmeasured),
    ]
}

fn action(action: &str, outcome: &str) -> EventKind {
    let (action, outcome) = (action.to_owned(), outcome.to_owned());
    EventKind::Action { action, detail: String::new(), outcome, changed: true }
}

#[test]
fn every_ending_has_words() {
    let mut text = String::new();
    for (name, trace) in endings() {
        let (brief, headline) = (verdict::brief(&trace), verdict::headline(&trace));
        let _ = write!(text, "{name}\n  {brief}\n  {headline}\n  {}\n", verdict::because(&trace));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_metric_that_decides_nothing_takes_one_row() {
    let mut trace = samples::promoted();
    for event in &mut trace.events {
        if let EventKind::Measurement { metric, phase, dry_run, value, .. } = &mut event.kind
            && metric == "error-rate"
        {
            *dry_run = true;
            *phase = "Failed".into();
            *value = "[0.0213]".into();
        }
    }
    let shown = timeline(&trace, &Look::plain(), &Commands::default());
    let rows: Vec<_> = shown.lines().filter(|line| line.contains("▸ error-rate")).collect();
    assert!(rows.len() < 8, "{shown}");
    assert!(rows.iter().all(|row| row.contains("failed")), "{shown}");
    assert!(shown.contains(", dry run"), "{shown}");
    assert!(shown.contains("of 22 measurements, 1 failed"), "{shown}");
}

#[test]
fn pods_that_come_and_go_are_counted_and_the_last_state_is_not_lost() {
    let mut trace = samples::paused();
    let flaps = (0..40_u64).map(|at| Event {
        at: 170 + at * 4,
        kind: EventKind::Available { revision: 12, available: u32::from(at % 2 == 1), wanted: 1 },
    });
    let place = trace.events.iter().position(|event| event.at > 162).unwrap();
    trace.events.splice(place..place, flaps);
    let shown = timeline(&trace, &Look::plain(), &Commands::default());
    assert!(shown.contains("38 more changes until here, the last:"), "{shown}");
    assert!(shown.lines().count() < 36, "{shown}");
}

#[test]
fn names_and_messages_cannot_steer_the_terminal() {
    let mut trace = samples::rolled_back();
    trace.run.scenario = "\u{1b}[2J\u{202e}".into();
    trace.run.steps[1] = "for \u{7}2m".into();
    for event in &mut trace.events {
        if let EventKind::Aborted { message } = &mut event.kind {
            message.push_str("\u{1b}]0;x\u{7}\nnext line");
        }
    }
    let shown = timeline(&trace, &Look::plain(), &Commands::default());
    assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
}
