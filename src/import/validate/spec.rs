//! What is wrong within a Rollout itself.
//!
//! Enters: a Rollout. Leaves: the first error.
//! It deliberately looks at no other object. Source: Argo Rollouts v1.9.1, validation.go, `ValidateRollout`.

use serde_json::Value;

use super::invalid;
use crate::import::field::Fields;
use crate::import::number::pause_seconds;

/// The first error.
pub(super) fn first(rollout: &Value) -> Option<String> {
    let canary = rollout.path(&["spec", "strategy", "canary"]);
    canary.list("steps").iter().enumerate().find_map(|(at, raw)| step(at, raw))
}

fn step(at: usize, raw: &Value) -> Option<String> {
    let seconds = raw.path(&["pause", "duration"]).map_or(0, pause_seconds);
    let path = format!("spec.strategy.steps[{at}].pause.duration");
    (seconds < 0).then(|| invalid(&path, &seconds.to_string(), "Duration needs to be greater than 0"))
}
