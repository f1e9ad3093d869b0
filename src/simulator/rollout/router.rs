//! Routers: who is told weights, hashes and routes, and what each makes of them.
//!
//! Enters: what is to be in force. Leaves: written objects, events, or a refused write.
//! It deliberately decides no weight. Source: Argo Rollouts v1.9.1, rollout/trafficrouting/nginx/nginx.go and
//! rollout/trafficrouting/plugin/plugin.go; Istio has a file of its own.

use std::sync::Arc;

use super::{Failure, Reconcile};
use crate::model::argo::{HeaderRoute, MirrorRoute, Router, canary_ingress};
use crate::simulator::objects::Hash;
use crate::simulator::objects::status::AdditionalWeight;

impl Router {
    /// What it says when asked whether a weight is in force; `None` where it cannot tell.
    pub(super) fn verifies(&self) -> Option<bool> {
        matches!(self, Self::Plugin(_)).then_some(true)
    }
}

impl Reconcile<'_> {
    /// `SetWeight`
    pub(super) fn tell_weight(
        &mut self,
        router: &Router,
        desired: i64,
        additional: &[AdditionalWeight],
    ) -> Result<(), Failure> {
        match router {
            Router::Istio(istio) => self.set_weight(istio, desired, additional),
            Router::Nginx(ingresses) => {
                for at in ingresses {
                    self.set_ingress_weight(*at, desired);
                }
                Ok(())
            }
            Router::Plugin(_) => Ok(()),
        }
    }

    /// `UpdateHash`
    pub(super) fn tell_hash(
        &mut self,
        router: &Router,
        canary: Option<Hash>,
        stable: Option<Hash>,
        additional: &[AdditionalWeight],
    ) -> Result<(), Failure> {
        match router {
            Router::Istio(istio) => self.update_hash(istio, canary, stable, additional),
            Router::Nginx(_) | Router::Plugin(_) => Ok(()),
        }
    }

    /// `RemoveManagedRoutes`
    pub(super) fn forget_managed_routes(&mut self, router: &Router) -> Result<(), Failure> {
        match router {
            Router::Istio(istio) => self.remove_managed_routes(istio),
            Router::Nginx(_) | Router::Plugin(_) => Ok(()),
        }
    }

    /// `SetHeaderRoute`
    pub(super) fn tell_header_route(&mut self, router: &Router, route: &HeaderRoute) -> Result<(), Failure> {
        match router {
            Router::Istio(istio) => self.set_header_route(istio, route),
            Router::Nginx(_) | Router::Plugin(_) => Ok(()),
        }
    }

    /// `SetMirrorRoute`
    pub(super) fn tell_mirror_route(&mut self, router: &Router, route: &MirrorRoute) -> Result<(), Failure> {
        match router {
            Router::Istio(istio) => self.set_mirror_route(istio, route),
            Router::Nginx(_) | Router::Plugin(_) => Ok(()),
        }
    }

    /// Makes or patches the canary's Ingress, by what the cache shows of it. Source: nginx.go, `SetWeightPerIngress`.
    fn set_ingress_weight(&mut self, at: usize, desired: i64) {
        let Some(ingress) = self.core.store.ingresses.get(at) else {
            return;
        };
        let (seen, stored, stable) = (ingress.seen, ingress.weight, Arc::clone(&ingress.name));
        let rollout = self.rollout_name();
        let mut known = seen;
        if seen.is_none() {
            self.emit(false, "CreatingCanaryIngress", || {
                let name = canary_ingress(&rollout, &stable);
                format!("Creating canary ingress `{name}` with weight `{desired}`")
            });
            // One that was made since the cache was filled is read anew and patched.
            known = stored.or(Some(desired));
        }
        if known != Some(desired) {
            self.emit(false, "PatchingCanaryIngress", || {
                let name = canary_ingress(&rollout, &stable);
                format!("Updating Ingress `{name}` to desiredWeight '{desired}'")
            });
        }
        if seen != Some(desired) {
            self.core.store.write_ingress(at, desired);
        }
    }
}
