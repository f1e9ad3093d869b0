//! Services, DestinationRule and VirtualService.
//!
//! Enters: a rollout's route and port. Leaves: the objects that split its traffic, at 100 to 0 until Argo writes weights.
//! It deliberately writes no label of a version: Argo adds the hashes to the Services or the subsets.

use super::metadata;
use crate::manifest::Object;
use crate::manifest::conventions::{
    CANARY_SUBSET, OTHER_ROUTE, ROUTE, STABLE_SUBSET, canary_service, root_service, service_host,
    service_of_host, stable_service,
};
use crate::manifest::istio::{
    Destination, DestinationRule, DestinationRuleSpec, HttpMatch, HttpRoute, Retries, RouteDestination,
    StringMatch, Subset, VirtualService, VirtualServiceSpec,
};
use crate::manifest::meta::{IntOrString, Labels};
use crate::manifest::service::{Service, ServicePort, ServiceSpec};
use crate::model::rollout::{PortTarget, Rollout, Split};

/// What splits the traffic, each after what it refers to.
pub(super) fn objects(rollout: &Rollout) -> Vec<Object> {
    let mut objects: Vec<_> = services(rollout).into_iter().map(|s| Object::Service(Box::new(s))).collect();
    if rollout.route.split == Split::Subsets {
        objects.push(Object::DestinationRule(Box::new(destination_rule(rollout))));
    }
    objects.push(Object::VirtualService(Box::new(virtual_service(rollout))));
    objects
}

fn namespace(rollout: &Rollout) -> &str {
    &rollout.namespace.value
}

fn root(rollout: &Rollout) -> &str {
    root_service(&rollout.name, &rollout.route.host.value, namespace(rollout))
}

/// By host, Argo's two Services, and the one that clients call where its name is of this namespace, as a VirtualService
/// alone makes no name resolve. Argo must not have that one: it would lead to one version only. By subset, one Service.
fn services(rollout: &Rollout) -> Vec<Service> {
    let names = match rollout.route.split {
        Split::Subsets => vec![root(rollout).to_owned()],
        Split::Hosts => {
            let called =
                service_of_host(&rollout.route.host.value, namespace(rollout)).map(ToOwned::to_owned);
            let split = [stable_service(&rollout.name), canary_service(&rollout.name)];
            called.into_iter().chain(split).collect()
        }
    };
    names.iter().map(|name| service(rollout, name)).collect()
}

fn service(rollout: &Rollout, name: &str) -> Service {
    let port = rollout.pods.port();
    let spec = ServiceSpec {
        selector: Labels::from(rollout.pods.selector()),
        ports: vec![ServicePort {
            name: Some(port.name.clone()),
            protocol: None,
            port: port.number,
            target_port: Some(match &port.target {
                PortTarget::Name(name) => IntOrString::Text(name.clone()),
                PortTarget::Number(number) => IntOrString::Int(i64::from(*number)),
            }),
            node_port: None,
            app_protocol: None,
        }],
        ..ServiceSpec::default()
    };
    Service::new(metadata(rollout, name), spec)
}

/// Only these two subsets: Argo removes every other.
fn destination_rule(rollout: &Rollout) -> DestinationRule {
    let subset = |name: &str| Subset {
        name: name.to_owned(),
        labels: Labels::from(rollout.pods.selector()),
        traffic_policy: None,
    };
    let spec = DestinationRuleSpec {
        host: service_host(root(rollout), namespace(rollout)),
        traffic_policy: None,
        subsets: vec![subset(STABLE_SUBSET), subset(CANARY_SUBSET)],
        export_to: None,
        workload_selector: None,
    };
    DestinationRule::new(metadata(rollout, root(rollout)), spec)
}

fn virtual_service(rollout: &Rollout) -> VirtualService {
    let route = &rollout.route;
    let host = match service_of_host(&route.host.value, namespace(rollout)) {
        Some(service) => service_host(service, namespace(rollout)),
        None => route.host.value.clone(),
    };
    let split = HttpRoute {
        name: Some(ROUTE.to_owned()),
        matches: route.path_prefix.iter().map(|prefix| by_prefix(prefix)).collect(),
        route: vec![
            destination(rollout, Version::Stable, Some(100)),
            destination(rollout, Version::Canary, Some(0)),
        ],
        timeout: route.timeout.map(|timeout| timeout.to_string()),
        retries: route.retries.map(|attempts| Retries {
            attempts: Some(attempts),
            per_try_timeout: None,
            retry_on: None,
            backoff: None,
            retry_remote_localities: None,
            retry_ignore_previous_hosts: None,
        }),
        ..HttpRoute::default()
    };
    // Inside the mesh a path that no route matches is answered with 404 where it was served before, so the rest goes
    // to the old version. A gateway serves what it was told to and no more.
    let rest = (route.path_prefix.is_some() && route.gateways.is_empty()).then(|| HttpRoute {
        name: Some(OTHER_ROUTE.to_owned()),
        route: vec![destination(rollout, Version::Stable, None)],
        ..HttpRoute::default()
    });
    let spec = VirtualServiceSpec {
        hosts: vec![host],
        gateways: route.gateways.clone(),
        export_to: None,
        http: std::iter::once(split).chain(rest).collect(),
        tls: None,
        tcp: None,
    };
    VirtualService::new(metadata(rollout, root(rollout)), spec)
}

fn by_prefix(prefix: &str) -> HttpMatch {
    HttpMatch {
        uri: Some(StringMatch { prefix: Some(prefix.to_owned()), ..StringMatch::default() }),
        ..HttpMatch::default()
    }
}

#[derive(Clone, Copy)]
enum Version {
    Stable,
    Canary,
}

fn destination(rollout: &Rollout, version: Version, weight: Option<u32>) -> RouteDestination {
    let (service, subset) = match (rollout.route.split, version) {
        (Split::Hosts, Version::Stable) => (stable_service(&rollout.name), None),
        (Split::Hosts, Version::Canary) => (canary_service(&rollout.name), None),
        (Split::Subsets, Version::Stable) => (root(rollout).to_owned(), Some(STABLE_SUBSET)),
        (Split::Subsets, Version::Canary) => (root(rollout).to_owned(), Some(CANARY_SUBSET)),
    };
    RouteDestination {
        destination: Destination {
            host: service_host(&service, namespace(rollout)),
            subset: subset.map(ToOwned::to_owned),
            port: None,
        },
        weight,
        headers: None,
    }
}
