//! The example of the source document against the real Argo Rollouts controllers, in its five scenarios.
//!
//! Enters: `examples/canary-demo.roll`; `canary_demo/NAME.json` with `NAME.trace.jsonl`, which `canary_demo/record` makes by
//! playing the manifests that we build and the values that we measure with the real controllers.
//! Leaves: the first difference in verdict, steps, weights, phases, measurements or ends of runs, each with its second.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test reads its recordings and fails without them"
)]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::{Path, PathBuf};

use rollcast::backend::manifests;
use rollcast::manifest::{read, write};
use rollcast::model::Program;
use rollcast::model::compile::{Fault, Files, Options, compile};
use rollcast::simulator::Simulation;
use rollcast::simulator::trace::{EventKind, Outcome, Trace};
use serde_json::Value;

/// The scenarios' recordings, in the order of the example.
const NAMES: [&str; 5] = ["healthy", "errors", "slow", "unseen", "fourth-minute"];

/// When version 2 is applied in a recording.
const RELEASE: u64 = 900;

const RECORD: &str = "; if that is meant, run tests/canary_demo/record again";

struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> Result<String, Fault> {
        std::fs::read_to_string(path).map_err(|error| Fault::Refused(error.to_string()))
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn example() -> Program {
    let path = root().join("examples/canary-demo.roll");
    let compiled = compile(path.to_str().unwrap(), &Disk, &Options::default()).unwrap();
    assert!(!compiled.has_errors(), "{:?}", compiled.diagnostics);
    compiled.program
}

fn folder() -> PathBuf {
    root().join("tests/canary_demo")
}

fn scenario(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder().join(format!("{name}.json"))).unwrap()).unwrap()
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What both sides tell of a release. Seconds count from the moment at which version 2 was applied.
#[derive(Debug, Default, PartialEq)]
struct Course {
    /// Outcome, second, the controller's message.
    verdict: (String, u64, String),
    /// Step index in force at the end of a second in which it changed.
    steps: Vec<(u64, u64)>,
    /// Canary weight likewise.
    weights: Vec<(u64, u64)>,
    /// Phase and message likewise.
    phases: Vec<(u64, (String, String))>,
    /// Second, run, metric, value, phase; sorted.
    measurements: Vec<(u64, String, String, String, String)>,
    /// Second, run, phase, message; sorted.
    ends: Vec<(u64, String, String, String)>,
}

