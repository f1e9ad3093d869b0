//! How many pods each side should have.
//!
//! Enters: steps, weights, and what ReplicaSets have. Leaves: wanted counts, and whether they are reached.
//! It deliberately scales nothing. Source: Argo Rollouts v1.9.1, utils/replicaset/canary.go, utils/replicaset/replicaset.go.

use super::Reconcile;
use crate::model::argo::{Amount, CanaryScale, Threshold};
use crate::simulator::objects::ReplicaSet;
use crate::simulator::objects::status::Weights;

/// `maxSurge` and `maxUnavailable` unless written.
const DEFAULT_AMOUNT: Amount = Amount::Percent(25);

/// Pods for a weight, rounded up.
fn pods_for(replicas: i64, weight: i64, max: i64) -> i64 {
    div_ceil(weight * replicas, max)
}

fn div_ceil(dividend: i64, divisor: i64) -> i64 {
    dividend.div_euclid(divisor) + i64::from(dividend.rem_euclid(divisor) != 0)
}

/// The pair of counts, canary and stable, that comes closest to a weight of `all` without a traffic router.
pub(super) fn approximate(replicas: i64, weight: i64, all: i64, surge: i64) -> (i64, i64) {
    if replicas == 0 {
        return (0, 0);
    }
    let up = div_ceil(replicas * weight, all);
    let down = (replicas * weight).div_euclid(all);
    let tied = |total: i64| total as f64 * (weight as f64 / all as f64) % 1.0 == 0.5;
    let zero_allowed = weight == all || weight == 0 || (replicas == 1 && surge == 0);
    let floor_allowed = down != 0 || zero_allowed;
    let options = [
        (up < replicas || zero_allowed, up, replicas),
        (!tied(replicas) && floor_allowed, down, replicas),
        (surge > 0, up, replicas + 1),
        (surge > 0 && !tied(replicas + 1) && floor_allowed, down, replicas + 1),
    ];
    let mut best: Option<(f64, i64, i64)> = None;
    for (_, canary, total) in options.into_iter().filter(|(allowed, _, _)| *allowed) {
        let delta = ((canary * all) as f64 / total as f64 - weight as f64).abs();
        if best.is_none_or(|(least, _, _)| delta < least) {
            best = Some((delta, canary, total));
        }
    }
    best.map_or((0, replicas), |(_, canary, total)| (canary, total - canary))
}

/// `maxSurge` and `maxUnavailable` in pods. Source: utils/replicaset/replicaset.go, `resolveFenceposts`.
pub(super) fn fenceposts(surge: Option<Amount>, unavailable: Option<Amount>, replicas: i64) -> (i64, i64) {
    let surge = match surge.unwrap_or(DEFAULT_AMOUNT) {
        Amount::Pods(pods) => pods,
        Amount::Percent(percent) => div_ceil(percent * replicas, 100),
    };
    let unavailable = match unavailable.unwrap_or(DEFAULT_AMOUNT) {
        Amount::Pods(pods) => pods,
        Amount::Percent(percent) => (percent * replicas).div_euclid(100),
    };
    if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
}

/// Whether enough pods of a ReplicaSet are available. Source: `ReplicaProgressThresholdMet`.
pub(super) fn threshold_met(threshold: Option<Threshold>, set: Option<&ReplicaSet>, wanted: i64) -> bool {
    let available = set.map_or(0, |set| set.available);
    match (threshold, set) {
        (Some(Threshold::Percent(percent)), Some(_)) if percent >= 0 => {
            if wanted == 0 {
                return true;
            }
            let share = available as f64 / wanted as f64 * 100.0;
            share >= percent as f64 || (share - percent as f64).abs() <= 1e-10
        }
        (Some(Threshold::Pods(pods)), Some(_)) if pods >= 0 => available >= pods,
        _ => set.is_some_and(|set| set.wanted == wanted && set.available == wanted),
    }
}

/// Whether a ReplicaSet is there with the pods wanted. Source: `allDesiredAreCreated`.
fn created(set: Option<&ReplicaSet>, wanted: i64) -> bool {
    set.is_some_and(|set| set.wanted == wanted && set.pods == wanted)
}

/// Pods that count when something is to be scaled down. Source: `GetReplicasForScaleDown`.
fn for_scale_down(set: Option<&ReplicaSet>, ignore_availability: bool) -> i64 {
    set.map_or(
        0,
        |set| {
            if set.wanted < set.available || ignore_availability { set.wanted } else { set.available }
        },
    )
}

