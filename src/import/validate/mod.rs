//! What the controller's validation refuses, in its words and its order.
//!
//! Enters: a Rollout and what it may refer to. Leaves: the first error, which is the one that the controller shows.
//! It deliberately reads nothing into a spec. Source: Argo Rollouts v1.9.1, pkg/apis/rollouts/validation.

mod references;
mod spec;

use serde_json::Value;

use super::problem::Unsupported;
use super::reader::Reader;

/// The text after `The Rollout "NAME" is invalid: `, if it is.
pub(super) fn refusal(rollout: &Value, reader: &Reader<'_>) -> Result<Option<String>, Unsupported> {
    match spec::first(rollout) {
        Some(reason) => Ok(Some(reason)),
        None => references::first(rollout, reader),
    }
}

/// `field.Invalid`
fn invalid(path: &str, value: &str, detail: &str) -> String {
    format!("{path}: Invalid value: {value}: {detail}")
}

/// A text as Go's `%q` prints it in these messages.
fn quoted(text: &str) -> String {
    format!("{text:?}")
}
