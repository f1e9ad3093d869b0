//! A Rollout's spec from JSON.

use std::sync::Arc;

use rollcast::model::argo::{
    Amount, Background, BlueGreen, Canary, CanaryScale, HeaderRoute, MirrorRoute, Pause, Spec, Step, Subsets,
    Threshold, Traffic,
};
use rollcast::simulator::objects::Cluster;
use serde_json::{Value, json};

use super::analyses::Analyses;
use super::numbers::{int, seconds};

/// Reads `spec`; the template is the caller's.
pub(crate) fn spec(
    name: &str,
    raw: &Value,
    cluster: &Cluster,
    analyses: &mut Analyses,
) -> Result<Spec, String> {
    let strategy = &raw["strategy"];
    for field in ["workloadRef", "restartAt"] {
        if raw.get(field).is_some() {
            return Err(field.into());
        }
    }
    let canary = canary(&strategy["canary"], cluster, analyses)?;
    let mut spec = Spec::new(name, canary);
    if let Some(raw) = strategy.get("blueGreen") {
        spec.blue_green = Some(Arc::new(blue_green(raw, cluster, analyses)?));
    }
    let set = |field: &mut i64, name: &str| {
        if let Some(value) = int(raw, name) {
            *field = value;
        }
    };
    set(&mut spec.replicas, "replicas");
    set(&mut spec.min_ready, "minReadySeconds");
    set(&mut spec.progress_deadline, "progressDeadlineSeconds");
    set(&mut spec.revision_history_limit, "revisionHistoryLimit");
    spec.progress_deadline_abort = raw["progressDeadlineAbort"].as_bool().unwrap_or(false);
    spec.paused = raw["paused"].as_bool();
    spec.rollback_window = int(&raw["rollbackWindow"], "revisions").unwrap_or(0);
    if let Some(limit) = int(&raw["analysis"], "successfulRunHistoryLimit") {
        spec.successful_history = limit;
    }
    if let Some(limit) = int(&raw["analysis"], "unsuccessfulRunHistoryLimit") {
        spec.unsuccessful_history = limit;
    }
    spec.refused = analyses.problem.take().map(Into::into);
    Ok(spec)
}

fn blue_green(raw: &Value, cluster: &Cluster, analyses: &mut Analyses) -> Result<BlueGreen, String> {
    let service = |field: &str| {
        let name = raw[field].as_str()?;
        cluster.services.iter().position(|service| &*service.name == name)
    };
    let mut analysis = |field: &str| {
        let path = format!("spec.strategy.blueGreen.{field}");
        raw.get(field).map(|raw| analyses.reference(raw, &path, true)).transpose()
    };
    Ok(BlueGreen {
        active_service: service("activeService").ok_or("missing Service")?,
        preview_service: service("previewService"),
        auto_promotion: raw["autoPromotionEnabled"].as_bool().unwrap_or(true),
        auto_promotion_seconds: int(raw, "autoPromotionSeconds").unwrap_or(0),
        preview_replicas: int(raw, "previewReplicaCount"),
        pre_promotion: analysis("prePromotionAnalysis")?,
        post_promotion: analysis("postPromotionAnalysis")?,
        scale_down_delay: int(raw, "scaleDownDelaySeconds"),
        scale_down_delay_revision_limit: int(raw, "scaleDownDelayRevisionLimit"),
        abort_scale_down_delay: int(raw, "abortScaleDownDelaySeconds"),
    })
}

