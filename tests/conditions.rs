//! Measures `rollcast::condition` against the recorded truth of the real engines: one row per
//! condition and result, with what either engine makes of it. The file is named by
//! `ROLLCAST_CONDITIONS`; without it, the one beside the repository is read if it is there.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken recording fails the test")]
#![expect(clippy::disallowed_methods, reason = "the truth is a file the environment names")]

use std::path::PathBuf;

use rollcast::condition::{Compiled, Dialect, ResultType, Stage, Value};

fn from_json(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(b) => Value::Bool(*b),
        serde_json::Value::Number(n) => Value::Float(n.as_f64().unwrap()),
        serde_json::Value::String(s) => Value::String(s.clone()),
        serde_json::Value::Array(items) => Value::Array(items.iter().map(from_json).collect()),
        serde_json::Value::Object(map) => {
            Value::Map(map.iter().map(|(k, v)| (k.clone(), from_json(v))).collect())
        }
    }
}

fn result_of(json: &serde_json::Value) -> Value {
    let texts: Vec<&str> = json["values"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
    let floats = || texts.iter().map(|t| t.parse().unwrap()).collect::<Vec<f64>>();
    match json["kind"].as_str().unwrap() {
        "vec" => Value::Floats(floats()),
        "scalar" => Value::Float(floats()[0]),
        "str" => Value::String(texts[0].to_owned()),
        "map" => from_json(&serde_json::from_str(texts[0]).unwrap()),
        _ => Value::Nil,
    }
}

/// What this crate makes of a row, in the words of the recording.
fn outcome(text: &str, result: &Value, dialect: Dialect) -> String {
    let compiled = Compiled::new(text, ResultType::of(result), dialect);
    match compiled.compute(result) {
        Ok(value) => format!("{} {}", value.type_name, value.text),
        Err(error) if error.stage == Stage::Compile => format!("COMPILE {}", error.message),
        Err(error) => format!("RUN {}", error.message),
    }
}

/// What a recorded outcome means to Argo: true, false, a value of a type that is no boolean, an
/// error as it compiles or as it runs.
fn class(outcome: &str) -> &str {
    if outcome.starts_with("bool ") {
        return outcome;
    }
    for (prefix, class) in [("COMPILE ", "COMPILE"), ("RUN ", "RUN"), ("map[", "map")] {
        if outcome.starts_with(prefix) {
            return class;
        }
    }
    let name = if outcome.starts_with("[]interface {}") { "[]interface {}" } else { "" };
    if name.is_empty() { outcome.split(' ').next().unwrap_or_default() } else { name }
}

/// Texts that are different on every run: addresses of functions, the order of a map's keys.
fn is_arbitrary(text: &str) -> bool {
    text.contains("$env") || text.contains("keys(") || text.contains("values(")
}

#[test]
fn every_recorded_outcome_is_reproduced() {
    let path = std::env::var_os("ROLLCAST_CONDITIONS").map_or_else(
        || {
            let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
            root.join("../shared/data/conditions/truth.jsonl")
        },
        PathBuf::from,
    );
    let Ok(file) = std::fs::read_to_string(&path) else {
        println!("conditions: skipped, {} is missing", path.display());
        return;
    };
    let (mut passed, mut failed, mut texts) = (0, 0, 0);
    for line in file.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let condition = row["condition"].as_str().unwrap();
        let result = result_of(&row["result"]);
        for (name, dialect) in [("v1.15.5", Dialect::V1_15_5), ("v1.17.8", Dialect::V1_17_8)] {
            let truth = row[name].as_str().unwrap();
            let ours = outcome(condition, &result, dialect);
            if class(&ours) == class(truth) {
                passed += 1;
            } else {
                failed += 1;
                println!("FAILED {name} {condition:?} for {result:?}\n  truth {truth}\n  ours  {ours}");
                continue;
            }
            if ours != truth && !is_arbitrary(condition) && !truth.contains("0x") {
                texts += 1;
                println!("text   {name} {condition:?}\n  truth {truth}\n  ours  {ours}");
            }
        }
    }
    println!("{texts} texts differ in rows that pass");
    println!("{passed} passed, {failed} failed");
    assert_eq!(failed, 0);
}
