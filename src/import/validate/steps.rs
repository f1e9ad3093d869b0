//! What is wrong within the steps of a canary strategy.
//!
//! Enters: a strategy. Leaves: the first error.
//! It deliberately looks at no other object. Source: Argo Rollouts v1.9.1, validation.go,
//! `ValidateRolloutStrategyCanary`.

use serde_json::{Value, json};

use super::canary::has_plugins;
use super::error::{invalid, invalid_text, json as printed, record, required};
use super::name;
use crate::import::field::Fields;
use crate::import::number::pause_seconds;

const KINDS: &str =
    "Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause";
const ROUTING: &str = "spec.strategy.trafficRouting";

/// The first error.
pub(super) fn first(canary: &Value) -> Option<String> {
    let routing = canary.field("trafficRouting");
    canary.list("steps").iter().enumerate().find_map(|(at, step)| {
        let path = format!("spec.strategy.steps[{at}]");
        kinds(step, &path)
            .or_else(|| weight(step, routing, &path))
            .or_else(|| pause(step, &path))
            .or_else(|| {
                let detail = "SetCanaryScale requires TrafficRouting to be set";
                (step.field("setCanaryScale").is_some() && routing.is_none())
                    .then(|| required(ROUTING, detail))
            })
            .or_else(|| header_route(step, routing, &path))
            .or_else(|| mirror_route(step, routing, &path))
            .or_else(|| managed(step, routing, &path))
            .or_else(|| experiment(step, routing, &path))
            .or_else(|| arguments(step, &path))
    })
}

fn kinds(step: &Value, path: &str) -> Option<String> {
    let has = |kind: &str| step.field(kind).is_some();
    let alone = ["setWeight", "pause", "experiment", "analysis"];
    if alone.iter().filter(|kind| has(kind)).count() > 1 {
        let value = format!(
            "step.Experiment: {} step.Pause: {} step.SetWeight: {} step.Analysis: {}",
            has("experiment"),
            has("pause"),
            has("setWeight"),
            has("analysis")
        );
        return Some(invalid_text(path, &value, KINDS));
    }
    let beside = ["setCanaryScale", "setHeaderRoute", "setMirrorRoute", "plugin"];
    let none = alone.iter().chain(&beside).all(|kind| !has(kind));
    let value = "step.Experiment: true step.Pause: true step.SetWeight: true step.Analysis: true step.SetCanaryScale: true step.SetHeaderRoute: true step.SetMirrorRoute: true step.Plugin: true";
    none.then(|| invalid_text(path, value, KINDS))
}

fn weight(step: &Value, routing: Option<&Value>, path: &str) -> Option<String> {
    let most = routing.int("maxTrafficWeight").unwrap_or(100);
    let weight = step.int("setWeight").filter(|weight| !(0..=most).contains(weight))?;
    let detail = format!("SetWeight needs to be between 0 and {most}");
    Some(invalid(&format!("{path}.setWeight"), &weight.to_string(), &detail))
}

fn pause(step: &Value, path: &str) -> Option<String> {
    let seconds = step.path(&["pause", "duration"]).map_or(0, pause_seconds);
    let detail = "Duration needs to be greater than 0";
    (seconds < 0).then(|| invalid(&format!("{path}.pause.duration"), &seconds.to_string(), detail))
}

fn string_match(raw: Option<&Value>) -> Value {
    record(raw, &[("exact", None), ("prefix", None), ("regex", None)])
}

fn header_route(step: &Value, routing: Option<&Value>, path: &str) -> Option<String> {
    let route = step.field("setHeaderRoute")?;
    let path = format!("{path}.setHeaderRoute");
    let has = |router: &str| routing.field(router).is_some();
    if !(has("istio") || has("alb") || has("apisix") || routing.is_some_and(has_plugins)) {
        let detail = "SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix";
        return Some(invalid(&path, &printed(&header_record(route)), detail));
    }
    route.list("match").iter().enumerate().find_map(|(at, rule)| {
        let path = format!("{path}.match[{at}]");
        let value = rule.field("headerValue");
        if has("alb") { only_exact(value, &path) } else { one_match(value, &path) }
    })
}

fn header_record(route: &Value) -> Value {
    let mut out = record(Some(route), &[("name", None), ("match", None)]);
    let rules: Vec<Value> = route
        .list("match")
        .iter()
        .map(|rule| {
            let value = string_match(rule.field("headerValue"));
            json!({"headerName": rule.text("headerName"), "headerValue": value})
        })
        .collect();
    if !rules.is_empty()
        && let Some(fields) = out.as_object_mut()
    {
        fields.insert("match".to_owned(), rules.into());
    }
    out
}

const MISSING: &str =
    "StringMatch value missed, match value must have one of the following: exact, regex, prefix";

fn only_exact(raw: Option<&Value>, path: &str) -> Option<String> {
    if raw.is_none() {
        return Some(invalid(path, "null", MISSING));
    }
    let wrong =
        raw.text("exact").is_empty() || !raw.text("regex").is_empty() || !raw.text("prefix").is_empty();
    let detail = "SetHeaderRoute match value invalid. ALB supports 'exact' value only";
    wrong.then(|| invalid(path, &printed(&string_match(raw)), detail))
}

fn one_match(raw: Option<&Value>, path: &str) -> Option<String> {
    let count = ["exact", "regex", "prefix"].iter().filter(|kind| !raw.text(kind).is_empty()).count();
    let detail = match count {
        0 => MISSING,
        1 => return None,
        _ => "StringMatch match value must have exactly one of the following: exact, regex, prefix",
    };
    Some(invalid(path, &printed(&string_match(raw)), detail))
}

