//! Every expression Prometheus was asked about is answered as Prometheus answered.
//!
//! Enters: expressions with what `prometheus` 3.15.1 says of each, from the file that ROLLCAST_PROMQL_EXPRESSIONS names
//! or from the shared directory beside this one. Leaves: a count of those answered alike.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "this test finds its file by the environment and says what it counted"
)]

use rollcast::promql::{Mode, parse, print, value_type};
use serde_json::Value;

/// What differs between the answer and `expected`; `None` if nothing does. Counts equal error texts.
fn difference(text: &str, mode: Mode, expected: &Value, errors: &mut (usize, usize)) -> Option<String> {
    let accepted = expected["ok"] == true;
    match parse(text, mode) {
        Ok(expr) if accepted => {
            let (kind, printed) = (value_type(&expr).as_str(), print(&expr));
            let same = expected["type"] == kind && expected["string"] == printed.as_str();
            (!same).then(|| format!("got {kind} {printed}, want {expected}"))
        }
        Err(error) if !accepted => {
            let position = if text.is_empty() {
                "unknown position".to_owned()
            } else {
                let before = text.get(..error.span.start as usize).unwrap_or_default();
                let line = before.matches('\n').count() + 1;
                let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1;
                format!("{line}:{column}")
            };
            let got = format!("{position}: parse error: {}", error.message);
            errors.1 += 1;
            if expected["error"] == got.as_str() {
                errors.0 += 1;
            } else {
                println!("text of error differs: {text}\n  got  {got}\n  want {}", expected["error"]);
            }
            None
        }
        Ok(expr) => Some(format!("accepted as {}, want {expected}", print(&expr))),
        Err(error) => Some(format!("refused: {} at {:?}, want {expected}", error.message, error.span)),
    }
}

#[test]
fn expressions_are_answered_as_prometheus_answers() {
    let shared = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/promql-expressions/expressions.jsonl");
    let file = std::env::var("ROLLCAST_PROMQL_EXPRESSIONS").unwrap_or_else(|_| shared.to_owned());
    let Ok(rows) = std::fs::read_to_string(&file) else {
        println!("skipped: no expressions; set ROLLCAST_PROMQL_EXPRESSIONS to their file");
        return;
    };
    let (mut passed, mut failed, mut errors) = (0, 0, (0, 0));
    for row in rows.lines().filter(|line| !line.trim().is_empty()) {
        let row: Value = serde_json::from_str(row).unwrap();
        let text = row["expr"].as_str().unwrap();
        let test = row.get("test").unwrap_or(&row["server"]);
        for (mode, expected) in [(Mode::Server, &row["server"]), (Mode::Test, test)] {
            match difference(text, mode, expected, &mut errors) {
                None => passed += 1,
                Some(difference) => {
                    failed += 1;
                    println!("{mode:?}: {text}\n  {difference}");
                }
            }
        }
    }
    println!("{} of {} error texts equal", errors.0, errors.1);
    println!("{passed} passed, {failed} failed");
    assert_eq!(failed, 0);
}
