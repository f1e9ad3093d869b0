//! Istio's objects: a VirtualService's weights and managed routes, a DestinationRule's subsets.
//!
//! Enters: the weight and the hashes to be in force. Leaves: written objects, or a refused write.
//! It deliberately decides no weight. Source: Argo Rollouts v1.9.1, rollout/trafficrouting/istio/istio.go.

use std::sync::Arc;

use super::destinations::{Sides, apply};
use super::{Failure, Reconcile};
use crate::model::argo::{HeaderRoute, Istio, MirrorRoute, Subsets};
use crate::simulator::objects::status::AdditionalWeight;
use crate::simulator::objects::{Destination, Hash, Mirror, Route, VirtualService};
use crate::simulator::trace::EventKind;

/// Whether a weight is written to a route; `names` are those that the Rollout lists.
/// Source: `getHttpRouteIndexesToPatch`, `generateVirtualServicePatches`.
fn is_patched(istio: &Istio, http: &[Route], at: usize) -> bool {
    let mirrored = |route: &Route| {
        route.mirror.is_some() && route.name.as_ref().is_some_and(|name| istio.managed_routes.contains(name))
    };
    let Some(route) = http.get(at) else {
        return false;
    };
    if istio.routes.is_empty() && !http.iter().any(mirrored) {
        return http.len() == 1 || http.iter().position(|route| route.name.is_none()) == Some(at);
    }
    let first = http.iter().position(|other| other.name == route.name) == Some(at);
    let listed = route.name.as_ref().is_some_and(|name| istio.routes.contains(name));
    first && (listed || mirrored(route))
}

/// The destinations that follow the weight. Source: `getVirtualServiceSetWeightRoute`.
fn weighted<'a>(istio: &Istio, http: &'a [Route]) -> Option<&'a Route> {
    let named = |name: &Arc<str>| http.iter().find(|route| route.name.as_ref() == Some(name));
    match istio.routes.first() {
        Some(name) => named(name),
        None if http.len() == 1 => http.first(),
        None => http.iter().find(|route| route.name.is_none()),
    }
}

/// Managed routes on top, in their order. Source: `orderRoutes`.
fn order(istio: &Istio, service: &mut VirtualService) {
    if istio.managed_routes.is_empty() {
        return;
    }
    let place = |route: &Route| {
        let name = route.name.as_ref();
        istio.managed_routes.iter().position(|managed| name == Some(managed)).unwrap_or(usize::MAX)
    };
    service.http.sort_by_key(place);
}

/// A DestinationRule's subsets: the two sides' and experiments'; all others are dropped.
fn subsets_with(
    names: &Subsets,
    old: &[(Arc<str>, Option<Hash>)],
    (canary, stable): (Option<Hash>, Option<Hash>),
    additional: &[AdditionalWeight],
) -> Vec<(Arc<str>, Option<Hash>)> {
    let mut missing: Vec<&AdditionalWeight> = Vec::new();
    for weight in additional {
        missing.retain(|known| known.service != weight.service);
        missing.push(weight);
    }
    let mut next = Vec::with_capacity(old.len() + missing.len());
    for (name, _) in old {
        let hash = if *name == names.canary {
            canary
        } else if *name == names.stable {
            stable
        } else if let Some(at) = missing.iter().position(|weight| weight.service == *name) {
            let hash = missing.get(at).and_then(|weight| weight.hash);
            if hash.is_some() {
                missing.remove(at);
            }
            hash
        } else {
            continue;
        };
        next.push((Arc::clone(name), hash));
    }
    next.extend(missing.into_iter().map(|weight| (Arc::clone(&weight.service), weight.hash)));
    next
}

