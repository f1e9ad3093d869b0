//! Which objects a Rollout refers to, and what is wrong with those.
//!
//! Enters: a Rollout, the objects of its namespace. Leaves: the first error.
//! It deliberately knows nothing of the Rollout that `spec` looks at.
//! Source: Argo Rollouts v1.9.1, rollout/controller.go, `getRolloutReferencedResources`, and validation_references.go.

use serde_json::Value;

use super::error::{internal, invalid, invalid_text, json};
use super::{routes, templates};
use crate::import::field::Fields;
use crate::import::object::Object;
use crate::import::problem::Unsupported;
use crate::import::reader::Reader;
use crate::import::template::{Lost, Templates};

const ROUTING: &str = "spec.strategy.canary.trafficRouting";

/// An analysis of the strategy.
#[derive(Debug)]
pub(super) struct Reference<'a> {
    pub(super) raw: &'a Value,
    pub(super) path: String,
    pub(super) background: bool,
}

/// All that is referred to and is there.
#[derive(Debug, Default)]
struct Found<'a> {
    services: Vec<(String, &'a Object)>,
    analyses: Vec<(Reference<'a>, Templates<'a>)>,
    ingresses: Vec<(String, &'a Object)>,
    virtual_services: Vec<(&'a Value, &'a Object)>,
}

/// What ends the search.
enum Stop {
    Error(String),
    Unsupported(Unsupported),
}

/// The first error: first of what is missing, then of what is there.
pub(super) fn first(rollout: &Value, reader: &Reader<'_>) -> Result<Option<String>, Unsupported> {
    let found = match find(rollout, reader) {
        Ok(found) => found,
        Err(Stop::Error(text)) => return Ok(Some(text)),
        Err(Stop::Unsupported(unsupported)) => return Err(unsupported),
    };
    if let Some(text) = found.services.iter().find_map(|(path, object)| service(path, object, rollout)) {
        return Ok(Some(text));
    }
    for (reference, used) in &found.analyses {
        if let Some(text) = templates::first(reference, used, rollout)? {
            return Ok(Some(text));
        }
    }
    if let Some(text) = found.ingresses.iter().find_map(|(path, object)| ingress(path, object, rollout)) {
        return Ok(Some(text));
    }
    for (named, object) in &found.virtual_services {
        if let Some(text) = routes::first(rollout, named, object)? {
            return Ok(Some(text));
        }
    }
    Ok(None)
}

fn find<'a>(rollout: &'a Value, reader: &Reader<'a>) -> Result<Found<'a>, Stop> {
    let mut found = Found { services: services(rollout, reader)?, ..Found::default() };
    for reference in analyses(rollout) {
        let used = templates_of(&reference, reader)?;
        found.analyses.push((reference, used));
    }
    let routing = rollout.path(&["spec", "strategy", "canary", "trafficRouting"]);
    for (router, one, several) in
        [("nginx", "stableIngress", "stableIngresses"), ("alb", "ingress", "ingresses")]
    {
        one_or_several(routing.field(router), router, one, several).map_or(Ok(()), Err)?;
    }
    found.ingresses = ingresses(routing, reader)?;
    let istio = routing.field("istio");
    if istio.is_some() {
        found.virtual_services = virtual_services(istio, reader)?;
    }
    match (routing.field("ambassador"), routing.field("appMesh")) {
        (Some(raw), _) if raw.list("mappings").is_empty() => {
            let path = format!("{ROUTING}.ambassador.mappings");
            Err(Stop::Error(invalid(&path, "null", "must provide at least one mapping")))
        }
        (_, Some(raw)) if raw.field("virtualService").is_none() => {
            let path = format!("{ROUTING}.appmesh.virtualService");
            Err(Stop::Error(invalid(&path, "null", "must provide virtual-service")))
        }
        _ => Ok(found),
    }
}

fn services<'a>(rollout: &Value, reader: &Reader<'a>) -> Result<Vec<(String, &'a Object)>, Stop> {
    let strategy = rollout.path(&["spec", "strategy"]);
    let (raw, path, fields): (_, _, &[&[&str]]) = match strategy.field("blueGreen") {
        Some(raw) => (Some(raw), "blueGreen", &[&["activeService"], &["previewService"]]),
        None => (
            strategy.field("canary"),
            "canary",
            &[
                &["stableService"],
                &["canaryService"],
                &["pingPong", "pingService"],
                &["pingPong", "pongService"],
            ],
        ),
    };
    let mut found = Vec::new();
    for field in fields {
        let path = format!("spec.strategy.{path}.{}", field.join("."));
        let Some(name) = raw.path(field).and_then(Value::as_str).filter(|name| !name.is_empty()) else {
            continue;
        };
        match reader.services.iter().find(|service| service.name() == name) {
            Some(service) => found.push((path, *service)),
            None => {
                return Err(Stop::Error(invalid_text(&path, name, &format!("service \"{name}\" not found"))));
            }
        }
    }
    Ok(found)
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

fn templates_of<'a>(reference: &Reference<'_>, reader: &Reader<'a>) -> Result<Templates<'a>, Stop> {
    reader.templates.named_by(reference.raw.list("templates")).map_err(|lost| match lost {
        Lost::Circle(name) => {
            let feature = format!("the template {name} names itself, which ends the controller's process");
            Stop::Unsupported(Unsupported::new(reference.path.as_str(), feature))
        }
        Lost::Missing { nested, cluster, name } => {
            let path = if nested { "spec.templates" } else { reference.path.as_str() };
            let kind = if cluster { "ClusterAnalysisTemplate" } else { "AnalysisTemplate" };
            Stop::Error(invalid_text(path, &name, &format!("{kind} '{name}' not found")))
        }
    })
}

fn one_or_several(raw: Option<&Value>, router: &str, one: &str, several: &str) -> Option<Stop> {
    let capital = |name: &str| {
        let mut letters = name.chars();
        letters.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    raw?;
    let which = match (raw.field(several).is_some(), !raw.text(one).is_empty()) {
        (true, true) => "Both",
        (false, false) => "Neither",
        _ => return None,
    };
    let detail = format!(
        "Either {} or {} must be configured. {which} are configured.",
        capital(one),
        capital(several)
    );
    Some(Stop::Error(internal(&format!("{ROUTING}.{router}"), &detail)))
}

fn ingresses<'a>(routing: Option<&Value>, reader: &Reader<'a>) -> Result<Vec<(String, &'a Object)>, Stop> {
    let (router, one, several, word) = if routing.field("alb").is_some() {
        ("alb", "ingress", "ingresses", "ingresses")
    } else if routing.field("nginx").is_some() {
        ("nginx", "stableIngress", "stableIngresses", "StableIngresses")
    } else {
        return Ok(Vec::new());
    };
    let raw = routing.field(router);
    let missing = |path: &str, value: &str, name: &str| {
        let detail = format!("ingress.networking.k8s.io \"{name}\" not found");
        Err(Stop::Error(invalid(path, value, &detail)))
    };
    let lookup = |name: &str| reader.ingresses.iter().copied().find(|ingress| ingress.name() == name);
    let path = |field: &str| format!("{ROUTING}.{router}.{field}");
    let mut found = Vec::new();
    if let Some(list) = raw.field(several) {
        for name in raw.list(several).iter().filter_map(Value::as_str) {
            match lookup(name) {
                Some(ingress) => found.push((path(several), ingress)),
                None => return missing(&path(word), &json(list), name),
            }
        }
    } else {
        let name = raw.text(one);
        match lookup(name) {
            Some(ingress) => found.push((path(one), ingress)),
            None => return missing(&path(one), &super::error::quoted(name), name),
        }
    }
    Ok(found)
}

fn virtual_services<'a>(
    istio: Option<&'a Value>,
    reader: &Reader<'a>,
) -> Result<Vec<(&'a Value, &'a Object)>, Stop> {
    let (one, several) = (istio.field("virtualService"), istio.field("virtualServices"));
    if one.is_some() == several.is_some() {
        let detail = "either VirtualService or VirtualServices must be configured";
        return Err(Stop::Error(internal(&format!("{ROUTING}.istio"), detail)));
    }
    let field = if several.is_some() { "virtualServices" } else { "virtualService" };
    let path = format!("{ROUTING}.istio.{field}.name");
    let mut found = Vec::new();
    for named in one.into_iter().chain(istio.list("virtualServices")) {
        let full = named.text("name");
        let mut parts = full.split('.');
        let (name, namespace) = (parts.next().unwrap_or_default(), parts.next());
        if namespace.is_some_and(|namespace| !reader.is_own(namespace)) {
            let feature = "a VirtualService of another namespace";
            return Err(Stop::Unsupported(Unsupported::new(path, feature)));
        }
        let Some((_, object)) = reader.virtual_service(name) else {
            let detail = format!("virtualservices.networking.istio.io \"{name}\" not found");
            return Err(Stop::Error(invalid_text(&path, name, &detail)));
        };
        found.push((named, object));
    }
    Ok(found)
}

