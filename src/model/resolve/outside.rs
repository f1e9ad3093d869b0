//! Rollouts that no file of the program declares, but that its scenarios may be for.
//!
//! Enters: names. Leaves: rollouts of which nothing but the name is known, so that nothing else is held against them.
//! It deliberately makes nothing that could be built or played.

use super::rollout::ResolvedRollout;
use crate::model::Fact;
use crate::model::rollout::{Canary, Istio, Pods, Port, PortTarget, Rollout, Split};
use crate::source::Span;

/// A name to be found by scenarios.
pub(super) fn known(name: &str, nowhere: Span) -> ResolvedRollout {
    let reason = "its manifests say";
    let port = Port { name: String::new(), number: 0, target: PortTarget::Number(0) };
    let rollout = Rollout {
        name: name.to_owned(),
        span: nowhere,
        namespace: Fact::default(String::new(), reason),
        labels: Vec::new(),
        replicas: Fact::default(0, reason),
        pods: Pods::Template { template: serde_json::Value::Null, selector: Vec::new(), port },
        route: Istio {
            host: Fact::default(String::new(), reason),
            gateways: Vec::new(),
            path_prefix: None,
            timeout: None,
            retries: None,
            split: Split::Hosts,
        },
        canary: Canary { steps: Vec::new(), background: None },
        templates: Vec::new(),
        slos: Vec::new(),
        prometheus: Fact::default(String::new(), reason),
    };
    ResolvedRollout { rollout, broken: true }
}
