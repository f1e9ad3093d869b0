//! Traffic: the weight to be in force, and Istio's objects that say so.
//!
//! Enters: steps, availability, recorded weights. Leaves: a VirtualService's weights, a DestinationRule's subsets, the status' weights.
//! It deliberately scales nothing. Source: Argo Rollouts v1.9.1, rollout/trafficrouting.go, rollout/trafficrouting/istio/istio.go.

use std::sync::Arc;

use super::weights::{MAX_WEIGHT, threshold_met};
use super::{Failure, Reconcile};
use crate::simulator::objects::Hash;
use crate::simulator::objects::status::Weights;
use crate::simulator::spec::Traffic;
use crate::simulator::trace::EventKind;

impl Reconcile<'_> {
    /// Source: `reconcileTrafficRouting`.
    pub(super) fn reconcile_traffic(&mut self) -> Result<(), Failure> {
        let canary = Arc::clone(&self.canary);
        let Some(traffic) = &canary.traffic else {
            self.status.weights = None;
            return Ok(());
        };
        let mut canary_hash = Some(self.new.hash);
        let stable_hash = self.stable.map(|set| set.hash);
        let desired = if let Some(previous) = self.rolling_back_to_stable() {
            canary_hash = previous;
            self.weight_on_abort()
        } else {
            self.desired_weight()
        };
        if !self.stable_can_carry(MAX_WEIGHT - desired) {
            return Ok(());
        }
        let recorded = self.rollout.status.weights;
        if self.new.available == 0 && recorded.is_some_and(|weights| weights.canary > 0) {
            self.set_weight(traffic, desired)?;
        }
        self.update_hash(traffic, canary_hash, stable_hash)?;
        self.set_weight(traffic, desired)?;
        let weights = Weights {
            canary: desired,
            canary_hash,
            stable: MAX_WEIGHT - desired,
            stable_hash,
        };
        if recorded != Some(weights) {
            self.emit(false, "TrafficWeightUpdated", || {
                let details = match recorded {
                    None => format!("to {desired}"),
                    Some(old) if old.canary != desired => {
                        format!("from {} to {desired}", old.canary)
                    }
                    Some(_) => String::new(),
                };
                format!("Traffic weight updated {details}")
            });
            self.status.weights = Some(weights);
        }
        Ok(())
    }

    fn desired_weight(&mut self) -> i64 {
        if self.rollout.status.fully_promoted() {
            return 0;
        }
        if self.aborted() {
            let desired = self.weight_on_abort();
            if desired == 0 || !self.canary.dynamic_stable_scale {
                self.ensure_target(self.canary.canary_service, self.stable, false);
            }
            return desired;
        }
        if self.new.available == 0 {
            return 0;
        }
        if self.rollout.status.promote_full {
            return if self.canary.dynamic_stable_scale {
                (MAX_WEIGHT * self.new.available)
                    .checked_div(self.rollout.spec.replicas)
                    .unwrap_or(0)
            } else {
                self.rollout.status.weights.map_or(0, |weights| weights.canary)
            };
        }
        let Some(index) = self.step_index() else {
            return 0;
        };
        if !self.at_desired(None) {
            return self
                .steps_back(index - 1)
                .find_map(|step| step.set_weight)
                .unwrap_or(0);
        }
        if index == self.step_count() {
            MAX_WEIGHT
        } else {
            self.current_set_weight()
        }
    }

    /// The hash that had the canary's traffic, where a dynamically scaled stable side is not yet ready to take it back.
    /// Source: utils/rollout/rolloututil.go, `IsDynamicallyRollingBackToStable`.
    pub(super) fn rolling_back_to_stable(&self) -> Option<Option<Hash>> {
        if !self.rollout.status.fully_promoted()
            || self.canary.traffic.is_none()
            || !self.canary.dynamic_stable_scale
        {
            return None;
        }
        let selector = self.rollout.status.weights?.canary_hash;
        if selector == Some(self.new.hash) || self.new.available >= self.rollout.spec.replicas {
            return None;
        }
        Some(selector)
    }

    /// Source: `calculateDesiredWeightOnAbortOrStableRollback`.
    fn weight_on_abort(&self) -> i64 {
        let replicas = self.rollout.spec.replicas;
        let (true, Some(stable), true) = (self.canary.dynamic_stable_scale, &self.stable, replicas != 0)
        else {
            return 0;
        };
        let desired = self.desired_canary_weight();
        let carried = MAX_WEIGHT * stable.available / replicas;
        let expected = (MAX_WEIGHT - carried).max(0);
        let Some(weights) = self.rollout.status.weights else {
            return expected.max(desired);
        };
        if desired <= 0 {
            expected.min(weights.canary)
        } else if carried < MAX_WEIGHT - desired {
            weights.canary
        } else {
            desired.min(weights.canary)
        }
    }

    /// Source: `checkReplicasAvailable`.
    fn stable_can_carry(&self, weight: i64) -> bool {
        let Some(stable) = &self.stable else {
            return false;
        };
        let wanted = weight * self.rollout.spec.replicas / MAX_WEIGHT;
        stable.available >= wanted || threshold_met(self.canary.threshold, Some(stable), wanted)
    }

    /// Source: istio.go, `SetWeight`, `processRoutes`.
    fn set_weight(&mut self, traffic: &Traffic, desired: i64) -> Result<(), Failure> {
        let at = traffic.virtual_service;
        let services = |index: Option<usize>| {
            index
                .and_then(|index| self.core.store.services.get(index))
                .map(|service| &*service.name)
        };
        let (canary, stable) = (
            services(self.canary.canary_service),
            services(self.canary.stable_service),
        );
        let subsets = traffic.destination_rule.as_ref();
        let Some(cached) = self.core.store.cached_virtual_service(at) else {
            return Ok(());
        };
        let patched = |route: &crate::simulator::objects::Route| {
            if traffic.routes.is_empty() {
                cached.http.len() == 1 || route.name.is_none()
            } else {
                route
                    .name
                    .as_ref()
                    .is_some_and(|name| traffic.routes.contains(name))
            }
        };
        let weight_of = |destination: &crate::simulator::objects::Destination| {
            let host = destination.host.split('.').next();
            let subset = destination.subset.as_deref().filter(|name| !name.is_empty());
            let is = |service: Option<&str>, name: Option<&str>| {
                (host.is_some() && host == service) || (subset.is_some() && subset == name)
            };
            if is(canary, subsets.map(|subsets| &*subsets.canary)) {
                Some(desired)
            } else if is(stable, subsets.map(|subsets| &*subsets.stable)) {
                Some(100 - desired)
            } else {
                None
            }
        };
        let same = cached
            .http
            .iter()
            .filter(|route| patched(route))
            .flat_map(|route| &route.to)
            .all(|destination| weight_of(destination).unwrap_or(0) == destination.weight);
        if same {
            return Ok(());
        }
        let mut next = cached.clone();
        for (route, old) in next.http.iter_mut().zip(&cached.http) {
            if patched(old) {
                route.to.retain_mut(|destination| {
                    let weight = weight_of(destination);
                    let keep = weight.is_some() || destination.weight == 0;
                    destination.weight = weight.unwrap_or(0);
                    keep
                });
            }
        }
        let name = Arc::clone(&next.name);
        if !self.core.store.update_virtual_service(at, next) {
            let failure = Failure::stale_virtual_service(at);
            self.emit(true, "TrafficRoutingError", || {
                failure.spell("", |_| name.to_string())
            });
            return Err(failure);
        }
        self.emit(false, "Updated VirtualService", || {
            format!("VirtualService `{name}` set to desiredWeight '{desired}'")
        });
        let canary = u32::try_from(desired).unwrap_or(0);
        self.core.tell(self.recorder, || EventKind::Weight { canary });
        Ok(())
    }

    /// Source: istio.go, `UpdateHash`, `shouldDelayDestinationRuleUpdate`.
    fn update_hash(
        &mut self,
        traffic: &Traffic,
        canary: Option<Hash>,
        stable: Option<Hash>,
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
        let Some(subsets) = &traffic.destination_rule else {
            return Ok(());
        };
        let Some(rule) = self.core.store.destination_rules.get(subsets.destination_rule) else {
            return Ok(());
        };
        let next: Vec<_> = rule
            .subsets
            .iter()
            .filter_map(|(name, _)| {
                if *name == subsets.canary {
                    Some((Arc::clone(name), canary))
                } else if *name == subsets.stable {
                    Some((Arc::clone(name), stable))
                } else {
                    None
                }
            })
            .collect();
        if next == rule.subsets && rule.managed {
            return Ok(());
        }
        let name = Arc::clone(&rule.name);
        self.core
            .store
            .update_destination_rule(subsets.destination_rule, next);
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
