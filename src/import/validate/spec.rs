//! What is wrong within a Rollout itself.
//!
//! Enters: a Rollout. Leaves: the first error.
//! It deliberately looks at no other object. Source: Argo Rollouts v1.9.1, validation.go, `ValidateRolloutSpec`.

use serde_json::Value;

use super::error::{forbidden, invalid, invalid_text, json, record, required};
use super::name;
use super::{blue_green, canary, pods};
use crate::import::field::Fields;

/// The first error.
pub(super) fn first(rollout: &Value) -> Option<String> {
    let spec = rollout.field("spec");
    let referred = spec.field("workloadRef").is_some();
    let ready = spec.int("minReadySeconds").unwrap_or(0);
    let deadline = spec.int("progressDeadlineSeconds").unwrap_or(600);
    nonnegative(spec.int("replicas").unwrap_or(1), "spec.replicas")
        .or_else(|| if referred { None } else { selector(spec.field("selector")) })
        .or_else(|| pods::first(spec))
        .or_else(|| nonnegative(ready, "spec.minReadySeconds"))
        .or_else(|| nonnegative(history(spec), "spec.revisionHistoryLimit"))
        .or_else(|| nonnegative(deadline, "spec.progressDeadlineSeconds"))
        .or_else(|| {
            let path = "spec.progressDeadlineSeconds";
            let detail = "must be greater than minReadySeconds";
            (deadline <= ready).then(|| invalid(path, &deadline.to_string(), detail))
        })
        .or_else(|| strategy(rollout))
}

/// `revisionHistoryLimit` or its default.
pub(super) fn history(spec: Option<&Value>) -> i64 {
    spec.int("revisionHistoryLimit").unwrap_or(10)
}

pub(super) fn nonnegative(value: i64, path: &str) -> Option<String> {
    (value < 0).then(|| invalid(path, &value.to_string(), "must be greater than or equal to 0"))
}

fn selector(raw: Option<&Value>) -> Option<String> {
    let Some(raw) = raw else {
        return Some(required("spec.selector", "Rollout has missing field '.spec.selector'"));
    };
    let count = raw.field("matchLabels").and_then(Value::as_object).map_or(0, serde_json::Map::len);
    let empty = count + raw.list("matchExpressions").len() == 0;
    let value = record(Some(raw), &[("matchLabels", None), ("matchExpressions", None)]);
    empty.then(|| invalid("spec.selector", &json(&value), "empty selector is invalid for deployment"))
}

/// A selector that cannot be read: the controller fails on it when it looks for ReplicaSets, before it validates anything.
/// Source: rollout/controller.go, `getReplicaSetsForRollouts`.
pub(super) fn unreadable_selector(rollout: &Value) -> Option<String> {
    let raw = rollout.path(&["spec", "selector"])?;
    let mut rules = raw.list("matchExpressions").iter().enumerate();
    labels(raw.field("matchLabels"), "spec.selector.matchLabels")
        .or_else(|| rules.find_map(|(at, rule)| requirement(at, rule)))
}

/// Labels; of several wrong ones the controller shows any.
pub(super) fn labels(raw: Option<&Value>, path: &str) -> Option<String> {
    raw.and_then(Value::as_object).into_iter().flatten().find_map(|(key, value)| {
        let value = value.as_str().unwrap_or_default();
        let wrong = name::qualified(key).map(|wrong| invalid_text(path, key, &wrong));
        wrong.or_else(|| name::label_value(value).map(|wrong| invalid_text(path, value, &wrong)))
    })
}

fn requirement(at: usize, rule: &Value) -> Option<String> {
    let path = format!("spec.selector.matchExpressions[{at}]");
    let (operator, values) = (rule.text("operator"), rule.list("values"));
    let wrong = match operator {
        "In" | "NotIn" => values.is_empty().then(|| {
            let detail = "must be specified when `operator` is 'In' or 'NotIn'";
            required(&format!("{path}.values"), detail)
        }),
        "Exists" | "DoesNotExist" => (!values.is_empty()).then(|| {
            let detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            forbidden(&format!("{path}.values"), detail)
        }),
        _ => Some(invalid_text(&format!("{path}.operator"), operator, "not a valid selector operator")),
    };
    wrong
        .or_else(|| {
            let key = rule.text("key");
            name::qualified(key).map(|wrong| invalid_text(&format!("{path}.key"), key, &wrong))
        })
        .or_else(|| {
            values.iter().enumerate().find_map(|(number, value)| {
                let value = value.as_str().unwrap_or_default();
                let wrong = name::label_value(value)?;
                Some(invalid_text(&format!("{path}.values[{number}]"), value, &wrong))
            })
        })
}

fn strategy(rollout: &Value) -> Option<String> {
    let strategy = rollout.path(&["spec", "strategy"]);
    match (strategy.field("blueGreen"), strategy.field("canary")) {
        (None, None) => Some(required(
            "spec.strategy.strategy",
            "Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen'",
        )),
        (Some(_), Some(_)) => Some(invalid_text(
            "spec.strategy.strategy",
            "blueGreen: true canary: true",
            "Multiple Strategies can not be listed",
        )),
        (Some(raw), None) => blue_green::first(raw, history(rollout.field("spec"))),
        (None, Some(raw)) => canary::first(raw),
    }
}