/// Keeps both counts within surge and unavailability. Source: `adjustReplicaWithinLimits`.
fn within_limits(
    (drained, mut drained_count): (Option<&ReplicaSet>, i64),
    (other, mut other_count): (Option<&ReplicaSet>, i64),
    most: i64,
    least: i64,
) -> (i64, i64) {
    let over = (other_count + drained_count - most).max(0);
    let mut available = drained.map_or(0, |set| set.available.min(drained_count));
    if let Some(other) = other {
        other_count -= over;
        available += other.available.min(other_count);
        let lost = (other.available - other_count).max(0);
        let missing = (least - available).max(0);
        other_count += lost.min(missing);
        drained_count -= (other_count + drained_count - most).max(0);
    }
    (drained_count, other_count)
}

impl Reconcile<'_> {
    /// The stable ReplicaSet where it is another than the new one. Source: `CheckStableRSExists`.
    pub(super) fn other_stable(&self) -> Option<&ReplicaSet> {
        self.stable.as_ref().filter(|stable| stable.hash != self.new.hash)
    }

    /// Wanted pods of canary and stable.
    pub(super) fn wanted(&self, weights: Option<Weights>) -> (i64, i64) {
        if self.canary.traffic.is_some() { self.wanted_routed(weights) } else { self.wanted_basic() }
    }

    /// Whether both sides are as the current step wants them. Source: `AtDesiredReplicaCountsForCanary`.
    pub(super) fn at_desired(&self, weights: Option<Weights>) -> bool {
        let (canary, stable) = self.wanted(weights);
        if !threshold_met(self.canary.threshold, Some(&self.new), canary) {
            return false;
        }
        let routed = self.canary.traffic.is_some();
        let stable_follows = routed && self.canary.dynamic_stable_scale;
        if !stable_follows && !created(self.stable.as_ref(), stable) {
            return false;
        }
        routed || self.others().map(|set| set.available).sum::<i64>() == 0
    }

    /// Explicit replicas, or a weight. Source: `GetCanaryReplicasOrWeight`.
    fn replicas_or_weight(&self) -> (Option<i64>, i64) {
        let status = &self.rollout.status;
        if status.promote_full || status.stable.is_none() || status.current == status.stable {
            return (None, self.canary.max_weight());
        }
        match self.canary_scale() {
            Some(CanaryScale { replicas: Some(replicas), .. }) => return (Some(replicas), 0),
            Some(CanaryScale { weight: Some(weight), .. }) => return (None, weight),
            _ => {}
        }
        (None, self.desired_canary_weight())
    }

    /// The setCanaryScale in force. Source: `UseSetCanaryScale`.
    fn canary_scale(&self) -> Option<CanaryScale> {
        self.canary.traffic.as_ref()?;
        if self.rollout.status.abort && self.abort_delay().0.is_some() {
            return None;
        }
        self.current_step()?;
        self.steps_back(self.step_index()?)
            .find_map(|step| step.set_canary_scale)
            .filter(|scale| !scale.match_traffic_weight)
    }

    /// Source: `GetDesiredCanaryWeight`.
    pub(super) fn desired_canary_weight(&self) -> i64 {
        if let (true, true, Some(stable)) =
            (self.rollout.status.abort, self.canary.dynamic_stable_scale, &self.stable)
        {
            let replicas = self.rollout.spec.replicas;
            let max = self.canary.max_weight();
            let pods = (replicas - stable.available).max(self.new.available);
            return self
                .canary
                .steps
                .iter()
                .rev()
                .filter_map(|step| step.set_weight)
                .find(|weight| pods_for(replicas, *weight, max) < pods)
                .unwrap_or(0);
        }
        self.current_set_weight()
    }

    /// The weight of the nearest setWeight at or before the current step. Source: `GetCurrentSetWeight`.
    pub(super) fn current_set_weight(&self) -> i64 {
        if self.rollout.status.abort {
            return 0;
        }
        let Some(index) = self.step_index().filter(|_| self.current_step().is_some()) else {
            return self.canary.max_weight();
        };
        self.steps_back(index).find_map(|step| step.set_weight).unwrap_or(0)
    }

    fn at_least_min_pods(&self, count: i64) -> i64 {
        match self.canary.min_pods {
            Some(least) if count != 0 && self.canary.traffic.is_some() => count.max(least),
            _ => count,
        }
    }

    /// Source: `CalculateReplicaCountsForTrafficRoutedCanary`.
    pub(super) fn wanted_routed(&self, weights: Option<Weights>) -> (i64, i64) {
        let replicas = self.rollout.spec.replicas;
        let max = self.canary.max_weight();
        let (explicit, weight) = self.replicas_or_weight();
        let mut canary = explicit.unwrap_or_else(|| self.at_least_min_pods(pods_for(replicas, weight, max)));
        if !self.canary.dynamic_stable_scale {
            return (canary, replicas);
        }
        let mut stable = pods_for(replicas, max - weight, max);
        if let Some(weights) = weights {
            stable = stable.max(pods_for(replicas, weights.stable, max));
            if self.rollout.status.abort {
                canary = canary.max(pods_for(replicas, weights.canary, max));
            }
        }
        (self.at_least_min_pods(canary), self.at_least_min_pods(stable))
    }

    /// `maxSurge` and `maxUnavailable` in pods.
    pub(super) fn surge_and_unavailable(&self) -> (i64, i64) {
        let replicas = self.rollout.spec.replicas;
        let (surge, unavailable) = fenceposts(self.canary.max_surge, self.canary.max_unavailable, replicas);
        (surge, unavailable.min(replicas))
    }

    /// Source: `CalculateReplicaCountsForBasicCanary`.
    pub(super) fn wanted_basic(&self) -> (i64, i64) {
        let replicas = self.rollout.spec.replicas;
        let (_, weight) = self.replicas_or_weight();
        let (surge, unavailable) = self.surge_and_unavailable();
        let other_stable = self.other_stable();
        let (want_new, want_stable) = if other_stable.is_some() {
            approximate(replicas, weight, self.canary.max_weight(), surge)
        } else {
            (replicas, 0)
        };
        let mut stable = other_stable.map_or(0, |set| set.wanted);
        let mut new = self.new.wanted;
        let most = replicas + surge;
        let old: i64 = self.others().map(|set| set.wanted).sum();
        let mut room = most - old - new - stable;
        if stable < want_stable && room > 0 {
            let step = room.min(want_stable - stable);
            stable += step;
            room -= step;
        }
        if new < want_new && room > 0 {
            new += room.min(want_new - new);
        }
        if old > 0 {
            return (new, stable);
        }
        let least = replicas - unavailable;
        let increasing = want_new >= self.new.wanted;
        let drainable =
            for_scale_down(Some(&self.new), !increasing) + for_scale_down(self.stable.as_ref(), increasing);
        if drainable <= least {
            return (new, stable);
        }
        let down = drainable - least;
        if !increasing {
            if self.new.wanted > want_new {
                new = want_new.max(self.new.wanted - down);
            }
            within_limits((Some(&self.new), new), (self.stable.as_ref(), stable), most, least)
        } else if let Some(set) = other_stable {
            if set.wanted > want_stable {
                stable = want_stable.max(set.wanted - down);
            }
            let (stable, new) = within_limits((Some(set), stable), (Some(&self.new), new), most, least);
            (new, stable)
        } else {
            (new, stable)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_follow_the_total_weight() {
        for (replicas, weight, max, pods) in
            [(3, 50, 1000, 1), (3, 500, 1000, 2), (10, 1, 7, 2), (10, 7, 7, 10), (4, 0, 50, 0)]
        {
            assert_eq!(pods_for(replicas, weight, max), pods, "{weight} of {max}");
        }
    }

    #[test]
    fn rounding_holes_are_upstreams() {
        for (replicas, surge, weight, expected) in [
            (1, 0, 49, (0, 1)),
            (1, 0, 50, (1, 0)),
            (1, 1, 99, (1, 1)),
            (2, 0, 74, (1, 1)),
            (2, 0, 75, (0, 2)),
            (2, 0, 76, (1, 1)),
            (3, 0, 50, (2, 1)),
            (3, 1, 50, (2, 2)),
            (4, 1, 20, (1, 4)),
            (4, 1, 33, (2, 3)),
            (5, 0, 90, (0, 5)),
            (10, 0, 5, (1, 9)),
            (10, 0, 75, (8, 2)),
            (10, 1, 5, (1, 10)),
            (10, 1, 25, (3, 8)),
            (10, 1, 99, (10, 1)),
        ] {
            assert_eq!(
                approximate(replicas, weight, 100, surge),
                expected,
                "{replicas} replicas, surge {surge}, weight {weight}"
            );
        }
    }
}
