//! What is wrong with the routes of a VirtualService that a Rollout names.
//!
//! Enters: a Rollout, how it names the VirtualService, and that. Leaves: the first error.
//! It deliberately knows routes of HTTP only. Source: Argo Rollouts v1.9.1, validation_references.go,
//! `ValidateVirtualService`, and rollout/trafficrouting/istio/istio.go, `ValidateHTTPRoutes`.

use serde_json::Value;

use super::error::invalid_text;
use crate::import::field::Fields;
use crate::import::object::Object;
use crate::import::problem::Unsupported;

/// The first error.
pub(super) fn first(rollout: &Value, named: &Value, object: &Object) -> Result<Option<String>, Unsupported> {
    let canary = rollout.path(&["spec", "strategy", "canary"]);
    let istio = canary.path(&["trafficRouting", "istio"]);
    let several = istio.field("virtualServices").is_some();
    let field = if several { "virtualServices" } else { "virtualService" };
    let path = format!("spec.strategy.canary.trafficRouting.istio.{field}.name");
    let spec = object.value.field("spec");
    let name = object.name();
    if ["http", "tls", "tcp"].iter().all(|kind| spec.field(kind).is_none()) {
        let detail = "Unable to get any of the HTTP, TCP or TLS routes for the Istio VirtualService";
        return Ok(Some(invalid_text(&path, name, detail)));
    }
    if spec.field("http").is_some()
        && let Err(wrong) = http(canary, named, spec.list("http"))
    {
        let detail = format!("Istio VirtualService has invalid HTTP routes. Error: {wrong}");
        return Ok(Some(invalid_text(&path, name, &detail)));
    }
    if spec.field("tls").is_some() || spec.field("tcp").is_some() {
        return Err(Unsupported::new(path, "a VirtualService with tls or tcp routes"));
    }
    Ok(None)
}

fn http(canary: Option<&Value>, named: &Value, routes: &[Value]) -> Result<(), String> {
    let names: Vec<&str> = named.list("routes").iter().filter_map(Value::as_str).collect();
    for route in patched(&names, routes)? {
        destinations(canary, route)?;
    }
    let managed = canary.field("trafficRouting").list("managedRoutes");
    let own = routes
        .iter()
        .filter(|route| managed.iter().all(|managed| managed.text("name") != route.text("name")));
    if names.is_empty() && own.count() > 1 {
        return Err("spec.http[] should be set in VirtualService and it must have exactly one route when omitting spec.strategy.canary.trafficRouting.istio.virtualService.routes".to_owned());
    }
    Ok(())
}

/// The routes whose weights are set.
fn patched<'a>(names: &[&str], routes: &'a [Value]) -> Result<Vec<&'a Value>, String> {
    if names.is_empty() {
        if let [only] = routes {
            return Ok(vec![only]);
        }
        return Ok(routes.iter().find(|route| route.text("name").is_empty()).into_iter().collect());
    }
    let find = |name: &&str| {
        let route = routes.iter().find(|route| route.text("name") == *name);
        route.ok_or_else(|| format!("HTTP Route '{name}' is not found in the defined Virtual Service."))
    };
    names.iter().map(find).collect()
}

fn destinations(canary: Option<&Value>, route: &Value) -> Result<(), String> {
    let to = |field: &str, name: &str| {
        !name.is_empty()
            && route.list("route").iter().any(|to| {
                let destination = to.field("destination");
                let text = destination.text(field);
                let text = if field == "host" { host(text) } else { text };
                text == name
            })
    };
    if let Some(rule) = canary.path(&["trafficRouting", "istio", "destinationRule"]) {
        for (side, field) in [("Canary", "canarySubsetName"), ("Stable", "stableSubsetName")] {
            let subset = rule.text(field);
            if !to("subset", subset) {
                return Err(format!("{side} DestinationRule subset '{subset}' not found in route"));
            }
        }
        return Ok(());
    }
    let pair = canary.field("pingPong");
    let unnamed = canary.text("stableService").is_empty() && canary.text("canaryService").is_empty();
    // Before the first promotion the stable Service of a pair is the pong one.
    let (stable, other) = match pair {
        Some(pair) if unnamed => (pair.text("pongService"), pair.text("pingService")),
        _ => (canary.text("stableService"), canary.text("canaryService")),
    };
    for (side, service) in [("Canary", other), ("Stable", stable)] {
        if !to("host", service) {
            return Err(format!("{side} Service '{service}' not found in route"));
        }
    }
    Ok(())
}

/// A host's first part. Source: istio.go, `getHost`.
fn host(text: &str) -> &str {
    match text.split_once('.') {
        Some((first, _)) => first,
        None => text,
    }
}
