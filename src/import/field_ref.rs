//! Arguments from fields of the Rollout.
//!
//! Enters: a Rollout and the arguments of a reference. Leaves: the arguments with their texts, or the field of the status
//! that only a run knows.
//! It deliberately gives no field that changes from release to release or that `kubectl` writes.
//! Source: Argo Rollouts v1.9.1, utils/analysis/factory.go, `BuildArgumentsForRolloutAnalysisRun`; k8s.io/kubernetes
//! v1.34.1, pkg/fieldpath/fieldpath.go.

use serde_json::{Value, json};

use super::field::Fields;
use super::problem::Unsupported;
use crate::model::argo::RolloutField;

/// Puts texts in the place of fields that are known before anything runs.
pub(super) fn with_fields(
    raw: &Value,
    rollout: &Value,
    namespace: &str,
    place: &str,
) -> Result<Value, Unsupported> {
    let mut raw = raw.clone();
    let experiment = raw.flag("experiment");
    let Some(args) = raw.get_mut("args").and_then(Value::as_array_mut) else { return Ok(raw) };
    let paths: Vec<Option<String>> = args.iter().map(|arg| path(arg).map(str::to_owned)).collect();
    let last = paths.iter().rposition(Option::is_some);
    for (at, (arg, path)) in args.iter_mut().zip(&paths).enumerate() {
        let Some(path) = path else { continue };
        let name = arg.text("name").to_owned();
        let refused = |feature: &str| {
            Unsupported::new(format!("{place}.args[{name}].valueFrom.fieldRef"), format!("{feature}: {path}"))
        };
        let text = match value(rollout, namespace, path) {
            Found::Text(text) if experiment && text.contains("{{") => {
                return Err(refused("a field with braces for an experiment"));
            }
            Found::Text(text) => text,
            Found::Later(_) if experiment => {
                return Err(refused("a field of the status for an experiment"));
            }
            Found::Later(field) if !field.is_there(rollout) => {
                return Err(refused("a field for which no run could ever be made"));
            }
            Found::Later(_) => continue,
            // A later field that is there makes upstream forget the error, and the value is empty.
            Found::Nothing if Some(at) != last => String::new(),
            Found::Nothing => return Err(refused("a field for which no run could ever be made")),
            Found::Refused(feature) => return Err(refused(feature)),
        };
        *arg = json!({"name": name, "value": text});
    }
    Ok(raw)
}

/// The field of the status or of the like that a path leads to.
pub(super) fn later(path: &str) -> Option<RolloutField> {
    Some(match path {
        "metadata.annotations['rollout.argoproj.io/revision']" => RolloutField::Revision,
        "status.canary.weights.canary.weight" => RolloutField::CanaryWeight,
        "status.canary.weights.stable.weight" => RolloutField::StableWeight,
        "status.currentPodHash" => RolloutField::CurrentHash,
        "status.stableRS" => RolloutField::StableHash,
        "status.currentStepIndex" => RolloutField::StepIndex,
        "spec.replicas" => RolloutField::Replicas,
        _ => return None,
    })
}

/// The path, where it counts: a hash goes before a field.
pub(super) fn path(arg: &Value) -> Option<&str> {
    let from = arg.field("valueFrom");
    let field = from.field("fieldRef").filter(|_| from.field("podTemplateHashValue").is_none())?;
    Some(field.text("fieldPath"))
}

enum Found {
    Text(String),
    Later(RolloutField),
    Nothing,
    Refused(&'static str),
}

impl RolloutField {
    fn is_there(self, rollout: &Value) -> bool {
        let canary = rollout.path(&["spec", "strategy", "canary"]);
        match self {
            Self::Revision | Self::CurrentHash | Self::StableHash => true,
            Self::CanaryWeight | Self::StableWeight => canary.field("trafficRouting").is_some(),
            Self::StepIndex => !canary.list("steps").is_empty(),
            Self::Replicas => rollout.field("spec").field("replicas").is_some(),
        }
    }
}

fn value(rollout: &Value, namespace: &str, path: &str) -> Found {
    if let Some(field) = later(path) {
        return Found::Later(field);
    }
    if path.starts_with("metadata") {
        return metadata(rollout, namespace, path);
    }
    let sections: Vec<&str> = path.split(['.', '[', ']']).filter(|section| !section.is_empty()).collect();
    match sections.as_slice() {
        ["spec", "template", ..] => return Found::Refused("a field of the pod template"),
        ["spec", "paused", ..] => return Found::Refused("a field that people's actions change"),
        ["status", ..] => return Found::Refused("a field of the status"),
        _ => {}
    }
    let mut value = rollout;
    for section in sections {
        let next = match value {
            Value::Array(items) => section.parse::<usize>().ok().and_then(|at| items.get(at)),
            Value::Object(fields) => fields.get(section),
            _ => None,
        };
        let Some(next) = next else { return Found::Nothing };
        value = next;
    }
    match value {
        Value::String(text) if !text.is_empty() => Found::Text(text.clone()),
        Value::Bool(true) => Found::Text("true".to_owned()),
        Value::Number(number) if number.as_f64().is_some_and(|number| number != 0.0) => {
            Found::Text(printed(number.as_f64().unwrap_or_default()))
        }
        Value::Null | Value::Array(_) | Value::Object(_) => Found::Nothing,
        // Of some fields Go leaves out what is empty, of others it does not.
        _ => Found::Refused("a field that is empty"),
    }
}

fn metadata(rollout: &Value, namespace: &str, path: &str) -> Found {
    let metadata = rollout.field("metadata");
    if let Some((map, key)) = path.strip_suffix("']").and_then(|path| path.split_once("['")) {
        let map = match map {
            "metadata.annotations" if key.starts_with("rollout.argoproj.io/") => {
                return Found::Refused("an annotation of the controller");
            }
            "metadata.annotations" if key.starts_with("kubectl.kubernetes.io/") => {
                return Found::Refused("an annotation of kubectl");
            }
            "metadata.annotations" => "annotations",
            "metadata.labels" => "labels",
            _ => return Found::Nothing,
        };
        return Found::Text(metadata.field(map).text(key).to_owned());
    }
    match path {
        "metadata.name" => Found::Text(rollout.name().to_owned()),
        "metadata.namespace" => Found::Text(namespace.to_owned()),
        "metadata.labels" => {
            let labels = metadata.field("labels").and_then(Value::as_object).into_iter().flatten();
            let mut lines: Vec<String> = labels
                .map(|(name, value)| format!("{name}={:?}", value.as_str().unwrap_or_default()))
                .collect();
            lines.sort();
            Found::Text(lines.join("\n"))
        }
        "metadata.annotations" => Found::Refused("all annotations at once"),
        "metadata.uid" => Found::Refused("the UID"),
        _ => Found::Nothing,
    }
}

/// A number as Go's `%v` prints a `float64`.
fn printed(number: f64) -> String {
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    match exponent.parse::<i32>() {
        Ok(exponent @ (..-4 | 6..)) => exponential(digits, exponent),
        _ => format!("{number}"),
    }
}

fn exponential(digits: &str, exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_printed_as_go_prints_them() {
        for (number, text) in [
            (999_999.0, "999999"),
            (1_000_000.0, "1e+06"),
            (1_234_567.0, "1.234567e+06"),
            (-2.5, "-2.5"),
            (0.00001, "1e-05"),
        ] {
            assert_eq!(printed(number), text);
        }
    }
}