impl Reconcile<'_> {
    fn sides(&self, istio: &Istio) -> Sides {
        let service = |at: Option<usize>| {
            let service = self.core.store.services.get(at?)?;
            Some(Arc::clone(&service.name))
        };
        let subsets = istio.destination_rule.as_ref();
        Sides {
            canary_service: service(self.canary.canary_service),
            stable_service: service(self.canary.stable_service),
            canary_subset: subsets.map(|subsets| Arc::clone(&subsets.canary)),
            stable_subset: subsets.map(|subsets| Arc::clone(&subsets.stable)),
        }
    }

    /// Source: `SetWeight`.
    pub(super) fn set_weight(
        &mut self,
        istio: &Istio,
        desired: i64,
        additional: &[AdditionalWeight],
    ) -> Result<(), Failure> {
        let at = istio.virtual_service;
        let sides = self.sides(istio);
        let Some(cached) = self.core.store.cached_virtual_service(at) else {
            return Ok(());
        };
        let patches: Vec<_> = cached
            .http
            .iter()
            .enumerate()
            .filter(|(route, _)| is_patched(istio, &cached.http, *route))
            .map(|(route, old)| (route, sides.patches(&old.to, desired, additional)))
            .filter(|(_, patches)| !patches.is_empty())
            .collect();
        if patches.is_empty() {
            return Ok(());
        }
        let mut next = cached.clone();
        for (route, patches) in patches {
            if let Some(route) = next.http.get_mut(route) {
                apply(&mut route.to, patches);
            }
        }
        order(istio, &mut next);
        let name = Arc::clone(&next.name);
        if !self.core.store.update_virtual_service(at, next) {
            let failure = Failure::stale_virtual_service(at);
            self.emit(true, "TrafficRoutingError", || failure.spell("", |_| name.to_string()));
            return Err(failure);
        }
        self.emit(false, "Updated VirtualService", || {
            format!("VirtualService `{name}` set to desiredWeight '{desired}'")
        });
        let canary = u32::try_from(desired).unwrap_or(0);
        self.core.tell(self.recorder, || EventKind::Weight { canary });
        Ok(())
    }

    fn cached_service(&self, istio: &Istio) -> Option<VirtualService> {
        self.core.store.cached_virtual_service(istio.virtual_service).cloned()
    }

    fn write_routes(
        &mut self,
        istio: &Istio,
        mut next: VirtualService,
        context: &'static str,
        done: impl FnOnce(&str) -> String,
    ) -> Result<(), Failure> {
        let at = istio.virtual_service;
        order(istio, &mut next);
        let name = Arc::clone(&next.name);
        if !self.core.store.update_virtual_service_in_place(at, next) {
            return Err(Failure::stale_virtual_service(at).within(context));
        }
        self.emit(false, "Updated VirtualService", || done(&name));
        Ok(())
    }

    /// Source: `RemoveManagedRoutes`.
    pub(super) fn remove_managed_routes(&mut self, istio: &Istio) -> Result<(), Failure> {
        let managed =
            |route: &Route| route.name.as_ref().is_some_and(|name| istio.managed_routes.contains(name));
        let any = self
            .core
            .store
            .cached_virtual_service(istio.virtual_service)
            .is_some_and(|service| service.http.iter().any(managed));
        if !any {
            return Ok(());
        }
        let Some(mut next) = self.cached_service(istio) else {
            return Ok(());
        };
        next.http.retain(|route| !managed(route));
        self.write_routes(
            istio,
            next,
            "[RemoveManagedRoutes] failed to update kubernetes virtual service",
            |name| format!("VirtualService `{name}` removed all managed routes."),
        )
    }

    /// The canary's host and subset in managed routes.
    fn canary_target(&self, istio: &Istio) -> (Arc<str>, Option<Arc<str>>) {
        let sides = self.sides(istio);
        let rule = istio
            .destination_rule
            .as_ref()
            .and_then(|subsets| self.core.store.destination_rules.get(subsets.destination_rule))
            .map(|rule| Arc::clone(&rule.host))
            .filter(|host| !host.is_empty());
        let host = rule.or(sides.canary_service).unwrap_or_else(|| "".into());
        (host, sides.canary_subset.filter(|subset| !subset.is_empty()))
    }

    /// Source: `SetHeaderRoute`.
    pub(super) fn set_header_route(&mut self, istio: &Istio, header: &HeaderRoute) -> Result<(), Failure> {
        let Some(mut next) = self.cached_service(istio) else {
            return Ok(());
        };
        next.http.retain(|route| route.name.as_ref() != Some(&header.name));
        if let Some(matches) = &header.matches {
            let (host, subset) = self.canary_target(istio);
            next.http.push(Route {
                name: Some(Arc::clone(&header.name)),
                matches: Some(Arc::clone(matches)),
                mirror: None,
                to: vec![Destination { host, subset, weight: 100 }],
            });
        }
        let route = Arc::clone(&header.name);
        self.write_routes(istio, next, "[SetHeaderRoute] failed to update routes", |name| {
            format!("VirtualService `{name}` set headerRoute '{route}'")
        })
    }

    /// Source: `SetMirrorRoute`.
    pub(super) fn set_mirror_route(&mut self, istio: &Istio, mirror: &MirrorRoute) -> Result<(), Failure> {
        let Some(mut next) = self.cached_service(istio) else {
            return Ok(());
        };
        next.http.retain(|route| route.name.as_ref() != Some(&mirror.name));
        if let Some(matches) = &mirror.matches {
            let (host, subset) = self.canary_target(istio);
            // Upstream reads the port of the first destination without asking whether there is one.
            let to = weighted(istio, &next.http).map(|route| route.to.clone()).unwrap_or_default();
            if to.is_empty() {
                return Err(Failure::panic());
            }
            let route = Route {
                name: Some(Arc::clone(&mirror.name)),
                matches: Some(Arc::clone(matches)),
                mirror: Some(Mirror { host, subset, percentage: mirror.percentage }),
                to,
            };
            next.http.insert(0, route);
        }
        let route = Arc::clone(&mirror.name);
        let context = "[SetMirrorRoute] failed to update virtual service ";
        self.write_routes(istio, next, context, |name| {
            format!("VirtualService `{name}` set mirrorRoute '{route}'")
        })
    }

    /// Source: istio.go, `UpdateHash`, `shouldDelayDestinationRuleUpdate`.
    pub(super) fn update_hash(
        &mut self,
        istio: &Istio,
        canary: Option<Hash>,
        stable: Option<Hash>,
        additional: &[AdditionalWeight],
    ) -> Result<(), Failure> {
        if self.canary.canary_service.is_none() && self.canary.stable_service.is_none() {
            let spared = self.rollout.status.abort || self.rolling_back_to_stable().is_some();
            let waiting = self.sets.iter().find(|set| {
                let hash = Some(set.hash);
                set.wanted != 0
                    && (hash == stable || hash == canary)
                    && !(spared && hash == canary)
                    && (set.available == 0 || set.wanted > set.available)
            });
            if let Some(set) = waiting {
                return Err(Failure::delayed(set.hash));
            }
        }
        let Some(subsets) = &istio.destination_rule else {
            return Ok(());
        };
        let Some(rule) = self.core.store.destination_rules.get(subsets.destination_rule) else {
            return Ok(());
        };
        let next = subsets_with(subsets, &rule.subsets, (canary, stable), additional);
        if next == rule.subsets && rule.managed {
            return Ok(());
        }
        let name = Arc::clone(&rule.name);
        self.core.store.update_destination_rule(subsets.destination_rule, next);
        self.emit(false, "UpdatedDestinationRule", || {
            let spell = |hash: Option<Hash>| hash.map(|hash| hash.to_string()).unwrap_or_default();
            format!(
                "DestinationRule {name} subset updated ({}: {}, {}: {})",
                subsets.canary,
                spell(canary),
                subsets.stable,
                spell(stable)
            )
        });
        Ok(())
    }
}
