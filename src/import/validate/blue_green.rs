//! What is wrong within a blue-green strategy, and with anti-affinity in either.
//!
//! Enters: a strategy. Leaves: the first error.
//! It deliberately looks at no other object. Source: Argo Rollouts v1.9.1, validation.go,
//! `ValidateRolloutStrategyBlueGreen`.

use serde_json::Value;

use super::error::{invalid, invalid_text};
use crate::import::field::Fields;

/// The first error.
pub(super) fn first(raw: &Value, history: i64) -> Option<String> {
    let active = raw.text("activeService");
    if active == raw.text("previewService") {
        return Some(invalid_text(
            "spec.strategy.activeService",
            active,
            "This rollout uses the same service for the active and preview services, but two different services are required.",
        ));
    }
    if let Some(limit) = raw.int("scaleDownDelayRevisionLimit").filter(|limit| history < *limit) {
        return Some(invalid(
            "spec.strategy.scaleDownDelayRevisionLimit",
            &limit.to_string(),
            "This rollout's revision history limit can not be smaller than the rollout's scale down limit",
        ));
    }
    anti_affinity(raw)
}

/// The first error in a strategy's `antiAffinity`.
pub(super) fn anti_affinity(strategy: &Value) -> Option<String> {
    let raw = strategy.field("antiAffinity")?;
    let preferred = raw.field("preferredDuringSchedulingIgnoredDuringExecution");
    let required = raw.field("requiredDuringSchedulingIgnoredDuringExecution");
    if preferred.is_some() == required.is_some() {
        let value = format!(
            "antiAffinity.PreferredDuringSchedulingIgnoredDuringExecution: {} antiAffinity.RequiredDuringSchedulingIgnoredDuringExecution: {}",
            preferred.is_some(),
            required.is_some()
        );
        let detail = "AntiAffinity must have exactly one strategy listed";
        return Some(invalid_text("spec.strategy.antiAffinity", &value, detail));
    }
    let weight = preferred?.int("weight").unwrap_or(0);
    (!(1..=100).contains(&weight)).then(|| {
        let detail = "AntiAffinity weight must be between 1-100";
        invalid("spec.strategy.antiAffinity.weight", &weight.to_string(), detail)
    })
}
