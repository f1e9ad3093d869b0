//! What the controller's validation refuses, in its words and its order.
//!
//! Enters: a Rollout with its workload's template, and what it may refer to. Leaves: the first error, which is the one that
//! the controller shows.
//! It deliberately reads nothing into a spec. Source: Argo Rollouts v1.9.1, pkg/apis/rollouts/validation.

mod blue_green;
mod canary;
mod error;
mod name;
mod pods;
mod references;
mod routes;
mod spec;
mod steps;
mod templates;

use serde_json::Value;

use super::problem::Unsupported;
use super::reader::Reader;

/// The text after `The Rollout "NAME" is invalid: `, if it is.
pub(super) fn refusal(rollout: &Value, reader: &Reader<'_>) -> Result<Option<String>, Unsupported> {
    if let Some(wrong) = spec::unreadable_selector(rollout) {
        let feature =
            format!("a selector at which the controller fails without a word in the status: {wrong}");
        return Err(Unsupported::new("spec.selector", feature));
    }
    match spec::first(rollout) {
        Some(reason) => Ok(Some(reason)),
        None => references::first(rollout, reader),
    }
}
