//! Pods: their names and how long they take to start.
//!
//! Enters: a rollout's name, revisions and ordinals; the world's range of starts. Leaves: names and durations.
//! It deliberately knows no ReplicaSet and no time of day.

use super::super::chance::{Chance, Purpose, drawer};
use crate::unit::Seconds;

/// The letters of which Kubernetes makes random names: no vowels, nothing that looks like another.
/// Source: Kubernetes, apimachinery, pkg/util/rand, `alphanums`.
const LETTERS: [char; 27] = [
    'b', 'c', 'd', 'f', 'g', 'h', 'j', 'k', 'l', 'm', 'n', 'p', 'q', 'r', 's', 't', 'v', 'w', 'x', 'z', '2',
    '4', '5', '6', '7', '8', '9',
];

/// How many names of five letters there are.
const NAMES: u64 = 27 * 27 * 27 * 27 * 27;

/// What stands for the pod template's hash of a revision: `rev2`.
pub fn template_hash(revision: u64) -> String {
    format!("rev{revision}")
}

/// The name of the pod with this ordinal, from 0, among those that ever belong to a revision: `checkout-rev2-x7k2p`.
///
/// Up to fourteen million ordinals have names of their own.
pub fn pod_name(rollout: &str, revision: u64, ordinal: u64) -> String {
    let stem = format!("{rollout}-{}", template_hash(revision));
    // A step that has no factor in common with the number of names visits all of them.
    let mut number = (drawer(&stem) % NAMES + ordinal % NAMES * 8_765_431) % NAMES;
    let mut name = stem;
    name.push('-');
    for _ in 0..5 {
        name.extend(usize::try_from(number % 27).ok().and_then(|at| LETTERS.get(at)));
        number /= 27;
    }
    name
}

/// How long the pods of one run take to start.
#[derive(Clone, Copy, Debug)]
pub struct PodStarts {
    seed: u64,
    run: u64,
    range: (Seconds, Seconds),
    of_release: (Seconds, Seconds),
}

impl PodStarts {
    /// The starts of run `run` of `seed`, uniformly in `range`; in either order.
    pub fn new(range: (Seconds, Seconds), seed: u64, run: u64) -> Self {
        let range = (range.0.min(range.1), range.0.max(range.1));
        Self { seed, run, range, of_release: range }
    }

    /// Lets pods of the release, and of versions applied later, start in another range.
    #[must_use]
    pub fn of_release(self, range: (Seconds, Seconds)) -> Self {
        Self { of_release: (range.0.min(range.1), range.0.max(range.1)), ..self }
    }

    /// The same for pods of the release.
    pub fn start_of_release(&self, pod: &str) -> Seconds {
        Self { range: self.of_release, ..*self }.start(pod)
    }

    /// From creation to availability of the pod of this name, in whole seconds, each of the range equally likely. It
    /// depends on nothing but seed, run and name.
    pub fn start(&self, pod: &str) -> Seconds {
        let (least, most) = self.range;
        let width = i64::try_from((most - least).0).unwrap_or(i64::MAX);
        let mut chance = Chance::new(self.seed, self.run, drawer(pod), Purpose::PodStart);
        least + Seconds(chance.up_to(width).unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_kubernetes_own_and_differ() {
        let names: BTreeSet<String> = (0..20_000).map(|ordinal| pod_name("checkout", 2, ordinal)).collect();
        assert_eq!(names.len(), 20_000);
        for name in &names {
            let suffix = name.strip_prefix("checkout-rev2-").unwrap();
            assert!(suffix.len() == 5 && suffix.chars().all(|letter| LETTERS.contains(&letter)), "{name}");
        }
        assert_ne!(pod_name("checkout", 1, 0).split_off(14), pod_name("checkout", 2, 0).split_off(14));
    }

    #[test]
    fn starts_fill_their_range() {
        let range = (Seconds(8), Seconds(30));
        let starts: Vec<u64> =
            (0..4000).map(|run| PodStarts::new(range, 1, run).start("checkout-rev2-x7k2p").0).collect();
        assert!(starts.iter().all(|start| (8..=30).contains(start)));
        let mean = starts.iter().sum::<u64>() as f64 / 4000.0;
        assert!(starts.contains(&8) && starts.contains(&30));
        assert!((mean - 19.0).abs() < 4.0 * 6.633 / 4000_f64.sqrt(), "{mean}");
        assert_eq!(
            PodStarts::new((Seconds(30), Seconds(8)), 1, 0).start("a"),
            PodStarts::new(range, 1, 0).start("a")
        );
        assert_eq!(PodStarts::new((Seconds(5), Seconds(5)), 1, 0).start("a"), Seconds(5));
    }
}
