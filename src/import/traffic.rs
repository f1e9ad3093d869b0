//! `trafficRouting`.
//!
//! Enters: routing that validation accepts. Leaves: [`Traffic`].
//! It deliberately knows Istio's routes of HTTP only, and of plugins the one whose behaviour is known.

use serde_json::Value;

use super::field::Fields;
use super::object::Object;
use super::problem::Unsupported;
use super::reader::Reader;
use crate::model::argo::{Istio, Router, Subsets, Traffic, canary_ingress};

const PATH: &str = "spec.strategy.canary.trafficRouting";

/// The plugin for the Gateway API, which takes each weight at once and says so.
/// Source: argoproj-labs/rollouts-plugin-trafficrouter-gatewayapi, `VerifyWeight`.
const GATEWAY_API: &str = "argoproj-labs/gatewayAPI";

/// The controller multiplies total weights by replicas in 32 bits.
const LARGEST_TOTAL: i64 = 100_000;

/// Reads the routing of a canary strategy.
pub(super) fn traffic(canary: &Value, reader: &Reader<'_>) -> Result<Option<Traffic>, Unsupported> {
    let raw = canary.field("trafficRouting");
    let Some(object) = raw.and_then(Value::as_object) else {
        return Ok(None);
    };
    let known = ["istio", "nginx", "plugins", "managedRoutes", "maxTrafficWeight"];
    let other = object.iter().find(|(key, value)| !value.is_null() && !known.contains(&key.as_str()));
    if let Some((other, _)) = other {
        return Err(Unsupported::new(format!("{PATH}.{other}"), format!("traffic by {other}")));
    }
    let max_weight = raw.int("maxTrafficWeight").unwrap_or(100);
    if max_weight <= 0 {
        let feature = "a total weight of nothing, by which the controller divides";
        return Err(Unsupported::new(format!("{PATH}.maxTrafficWeight"), feature));
    }
    if max_weight > LARGEST_TOTAL {
        let feature =
            format!("a total weight of {max_weight}, with which the controller's sums may overflow");
        return Err(Unsupported::new(format!("{PATH}.maxTrafficWeight"), feature));
    }
    let mut routers = Vec::new();
    if raw.field("istio").is_some() {
        routers.push(Router::Istio(istio(raw, reader)?));
    }
    if let Some(raw) = raw.field("nginx") {
        routers.push(Router::Nginx(nginx(raw, reader)?));
    }
    for name in raw.field("plugins").and_then(Value::as_object).into_iter().flat_map(|list| list.keys()) {
        routers.push(plugin(name, canary, max_weight)?);
    }
    if routers.is_empty() {
        return Err(Unsupported::new(PATH, "traffic without a router"));
    }
    Ok(Some(Traffic { routers, max_weight }))
}

fn plugin(name: &str, canary: &Value, max_weight: i64) -> Result<Router, Unsupported> {
    let unsupported = |field: &str, feature| Err(Unsupported::new(format!("{PATH}.{field}"), feature));
    if name != GATEWAY_API {
        return unsupported("plugins", format!("traffic by the plugin {name}"));
    }
    if canary.text("canaryService").is_empty() || canary.text("stableService").is_empty() {
        return unsupported("plugins", format!("the plugin {name} without both Services, which it needs"));
    }
    if max_weight != 100 {
        let feature = format!("a total weight of {max_weight} with the plugin {name}, which knows only 100");
        return unsupported("maxTrafficWeight", feature);
    }
    Ok(Router::Plugin(name.into()))
}

fn nginx(raw: &Value, reader: &Reader<'_>) -> Result<Vec<usize>, Unsupported> {
    let names: Vec<&str> = match raw.field("stableIngresses") {
        Some(_) => raw.list("stableIngresses").iter().filter_map(Value::as_str).collect(),
        None => vec![raw.text("stableIngress")],
    };
    let unsupported = |feature: String| Err(Unsupported::new(format!("{PATH}.nginx"), feature));
    let position = |name: &str| reader.ingresses.iter().position(|ingress| ingress.name() == name);
    let mut found = Vec::new();
    for name in names {
        let Some((at, ingress)) = position(name).and_then(|at| Some((at, *reader.ingresses.get(at)?))) else {
            return unsupported(format!("the Ingress {name}, which is not among the documents"));
        };
        if !has_services(ingress) {
            return unsupported(format!(
                "the Ingress {name} with a rule without a Service, at which the controller fails"
            ));
        }
        let canary = canary_ingress(reader.rollout.name(), name);
        if position(&canary).is_some() {
            return unsupported(format!(
                "the Ingress {canary}, which stands where the controller makes its own"
            ));
        }
        found.push(at);
    }
    Ok(found)
}

