//! The objects of the cluster that the controllers read and write, as far as they do.
//!
//! Enters: writes. Leaves: objects with the versions by which stale writes are refused, and a list of what changed.
//! It deliberately knows no rule of any controller; it is the API server and nothing more.

pub mod experiment;
mod experiments;
pub mod few;
pub mod plugin;
pub mod run;
pub mod status;
pub mod store;

use crate::model::argo::Template;
pub use crate::model::argo::cluster::{
    Cluster, Destination, DestinationRule, Hash, Ingress, Mirror, Route, Service, VirtualService,
};
use experiment::{Owner, SetKey};

/// A ReplicaSet. Counts are pods, times seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicaSet {
    /// Its pod template's hash, which is also its name.
    pub hash: Hash,
    /// Whose it is; an experiment's has a name of its own.
    pub owner: Owner,
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

impl ReplicaSet {
    /// What tells it from all others.
    pub fn key(&self) -> SetKey {
        (self.owner, self.hash)
    }
}
