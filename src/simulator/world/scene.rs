//! Who serves, as far as the labels of proxies and the names of pods tell.
//!
//! Enters: a rollout of `model`, or names from manifests. Leaves: [`Scene`].
//! It deliberately knows no weights, no time and no query.

use crate::model::query;
use crate::model::rollout::{Rollout, Split};
use crate::model::scenario::WorldSide as Side;

/// Who serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scene {
    /// The rollout, which gives its pods their names.
    pub rollout: String,
    /// Its namespace.
    pub namespace: String,
    /// Pods of stable at second 0.
    pub replicas: u32,
    /// By what the proxies tell the sides apart: the client's by the Service it chose, the server's by its pod.
    pub split: Split,
    /// The Service through which stable is reached, without its namespace.
    pub stable_service: String,
    /// The same for the canary; both are one where Istio splits by subset.
    pub canary_service: String,
    /// Whether clients come through a gateway rather than from the mesh.
    pub gateway: bool,
}

impl Scene {
    /// The scene of a rollout whose Services are Rollcast's own.
    pub fn of(rollout: &Rollout) -> Self {
        let service = |side| match rollout.route.split {
            Split::Hosts => query::service(&rollout.name, side),
            Split::Subsets => rollout.route.host.value.split('.').next().unwrap_or(&rollout.name).to_owned(),
        };
        Self {
            rollout: rollout.name.clone(),
            namespace: rollout.namespace.value.clone(),
            replicas: rollout.replicas.value,
            split: rollout.route.split,
            stable_service: service(Side::Stable),
            canary_service: service(Side::Canary),
            gateway: !rollout.route.gateways.is_empty(),
        }
    }

    /// The Service that leads to one side.
    pub(super) fn service(&self, side: Side) -> &str {
        match side {
            Side::Stable => &self.stable_service,
            Side::Canary => &self.canary_service,
        }
    }
}