/// Notes what holds at the end of a second, if it is another than before.
fn note<T: PartialEq>(list: &mut Vec<(u64, T)>, at: u64, value: T) {
    if list.last().is_some_and(|(last, _)| *last == at) {
        list.pop();
    }
    if list.last().is_none_or(|(_, last)| *last != value) {
        list.push((at, value));
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The course in a recording, from the release on.
fn recorded(lines: &[Value]) -> Course {
    let mut course = Course::default();
    let mut measured = BTreeMap::new();
    let mut ended = BTreeMap::new();
    for line in lines.iter().skip(1) {
        let Some(at) = line["t"].as_u64().unwrap().checked_sub(RELEASE) else { continue };
        if let Some(rollout) = line.get("rollout") {
            note(&mut course.steps, at, rollout["step"].as_u64().unwrap());
            note(&mut course.weights, at, rollout["weights"]["canary"].as_u64().unwrap());
            note(&mut course.phases, at, (text(&rollout["phase"]), text(&rollout["message"])));
            course.verdict = judged(&course.verdict, at, rollout);
        }
        for (name, run) in line["runs"].as_object().into_iter().flatten() {
            for metric in run["metrics"].as_array().into_iter().flatten() {
                for measurement in metric["measurements"].as_array().into_iter().flatten() {
                    let from = measurement["from"].as_u64().unwrap() - RELEASE;
                    let seen = (text(&measurement["value"]), text(&measurement["phase"]));
                    // The controller keeps the last ten, so all lines together tell of all.
                    measured.insert((from, name.clone(), text(&metric["name"])), seen);
                }
            }
            if let Some(completed) = run["completedAt"].as_u64() {
                ended.insert(
                    (completed - RELEASE, name.clone()),
                    (text(&run["phase"]), text(&run["message"])),
                );
            }
        }
    }
    course.measurements = measured
        .into_iter()
        .map(|((at, run, metric), (value, phase))| (at, run, metric, value, phase))
        .collect();
    course.ends = ended.into_iter().map(|((at, run), (phase, message))| (at, run, phase, message)).collect();
    course
}

fn judged(before: &(String, u64, String), at: u64, rollout: &Value) -> (String, u64, String) {
    if let Some(aborted) = rollout["abortedAt"].as_u64() {
        let message = text(&rollout["conditions"]["Progressing"][2]);
        return ("RolledBack".into(), aborted - RELEASE, message);
    }
    if rollout["stable"] == "rev2" {
        return if before.0 == "Promoted" { before.clone() } else { ("Promoted".into(), at, String::new()) };
    }
    match rollout["pauses"][0]["since"].as_u64() {
        Some(since) if rollout["phase"] == "Paused" => {
            ("Paused".into(), since - RELEASE, text(&rollout["message"]))
        }
        _ => ("Unfinished".into(), 0, String::new()),
    }
}

/// The course in a simulation.
fn simulated(trace: &Trace) -> Course {
    // All traffic is stable's before the release, which is no event.
    let mut course = Course { weights: vec![(0, 0)], ..Course::default() };
    for event in &trace.events {
        let at = event.at;
        match &event.kind {
            EventKind::Step { index } => note(&mut course.steps, at, u64::from(*index)),
            EventKind::Weight { canary } => note(&mut course.weights, at, u64::from(*canary)),
            EventKind::Phase { phase, message } => {
                note(&mut course.phases, at, (phase.clone(), message.clone()));
            }
            EventKind::Measurement { name, metric, value, phase, .. } => {
                course.measurements.push((at, name.clone(), metric.clone(), value.clone(), phase.clone()));
            }
            EventKind::RunEnded { name, phase, message } => {
                course.ends.push((at, name.clone(), phase.clone(), message.clone()));
            }
            _ => {}
        }
    }
    course.measurements.sort();
    course.ends.sort();
    course.verdict =
        (format!("{:?}", trace.verdict.outcome), trace.verdict.at, trace.verdict.message.clone());
    course
}

fn first_difference<T: Debug + PartialEq>(what: &str, argo: &[T], ours: &[T]) -> Option<String> {
    let at = (0..argo.len().max(ours.len())).find(|at| argo.get(*at) != ours.get(*at))?;
    Some(format!("{what} {at}:\n  argo: {:?}\n  ours: {:?}", argo.get(at), ours.get(at)))
}

fn differences(argo: &Course, ours: &Course) -> Vec<String> {
    [
        first_difference("verdict", &[&argo.verdict], &[&ours.verdict]),
        first_difference("step", &argo.steps, &ours.steps),
        first_difference("weight", &argo.weights, &ours.weights),
        first_difference("phase", &argo.phases, &ours.phases),
        first_difference("measurement", &argo.measurements, &ours.measurements),
        first_difference("end of a run", &argo.ends, &ours.ends),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn releases_go_as_with_the_real_controllers() {
    let program = example();
    assert_eq!(program.scenarios.len(), NAMES.len(), "the example's scenarios{RECORD}");
    let mut failures = Vec::new();
    for (name, scenario) in NAMES.iter().zip(&program.scenarios) {
        let trace = Simulation::new(&program.rollouts[scenario.rollout], scenario).unwrap().trace(0);
        let argo = recorded(&lines(&folder().join(format!("{name}.trace.jsonl"))));
        assert!(!argo.measurements.is_empty(), "{name}: nothing was recorded");
        let ours = simulated(&trace);
        let found = differences(&argo, &ours);
        let (outcome, at, message) = &argo.verdict;
        println!("{name}: {outcome} at {at} s, {} measurements {message}", argo.measurements.len());
        failures.extend(found.iter().map(|difference| format!("{name}, {difference}")));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// That the comparison is of what we build and measure today, not of what we did when it was recorded.
#[test]
fn recordings_are_of_the_manifests_and_measurements_of_today() {
    let program = example();
    for (name, scenario) in NAMES.iter().zip(&program.scenarios) {
        let rollout = &program.rollouts[scenario.rollout];
        let case = self::scenario(name);
        let known: Vec<String> = case["objects"].as_array().unwrap().iter().map(Value::to_string).collect();
        let known = read(&known.join("\n---\n")).unwrap();
        let today = manifests(rollout);
        assert_eq!(known.len(), today.len(), "{name}: more or fewer manifests than recorded{RECORD}");
        for (known, today) in known.iter().zip(&today) {
            let (kind, called) = (today.kind(), today.name());
            let (known, text) = (write(known).unwrap(), write(today).unwrap());
            assert_eq!(known, text, "{name}: {kind} {called} is another than recorded{RECORD}");
        }
        let trace = Simulation::new(rollout, scenario).unwrap().trace(0);
        let mut asked = BTreeMap::<&str, Vec<u64>>::new();
        for event in &trace.events {
            if let EventKind::Measurement { query, .. } = &event.kind {
                asked.entry(query).or_default().push(event.at);
            }
        }
        let mut answered = BTreeMap::new();
        for answer in case["answers"].as_array().unwrap() {
            let points = answer["points"].as_array().unwrap().iter();
            let seconds: Vec<u64> = points.map(|point| point["at"].as_u64().unwrap() - RELEASE).collect();
            answered.insert(answer["query"].as_str().unwrap(), seconds);
        }
        assert_eq!(answered, asked, "{name}: other questions, or at other times, than recorded{RECORD}");
    }
}

/// That the table of the five scenarios is the one that people were told of.
#[test]
fn the_five_verdicts() {
    let program = example();
    let seen: Vec<(Outcome, bool)> = program
        .scenarios
        .iter()
        .map(|scenario| {
            let trace = Simulation::new(&program.rollouts[scenario.rollout], scenario).unwrap().trace(0);
            (trace.verdict.outcome, trace.verdict.metric.is_some())
        })
        .collect();
    let known = [
        (Outcome::Promoted, false),
        (Outcome::RolledBack, true),
        (Outcome::RolledBack, true),
        (Outcome::Paused, true),
        (Outcome::RolledBack, true),
    ];
    assert_eq!(seen, known);
}
