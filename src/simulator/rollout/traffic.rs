//! Traffic: the weight to be in force.
//!
//! Enters: steps, availability, recorded weights. Leaves: what Istio's objects should say, and the status' weights.
//! It deliberately scales nothing. Source: Argo Rollouts v1.9.1, rollout/trafficrouting.go.

use std::sync::Arc;

use super::weights::threshold_met;
use super::{Failure, Reconcile};
use crate::model::argo::Router;
use crate::simulator::objects::Hash;
use crate::simulator::objects::status::{AdditionalWeight, Weights};

impl Reconcile<'_> {
    /// Source: `reconcileTrafficRouting`.
    pub(super) fn reconcile_traffic(&mut self) -> Result<(), Failure> {
        let canary = Arc::clone(&self.canary);
        let Some(traffic) = &canary.traffic else {
            self.status.weights = None;
            self.status.additional.clear();
            return Ok(());
        };
        for router in &traffic.routers {
            if !self.reconcile_router(router)? {
                break;
            }
        }
        Ok(())
    }

    /// Says whether the next router is to be told too.
    fn reconcile_router(&mut self, router: &Router) -> Result<bool, Failure> {
        let mut canary_hash = Some(self.new.hash);
        let stable_hash = self.stable.map(|set| set.hash);
        let mut additional = Vec::new();
        let desired = if let Some(previous) = self.rolling_back_to_stable() {
            canary_hash = Some(previous);
            self.weight_on_abort()
        } else {
            self.desired_weight(router, &mut additional)?
        };
        if !self.stable_can_carry(self.canary.max_weight() - desired) {
            return Ok(false);
        }
        if self.rollout.revision > 1
            && let Some(step) = self.current_step().cloned()
        {
            if let Some(route) = &step.set_header_route {
                self.tell_header_route(router, route)?;
            }
            if let Some(route) = &step.set_mirror_route {
                self.tell_mirror_route(router, route)?;
            }
        }
        let recorded = self.rollout.status.weights;
        if self.new.available == 0 && recorded.is_some_and(|weights| weights.canary > 0) {
            self.tell_weight(router, desired, &additional)?;
        }
        self.tell_hash(router, canary_hash, stable_hash, &additional)?;
        self.tell_weight(router, desired, &additional)?;
        self.note_weights(desired, router.verifies(), (canary_hash, stable_hash), additional);
        Ok(true)
    }

    /// Source: `calculateWeightStatus`, `trafficWeightUpdatedMessage`.
    fn note_weights(
        &mut self,
        desired: i64,
        verified: Option<bool>,
        (canary_hash, stable_hash): (Option<Hash>, Option<Hash>),
        additional: Vec<AdditionalWeight>,
    ) {
        let others: i64 = additional.iter().map(|weight| weight.weight).sum();
        let stable = self.canary.max_weight() - desired - others;
        let weights = Weights { canary: desired, canary_hash, stable, stable_hash, verified };
        let recorded = self.rollout.status.weights;
        let changed = self.rollout.status.additional != additional;
        // Upstream then writes `verified` into the status that it compares with, so that it is no news.
        if recorded.map(|old| Weights { verified, ..old }) == Some(weights) && !changed {
            return;
        }
        let listed = if changed && recorded.is_some() && !self.recorder.silent() {
            let list: Vec<String> = additional.iter().map(AdditionalWeight::to_string).collect();
            Some(format!("additional: [{}]", list.join(" ")))
        } else {
            None
        };
        self.emit(false, "TrafficWeightUpdated", || {
            let moved = match recorded {
                None => Some(format!("to {desired}")),
                Some(old) if old.canary != desired => Some(format!("from {} to {desired}", old.canary)),
                Some(_) => None,
            };
            let details: Vec<String> = moved.into_iter().chain(listed).collect();
            format!("Traffic weight updated {}", details.join(", "))
        });
        self.status.weights = Some(weights);
        self.status.additional = additional;
    }

    fn desired_weight(
        &mut self,
        router: &Router,
        additional: &mut Vec<AdditionalWeight>,
    ) -> Result<i64, Failure> {
        if self.rollout.status.fully_promoted() {
            self.forget_managed_routes(router)?;
            return Ok(0);
        }
        if self.aborted() {
            let desired = self.weight_on_abort();
            if desired == 0 || !self.canary.dynamic_stable_scale {
                self.ensure_target(self.canary.canary_service, self.stable, false);
            }
            self.forget_managed_routes(router)?;
            return Ok(desired);
        }
        if self.new.available == 0 {
            *additional = self.additional_weights();
            self.forget_managed_routes(router)?;
            return Ok(0);
        }
        if self.rollout.status.promote_full {
            self.forget_managed_routes(router)?;
            let weights = self.rollout.status.weights;
            return Ok(if self.canary.dynamic_stable_scale {
                (self.canary.max_weight() * self.new.available)
                    .checked_div(self.rollout.spec.replicas)
                    .unwrap_or(0)
            } else {
                weights.map_or(0, |weights| weights.canary)
            });
        }
        let Some(index) = self.step_index() else {
            return Ok(0);
        };
        let at_desired = self.at_desired(None);
        if at_desired && index == self.step_count() {
            return Ok(self.canary.max_weight());
        }
        *additional = self.additional_weights();
        Ok(if at_desired {
            self.current_set_weight()
        } else {
            self.steps_back(index - 1).find_map(|step| step.set_weight).unwrap_or(0)
        })
    }

    /// The hash that had the canary's traffic, where a dynamically scaled stable side is not yet ready to take it back.
    /// Source: utils/rollout/rolloututil.go, `IsDynamicallyRollingBackToStable`.
    pub(super) fn rolling_back_to_stable(&self) -> Option<Hash> {
        if !self.rollout.status.fully_promoted()
            || self.canary.traffic.is_none()
            || !self.canary.dynamic_stable_scale
        {
            return None;
        }
        let selector = self.rollout.status.weights?.canary_hash?;
        if selector == self.new.hash || self.new.available >= self.rollout.spec.replicas {
            return None;
        }
        Some(selector)
    }

    /// Source: `calculateDesiredWeightOnAbortOrStableRollback`.
    pub(super) fn weight_on_abort(&self) -> i64 {
        let replicas = self.rollout.spec.replicas;
        let (true, Some(stable), true) = (self.canary.dynamic_stable_scale, &self.stable, replicas != 0)
        else {
            return 0;
        };
        let desired = self.desired_canary_weight();
        let max = self.canary.max_weight();
        let carried = max * stable.available / replicas;
        let expected = (max - carried).max(0);
        let Some(weights) = self.rollout.status.weights else {
            return expected.max(desired);
        };
        if desired <= 0 {
            expected.min(weights.canary)
        } else if carried < max - desired {
            weights.canary
        } else {
            desired.min(weights.canary)
        }
    }

    /// Source: `checkReplicasAvailable`.
    pub(super) fn stable_can_carry(&self, weight: i64) -> bool {
        let Some(stable) = &self.stable else {
            return false;
        };
        let wanted = weight * self.rollout.spec.replicas / self.canary.max_weight();
        stable.available >= wanted || threshold_met(self.canary.threshold, Some(stable), wanted)
    }
}
