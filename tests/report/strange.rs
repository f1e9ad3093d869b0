//! Traces that no controller would write: whatever stands in them, every view is made, keeps its width and its form.

use crate::samples;
use proptest::prelude::*;
use rollcast::report::{Commands, Look, json, svg, text, timeline, verdict};
use rollcast::simulator::trace::{Event, EventKind, Outcome, SignalTrack, Trace, Unit};

/// Phases, messages, names.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("Failed".to_owned()),
        Just("Successful".to_owned()),
        Just("Inconclusive".to_owned()),
        Just("Error".to_owned()),
        Just("abort".to_owned()),
        Just("CanaryPauseStep".to_owned()),
        "[ -~\u{e9}\u{65e5}\u{1b}\n]{0,80}",
    ]
}

/// Values as Argo writes them, and as it does not.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("[]".to_owned()),
        Just("[NaN]".to_owned()),
        Just("[+Inf]".to_owned()),
        Just("[1e308]".to_owned()),
        Just("[-0.5,3]".to_owned()),
        (0.0_f64..2.0).prop_map(|value| format!("[{value}]")),
        "[ -~]{0,30}",
    ]
}

fn kind() -> impl Strategy<Value = EventKind> {
    let metric = prop_oneof![Just("error-rate".to_owned()), Just("latency-p95".to_owned()), "[a-z<&-]{1,50}"];
    let numbers = (any::<u64>(), any::<u32>(), 0_u32..12, any::<bool>());
    (0_u32..14, word(), word(), value(), metric, numbers).prop_map(
        |(which, phase, message, value, metric, (large, any, small, dry_run))| match which {
            0 => EventKind::Applied { revision: large },
            1 => {
                EventKind::Action { action: phase, detail: String::new(), outcome: message, changed: dry_run }
            }
            2 => EventKind::Step { index: if dry_run { any } else { small } },
            3 => EventKind::Weight { canary: any % 101 },
            4 => EventKind::Scaled { revision: u64::from(small % 3), from: any, to: small },
            5 => EventKind::Available { revision: u64::from(small % 3), available: small, wanted: any % 12 },
            6 => EventKind::RunStarted { name: phase, kind: message, step: None },
            7 => EventKind::RunEnded { name: metric, phase, message },
            8 => EventKind::Phase { phase, message },
            9 => EventKind::Paused { reason: phase, until: dry_run.then_some(large) },
            10 => EventKind::Aborted { message },
            11 => EventKind::Promoted { revision: large },
            12 => EventKind::ReconcileError { message },
            _ => EventKind::Measurement {
                name: "run".into(),
                metric,
                query: String::new(),
                value,
                phase,
                message,
                dry_run,
                failed: any,
                inconclusive: small,
            },
        },
    )
}

fn strange() -> impl Strategy<Value = Trace> {
    let events = proptest::collection::vec((0_u64..400, kind()), 0..40);
    let name = "[ -~\u{e9}\u{65e5}]{0,60}";
    let values = proptest::collection::vec(proptest::option::of(any::<f64>()), 0..20);
    let end = prop_oneof![0_u64..2_000, 0_u64..400_000_000];
    let outcome = prop_oneof![
        Just(Outcome::Promoted),
        Just(Outcome::RolledBack),
        Just(Outcome::Paused),
        Just(Outcome::Unfinished)
    ];
    (events, name, values, end, outcome, any::<f64>(), any::<u32>()).prop_map(
        |(events, name, values, end, outcome, number, count)| {
            let mut trace = samples::rolled_back();
            let mut at = 0;
            trace.events = events
                .into_iter()
                .map(|(later, kind)| {
                    at += later;
                    Event { at, kind }
                })
                .collect();
            trace.run.rollout.clone_from(&name);
            trace.run.steps.push(name.clone());
            trace.run.slos.iter_mut().take(1).for_each(|slo| {
                slo.name.clone_from(&name);
                slo.threshold = number;
                slo.unit = Unit::Rate;
            });
            trace.verdict.outcome = outcome;
            trace.verdict.at = end;
            trace.verdict.step = (count % 2 == 0).then_some(count);
            trace.totals.requests = end;
            trace.totals.exposed = end / 2;
            trace.totals.expected_without = number;
            let at = (0..values.len() as u64).map(|tick| tick.saturating_mul(end / 20)).collect();
            let stable = values.iter().rev().copied().collect();
            trace.signals.push(SignalTrack { slo: name, at, canary: values, stable });
            trace
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_view_of_a_strange_trace_is_made(trace in strange(), width in 30_usize..130, unicode: bool) {
        let look = Look { width, colour: false, unicode };
        let shown = timeline(&trace, &look, &Commands::default());
        for line in shown.lines() {
            prop_assert!(text::width(line) <= look.columns(), "{}: {}", width, line);
        }
        prop_assert!(shown.chars().all(|c| c == '\n' || !c.is_control()));
        let first = verdict::headline(&trace).split(' ').next().unwrap_or("").to_owned();
        prop_assert!(shown.contains(&first));
        let picture = svg(&trace);
        prop_assert!(!picture.contains("NaN\"") && !picture.contains("inf\""));
        prop_assert!(serde_json::from_str::<serde_json::Value>(&json(&trace).unwrap()).is_ok());
    }
}
