//! The objects of the cluster that the controllers read and write, as far as they do.
//!
//! Enters: writes. Leaves: objects with the versions by which stale writes are refused, and a list of what changed.
//! It deliberately knows no rule of any controller; it is the API server and nothing more.

pub mod run;
pub mod status;
pub mod store;

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::spec::Template;

/// A pod template's hash, numbered in the order in which ReplicaSets first had it: `rev1`, `rev2`, …
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub u16);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rev{}", u32::from(self.0) + 1)
    }
}

/// A ReplicaSet. Counts are pods, times seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicaSet {
    /// Its pod template's hash, which is also its name.
    pub hash: Hash,
    /// Its pod template.
    pub template: Template,
    /// `metadata.creationTimestamp`
    pub created: i64,
    /// Annotation `rollout.argoproj.io/revision`
    pub revision: i64,
    /// Annotation `rollout.argoproj.io/desired-replicas`
    pub desired: i64,
    /// Annotation `scale-down-deadline`
    pub deadline: Option<i64>,
    /// `spec.replicas`
    pub wanted: i64,
    /// `spec.minReadySeconds`
    pub min_ready: i64,
    /// `status.replicas`
    pub pods: i64,
    /// `status.readyReplicas`
    pub ready: i64,
    /// `status.availableReplicas`
    pub available: i64,
    /// Whether its status has followed its spec.
    pub observed: bool,
    /// Its place among names, which decides the order of lists.
    pub place: u32,
    /// `metadata.resourceVersion`
    pub version: u64,
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

/// The cluster before the Rollout is applied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cluster {
    /// Services.
    pub services: Vec<Service>,
    /// VirtualServices.
    pub virtual_services: Vec<VirtualService>,
    /// DestinationRules.
    pub destination_rules: Vec<DestinationRule>,
    /// The place of each pod template's hash among hashes; missing ones stand in template order.
    pub places: Vec<u32>,
}
