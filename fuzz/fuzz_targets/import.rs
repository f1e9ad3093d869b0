//! Any text as a file of manifests, and any JSON as objects: reading and playing end, soon, and say something of every Rollout.
//!
//! Enters: a byte that chooses YAML or JSON, then the text. Leaves: nothing. It deliberately asks nothing of the verdicts.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rollcast::import::{Objects, read};

fn check(objects: &Objects) {
    let imported = read(objects);
    let rollouts = objects.of_kind("Rollout").count();
    assert!(imported.rollouts.len() + imported.problems.len() >= rollouts);
    for problem in &imported.problems {
        assert!(!problem.message.is_empty());
        let _ = problem.to_string();
    }
    for rollout in &imported.rollouts {
        let analyses = rollout.analyses.len();
        let steps = rollout.spec.canary.steps.iter().filter_map(|step| step.analysis.as_ref());
        for analysis in steps {
            assert!(analysis.index < analyses || rollout.spec.refused.is_some());
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    if choice % 2 == 0 {
        let mut objects = Objects::default();
        objects.read_text("fuzz.yaml", text);
        check(&objects);
    } else if let Ok(serde_json::Value::Array(values)) = serde_json::from_str(text) {
        check(&Objects::of_values(values));
    }
});
