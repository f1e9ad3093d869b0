//! Generated cases, answered by Prometheus' own engine and by ours.
//!
//! Enters: folders as `promql-oracle gen` writes them, from `ROLLCAST_PROMQL_CASES` (separated by `:`), or those recorded
//! here. Leaves: how many queries came out the same, to the bit or, where sums may differ, within 1e-12.
//! It deliberately trusts the recorded answers: they are the oracle's.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed; it reads files and says what it found"
)]

#[path = "support/recording.rs"]
mod recording;

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::{Path, PathBuf};

use rollcast::promql::{Answer, Labels, Mode, Options, Plan, RangeSeries, Store, parse};
use serde_json::Value;

/// How an answer compares.
#[derive(PartialEq)]
enum Verdict {
    Same,
    Close,
    Different(String),
}

type Points = Vec<(i64, f64)>;

/// An answer, ours or the oracle's.
#[derive(Debug)]
enum Result {
    Error(String),
    /// Type and elements in the engine's order.
    Elements(&'static str, Vec<(Labels, Points)>),
}

fn cases() -> Vec<PathBuf> {
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/promql_cases").display().to_string();
    let roots = std::env::var("ROLLCAST_PROMQL_CASES").unwrap_or(recorded);
    let mut all = Vec::new();
    for root in roots.split(':').filter(|root| !root.is_empty()) {
        for entry in std::fs::read_dir(root).unwrap_or_else(|error| panic!("{root}: {error}")) {
            let path = entry.unwrap().path();
            if recording::find(&path, "expected.jsonl").is_some() {
                all.push(path);
            }
        }
    }
    all.sort();
    all
}

fn millis(value: &Value, key: &str) -> Option<i64> {
    value.get(key).map(|seconds| recording::millis(&seconds.to_string()))
}

fn bits(value: &Value) -> f64 {
    f64::from_bits(u64::from_str_radix(value.as_str().unwrap(), 16).unwrap())
}

/// The oracle's answer; the second value says whether the order counts.
fn expected(line: &Value) -> (Result, bool) {
    if let Some(error) = line.get("error") {
        return (Result::Error(error.as_str().unwrap().to_owned()), false);
    }
    let kind = match line["type"].as_str().unwrap() {
        "scalar" => "scalar",
        "vector" => "vector",
        "matrix" => "matrix",
        other => panic!("unknown type {other}"),
    };
    let mut ranked = true;
    let mut elements = Vec::new();
    for element in line["result"].as_array().unwrap() {
        let labels: BTreeMap<String, String> = serde_json::from_value(element["labels"].clone()).unwrap();
        let points = match element.get("values") {
            Some(values) => {
                let point = |v: &Value| (recording::millis(&v[0].to_string()), bits(&v[2]));
                values.as_array().unwrap().iter().map(point).collect()
            }
            None => vec![(0, bits(&element["bits"]))],
        };
        let rank = element.get("rank").and_then(Value::as_u64);
        ranked &= rank.is_some();
        elements.push((rank, (Labels::new(labels), points)));
    }
    if ranked {
        elements.sort_by_key(|element| element.0);
    }
    (Result::Elements(kind, elements.into_iter().map(|element| element.1).collect()), ranked)
}

fn of_matrix(series: &[RangeSeries]) -> Result {
    Result::Elements("matrix", series.iter().map(|s| (s.labels.clone(), s.points.clone())).collect())
}

/// Our answer to a query.
fn answer(store: &Store, plan: &mut Plan, query: &Value) -> Result {
    if let Some(at) = millis(query, "at") {
        return match plan.evaluate(store, at) {
            Err(error) => Result::Error(error.message),
            Ok(Answer::Scalar(value)) => {
                Result::Elements("scalar", vec![(Labels::default(), vec![(0, value)])])
            }
            Ok(Answer::String(_)) => panic!("no case asks for a string"),
            Ok(Answer::Matrix(series)) => of_matrix(series),
            Ok(Answer::Vector(samples)) => Result::Elements(
                "vector",
                samples.iter().map(|s| (s.labels.clone(), vec![(0, s.value)])).collect(),
            ),
        };
    }
    let bound = |key| millis(query, key).unwrap();
    match plan.evaluate_range(store, bound("start"), bound("end"), bound("step")) {
        Err(error) => Result::Error(error.message),
        Ok(series) => of_matrix(&series),
    }
}

fn compare_values(ours: f64, theirs: f64) -> Verdict {
    if ours.to_bits() == theirs.to_bits() || (ours.is_nan() && theirs.is_nan()) {
        Verdict::Same
    } else if (ours - theirs).abs() <= 1e-12 * ours.abs().max(theirs.abs()) {
        Verdict::Close
    } else {
        Verdict::Different(format!("{ours} instead of {theirs}"))
    }
}

fn compare(ours: &mut Result, theirs: &mut Result, ranked: bool) -> Verdict {
    let (our_kind, ours, their_kind, theirs) = match (ours, theirs) {
        (Result::Error(ours), Result::Error(theirs)) => {
            // Which two of several duplicates are named is an accident.
            let head = |text: &str| text.split('[').next().unwrap_or_default().to_owned();
            if head(ours) == head(theirs) {
                return Verdict::Same;
            }
            return Verdict::Different(format!("error {ours:?} instead of {theirs:?}"));
        }
        (Result::Error(ours), _) => return Verdict::Different(format!("unexpected error {ours:?}")),
        (_, Result::Error(theirs)) => return Verdict::Different(format!("no error, wanted {theirs:?}")),
        (Result::Elements(a, ours), Result::Elements(b, theirs)) => (a, ours, b, theirs),
    };
    if our_kind != their_kind || ours.len() != theirs.len() {
        let labels =
            |all: &[(Labels, Points)]| all.iter().map(|e| e.0.to_string()).collect::<Vec<_>>().join(" ");
        return Verdict::Different(format!(
            "{our_kind} of {} [{}] instead of {their_kind} of {} [{}]",
            ours.len(),
            labels(ours),
            theirs.len(),
            labels(theirs)
        ));
    }
    if !ranked {
        ours.sort_by(|a, b| a.0.cmp(&b.0));
        theirs.sort_by(|a, b| a.0.cmp(&b.0));
    }
    let mut worst = Verdict::Same;
    for (ours, theirs) in ours.iter().zip(theirs.iter()) {
        if ours.0 != theirs.0 {
            return Verdict::Different(format!("{} instead of {}", ours.0, theirs.0));
        }
        if ours.1.len() != theirs.1.len() {
            return Verdict::Different(format!(
                "{} has {} points instead of {}",
                ours.0,
                ours.1.len(),
                theirs.1.len()
            ));
        }
        for (our, their) in ours.1.iter().zip(&theirs.1) {
            if our.0 != their.0 && their.0 != 0 {
                return Verdict::Different(format!("{} at {} instead of {}", ours.0, our.0, their.0));
            }
            match compare_values(our.1, their.1) {
                Verdict::Different(what) => {
                    return Verdict::Different(format!("{} at {}: {what}", ours.0, our.0));
                }
                Verdict::Close => worst = Verdict::Close,
                Verdict::Same => {}
            }
        }
    }
    worst
}

/// Asks at the instant itself, and once more after having been elsewhere: a plan must not depend on where it was.
fn run(store: &Store, line: &Value) -> Verdict {
    let (mut theirs, ranked) = expected(line);
    let text = line["expr"].as_str().unwrap();
    let expr = match parse(text, Mode::Server) {
        Ok(expr) => expr,
        Err(error) => return compare(&mut Result::Error(error.message), &mut theirs, ranked),
    };
    let mut plan = match Plan::new(&expr, store, &Options::default()) {
        Ok(plan) => plan,
        Err(error) => return compare(&mut Result::Error(error.message), &mut theirs, ranked),
    };
    let mut verdict = compare(&mut answer(store, &mut plan, line), &mut theirs, ranked);
    for shift in [-75_000, 40_000, -15_000, 0] {
        let from = millis(line, "at").or(millis(line, "start")).unwrap();
        let _ = plan.evaluate(store, from + shift);
    }
    if verdict == Verdict::Same || verdict == Verdict::Close {
        let again = compare(&mut answer(store, &mut plan, line), &mut theirs, ranked);
        if let Verdict::Different(what) = again {
            verdict = Verdict::Different(format!("asked again: {what}"));
        }
    }
    verdict
}

#[test]
fn generated_cases_agree_with_the_engine() {
    let (mut passed, mut failed, mut close) = (0, 0, 0);
    for case in cases() {
        let series =
            ["series.json", "series.om"].iter().find_map(|name| recording::find(&case, name)).unwrap();
        let store = recording::read(&series);
        let lines = recording::open(&recording::find(&case, "expected.jsonl").unwrap());
        for (number, line) in lines.lines().enumerate() {
            let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
            match run(&store, &line) {
                Verdict::Same => passed += 1,
                Verdict::Close => {
                    passed += 1;
                    close += 1;
                }
                Verdict::Different(what) => {
                    failed += 1;
                    let range = ["at", "start", "end", "step"].map(|key| format!("{key}={}", line[key]));
                    println!(
                        "{}:{} {} {}\n    {what}",
                        case.display(),
                        number + 1,
                        line["expr"],
                        range.join(" ")
                    );
                }
            }
        }
    }
    println!("{close} of the passed within 1e-12 only");
    println!("{passed} passed, {failed} failed");
    assert!(passed > 0 && failed == 0);
}
