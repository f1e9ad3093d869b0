//! Cases that a naive simulator gets wrong, each as a release that people can read, against the real controllers.
//!
//! Enters: `edge_cases/NAME` with `release.yaml`, `scenario.roll` and perhaps `answers.yaml`, or with `scenario.yaml` in the
//! oracle's form; each names the oracle's recording. Leaves: the first difference of each case in verdict, steps, weights,
//! phases, measurements or ends of runs, and every expectation that is not met.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test reads its cases and fails without them"
)]

#[path = "support/course.rs"]
mod course;
mod support;

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use course::{Course, differences, recorded, simulated};
use rollcast::manifest::document::documents as documents_of;
use serde_json::Value;
use support::oracle::{self, compare};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/edge_cases");
    let mut cases: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

/// The oracle's scenario and trace that a case names.
fn recording(case: &Path, text: &str) -> (Value, Vec<Value>) {
    let named = text.lines().find_map(|line| line.strip_prefix("# The real controller: "));
    let trace =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(named.unwrap_or_else(|| panic!("{}", case.display())));
    let lines = std::fs::read_to_string(&trace).unwrap();
    let scenario = trace.to_str().unwrap().replace(".trace.jsonl", ".json");
    let scenario = serde_json::from_str(&std::fs::read_to_string(scenario).unwrap()).unwrap();
    (scenario, lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// The documents of a YAML file.
fn documents(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    documents_of(&text).unwrap().iter().map(|document| document.read().unwrap()).collect()
}

fn arguments(case: &Path) -> Vec<&'static str> {
    let mut arguments = vec!["release.yaml", "--scenario", "scenario.roll"];
    if case.join("answers.yaml").exists() {
        arguments.extend(["--answers", "answers.yaml"]);
    }
    arguments
}

/// What is told of it until this second, this one included; a verdict that comes later is none.
fn told_until(mut course: Course, until: u64) -> Course {
    if course.verdict.1 > until {
        course.verdict = Default::default();
    }
    course.steps.retain(|(at, _)| *at <= until);
    course.weights.retain(|(at, _)| *at <= until);
    course.phases.retain(|(at, _)| *at <= until);
    course.measurements.retain(|(at, ..)| *at <= until);
    course.ends.retain(|(at, ..)| *at <= until);
    course
}

/// A case in the project's language: what `rollcast simulate` tells is what the real controllers did.
fn in_the_language(case: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(case.join("scenario.roll")).unwrap();
    let (scenario, trace) = recording(case, &text);
    let mut wrong = Vec::new();
    if Value::Array(documents(&case.join("release.yaml"))) != scenario["objects"] {
        wrong.push("release.yaml is another than was recorded".to_owned());
    }
    let output = Command::cargo_bin("rollcast")
        .unwrap()
        .current_dir(case)
        .arg("simulate")
        .args(arguments(case))
        .args(["--format", "json"])
        .output()
        .unwrap();
    let Ok(ours) = serde_json::from_slice::<Value>(&output.stdout) else {
        wrong.push(String::from_utf8_lossy(&output.stderr).into_owned());
        return wrong;
    };
    let ours = &ours["traces"][0];
    let actions = scenario["actions"].as_array().cloned().unwrap_or_default();
    let release = actions
        .iter()
        .find(|action| action["do"] == "setImage")
        .map_or(0, |action| action["at"].as_u64().unwrap());
    let until = scenario["until"].as_u64().unwrap() - release;
    let (mut argo, mut ours) =
        (told_until(recorded(&trace, release), until), told_until(simulated(ours), until));
    let tested = Command::cargo_bin("rollcast")
        .unwrap()
        .current_dir(case)
        .args(["test", "scenario.roll", "--manifests"])
        .args(arguments(case).into_iter().filter(|one| !one.contains("scenario")))
        .output()
        .unwrap();
    if !tested.status.success() {
        wrong.push(String::from_utf8_lossy(&tested.stdout).into_owned());
        wrong.push(String::from_utf8_lossy(&tested.stderr).into_owned());
    }
    if ours.verdict == Default::default() {
        // It came after the recording's end.
        argo.verdict = Default::default();
    }
    if argo.weights.is_empty() {
        // Without a VirtualService nobody writes weights, and ours are what the pods come to.
        ours.weights.clear();
    }
    wrong.extend(differences(&argo, &ours));
    wrong
}

/// A case in the oracle's form, which has words for what the language has not.
fn in_yaml(case: &Path) -> Vec<String> {
    let path = case.join("scenario.yaml");
    let (mut scenario, trace) = recording(case, &std::fs::read_to_string(&path).unwrap());
    let mut wrong = Vec::new();
    let mut known = documents(&path).remove(0);
    for value in [&mut scenario, &mut known] {
        value.as_object_mut().unwrap().remove("name");
    }
    if known != scenario {
        wrong.push("scenario.yaml is another than was recorded".to_owned());
    }
    match oracle::play(&known) {
        Err(why) => wrong.push(why),
        Ok(ours) => wrong.extend(compare::compare(&trace[1..], &ours).map(|difference| {
            format!("{}\n  argo: {}\n  ours: {}", difference.place, difference.oracle, difference.ours)
        })),
    }
    wrong
}

#[test]
fn every_case_goes_as_with_the_real_controllers() {
    let mut wrong = Vec::new();
    let mut numbers = std::collections::BTreeSet::new();
    for case in cases() {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        numbers.insert(name[..2].to_owned());
        let found = if case.join("scenario.yaml").exists() { in_yaml(&case) } else { in_the_language(&case) };
        wrong.extend(found.into_iter().map(|difference| format!("{name}: {difference}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(numbers.len(), 25, "one case is missing of the twenty-five");
}
