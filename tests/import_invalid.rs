//! What is said about invalid Rollouts, against what the real controller said.
//!
//! Enters: `tests/import/invalid.jsonl`, which `tests/import/record` writes. Leaves: each message that differs, and
//! `N passed, N failed`.
#![expect(clippy::indexing_slicing, reason = "a test reads its recordings and fails on broken ones")]

use rollcast::import::{Objects, Reader};
use serde_json::Value;

const RECORDED: &str = include_str!("import/invalid.jsonl");

/// What is said about the first of the objects.
fn said(objects: &[Value]) -> String {
    let all = Objects::of_values(objects.iter().cloned());
    match Reader::new(&all, "").spec(&objects[0]) {
        Ok(spec) => spec.refused.map_or("valid".to_owned(), |reason| reason.to_string()),
        Err(unsupported) => unsupported.to_string(),
    }
}

#[test]
fn messages_are_the_controllers() {
    let (mut passed, mut failed) = (0, 0);
    for line in RECORDED.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let (message, ours) = (case["message"].as_str().unwrap(), said(case["objects"].as_array().unwrap()));
        // What only lint says, the controller never comes to; then it is the reason why nothing is simulated.
        let equal = if case["asked"] == "lint" { ours.ends_with(message) } else { ours == message };
        if equal {
            passed += 1;
        } else {
            failed += 1;
            println!("{}\n  argo: {message}\n  ours: {ours}", case["name"]);
        }
    }
    println!("{passed} passed, {failed} failed");
    assert_eq!(failed, 0);
    assert!(passed >= 150, "cases are missing");
}