/// Source: validation_references.go, `ValidateService`.
fn service(path: &str, object: &Object, rollout: &Value) -> Option<String> {
    const HASH: &str = "rollouts-pod-template-hash";
    let name = object.name();
    let labels = rollout.path(&["spec", "template", "metadata", "labels"]);
    let selector = object.value.path(&["spec", "selector"]).and_then(Value::as_object);
    let mut wanted: Vec<(&String, &Value)> = selector.into_iter().flatten().collect();
    wanted.sort_by_key(|(key, _)| *key);
    let unmatched = wanted.iter().find(|(key, value)| {
        *key != HASH
            && labels.and_then(|labels| labels.get(key.as_str())).and_then(Value::as_str) != value.as_str()
    });
    if let Some((key, _)) = unmatched {
        let detail = format!("Service \"{name}\" has unmatch label \"{key}\" in rollout");
        return Some(invalid_text(path, name, &detail));
    }
    let annotations = object.value.path(&["metadata", "annotations"]);
    let manager = annotations.field("argo-rollouts.argoproj.io/managed-by-rollouts")?.as_str()?;
    let detail = format!("Service \"{name}\" is managed by another Rollout");
    (manager != rollout.name()).then(|| invalid_text(path, name, &detail))
}

/// Source: validation_references.go, `ValidateIngress`.
fn ingress(path: &str, object: &Object, rollout: &Value) -> Option<String> {
    let canary = rollout.path(&["spec", "strategy", "canary"]);
    let root = canary.path(&["trafficRouting", "alb"]).text("rootService");
    let nginx = canary.path(&["trafficRouting", "nginx"]).is_some();
    let service = if root.is_empty() || nginx { canary.text("stableService") } else { root };
    let name = object.name();
    let rules = object.value.field("spec").list("rules");
    let has = rules.iter().flat_map(|rule| rule.field("http").list("paths")).any(|path| {
        let backend = path.field("backend");
        backend.field("service").text("name") == service || backend.text("serviceName") == service
    });
    let detail = format!("ingress `{name}` has no rules using service {service} backend");
    (!has).then(|| invalid_text(path, name, &detail))
}
