//! Traffic: the weight to be in force.
//!
//! Enters: steps, availability, recorded weights. Leaves: what Istio's objects should say, and the status' weights.
//! It deliberately scales nothing. Source: Argo Rollouts v1.9.1, rollout/trafficrouting.go.

use std::sync::Arc;

use super::weights::{MAX_WEIGHT, threshold_met};
use super::{Failure, Reconcile};
use crate::model::argo::Traffic;
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
        let mut canary_hash = Some(self.new.hash);
        let stable_hash = self.stable.map(|set| set.hash);
        let mut additional = Vec::new();
        let desired = if let Some(previous) = self.rolling_back_to_stable() {
            canary_hash = Some(previous);
            self.weight_on_abort()
        } else {
            self.desired_weight(traffic, &mut additional)?
        };
        if !self.stable_can_carry(MAX_WEIGHT - desired) {
            return Ok(());
        }
        if self.rollout.revision > 1
            && let Some(step) = self.current_step().cloned()
        {
            if let Some(route) = &step.set_header_route {
                self.set_header_route(traffic, route)?;
            }
            if let Some(route) = &step.set_mirror_route {
                self.set_mirror_route(traffic, route)?;
            }
        }
        let recorded = self.rollout.status.weights;
        if self.new.available == 0 && recorded.is_some_and(|weights| weights.canary > 0) {
            self.set_weight(traffic, desired, &additional)?;
        }
        self.update_hash(traffic, canary_hash, stable_hash, &additional)?;
        self.set_weight(traffic, desired, &additional)?;
        self.note_weights(desired, (canary_hash, stable_hash), additional);
        Ok(())
    }

    /// Source: `calculateWeightStatus`, `trafficWeightUpdatedMessage`.
    fn note_weights(
        &mut self,
        desired: i64,
        (canary_hash, stable_hash): (Option<Hash>, Option<Hash>),
        additional: Vec<AdditionalWeight>,
    ) {
        let others: i64 = additional.iter().map(|weight| weight.weight).sum();
        let weights =
            Weights { canary: desired, canary_hash, stable: MAX_WEIGHT - desired - others, stable_hash };
        let recorded = self.rollout.status.weights;
        let changed = self.rollout.status.additional != additional;
        if recorded == Some(weights) && !changed {
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
        traffic: &Traffic,
        additional: &mut Vec<AdditionalWeight>,
    ) -> Result<i64, Failure> {
        if self.rollout.status.fully_promoted() {
            self.remove_managed_routes(traffic)?;
            return Ok(0);
        }
        if self.aborted() {
            let desired = self.weight_on_abort();
            if desired == 0 || !self.canary.dynamic_stable_scale {
                self.ensure_target(self.canary.canary_service, self.stable, false);
            }
            self.remove_managed_routes(traffic)?;
            return Ok(desired);
        }
        if self.new.available == 0 {
            *additional = self.additional_weights();
            self.remove_managed_routes(traffic)?;
            return Ok(0);
        }
        if self.rollout.status.promote_full {
            self.remove_managed_routes(traffic)?;
            let weights = self.rollout.status.weights;
            return Ok(if self.canary.dynamic_stable_scale {
                (MAX_WEIGHT * self.new.available).checked_div(self.rollout.spec.replicas).unwrap_or(0)
            } else {
                weights.map_or(0, |weights| weights.canary)
            });
        }
        let Some(index) = self.step_index() else {
            return Ok(0);
        };
        let at_desired = self.at_desired(None);
        if at_desired && index == self.step_count() {
            return Ok(MAX_WEIGHT);
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
    pub(super) fn stable_can_carry(&self, weight: i64) -> bool {
        let Some(stable) = &self.stable else {
            return false;
        };
        let wanted = weight * self.rollout.spec.replicas / MAX_WEIGHT;
        stable.available >= wanted || threshold_met(self.canary.threshold, Some(stable), wanted)
    }
}
