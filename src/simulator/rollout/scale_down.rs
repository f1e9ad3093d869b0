//! Scaling ReplicaSets down that are neither new nor stable, at once or after a delay.
//!
//! Enters: other ReplicaSets with their deadlines. Leaves: fewer pods, or a deadline and a time to look again.
//! It deliberately leaves the new and the stable ReplicaSet alone.
//! Source: Argo Rollouts v1.9.1, rollout/canary.go, `scaleDownOldReplicaSetsForCanary`; rollout/replicaset.go.

use super::{RESYNC, Reconcile};
use crate::simulator::objects::{Hash, ReplicaSet};

/// `scaleDownDelaySeconds` and `abortScaleDownDelaySeconds` unless written.
const DEFAULT_DELAY: i64 = 30;

impl Reconcile<'_> {
    /// `abortScaleDownDelaySeconds`, `None` for 0, and whether it was written.
    /// Source: utils/defaults/defaults.go, `GetAbortScaleDownDelaySecondsOrDefault`.
    pub(super) fn abort_delay(&self) -> (Option<i64>, bool) {
        let written = match &self.blue_green {
            Some(strategy) => strategy.abort_scale_down_delay,
            None if self.canary.traffic.is_none() => return (Some(0), false),
            None => self.canary.abort_scale_down_delay,
        };
        match written {
            None => (Some(DEFAULT_DELAY), false),
            Some(0) => (None, true),
            Some(delay) => (Some(delay), true),
        }
    }

    fn scale_down_delay(&self) -> i64 {
        match &self.blue_green {
            Some(strategy) => strategy.scale_down_delay.unwrap_or(DEFAULT_DELAY),
            None if self.canary.traffic.is_none() => 0,
            None => self.canary.scale_down_delay.unwrap_or(DEFAULT_DELAY),
        }
    }

    /// Source: `reconcileOtherReplicaSets`; failures there are swallowed upstream.
    pub(super) fn reconcile_other_sets(&mut self) -> bool {
        let mut old: Vec<ReplicaSet> = self.others().filter(|set| set.wanted > 0).copied().collect();
        if old.is_empty() {
            return false;
        }
        if self.blue_green.is_some() {
            return self.reconcile_old_blue_green_sets(old);
        }
        old.sort_by_key(|set| (set.created, set.place));
        let Some(mut scaled) = self.clean_unhealthy(&mut old) else {
            return false;
        };
        let (_, unavailable) = self.surge_and_unavailable();
        let least = self.rollout.spec.replicas - unavailable;
        let mut room = self.sum(|set| set.available) - least;
        if room <= 0 {
            return false;
        }
        old.sort_by_key(|set| std::cmp::Reverse((set.revision, set.created)));
        let mut annotated = 0;
        for set in old {
            if self.canary.traffic.is_some() && self.referenced(set.hash) {
                continue;
            }
            if room <= 0 {
                break;
            }
            if set.wanted == 0 {
                continue;
            }
            let wanted = self.wanted_of_old(&set, room, &mut annotated);
            if set.wanted == wanted {
                continue;
            }
            if self.scale(set, wanted).is_err() {
                return false;
            }
            room -= set.wanted - wanted;
            scaled += set.wanted - wanted;
        }
        scaled > 0
    }

    fn wanted_of_old(&mut self, set: &ReplicaSet, room: i64, annotated: &mut i64) -> i64 {
        if self.canary.traffic.is_none() {
            return (set.wanted - room).max(0);
        }
        if !self.rollout.status.fully_promoted() && set.deadline.is_none() {
            return 0;
        }
        if self.canary.dynamic_stable_scale { 0 } else { self.delayed(set, annotated, set.wanted) }
    }

    /// Unhealthy pods go first; `None` on a refused write.
    fn clean_unhealthy(&mut self, old: &mut [ReplicaSet]) -> Option<i64> {
        let mut scaled = 0;
        for set in old {
            if set.wanted == 0 || set.wanted == set.available {
                continue;
            }
            let wanted = set.available;
            if wanted > set.wanted {
                return None;
            }
            let surplus = set.wanted - wanted;
            *set = self.scale(*set, wanted).ok()?.1;
            scaled += surplus;
        }
        Some(scaled)
    }

    /// Source: rollout/replicaset.go, `scaleDownDelayHelper`.
    pub(super) fn delayed(&mut self, set: &ReplicaSet, annotated: &mut i64, kept: i64) -> i64 {
        let limit = match &self.blue_green {
            Some(strategy) => strategy.scale_down_delay_revision_limit,
            None => self.canary.scale_down_delay_revision_limit,
        };
        let limit = limit.unwrap_or(i64::from(i32::MAX));
        let Some(deadline) = set.deadline else {
            if set.wanted <= 0 || *annotated >= limit {
                return 0;
            }
            *annotated += 1;
            let delay = self.scale_down_delay();
            self.delay(set, delay);
            self.core.rollout_after(delay);
            return set.wanted;
        };
        *annotated += 1;
        if *annotated > limit || deadline <= self.now {
            return 0;
        }
        if deadline <= self.now + RESYNC {
            self.core.rollout_at(deadline);
        }
        kept
    }

    /// Sets a deadline; no delay takes it away. Source: `addScaleDownDelay`.
    pub(super) fn delay(&mut self, set: &ReplicaSet, delay: i64) {
        let deadline = (delay != 0).then(|| self.now + delay);
        if deadline.is_some() || set.deadline.is_some() {
            self.core.store.patch_deadline(set.key(), deadline);
        }
    }

    /// Whether anything still refers to a ReplicaSet. Source: rollout/replicaset.go, `isReplicaSetReferenced`.
    pub(super) fn referenced(&self, hash: Hash) -> bool {
        let hash = Some(hash);
        let status = &self.rollout.status;
        let weighted =
            status.weights.is_some_and(|weights| weights.canary_hash == hash || weights.stable_hash == hash);
        let services = match &self.blue_green {
            Some(strategy) => [Some(strategy.active_service), strategy.preview_service],
            None => [self.canary.canary_service, self.canary.stable_service],
        };
        let selected = services
            .into_iter()
            .flatten()
            .filter_map(|at| self.core.store.services.get(at))
            .any(|service| service.selector == hash);
        let subset = self
            .canary
            .istio()
            .and_then(|istio| istio.destination_rule.as_ref())
            .and_then(|subsets| self.core.store.destination_rules.get(subsets.destination_rule))
            .is_some_and(|rule| rule.subsets.iter().any(|(_, label)| *label == hash));
        status.stable == hash
            || status.current == hash
            || status.active == hash
            || status.preview == hash
            || weighted
            || selected
            || subset
    }
}
