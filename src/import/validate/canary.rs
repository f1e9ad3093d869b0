//! What is wrong within a canary strategy, apart from its steps.
//!
//! Enters: a strategy. Leaves: the first error.
//! It deliberately looks at no other object. Source: Argo Rollouts v1.9.1, validation.go,
//! `ValidateRolloutStrategyCanary`.

use serde_json::Value;

use super::error::{invalid, invalid_text, json};
use super::{blue_green, steps};
use crate::import::field::Fields;
use crate::import::number;

const PATH: &str = "spec.strategy";

/// Routers that need both Services named.
const WITH_SERVICES: [&str; 6] = ["smi", "apisix", "ambassador", "nginx", "appMesh", "traefik"];

/// The first error.
pub(super) fn first(raw: &Value) -> Option<String> {
    surge(raw)
        .or_else(|| services(raw))
        .or_else(|| ping_pong(raw))
        .or_else(|| missing_service(raw))
        .or_else(|| delays(raw))
        .or_else(|| steps::first(raw))
        .or_else(|| blue_green::anti_affinity(raw))
}

fn surge(raw: &Value) -> Option<String> {
    let surge = raw.field("maxSurge")?;
    let zero = |value: Option<&Value>| value.is_some_and(|value| amount(value) == 0);
    (zero(Some(surge)) && zero(raw.field("maxUnavailable"))).then(|| {
        let detail = "MaxSurge and MaxUnavailable both can not be zero";
        invalid(&format!("{PATH}.maxSurge"), &json(surge), detail)
    })
}

/// Source: validation.go, `getIntOrPercentValue`.
fn amount(value: &Value) -> i64 {
    let percent = value.as_str().and_then(|text| text.strip_suffix('%'));
    match percent.filter(|digits| !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())) {
        Some(digits) => number::atoi(digits).unwrap_or(i64::MAX),
        None => number::int_value(value),
    }
}

fn services(raw: &Value) -> Option<String> {
    let (canary, stable) = (raw.text("canaryService"), raw.text("stableService"));
    (!canary.is_empty() && canary == stable).then(|| {
        let detail = "This rollout uses the same service for the stable and canary services, but two different services are required.";
        invalid_text(&format!("{PATH}.stableService"), stable, detail)
    })
}

fn ping_pong(raw: &Value) -> Option<String> {
    const BOTH: &str = "Ping service and Pong service must to be set to use Ping-Pong feature";
    let pair = raw.field("pingPong")?;
    let (ping, pong) = (pair.text("pingService"), pair.text("pongService"));
    let routing = raw.field("trafficRouting");
    let alb = routing.field("alb");
    if routing.is_some() && alb.is_none() && routing.field("istio").is_none() {
        let detail = "Ping-pong feature works with the ALB and Istio traffic routers only";
        return Some(invalid(&format!("{PATH}.trafficRouting.alb"), "null", detail));
    }
    let path = |field: &str| format!("{PATH}.pingPong.{field}");
    if ping.is_empty() {
        return Some(invalid_text(&path("pingService"), ping, BOTH));
    }
    if pong.is_empty() {
        return Some(invalid_text(&path("pongService"), pong, BOTH));
    }
    if ping == pong {
        let detail = "This rollout uses the same service for the ping and pong services, but two different services are required.";
        return Some(invalid_text(&path("pingService"), ping, detail));
    }
    (alb.is_some() && alb.text("rootService").is_empty()).then(|| {
        let detail =
            "Root service field is required for the configuration with ALB and ping-pong feature enabled";
        invalid_text(&format!("{PATH}.trafficRouting.alb.rootService"), "", detail)
    })
}

fn missing_service(raw: &Value) -> Option<String> {
    let routing = raw.field("trafficRouting")?;
    let ping_pong = raw.field("pingPong").is_some();
    let has = |router: &str| routing.field(router).is_some();
    let by_host = has("istio") && routing.path(&["istio", "destinationRule"]).is_none();
    let needed = !ping_pong && (has("alb") || by_host) || WITH_SERVICES.iter().any(|router| has(router));
    let missing = ["stableService", "canaryService"].into_iter().find(|field| raw.text(field).is_empty());
    let detail = "Canary service and Stable service must to be set to use Traffic Routing";
    missing.filter(|_| needed).map(|field| invalid_text(&format!("{PATH}.{field}"), "", detail))
}

fn delays(raw: &Value) -> Option<String> {
    let delay = raw.int("scaleDownDelaySeconds");
    let dynamic = raw.flag("dynamicStableScale");
    let (delay_path, dynamic_path) =
        (format!("{PATH}.scaleDownDelaySeconds"), format!("{PATH}.dynamicStableScale"));
    let Some(routing) = raw.field("trafficRouting") else {
        if let Some(delay) = delay {
            let detail = "Canary scaleDownDelaySeconds can only be used with traffic routing";
            return Some(invalid(&delay_path, &delay.to_string(), detail));
        }
        let detail = "Canary dynamicStableScale can only be used with traffic routing";
        return dynamic.then(|| invalid(&dynamic_path, "true", detail));
    };
    if delay.is_some() && dynamic {
        let detail = "Canary dynamicStableScale cannot be used with scaleDownDelaySeconds";
        return Some(invalid(&dynamic_path, "true", detail));
    }
    let most = routing.int("maxTrafficWeight")?;
    let knows = routing.field("nginx").is_some() || has_plugins(routing);
    (!knows).then(|| {
        let detail = "Canary maxTrafficWeight in traffic routing only supported in Nginx and Plugins";
        invalid(&format!("{PATH}.trafficRouting.maxTrafficWeight"), &most.to_string(), detail)
    })
}

/// Whether traffic goes through a plugin.
pub(super) fn has_plugins(routing: &Value) -> bool {
    routing.field("plugins").and_then(Value::as_object).is_some_and(|plugins| !plugins.is_empty())
}
