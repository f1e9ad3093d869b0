//! The stable and the canary Service's selectors.
//!
//! Enters: Services and ReplicaSets. Leaves: patched selectors.
//! It deliberately knows no weights. Source: Argo Rollouts v1.9.1, rollout/service.go.

use super::Reconcile;
use crate::simulator::objects::{Hash, ReplicaSet};

impl Reconcile<'_> {
    /// Source: `reconcileStableAndCanaryService`.
    pub(super) fn reconcile_services(&mut self) {
        self.ensure_target(self.canary.stable_service, self.stable, true);
        if self.aborted() && self.canary.traffic.is_none() {
            self.ensure_target(self.canary.canary_service, self.stable, true);
            return;
        }
        if self.rolling_back_to_stable().is_none() {
            self.ensure_target(self.canary.canary_service, Some(self.new), true);
        }
    }

    /// Points a Service to a ReplicaSet. Source: `ensureSVCTargets`.
    pub(super) fn ensure_target(
        &mut self,
        service: Option<usize>,
        set: Option<ReplicaSet>,
        check_availability: bool,
    ) {
        let (Some(at), Some(set)) = (service, set) else {
            return;
        };
        let Some(service) = self.core.store.services.get(at) else {
            return;
        };
        if service.selector == Some(set.hash) {
            return;
        }
        let fully = set.wanted != 0 && set.available != 0 && set.wanted <= set.available;
        if check_availability && ((!service.adopted && !fully) || set.available <= 0) {
            return;
        }
        self.switch_service(at, set.hash);
    }

    /// Source: `switchServiceSelector`.
    pub(super) fn switch_service(&mut self, at: usize, hash: Hash) {
        let Some(service) = self.core.store.services.get(at) else {
            return;
        };
        if service.selector == Some(hash) && service.adopted {
            return;
        }
        let name = service.name.clone();
        let from = service.selector.map(|hash| hash.to_string()).unwrap_or_default();
        self.core.store.patch_service(at, hash);
        self.emit(false, "SwitchService", || {
            format!("Switched selector for service '{name}' from '{from}' to '{hash}'")
        });
    }
}
