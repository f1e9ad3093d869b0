//! The traffic objects that the controllers write to, as they stand before the Rollout is applied.
//!
//! Enters: facts from `model`, or manifests read by `import`. Leaves: [`Cluster`], which the simulator writes to.
//! It deliberately knows no rule of any controller.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

/// A pod template's hash, numbered in the order in which ReplicaSets first had it: `rev1`, `rev2`, …
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub u16);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rev{}", u32::from(self.0) + 1)
    }
}

/// A Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Name.
    pub name: Arc<str>,
    /// The hash in its selector.
    pub selector: Option<Hash>,
    /// Whether it has the managed-by annotation.
    pub managed: bool,
    /// Whether the controllers' cache shows that annotation.
    pub adopted: bool,
}

/// A VirtualService.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualService {
    /// Name.
    pub name: Arc<str>,
    /// `spec.http`
    pub http: Vec<Route>,
}

/// One HTTP route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Name.
    pub name: Option<Arc<str>>,
    /// Which requests it takes; `None` is all.
    pub matches: Option<Arc<Value>>,
    /// Where a copy of them goes.
    pub mirror: Option<Mirror>,
    /// Weighted destinations.
    pub to: Vec<Destination>,
}

/// Where copies of requests go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// Host.
    pub host: Arc<str>,
    /// Subset.
    pub subset: Option<Arc<str>>,
    /// Percent of requests.
    pub percentage: i64,
}

/// A weighted destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Host.
    pub host: Arc<str>,
    /// Subset.
    pub subset: Option<Arc<str>>,
    /// Weight.
    pub weight: i64,
}

/// A DestinationRule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationRule {
    /// Name.
    pub name: Arc<str>,
    /// `spec.host`
    pub host: Arc<str>,
    /// Subsets with the hash among their labels.
    pub subsets: Vec<(Arc<str>, Option<Hash>)>,
    /// Whether it has the managed-by annotation.
    pub managed: bool,
}

/// An Ingress of the stable side, with the canary's that the controller makes beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ingress {
    /// Its name.
    pub name: Arc<str>,
    /// Whether it is of a class that the controller watches.
    pub watched: bool,
    /// The weight that the canary's has, once there is one.
    pub weight: Option<i64>,
    /// What the controllers' cache shows of that weight.
    pub seen: Option<i64>,
}

/// The cluster before the Rollout is applied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cluster {
    /// Services.
    pub services: Vec<Service>,
    /// VirtualServices.
    pub virtual_services: Vec<VirtualService>,
    /// DestinationRules.
    pub destination_rules: Vec<DestinationRule>,
    /// Ingresses.
    pub ingresses: Vec<Ingress>,
    /// The place of each pod template's hash among hashes; missing ones stand in template order.
    pub places: Vec<u32>,
}
