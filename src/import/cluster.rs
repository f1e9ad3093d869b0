//! Services, VirtualServices and DestinationRules as the controllers will write to them.
//!
//! Enters: objects. Leaves: [`Cluster`].
//! It deliberately asks nobody whether they are referred to.

use std::sync::Arc;

use serde_json::Value;

use super::field::Fields;
use super::object::Object;
use crate::model::argo::cluster::{
    Cluster, Destination, DestinationRule, Ingress, Route, Service, VirtualService,
};

/// The cluster in which these objects stand.
pub(super) fn cluster(
    services: &[&Object],
    virtual_services: &[&Object],
    destination_rules: &[&Object],
) -> Cluster {
    Cluster {
        services: services.iter().map(|object| service(object)).collect(),
        virtual_services: virtual_services.iter().map(|object| virtual_service(object)).collect(),
        destination_rules: destination_rules.iter().map(|object| destination_rule(object)).collect(),
        ingresses: Vec::new(),
        places: Vec::new(),
    }
}

fn service(object: &Object) -> Service {
    Service { name: object.name().into(), selector: None, managed: false, adopted: false }
}

/// An Ingress, of which the controller watches class `nginx` unless it is told otherwise.
/// Source: Argo Rollouts v1.9.1, utils/ingress/wrapper.go, `GetClass`.
pub(super) fn ingress(object: &Object) -> Ingress {
    let annotation = object.value.path(&["metadata", "annotations"]).text("kubernetes.io/ingress.class");
    let class = object.value.field("spec").text("ingressClassName");
    let class = if annotation.is_empty() { class } else { annotation };
    Ingress { name: object.name().into(), watched: class == "nginx", weight: None, seen: None }
}

fn virtual_service(object: &Object) -> VirtualService {
    let http = object.value.field("spec").list("http").iter().map(route).collect();
    VirtualService { name: object.name().into(), http }
}

fn destination_rule(object: &Object) -> DestinationRule {
    let spec = object.value.field("spec");
    DestinationRule {
        name: object.name().into(),
        host: spec.text("host").into(),
        managed: false,
        subsets: spec.list("subsets").iter().map(|subset| (subset.text("name").into(), None)).collect(),
    }
}

fn named(value: Option<&Value>) -> Option<Arc<str>> {
    value.and_then(Value::as_str).map(Into::into)
}

fn route(route: &Value) -> Route {
    Route {
        name: named(route.field("name")),
        matches: route.field("match").cloned().map(Arc::new),
        mirror: None,
        to: route
            .list("route")
            .iter()
            .map(|to| Destination {
                host: to.field("destination").text("host").into(),
                subset: named(to.path(&["destination", "subset"])),
                weight: to.int("weight").unwrap_or(0),
            })
            .collect(),
    }
}
