//! The pods of one run by their names, kept so that a name is spelled once and not whenever it is told.
//!
//! Enters: pods by number, and what became of them. Leaves: the names of those that take traffic.
//! It deliberately keeps names from one run for the next: they depend on nothing but revision and place.

use std::collections::BTreeMap;

use super::world::pod_name;

/// Pods and names.
#[derive(Debug, Default)]
pub(super) struct Crew {
    /// Revision, ordinal within it, and whether it is available, by the run's number of the pod.
    pods: Vec<(u64, u64, bool)>,
    names: BTreeMap<(u64, u64), String>,
}

impl Crew {
    /// Another run begins.
    pub(super) fn clear(&mut self) {
        self.pods.clear();
    }

    /// The name of a revision's next pod.
    pub(super) fn next(&mut self, rollout: &str, revision: u64) -> &str {
        let ordinal = self.ordinal(revision);
        self.names.entry((revision, ordinal)).or_insert_with(|| pod_name(rollout, revision, ordinal))
    }

    /// Notes whether a pod takes traffic.
    pub(super) fn note(&mut self, rollout: &str, revision: u64, number: u32, available: bool) {
        let number = number as usize;
        if number >= self.pods.len() {
            let ordinal = self.ordinal(revision);
            self.next(rollout, revision);
            self.pods.resize(number + 1, (revision, ordinal, false));
        }
        if let Some(pod) = self.pods.get_mut(number) {
            pod.2 = available;
        }
    }

    /// The names of the pods of a revision that take traffic.
    pub(super) fn available(&self, revision: u64) -> impl Iterator<Item = &str> {
        let available = self.pods.iter().filter(move |(of, _, available)| *of == revision && *available);
        available.filter_map(|(of, ordinal, _)| self.names.get(&(*of, *ordinal)).map(String::as_str))
    }

    fn ordinal(&self, revision: u64) -> u64 {
        self.pods.iter().filter(|(of, ..)| *of == revision).count() as u64
    }
}