fn canary(raw: &Value, cluster: &Cluster, analyses: &mut Analyses) -> Result<Canary, String> {
    const KNOWN: [&str; 15] = [
        "steps",
        "canaryService",
        "stableService",
        "trafficRouting",
        "analysis",
        "maxSurge",
        "maxUnavailable",
        "dynamicStableScale",
        "scaleDownDelaySeconds",
        "abortScaleDownDelaySeconds",
        "scaleDownDelayRevisionLimit",
        "minPodsPerReplicaSet",
        "replicaProgressThreshold",
        "antiAffinity",
        "canaryMetadata",
    ];
    if let Some(object) = raw.as_object()
        && let Some(unknown) = object.keys().find(|key| !KNOWN.contains(&key.as_str()))
    {
        return Err(format!("canary.{unknown}"));
    }
    let service = |field: &str| -> Result<Option<usize>, String> {
        match raw[field].as_str() {
            None => Ok(None),
            Some(name) => cluster
                .services
                .iter()
                .position(|service| &*service.name == name)
                .map(Some)
                .ok_or_else(|| "missing Service".to_owned()),
        }
    };
    let steps = raw["steps"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .enumerate()
        .map(|(at, raw)| step(at, raw, analyses))
        .collect::<Result<_, _>>()?;
    let background = match raw.get("analysis") {
        None => None,
        Some(raw) => Some(Background {
            starting_step: int(raw, "startingStep"),
            analysis: analyses.reference(raw, "spec.strategy.canary.analysis", false)?,
        }),
    };
    Ok(Canary {
        steps,
        canary_service: service("canaryService")?,
        stable_service: service("stableService")?,
        traffic: traffic(&raw["trafficRouting"], cluster)?,
        background,
        max_surge: amount(&raw["maxSurge"])?,
        max_unavailable: amount(&raw["maxUnavailable"])?,
        dynamic_stable_scale: raw["dynamicStableScale"].as_bool().unwrap_or(false),
        scale_down_delay: int(raw, "scaleDownDelaySeconds"),
        abort_scale_down_delay: int(raw, "abortScaleDownDelaySeconds"),
        scale_down_delay_revision_limit: int(raw, "scaleDownDelayRevisionLimit"),
        min_pods: int(raw, "minPodsPerReplicaSet"),
        threshold: threshold(&raw["replicaProgressThreshold"]),
    })
}

fn amount(raw: &Value) -> Result<Option<Amount>, String> {
    Ok(match raw {
        Value::Null => None,
        Value::String(text) => {
            Some(Amount::Percent(text.trim_end_matches('%').parse().map_err(|_| format!("amount {text}"))?))
        }
        other => other.as_i64().map(Amount::Pods),
    })
}

fn threshold(raw: &Value) -> Option<Threshold> {
    let value = int(raw, "value")?;
    Some(if raw["type"] == "Percent" { Threshold::Percent(value) } else { Threshold::Pods(value) })
}

fn traffic(raw: &Value, cluster: &Cluster) -> Result<Option<Traffic>, String> {
    let Some(object) = raw.as_object() else {
        return Ok(None);
    };
    for key in object.keys() {
        match key.as_str() {
            "istio" | "managedRoutes" => {}
            other => return Err(format!("trafficRouting.{other}")),
        }
    }
    let istio = &raw["istio"];
    let service = &istio["virtualService"];
    let name = service["name"].as_str().ok_or("several VirtualServices")?;
    let virtual_service = cluster
        .virtual_services
        .iter()
        .position(|service| &*service.name == name)
        .ok_or("missing VirtualService")?;
    let routes = service["routes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let destination_rule = match istio.get("destinationRule") {
        None => None,
        Some(rule) => {
            if rule.get("additionalSubsetNames").is_some() {
                return Err("additionalSubsetNames".into());
            }
            Some(Subsets {
                destination_rule: cluster
                    .destination_rules
                    .iter()
                    .position(|known| Some(&*known.name) == rule["name"].as_str())
                    .ok_or("missing DestinationRule")?,
                canary: rule["canarySubsetName"].as_str().unwrap_or("").into(),
                stable: rule["stableSubsetName"].as_str().unwrap_or("").into(),
            })
        }
    };
    Ok(Some(Traffic {
        virtual_service,
        routes: routes.iter().filter_map(Value::as_str).map(Into::into).collect(),
        destination_rule,
        managed_routes: raw["managedRoutes"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter()
            .filter_map(|route| route["name"].as_str())
            .map(Into::into)
            .collect(),
    }))
}

fn step(at: usize, raw: &Value, analyses: &mut Analyses) -> Result<Step, String> {
    let mut step = Step::default();
    for (key, value) in raw.as_object().ok_or("a step that is no object")? {
        match key.as_str() {
            "setWeight" => step.set_weight = value.as_i64(),
            "pause" => {
                step.pause = Some(Pause {
                    duration: duration(&value["duration"]).unwrap_or_else(|_| {
                        analyses.refuse(&format!(
                            "spec.strategy.steps[{at}].pause.duration: Invalid value: -1: Duration needs to be greater than 0"
                        ));
                        None
                    }),
                });
            }
            "analysis" => {
                step.analysis = Some(analyses.reference(
                    value,
                    &format!("spec.strategy.canary.steps[{at}].analysis"),
                    true,
                )?);
            }
            "setCanaryScale" => {
                step.set_canary_scale = Some(CanaryScale {
                    weight: int(value, "weight"),
                    replicas: int(value, "replicas"),
                    match_traffic_weight: value["matchTrafficWeight"].as_bool().unwrap_or(false),
                });
            }
            "setHeaderRoute" => {
                step.set_header_route = Some(HeaderRoute {
                    name: value["name"].as_str().unwrap_or("").into(),
                    matches: matches(value, header_match),
                });
            }
            "setMirrorRoute" => {
                step.set_mirror_route = Some(MirrorRoute {
                    name: value["name"].as_str().unwrap_or("").into(),
                    matches: matches(value, mirror_match),
                    percentage: int(value, "percentage").unwrap_or(100),
                });
            }
            other => return Err(format!("step {other}")),
        }
    }
    Ok(step)
}

fn matches(raw: &Value, of: impl Fn(&Value) -> Value) -> Option<Arc<Value>> {
    let list = raw["match"].as_array().filter(|list| !list.is_empty())?;
    Some(Arc::new(Value::Array(list.iter().map(of).collect())))
}

fn header_match(raw: &Value) -> Value {
    let name = raw["headerName"].as_str().unwrap_or("");
    json!({"headers": {name: raw["headerValue"]}})
}

fn mirror_match(raw: &Value) -> Value {
    let mut view = json!({});
    for (from, to) in [("method", "method"), ("path", "uri"), ("headers", "headers")] {
        if let Some(value) = raw.get(from) {
            view[to] = value.clone();
        }
    }
    view
}

fn duration(raw: &Value) -> Result<Option<(i64, Arc<str>)>, String> {
    Ok(match raw {
        Value::Null => None,
        Value::String(text) => {
            let value = match text.parse() {
                Ok(value) => value,
                Err(_) => seconds(text).map_err(|_| "pause duration")?,
            };
            Some((value, text.as_str().into()))
        }
        other => other.as_i64().map(|value| (value, value.to_string().into())),
    })
}
