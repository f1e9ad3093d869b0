//! One scraped proxy and the requests that it counts.
//!
//! Enters: when it appears and disappears. Leaves: samples and staleness markers.
//! It deliberately knows no weights.

use super::super::chance::{Chance, Purpose};
use super::super::scrape::Schedule;
use super::Sink;
use super::source::{Common, Source};
use crate::model::scenario::Scrape;

/// Whether a target is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// It was never there in this run, or is gone for good.
    Absent,
    /// It is scraped.
    Present,
    /// It is gone, and its series end at the next scrape.
    Leaving,
}

/// One proxy.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) sources: Vec<Source>,
    presence: Presence,
    schedule: Option<Schedule>,
    drawer: u64,
    /// Whether the list of pods that is being applied has it.
    pub(super) listed: bool,
}

impl Target {
    pub(super) fn new(sources: Vec<Source>, drawer: u64) -> Self {
        Self { sources, presence: Presence::Absent, schedule: None, drawer, listed: false }
    }

    pub(super) fn is_present(&self) -> bool {
        self.presence == Presence::Present
    }

    /// Forgets the run before; its own begins at `start`.
    pub(super) fn forget(&mut self, start: i64) {
        self.presence = Presence::Absent;
        self.schedule = None;
        for source in &mut self.sources {
            source.forget(start);
        }
    }

    /// It appears; nothing is scraped without `scrape`.
    pub(super) fn appear(&mut self, at: i64, scrape: Option<Scrape>, seed: (u64, u64)) {
        self.presence = Presence::Present;
        for source in &mut self.sources {
            source.restart();
        }
        match (&mut self.schedule, scrape) {
            (Some(schedule), _) => schedule.restart(at),
            (none, Some(scrape)) => {
                *none = Some(Schedule::new(
                    scrape,
                    Chance::new(seed.0, seed.1, self.drawer, Purpose::Scrapes),
                    at,
                ));
            }
            (None, None) => {}
        }
    }

    /// It disappears.
    pub(super) fn disappear(&mut self) {
        self.presence = Presence::Leaving;
    }

    /// When it is scraped next; never, where it is not there.
    pub(super) fn next(&self) -> Option<i64> {
        let schedule = self.schedule.as_ref().filter(|_| self.presence != Presence::Absent);
        schedule.map(Schedule::at)
    }

    /// Takes all scrapes up to and including `until`.
    pub(super) fn advance(&mut self, until: i64, common: &mut Common, sink: &mut impl Sink) {
        let Some(schedule) = &mut self.schedule else { return };
        while self.presence != Presence::Absent && schedule.at() <= until {
            let at = schedule.at();
            let at_ms = common.epoch_ms.saturating_add(at);
            let seen = self.presence == Presence::Present && !schedule.missed();
            for source in &mut self.sources {
                if seen {
                    source.draw_until(at, common);
                    source.show(at_ms, sink);
                } else {
                    source.hide(at_ms, sink);
                }
            }
            if self.presence == Presence::Leaving {
                self.presence = Presence::Absent;
            }
            schedule.step();
        }
    }
}
