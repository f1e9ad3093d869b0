//! When Prometheus scrapes a target, and whether it succeeds.
//!
//! Enters: interval, jitter, share of misses, a gap. Leaves: instants, one after the other, each with its success.
//! It deliberately knows no series. Jitter and success are drawn for every scrape whether or not they matter, so that a
//! world with more misses has the same scrapes otherwise.

use super::chance::Chance;
use crate::model::scenario::Scrape;
use crate::unit::Seconds;

/// The scrapes of one target.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    scrape: Scrape,
    chance: Chance,
    /// When the next scrape is due, milliseconds after second 0.
    due: i64,
    /// When it happens.
    at: i64,
    /// Whether it fails.
    missed: bool,
    /// When the last one happened.
    last: i64,
}

impl Schedule {
    /// The scrapes of a target that is discovered at `from` (milliseconds after second 0): the first comes at a moment of
    /// the interval that is the target's own, as Prometheus spreads its targets.
    pub(crate) fn new(scrape: Scrape, chance: Chance, from: i64) -> Self {
        let mut schedule = Self { scrape, chance, due: 0, at: 0, missed: false, last: i64::MIN };
        schedule.restart(from);
        schedule
    }

    /// The target is discovered anew.
    pub(crate) fn restart(&mut self, from: i64) {
        self.due = from.saturating_add(self.chance.up_to(self.every() - 1));
        self.draw();
    }

    /// When the next scrape happens, milliseconds after second 0.
    pub(crate) fn at(&self) -> i64 {
        self.at
    }

    /// Whether the next scrape fails.
    pub(crate) fn missed(&self) -> bool {
        self.missed
    }

    /// Goes on to the scrape after this one.
    pub(crate) fn step(&mut self) {
        self.last = self.at;
        self.due = self.due.saturating_add(self.every());
        self.draw();
    }

    fn every(&self) -> i64 {
        self.scrape.every.0.max(1)
    }

    fn draw(&mut self) {
        let late = self.chance.up_to(self.scrape.jitter.0);
        // A scrape that is later than the next is due still comes before it.
        self.at = self.due.saturating_add(late).max(self.last.saturating_add(1));
        let lost = self.chance.uniform() < self.scrape.miss.0;
        let within = |(from, to): (Seconds, Seconds)| (from.millis().0..to.millis().0).contains(&self.at);
        self.missed = lost || self.scrape.gap.is_some_and(within);
    }
}

#[cfg(test)]
mod tests {
    use super::super::chance::Purpose;
    use super::*;
    use crate::unit::{Millis, Ratio};

    fn schedule(every: i64, jitter: i64, miss: f64, run: u64) -> Schedule {
        let scrape = Scrape { every: Millis(every), jitter: Millis(jitter), miss: Ratio(miss), gap: None };
        Schedule::new(scrape, Chance::new(5, run, 0, Purpose::Scrapes), -60_000)
    }

    #[test]
    fn offsets_jitter_and_misses_are_as_wide_as_they_should() {
        let (mut offsets, mut late, mut missed) = (0.0, 0.0, 0.0);
        for run in 0..4000 {
            let mut schedule = schedule(15_000, 500, 0.2, run);
            assert!((-60_000..-44_500).contains(&schedule.at()));
            offsets += (schedule.due + 60_000) as f64 / 4000.0;
            for _ in 0..10 {
                assert!((0..=500).contains(&(schedule.at - schedule.due)));
                late += (schedule.at - schedule.due) as f64 / 40_000.0;
                missed += f64::from(u8::from(schedule.missed())) / 40_000.0;
                schedule.step();
            }
        }
        assert!((offsets - 7499.5).abs() < 4.0 * 4330.0 / 4000_f64.sqrt(), "{offsets}");
        assert!((late - 250.0).abs() < 4.0 * 144.6 / 40_000_f64.sqrt(), "{late}");
        assert!((missed - 0.2).abs() < 4.0 * 0.4 / 40_000_f64.sqrt(), "{missed}");
    }

    #[test]
    fn scrapes_go_forward_whatever_the_jitter() {
        let mut schedule = schedule(10, 1000, 0.0, 0);
        let mut last = i64::MIN;
        for _ in 0..1000 {
            assert!(schedule.at() > last);
            last = schedule.at();
            schedule.step();
        }
    }

    #[test]
    fn more_misses_leave_the_instants() {
        let (mut none, mut half) = (schedule(15_000, 500, 0.0, 3), schedule(15_000, 500, 0.5, 3));
        for _ in 0..100 {
            assert_eq!(none.at(), half.at());
            assert!(!none.missed());
            none.step();
            half.step();
        }
    }
}
