//! The simulator's traces against those of the real Argo Rollouts controllers.
//!
//! Enters: folders of `NAME.json` with `NAME.trace.jsonl`, from `ROLLCAST_ARGO_CASES` (separated by `:`), or the recorded
//! ones: `tests/argo_cases` and the oracle's own edge cases.
//! Leaves: the first difference of each case that differs, and `N passed, N failed, N skipped`.

#[cfg(test)]
mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::oracle::{self, compare};

#[expect(clippy::disallowed_methods, reason = "a test reads its cases and where they are")]
fn folders() -> Vec<PathBuf> {
    match std::env::var("ROLLCAST_ARGO_CASES") {
        Ok(list) if !list.is_empty() => list.split(':').map(PathBuf::from).collect(),
        _ => ["tests/argo_cases", "tests/oracles/argo/edge"]
            .map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
            .to_vec(),
    }
}

#[expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test reads its cases and fails without them"
)]
fn cases() -> Vec<PathBuf> {
    let mut cases = Vec::new();
    for folder in folders() {
        let entries =
            std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for entry in entries {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "json") {
                cases.push(path);
            }
        }
    }
    cases.sort();
    cases
}

#[expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test reads its cases and fails on broken ones"
)]
fn recorded(case: &Path) -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(case.with_extension("trace.jsonl")).ok()?;
    Some(text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test reads its cases")]
fn traces_are_equal() {
    let (mut passed, mut failed) = (0, 0);
    let mut skipped: BTreeMap<String, usize> = BTreeMap::new();
    for case in cases() {
        let name = case.file_stem().unwrap().to_string_lossy().into_owned();
        let scenario: Value = serde_json::from_str(&std::fs::read_to_string(&case).unwrap()).unwrap();
        let Some(trace) = recorded(&case) else {
            *skipped.entry("no trace".into()).or_default() += 1;
            continue;
        };
        match oracle::play(&scenario) {
            Err(reason) => *skipped.entry(reason).or_default() += 1,
            Ok(ours) => match compare::compare(&trace, &ours) {
                None => passed += 1,
                Some(difference) => {
                    failed += 1;
                    println!(
                        "{name}: {}\n  argo: {}\n  ours: {}",
                        difference.place, difference.oracle, difference.ours
                    );
                }
            },
        }
    }
    let total: usize = skipped.values().sum();
    for (reason, count) in &skipped {
        println!("skipped {count}: {reason}");
    }
    println!("{passed} passed, {failed} failed, {total} skipped");
    assert_eq!(failed, 0);
    assert!(passed > 0, "no case was played");
}