/// Whether every rule has paths, and every path a Service. Source: nginx.go, `buildCanaryIngress`.
fn has_services(ingress: &Object) -> bool {
    ingress.value.field("spec").list("rules").iter().all(|rule| {
        rule.field("http").is_some()
            && rule.field("http").list("paths").iter().all(|path| {
                let backend = path.field("backend");
                backend.field("service").is_some() || backend.field("serviceName").is_some()
            })
    })
}

fn istio(raw: Option<&Value>, reader: &Reader<'_>) -> Result<Istio, Unsupported> {
    let istio = raw.field("istio");
    let Some(service) = istio.field("virtualService") else {
        return Err(Unsupported::new(format!("{PATH}.istio.virtualServices"), "several VirtualServices"));
    };
    let place = || format!("{PATH}.istio.virtualService");
    let Some((index, stored)) = reader.virtual_service(service.text("name")) else {
        return Err(Unsupported::new(place(), "a VirtualService that is not among the documents"));
    };
    if ["tls", "tcp"].iter().any(|kind| stored.value.field("spec").field(kind).is_some()) {
        return Err(Unsupported::new(place(), "a VirtualService with tls or tcp routes"));
    }
    let destination_rule = istio.field("destinationRule").map(|rule| subsets(rule, reader)).transpose()?;
    Ok(Istio {
        virtual_service: index,
        routes: service.list("routes").iter().filter_map(Value::as_str).map(Into::into).collect(),
        destination_rule,
        managed_routes: raw.list("managedRoutes").iter().map(|route| route.text("name").into()).collect(),
    })
}

fn subsets(rule: &Value, reader: &Reader<'_>) -> Result<Subsets, Unsupported> {
    let place = format!("{PATH}.istio.destinationRule");
    if rule.field("additionalSubsetNames").is_some() {
        return Err(Unsupported::new(format!("{place}.additionalSubsetNames"), "additional subsets"));
    }
    let Some(destination_rule) = reader.destination_rule(rule.text("name")) else {
        return Err(Unsupported::new(place, "a DestinationRule that is not among the documents"));
    };
    Ok(Subsets {
        destination_rule,
        canary: rule.text("canarySubsetName").into(),
        stable: rule.text("stableSubsetName").into(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::import::Objects;

    fn read(routing: &Value, ingresses: &[Value]) -> Result<Option<Traffic>, Unsupported> {
        let objects = Objects::of_values(ingresses.iter().cloned());
        let mut reader = Reader::new(&objects, "");
        reader.rollout = serde_json::json!({"metadata": {"name": "shop"}});
        let canary = json!({"canaryService": "c", "stableService": "s", "trafficRouting": routing});
        traffic(&canary, &reader)
    }

    fn ingress(name: &str, rule: &Value) -> Value {
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name}, "spec": {"rules": [rule]}})
    }

    #[test]
    fn routers_are_told_in_the_controllers_order() {
        let rule = json!({"http": {"paths": [{"backend": {"service": {"name": "s"}}}]}});
        let ingresses = [ingress("other", &rule), ingress("edge", &rule)];
        let routing = json!({"plugins": {GATEWAY_API: {}}, "nginx": {"stableIngress": "edge"}});
        let traffic = read(&routing, &ingresses).unwrap().unwrap();
        assert_eq!(traffic.routers, [Router::Nginx(vec![1]), Router::Plugin(GATEWAY_API.into())]);
        assert_eq!(traffic.max_weight, 100);
    }

    #[test]
    fn what_is_not_played_is_named() {
        let bare = [ingress("edge", &json!({"host": "edge"}))];
        let rule = json!({"http": {"paths": [{"backend": {"service": {"name": "s"}}}]}});
        let taken = [ingress("edge", &rule), ingress("shop-edge-canary", &rule)];
        let nginx = json!({"nginx": {"stableIngress": "edge"}});
        for (routing, ingresses, part) in [
            (json!({"plugins": {"example/router": {}}}), &[][..], "the plugin example/router"),
            (json!({"plugins": {GATEWAY_API: {}}, "maxTrafficWeight": 1000}), &[], "knows only 100"),
            (json!({"nginx": {}, "maxTrafficWeight": 0}), &[], "divides"),
            (json!({"nginx": {}, "maxTrafficWeight": 1_000_000}), &[], "overflow"),
            (json!({"alb": {}}), &[], "traffic by alb"),
            (json!({"managedRoutes": []}), &[], "without a router"),
            (nginx.clone(), &bare, "without a Service"),
            (nginx, &taken, "shop-edge-canary"),
        ] {
            let said = read(&routing, ingresses).unwrap_err().feature;
            assert!(said.contains(part), "{routing}: {said}");
        }
    }
}
