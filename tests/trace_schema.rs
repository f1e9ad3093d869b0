//! The schema of traces: every trace that we can make meets it, and what is no trace does not.
//!
//! Enters: the programs of `examples`, and scenarios that do all that scenarios can. Leaves: failures, each with the place
//! at which a trace and the schema differ. It deliberately judges no verdict.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test reads files and fails without them"
)]

use std::path::Path;

use jsonschema::Validator;
use rollcast::model::compile::{Fault, Files, Options, compile};
use rollcast::model::scenario::Scenario;
use rollcast::report::json;
use rollcast::simulator::Simulation;
use rollcast::simulator::trace::VERSION;
use serde_json::{Value, json};

struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> Result<String, Fault> {
        std::fs::read_to_string(path).map_err(|_| Fault::Missing)
    }
}

fn validator() -> Validator {
    let schema = include_str!("../book/src/reference/trace.schema.json");
    jsonschema::draft202012::new(&serde_json::from_str(schema).unwrap()).unwrap()
}

/// What `simulate --format json` prints of a program: its scenarios, or a healthy release where it has none.
fn printed(path: &Path) -> Value {
    let compiled = compile(path.to_str().unwrap(), &Disk, &Options::default()).unwrap();
    assert!(!compiled.has_errors(), "{}", path.display());
    let program = &compiled.program;
    let supplied = program.scenarios.is_empty();
    let healthy = (0..program.rollouts.len()).map(Scenario::healthy).collect();
    let scenarios = if supplied { healthy } else { program.scenarios.clone() };
    let traces: Vec<Value> = scenarios
        .iter()
        .map(|scenario| {
            let mut simulation = Simulation::new(&program.rollouts[scenario.rollout], scenario).unwrap();
            serde_json::from_str(&json(&simulation.trace(0)).unwrap()).unwrap()
        })
        .collect();
    json!({ "version": VERSION, "supplied": supplied, "traces": traces })
}

fn programs() -> Vec<std::path::PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["examples", "tests/scenarios"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let library = path.ends_with("slos.roll");
            if !library && path.extension().is_some_and(|extension| extension == "roll") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_trace_meets_the_schema() {
    let validator = validator();
    let programs = programs();
    assert!(programs.len() >= 5, "{programs:?}");
    for path in programs {
        let printed = printed(&path);
        let errors: Vec<String> = validator
            .iter_errors(&printed)
            .take(5)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
    }
}

/// The kinds of events that the scenarios of this repository bring about, so that the schema is held against each.
#[test]
fn every_kind_of_event_comes_about() {
    let mut seen = std::collections::BTreeSet::new();
    for path in programs() {
        let printed = printed(&path);
        for trace in printed["traces"].as_array().unwrap() {
            for event in trace["events"].as_array().unwrap() {
                seen.insert(event["event"].as_str().unwrap().to_owned());
            }
        }
    }
    let schema: Value =
        serde_json::from_str(include_str!("../book/src/reference/trace.schema.json")).unwrap();
    let known = schema["$defs"]["event"]["properties"]["event"]["enum"].as_array().unwrap();
    let known: std::collections::BTreeSet<String> =
        known.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    assert_eq!(seen, known);
}

/// Every field is required and no other is allowed, wherever it stands.
#[test]
fn what_is_no_trace_is_refused() {
    let validator = validator();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let good = printed(&root.join("tests/scenarios/hands.roll"));
    assert!(validator.is_valid(&good));
    let mut pointers = Vec::new();
    objects(&good, String::new(), &mut pointers);
    assert!(pointers.len() > 20, "{}", pointers.len());
    // One object of each shape is enough: those of one shape differ in nothing that the schema sees.
    let mut shapes = std::collections::BTreeSet::new();
    for pointer in pointers {
        let object = good.pointer(&pointer).unwrap().as_object().unwrap().clone();
        let shape = format!("{:?} {:?}", object.keys().collect::<Vec<_>>(), object.get("event"));
        if !shapes.insert(shape) {
            continue;
        }
        for field in object.keys() {
            let mut bad = good.clone();
            bad.pointer_mut(&pointer).unwrap().as_object_mut().unwrap().remove(field);
            assert!(!validator.is_valid(&bad), "without {pointer}/{field}");
            let mut bad = good.clone();
            bad.pointer_mut(&pointer).unwrap()[field] = json!({ "no": "such thing" });
            assert!(!validator.is_valid(&bad), "with another {pointer}/{field}");
        }
        let mut bad = good.clone();
        bad.pointer_mut(&pointer).unwrap()["surplus"] = json!(1);
        assert!(!validator.is_valid(&bad), "with more in {pointer}");
    }
    for (pointer, value) in [
        ("/version", json!(2)),
        ("/traces/0/events/0/event", json!("vanished")),
        ("/traces/0/events/0/at", json!(-1)),
        ("/traces/0/verdict/outcome", json!("won")),
        ("/traces/0/verdict/peakWeight", json!(101)),
        ("/traces/0/run/slos/0/unit", json!("parsec")),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        assert!(!validator.is_valid(&bad), "{pointer}");
    }
}

fn objects(value: &Value, pointer: String, list: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                objects(field, format!("{pointer}/{name}"), list);
            }
            list.push(pointer);
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                objects(item, format!("{pointer}/{at}"), list);
            }
        }
        _ => {}
    }
}
