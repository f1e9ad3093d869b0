//! The labels of the series that Istio's proxies report.
//!
//! Enters: who serves, who reports and of which side. Leaves: sorted labels, without the metric's name and `le`.
//! It deliberately knows no values. Source: Istio, "Istio Standard Metrics"; which of the labels tells the sides apart
//! depends on the split, and only those that a query may ask for are here.

use super::scene::Scene;
use crate::model::scenario::WorldSide as Side;

/// The response codes of requests that succeed and of those that fail.
pub(super) const CODES: [&str; 2] = ["200", "503"];

/// Who reports.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reporter<'a> {
    /// The proxy through which all clients come: it knows the Service that it chose.
    Gateway,
    /// The proxy beside the pod of this name: it knows itself.
    Pod(&'a str),
}

/// The labels of the series about requests to `side` that were answered with `code`.
pub(super) fn labels(
    scene: &Scene,
    reporter: Reporter<'_>,
    side: Side,
    code: &str,
) -> Vec<(&'static str, String)> {
    let namespace = &scene.namespace;
    let service = scene.service(side);
    let (source, source_namespace) =
        if scene.gateway { ("istio-ingressgateway", "istio-system") } else { ("client", namespace.as_str()) };
    let (reports, security, scraped_in, pod) = match reporter {
        Reporter::Gateway => ("source", "unknown", source_namespace, format!("{source}-0")),
        Reporter::Pod(name) => ("destination", "mutual_tls", namespace.as_str(), name.to_owned()),
    };
    vec![
        ("connection_security_policy", security.to_owned()),
        ("destination_service", format!("{service}.{namespace}.svc.cluster.local")),
        ("destination_service_name", service.to_owned()),
        ("destination_service_namespace", namespace.clone()),
        ("destination_workload", scene.rollout.clone()),
        ("destination_workload_namespace", namespace.clone()),
        ("namespace", scraped_in.to_owned()),
        ("pod", pod),
        ("reporter", reports.to_owned()),
        ("request_protocol", "http".to_owned()),
        ("response_code", code.to_owned()),
        ("response_flags", "-".to_owned()),
        ("source_workload", source.to_owned()),
        ("source_workload_namespace", source_namespace.to_owned()),
    ]
}
