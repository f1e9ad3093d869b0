//! How a release went, as a recording of the real controllers tells it and as the simulator's trace does.
//!
//! Enters: the oracle's lines and a trace as JSON. Leaves: [`Course`]s and where they differ.
//! It deliberately compares what users see: verdict, steps, weights, phases, measurements and ends of runs.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde_json::Value;

/// What both sides tell of a release. Seconds count from the moment at which version 2 was applied.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Course {
    /// Outcome, second, the controller's message.
    pub(crate) verdict: (String, u64, String),
    /// Step index in force at the end of a second in which it changed.
    pub(crate) steps: Vec<(u64, u64)>,
    /// Canary weight likewise.
    pub(crate) weights: Vec<(u64, u64)>,
    /// Phase and message likewise.
    pub(crate) phases: Vec<(u64, (String, String))>,
    /// Second, run, metric, value, phase; sorted.
    pub(crate) measurements: Vec<(u64, String, String, String, String)>,
    /// Second, run, phase, message; sorted.
    pub(crate) ends: Vec<(u64, String, String, String)>,
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
pub(crate) fn recorded(lines: &[Value], release: u64) -> Course {
    let mut course = Course::default();
    let mut measured = BTreeMap::new();
    let mut ended = BTreeMap::new();
    for line in lines.iter().skip(1) {
        let second = line["t"].as_u64().unwrap();
        let services = line["virtualServices"].as_object().into_iter().flatten();
        for weight in services.filter_map(|(_, service)| written(service)) {
            note(&mut course.weights, second.saturating_sub(release), weight);
        }
        if let Some(rollout) = line.get("rollout")
            && second < release
            && let Some(why) =
                rollout["message"].as_str().and_then(|message| message.strip_prefix("InvalidSpec: "))
        {
            // What is refused from the beginning meets no release.
            note(&mut course.phases, 0, (text(&rollout["phase"]), text(&rollout["message"])));
            course.verdict = ("refused".into(), 0, why.to_owned());
        }
        let Some(at) = second.checked_sub(release) else { continue };
        if let Some(rollout) = line.get("rollout") {
            if let Some(step) = rollout["step"].as_u64() {
                note(&mut course.steps, at, step);
            }
            note(&mut course.phases, at, (text(&rollout["phase"]), text(&rollout["message"])));
            course.verdict = judged(&course.verdict, at, rollout, release);
        }
        for (name, run) in line["runs"].as_object().into_iter().flatten() {
            for metric in run["metrics"].as_array().into_iter().flatten() {
                for measurement in metric["measurements"].as_array().into_iter().flatten() {
                    let from = measurement["from"].as_u64().unwrap() - release;
                    let seen = (text(&measurement["value"]), text(&measurement["phase"]));
                    // The controller keeps the last ten, so all lines together tell of all.
                    measured.insert((from, name.clone(), text(&metric["name"])), seen);
                }
            }
            // A run whose spec is invalid ends without a time of its own.
            let over = !["", "Pending", "Running"].contains(&run["phase"].as_str().unwrap_or_default());
            if let Some(completed) = run["completedAt"].as_u64().map(|at| at - release).or(over.then_some(at))
            {
                let told = ended.keys().any(|(_, known)| known == name);
                if run["completedAt"].is_u64() || !told {
                    ended.insert((completed, name.clone()), (text(&run["phase"]), text(&run["message"])));
                }
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

/// The canary's weight in a VirtualService: the most that any route gives it beside stable.
fn written(service: &Value) -> Option<u64> {
    let is_canary = |to: &&Value| {
        to[0].as_str().and_then(|host| host.split('.').next()).is_some_and(|name| name.ends_with("canary"))
    };
    let split = |route: &Value| {
        let to = route["to"].as_array()?;
        if to.len() < 2 { None } else { to.iter().find(is_canary)?[1].as_u64() }
    };
    service["http"].as_array()?.iter().filter_map(split).max()
}

fn judged(before: &(String, u64, String), at: u64, rollout: &Value, release: u64) -> (String, u64, String) {
    if let Some(aborted) = rollout["abortedAt"].as_u64() {
        let message = text(&rollout["conditions"]["Progressing"][2]);
        return ("rolledBack".into(), aborted - release, message);
    }
    if rollout["stable"] == rollout["current"] {
        return if before.0 == "promoted" { before.clone() } else { ("promoted".into(), at, String::new()) };
    }
    match rollout["pauses"][0]["since"].as_u64() {
        Some(since) if rollout["phase"] == "Paused" => {
            ("paused".into(), since - release, text(&rollout["message"]))
        }
        _ => ("unfinished".into(), 0, String::new()),
    }
}

/// The course in a simulation's trace, as JSON.
pub(crate) fn simulated(trace: &Value) -> Course {
    // All traffic is stable's before the release, which is no event.
    let mut course = Course { weights: vec![(0, 0)], ..Course::default() };
    for event in trace["events"].as_array().unwrap() {
        let at = event["at"].as_u64().unwrap();
        let word = |field: &str| text(&event[field]);
        match event["event"].as_str().unwrap() {
            "step" => note(&mut course.steps, at, event["index"].as_u64().unwrap()),
            "weight" => note(&mut course.weights, at, event["canary"].as_u64().unwrap()),
            "phase" => note(&mut course.phases, at, (word("phase"), word("message"))),
            "measurement" => {
                course.measurements.push((at, word("name"), word("metric"), word("value"), word("phase")));
            }
            "runEnded" => course.ends.push((at, word("name"), word("phase"), word("message"))),
            _ => {}
        }
    }
    course.measurements.sort();
    course.ends.sort();
    let verdict = &trace["verdict"];
    course.verdict = (text(&verdict["outcome"]), verdict["at"].as_u64().unwrap(), text(&verdict["message"]));
    course
}

fn first_difference<T: Debug + PartialEq>(what: &str, argo: &[T], ours: &[T]) -> Option<String> {
    let at = (0..argo.len().max(ours.len())).find(|at| argo.get(*at) != ours.get(*at))?;
    Some(format!("{what} {at}:\n  argo: {:?}\n  ours: {:?}", argo.get(at), ours.get(at)))
}

pub(crate) fn differences(argo: &Course, ours: &Course) -> Vec<String> {
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
