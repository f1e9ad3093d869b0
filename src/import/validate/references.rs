//! What is wrong with the objects to which a Rollout refers.
//!
//! Enters: a Rollout, the objects of its namespace. Leaves: the first error.
//! It deliberately knows nothing of the Rollout that `spec` looks at.
//! Source: Argo Rollouts v1.9.1, rollout/controller.go, `getRolloutReferencedResources`, and validation_references.go.

use serde_json::Value;

use super::{invalid, quoted};
use crate::import::field::Fields;
use crate::import::object::Object;
use crate::import::problem::Unsupported;
use crate::import::reader::Reader;
use crate::import::template::{Lost, Templates};

/// An analysis of the strategy.
struct Reference<'a> {
    raw: &'a Value,
    path: String,
    background: bool,
}

/// The first error.
pub(super) fn first(rollout: &Value, reader: &Reader<'_>) -> Result<Option<String>, Unsupported> {
    let mut found = Vec::new();
    for reference in analyses(rollout) {
        match reader.templates.named_by(reference.raw.list("templates")) {
            Ok(templates) => found.push((reference, templates)),
            Err(Lost::Circle(name)) => {
                return Err(Unsupported::new(
                    reference.path,
                    format!("the template {name} names itself, which ends the controller's process"),
                ));
            }
            Err(Lost::Missing { nested, cluster, name }) => {
                let path = if nested { "spec.templates" } else { reference.path.as_str() };
                let kind = if cluster { "ClusterAnalysisTemplate" } else { "AnalysisTemplate" };
                return Ok(Some(invalid(path, &quoted(&name), &format!("{kind} '{name}' not found"))));
            }
        }
    }
    Ok(found.iter().find_map(|(reference, templates)| analysis(reference, templates)))
}

/// In the order in which the controller looks at them.
fn analyses(rollout: &Value) -> Vec<Reference<'_>> {
    let strategy = rollout.path(&["spec", "strategy"]);
    let mut found = Vec::new();
    if let Some(blue_green) = strategy.field("blueGreen") {
        for field in ["prePromotionAnalysis", "postPromotionAnalysis"] {
            if let Some(raw) = blue_green.field(field) {
                let path = format!("spec.strategy.blueGreen.{field}.templates");
                found.push(Reference { raw, path, background: false });
            }
        }
    } else if let Some(canary) = strategy.field("canary") {
        for (at, step) in canary.list("steps").iter().enumerate() {
            if let Some(raw) = step.field("analysis") {
                let path = format!("spec.strategy.canary.steps[{at}].analysis.templates");
                found.push(Reference { raw, path, background: false });
            }
        }
        if let Some(raw) = canary.field("analysis") {
            let path = "spec.strategy.canary.analysis.templates".to_owned();
            found.push(Reference { raw, path, background: true });
        }
    }
    found
}

fn analysis(reference: &Reference<'_>, templates: &Templates<'_>) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for metric in templates.all().flat_map(|template| template.value.field("spec").list("metrics")) {
        let name = metric.text("name");
        if names.contains(&name) {
            let value = quoted(&format!("templateNames: {}", templates.names()));
            return Some(invalid(
                &reference.path,
                &value,
                &format!("two metrics have the same name '{name}'"),
            ));
        }
        names.push(name);
    }
    if reference.background {
        return None;
    }
    templates.all().find_map(|template| endless(template, &reference.path))
}

fn endless(template: &Object, path: &str) -> Option<String> {
    let name = template.name();
    template.value.field("spec").list("metrics").iter().find_map(|metric| {
        let endless = metric.int("count").unwrap_or(0) == 0 && metric.field("interval").is_some();
        endless.then(|| {
            let count = metric.field("count").map_or("<nil>".into(), |count| match count {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            let metric = metric.text("name");
            let detail = format!(
                "AnalysisTemplate {name} has metric {metric} which runs indefinitely. Invalid value for count: {count}"
            );
            invalid(path, &quoted(name), &detail)
        })
    })
}
