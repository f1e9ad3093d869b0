//! How both sides answer, in time.
//!
//! Enters: the behaviours of a scenario. Leaves: the share of failures and the law of latencies at an instant, and the
//! instants at which anything begins or ends to change.
//! It deliberately draws nothing. Instants are milliseconds after second 0.

use super::super::latency::Law;
use crate::model::scenario::{Behaviour, Change, Episode, Lognormal, WorldSide as Side};
use crate::unit::Seconds;

/// Both sides' behaviours.
#[derive(Clone, Debug)]
pub(super) struct Course {
    stable: Behaviour,
    canary: Behaviour,
    /// Second 0, and where an episode or its ramp begins or ends, sorted.
    cuts: Vec<i64>,
    stable_law: Law,
    canary_law: Law,
}

impl Course {
    pub(super) fn new(stable: &Behaviour, canary: &Behaviour) -> Self {
        let mut cuts = vec![0];
        for episode in stable.episodes.iter().chain(&canary.episodes) {
            let (Change::Errors(_, _, over) | Change::Latency(_, _, over)) = episode.change;
            cuts.push(episode.from.millis().0);
            cuts.push((episode.from + over).millis().0);
            cuts.extend(episode.to.map(|to| to.millis().0));
        }
        cuts.sort_unstable();
        cuts.dedup();
        Self {
            cuts,
            stable_law: Law::new(stable.latency),
            canary_law: Law::new(canary.latency),
            stable: stable.clone(),
            canary: canary.clone(),
        }
    }

    /// The first cut after `at`, or `to` where that comes earlier.
    pub(super) fn cut(&self, at: i64, to: i64) -> i64 {
        self.cuts.iter().copied().find(|cut| *cut > at).map_or(to, |cut| cut.min(to))
    }

    /// Share of failures.
    pub(super) fn errors(&self, side: Side, at: f64) -> f64 {
        let behaviour = self.behaviour(side);
        let changed = behaviour.episodes.iter().rev().find_map(|episode| match episode.change {
            Change::Errors(from, to, over) => progress(episode, over, at).map(|part| mix(from.0, to.0, part)),
            Change::Latency(..) => None,
        });
        changed.unwrap_or(behaviour.errors.0)
    }

    /// Whether an episode changes the side's latency.
    pub(super) fn latency_changed(&self, side: Side, at: f64) -> bool {
        self.behaviour(side).episodes.iter().any(|episode| match episode.change {
            Change::Latency(.., over) => progress(episode, over, at).is_some(),
            Change::Errors(..) => false,
        })
    }

    /// The law of latencies. It is computed where it has changed since the side was last asked.
    pub(super) fn law(&mut self, side: Side, at: f64) -> &Law {
        let latency = self.latency(side, at);
        let law = match side {
            Side::Stable => &mut self.stable_law,
            Side::Canary => &mut self.canary_law,
        };
        law.become_of(latency);
        law
    }

    fn latency(&self, side: Side, at: f64) -> Lognormal {
        let behaviour = self.behaviour(side);
        let changed = behaviour.episodes.iter().rev().find_map(|episode| match episode.change {
            Change::Latency(from, to, over) => {
                progress(episode, over, at).map(|part| between(from, to, part))
            }
            Change::Errors(..) => None,
        });
        changed.unwrap_or(behaviour.latency)
    }

    fn behaviour(&self, side: Side) -> &Behaviour {
        match side {
            Side::Stable => &self.stable,
            Side::Canary => &self.canary,
        }
    }
}

/// How far the episode's ramp has come, 0 to 1; `None` where the episode is not in force.
fn progress(episode: &Episode, over: Seconds, at: f64) -> Option<f64> {
    let from = episode.from.millis().0 as f64;
    if at < from || episode.to.is_some_and(|to| at >= to.millis().0 as f64) {
        return None;
    }
    let over = over.millis().0 as f64;
    Some(if over > 0.0 { ((at - from) / over).min(1.0) } else { 1.0 })
}

fn mix(from: f64, to: f64, part: f64) -> f64 {
    from + (to - from) * part
}

/// Medians and spreads go geometrically; a spread of 0 has no logarithm and goes straight.
fn between(from: Lognormal, to: Lognormal, part: f64) -> Lognormal {
    let sigma = if part == 0.0 || part == 1.0 || from.sigma == to.sigma {
        if part == 0.0 { from.sigma } else { to.sigma }
    } else if from.sigma > 0.0 && to.sigma > 0.0 {
        libm::exp(mix(libm::log(from.sigma), libm::log(to.sigma), part))
    } else {
        mix(from.sigma, to.sigma, part)
    };
    // At the end of a ramp the law is the very one that was written, so that it is computed once.
    let mu = if part == 1.0 { to.mu } else { mix(from.mu, to.mu, part) };
    Lognormal { mu, sigma }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::Ratio;

    fn errors(from: u64, to: Option<u64>, low: f64, high: f64, over: u64) -> Episode {
        Episode {
            from: Seconds(from),
            to: to.map(Seconds),
            change: Change::Errors(Ratio(low), Ratio(high), Seconds(over)),
        }
    }

    fn course(episodes: Vec<Episode>) -> Course {
        let usual = Behaviour {
            errors: Ratio(0.01),
            latency: Lognormal { mu: 4.0, sigma: 0.5 },
            episodes: Vec::new(),
        };
        Course::new(&usual, &Behaviour { episodes, ..usual.clone() })
    }

    #[test]
    fn the_last_episode_in_force_wins() {
        let course = course(vec![
            errors(10, Some(100), 0.0, 0.2, 0),
            errors(20, Some(30), 0.0, 0.4, 0),
            errors(40, None, 0.1, 0.3, 20),
        ]);
        let at = |second: f64| course.errors(Side::Canary, second * 1000.0);
        assert_eq!(
            [at(-5.0), at(9.9), at(10.0), at(20.0), at(29.9), at(30.0)],
            [0.01, 0.01, 0.2, 0.4, 0.4, 0.2]
        );
        assert_eq!([at(40.0), at(50.0), at(60.0), at(1e6)], [0.1, 0.2, 0.3, 0.3]);
        assert_eq!(course.errors(Side::Stable, 25_000.0), 0.01);
        assert_eq!(course.cuts, [0, 10_000, 20_000, 30_000, 40_000, 60_000, 100_000]);
        assert_eq!(
            (course.cut(10_000, 15_000), course.cut(10_000, 99_000), course.cut(200_000, 300_000)),
            (15_000, 20_000, 300_000)
        );
    }

    #[test]
    fn medians_and_spreads_go_geometrically() {
        let (low, high) =
            (Lognormal { mu: libm::log(50.0), sigma: 0.2 }, Lognormal { mu: libm::log(800.0), sigma: 0.8 });
        let course = course(vec![Episode {
            from: Seconds(0),
            to: None,
            change: Change::Latency(low, high, Seconds(100)),
        }]);
        let half = course.latency(Side::Canary, 50_000.0);
        assert!((libm::exp(half.mu) - 200.0).abs() < 1e-9 && (half.sigma - 0.4).abs() < 1e-12);
        assert_eq!(course.latency(Side::Canary, 0.0), low);
        assert_eq!(course.latency(Side::Canary, 500_000.0), high);
        assert_eq!(between(Lognormal { sigma: 0.0, ..low }, high, 0.5).sigma, 0.4);
        assert_eq!(course.errors(Side::Canary, 50_000.0), 0.01);
    }
}