fn mirror_route(step: &Value, routing: Option<&Value>, path: &str) -> Option<String> {
    let route = step.field("setMirrorRoute")?;
    let path = format!("{path}.setMirrorRoute");
    if routing.field("istio").is_none() {
        let detail = "SetMirrorRoute requires TrafficRouting, supports Istio only";
        return Some(invalid(&path, &printed(&mirror_record(route)), detail));
    }
    route.list("match").iter().enumerate().find_map(|(at, rule)| {
        let path = format!("{path}.match[{at}]");
        ["method", "path"].iter().find_map(|field| one_match(Some(rule.field(field)?), &path))
    })
}

fn mirror_record(route: &Value) -> Value {
    let fields = [("name", Some("".into())), ("match", None), ("percentage", None)];
    let mut out = record(Some(route), &fields);
    let rules: Vec<Value> = route
        .list("match")
        .iter()
        .map(|rule| {
            let mut view = serde_json::Map::new();
            for field in ["method", "path"] {
                if let Some(value) = rule.field(field) {
                    view.insert(field.to_owned(), string_match(Some(value)));
                }
            }
            let headers = rule.field("headers").and_then(Value::as_object).into_iter().flatten();
            let mut headers: Vec<(&String, Value)> =
                headers.map(|(name, value)| (name, string_match(Some(value)))).collect();
            headers.sort_by_key(|(name, _)| *name);
            if !headers.is_empty() {
                let headers = headers.into_iter().map(|(name, value)| (name.clone(), value)).collect();
                view.insert("headers".to_owned(), Value::Object(headers));
            }
            Value::Object(view)
        })
        .collect();
    if !rules.is_empty()
        && let Some(fields) = out.as_object_mut()
    {
        fields.insert("match".to_owned(), rules.into());
    }
    out
}

fn managed(step: &Value, routing: Option<&Value>, path: &str) -> Option<String> {
    let routing = routing?;
    let mut routes = ["setHeaderRoute", "setMirrorRoute"].into_iter().filter_map(|kind| {
        let route = step.field(kind)?;
        Some((kind, route.text("name")))
    });
    let Some(managed) = routing.field("managedRoutes") else {
        let detail = "Rollout has missing field 'spec.strategy.canary.trafficRouting.managedRoutes'";
        return routes.next().map(|_| required(&format!("{ROUTING}.managedRoutes"), detail));
    };
    let names: Vec<&str> = managed.as_array().into_iter().flatten().map(|route| route.text("name")).collect();
    let (kind, name) = routes.find(|(_, name)| !names.contains(name))?;
    let detail =
        "Steps define a route that does not exist in spec.strategy.canary.trafficRouting.managedRoutes";
    Some(invalid_text(&format!("{path}.{kind}"), name, detail))
}

fn experiment(step: &Value, routing: Option<&Value>, path: &str) -> Option<String> {
    let templates = step.field("experiment").list("templates").iter().enumerate();
    let has = |router: &str| routing.field(router).is_some();
    templates.filter_map(|(at, template)| Some((at, template.int("weight")?))).find_map(|(at, weight)| {
        let detail = if routing.is_none() {
            "Experiment template weight cannot be set unless TrafficRouting is enabled"
        } else if !(has("alb") || has("smi") || has("istio") || routing.is_some_and(has_plugins)) {
            "Experiment template weight is only available for TrafficRouting with SMI, ALB, Istio and Plugins at this time"
        } else {
            return None;
        };
        let path = format!("{path}.experiment.templates[{at}].weight");
        Some(invalid(&path, &weight.to_string(), detail))
    })
}

fn arguments(step: &Value, path: &str) -> Option<String> {
    let of_experiment = step.field("experiment").list("analyses").iter().flat_map(|one| one.list("args"));
    let args: Vec<&Value> = of_experiment.chain(step.field("analysis").list("args")).collect();
    let wrong = args.iter().any(|arg| {
        let field = arg.path(&["valueFrom", "fieldRef"]).text("fieldPath");
        field.starts_with("metadata") && !extractable(field)
    });
    wrong.then(|| {
        let args = args.iter().map(|arg| argument(arg)).collect();
        let detail = "Analyses arguments must refer to valid object metadata supported by downwardAPI";
        invalid(&format!("{path}.analyses"), &printed(&Value::Array(args)), detail)
    })
}

fn argument(arg: &Value) -> Value {
    let mut out = record(Some(arg), &[("name", Some("".into())), ("value", None), ("valueFrom", None)]);
    let from = arg.field("valueFrom");
    if from.is_some()
        && let Some(fields) = out.as_object_mut()
    {
        let mut view = serde_json::Map::new();
        if let Some(hash) = from.field("podTemplateHashValue") {
            view.insert("podTemplateHashValue".to_owned(), hash.clone());
        }
        if let Some(field) = from.field("fieldRef") {
            view.insert("fieldRef".to_owned(), json!({"fieldPath": field.text("fieldPath")}));
        }
        fields.insert("valueFrom".to_owned(), Value::Object(view));
    }
    out
}

/// Source: k8s.io/kubernetes v1.34.1, pkg/fieldpath/fieldpath.go, `ExtractFieldPathAsString`.
pub(super) fn extractable(field: &str) -> bool {
    let subscript = field.strip_suffix("']").and_then(|field| field.split_once("['"));
    match subscript {
        Some((path, key)) if !path.is_empty() => match path {
            "metadata.annotations" => name::qualified(&key.to_lowercase()).is_none(),
            "metadata.labels" => name::qualified(key).is_none(),
            _ => false,
        },
        _ => matches!(
            field,
            "metadata.annotations"
                | "metadata.labels"
                | "metadata.name"
                | "metadata.namespace"
                | "metadata.uid"
        ),
    }
}
