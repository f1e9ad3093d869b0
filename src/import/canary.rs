//! `strategy.canary` and its steps.
//!
//! Enters: a canary strategy that validation accepts. Leaves: [`Canary`].
//! It deliberately refuses only what the simulator has no notion of.

use std::sync::Arc;

use serde_json::{Value, json};

use super::experiment;
use super::field::Fields;
use super::number;
use super::problem::Unsupported;
use super::reader::Reader;
use super::traffic;
use crate::model::argo::{
    Amount, Background, Canary, CanaryScale, HeaderRoute, MirrorRoute, Pause, PluginStep, Step, Threshold,
};

const PATH: &str = "spec.strategy.canary";

/// Reads the strategy.
pub(super) fn canary(raw: &Value, reader: &mut Reader<'_>) -> Result<Canary, Unsupported> {
    for (field, feature) in [("pingPong", "ping-pong Services")] {
        if raw.field(field).is_some() {
            return Err(Unsupported::new(format!("{PATH}.{field}"), feature));
        }
    }
    let steps = raw.list("steps").iter().enumerate().map(|(at, raw)| step(at, raw, reader));
    let steps = steps.collect::<Result<_, _>>()?;
    let background = match raw.field("analysis") {
        None => None,
        Some(raw) => Some(Background {
            starting_step: raw.int("startingStep"),
            analysis: reader.analysis(raw, "spec.strategy.canary.analysis")?,
        }),
    };
    Ok(Canary {
        steps,
        canary_service: reader.service(raw, "canaryService"),
        stable_service: reader.service(raw, "stableService"),
        traffic: traffic::traffic(raw, reader)?,
        background,
        max_surge: amount(raw, "maxSurge")?,
        max_unavailable: amount(raw, "maxUnavailable")?,
        dynamic_stable_scale: raw.flag("dynamicStableScale"),
        scale_down_delay: raw.int("scaleDownDelaySeconds"),
        abort_scale_down_delay: raw.int("abortScaleDownDelaySeconds"),
        scale_down_delay_revision_limit: raw.int("scaleDownDelayRevisionLimit"),
        min_pods: raw.int("minPodsPerReplicaSet"),
        threshold: raw.field("replicaProgressThreshold").and_then(threshold),
    })
}

/// A text is a percentage with or without its sign.
/// Source: k8s.io/apimachinery, pkg/util/intstr, `GetValueFromIntOrPercent`.
fn amount(raw: &Value, field: &str) -> Result<Option<Amount>, Unsupported> {
    Ok(match raw.field(field) {
        None => None,
        Some(Value::String(text)) => {
            Some(Amount::Percent(number::atoi(&text.replace('%', "")).ok_or_else(|| neither(text, field))?))
        }
        Some(other) => Some(Amount::Pods(number::int_value(other))),
    })
}

fn neither(text: &str, field: &str) -> Unsupported {
    let feature = format!("`{text}`, which is neither a number nor a percentage");
    Unsupported::new(format!("{PATH}.{field}"), feature)
}

fn threshold(raw: &Value) -> Option<Threshold> {
    let value = raw.int("value")?;
    Some(if raw.text("type") == "Percent" { Threshold::Percent(value) } else { Threshold::Pods(value) })
}

fn step(at: usize, raw: &Value, reader: &mut Reader<'_>) -> Result<Step, Unsupported> {
    let path = format!("{PATH}.steps[{at}]");
    let experiment = raw.field("experiment");
    let experiment = experiment
        .map(|raw| experiment::experiment(raw, &format!("{path}.experiment"), reader))
        .transpose()?;
    let analysis = raw.field("analysis");
    let analysis = analysis.map(|raw| reader.analysis(raw, &format!("{path}.analysis"))).transpose()?;
    Ok(Step {
        set_weight: raw.int("setWeight"),
        pause: raw.field("pause").map(pause),
        experiment,
        analysis,
        set_canary_scale: raw.field("setCanaryScale").map(|raw| CanaryScale {
            weight: raw.int("weight"),
            replicas: raw.int("replicas"),
            match_traffic_weight: raw.flag("matchTrafficWeight"),
        }),
        set_header_route: raw
            .field("setHeaderRoute")
            .map(|raw| HeaderRoute { name: raw.text("name").into(), matches: matches(raw, header_match) }),
        set_mirror_route: raw.field("setMirrorRoute").map(|raw| MirrorRoute {
            name: raw.text("name").into(),
            matches: matches(raw, mirror_match),
            percentage: raw.int("percentage").unwrap_or(100),
        }),
        plugin: raw.field("plugin").map(|raw| {
            Arc::new(PluginStep { name: raw.text("name").into(), config: raw.field("config").cloned() })
        }),
    })
}

fn pause(raw: &Value) -> Pause {
    Pause {
        duration: raw.field("duration").map(|duration| {
            let text = duration.as_str().map_or_else(|| duration.to_string(), str::to_owned);
            (number::pause_seconds(duration), text.into())
        }),
    }
}

fn matches(raw: &Value, of: impl Fn(&Value) -> Value) -> Option<Arc<Value>> {
    let list = raw.list("match");
    (!list.is_empty()).then(|| Arc::new(Value::Array(list.iter().map(of).collect())))
}

fn header_match(raw: &Value) -> Value {
    json!({"headers": {raw.text("headerName"): raw.field("headerValue")}})
}

fn mirror_match(raw: &Value) -> Value {
    let mut view = serde_json::Map::new();
    for (from, to) in [("method", "method"), ("path", "uri"), ("headers", "headers")] {
        if let Some(value) = raw.field(from) {
            view.insert(to.to_owned(), value.clone());
        }
    }
    Value::Object(view)
}
