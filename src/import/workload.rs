//! The workload to which a Rollout refers instead of a template of its own.
//!
//! Enters: a Rollout, the workloads of its namespace. Leaves: the Rollout with the workload's template and selector in it.
//! It deliberately scales no workload. Source: Argo Rollouts v1.9.1, rollout/templateref.go, `Resolve`.

use std::borrow::Cow;

use serde_json::Value;

use super::field::Fields;
use super::reader::Reader;

/// The Rollout as the controller works with it; `Err` is the controller's reason to refuse it.
pub(super) fn resolved<'r>(rollout: &'r Value, reader: &Reader<'_>) -> Result<Cow<'r, Value>, String> {
    let Some(reference) = rollout.path(&["spec", "workloadRef"]) else {
        return Ok(Cow::Borrowed(rollout));
    };
    let metadata = rollout.path(&["spec", "template", "metadata"]);
    let some =
        |field: &str| metadata.field(field).and_then(Value::as_object).is_some_and(|map| !map.is_empty());
    if some("labels") || some("annotations") {
        return Err("template must be empty for workload reference rollout".to_owned());
    }
    let group = reference.text("apiVersion").split_once('/').map_or("", |(group, _)| group);
    let kind = reference.text("kind");
    let (resource, template, selector) = match (group, kind) {
        ("apps", "Deployment") => ("deployments.apps", &["spec", "template"][..], true),
        ("apps", "ReplicaSet") => ("replicasets.apps", &["spec", "template"][..], true),
        ("", "PodTemplate") => ("podtemplates", &["template"][..], false),
        _ => return Err(format!("workload of type {group}/{kind} is not supported")),
    };
    let name = reference.text("name");
    let workload = reader.workloads.iter().find(|object| (object.kind(), object.name()) == (kind, name));
    let Some(workload) = workload else {
        return Err(format!("{resource} \"{}/{name}\" not found", reader.namespace));
    };
    let mut rollout = rollout.clone();
    if let Some(spec) = rollout.get_mut("spec").and_then(Value::as_object_mut) {
        if let Some(template) = workload.value.path(template) {
            spec.insert("template".to_owned(), template.clone());
        }
        let own = spec.get("selector").is_some_and(|selector| !selector.is_null());
        if let Some(of_workload) = workload.value.path(&["spec", "selector"]).filter(|_| selector && !own) {
            spec.insert("selector".to_owned(), of_workload.clone());
        }
    }
    Ok(Cow::Owned(rollout))
}
