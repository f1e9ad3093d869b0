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

#[path = "support/course.rs"]
mod course;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rollcast::backend::manifests;
use rollcast::manifest::{read, write};
use rollcast::model::Program;
use rollcast::model::compile::{Fault, Files, Options, compile};
use rollcast::report::json;
use rollcast::simulator::Simulation;
use rollcast::simulator::trace::{EventKind, Outcome};
use serde_json::Value;

use course::{differences, recorded, simulated};

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

#[test]
fn releases_go_as_with_the_real_controllers() {
    let program = example();
    assert_eq!(program.scenarios.len(), NAMES.len(), "the example's scenarios{RECORD}");
    let mut failures = Vec::new();
    for (name, scenario) in NAMES.iter().zip(&program.scenarios) {
        let trace = Simulation::new(&program.rollouts[scenario.rollout], scenario).unwrap().trace(0);
        let argo = recorded(&lines(&folder().join(format!("{name}.trace.jsonl"))), RELEASE);
        assert!(!argo.measurements.is_empty(), "{name}: nothing was recorded");
        let ours = simulated(&serde_json::from_str(&json(&trace).unwrap()).unwrap());
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
