//! Who is next: by kind, then by time, then by name.
//!
//! Enters: the work queues. Leaves: the key to be reconciled next, and the count of those that go round in circles.
//! It deliberately reconciles nothing.

use std::cmp::Ordering;

use super::clock::Key;
use super::core::Core;
use super::objects::experiment::ExperimentId;
use super::objects::run::{Run, RunId};

/// A key that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// A Service.
    Service(usize),
    /// A DestinationRule.
    Rule(usize),
    /// The Rollout.
    Rollout,
    /// A run.
    Run(usize),
    /// An experiment.
    Experiment(usize),
}

/// How often each key was reconciled without progress, and which ones are left out because of that.
#[derive(Clone, Debug, Default)]
pub(super) struct Idle(Vec<(Due, u32, bool)>);

impl Idle {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Counts one more.
    pub(super) fn count(&mut self, due: Due) -> u32 {
        let entry = self.entry(due);
        entry.1 += 1;
        entry.1
    }

    /// Leaves it out until something else changes.
    pub(super) fn mute(&mut self, due: Due) {
        self.entry(due).2 = true;
    }

    fn muted(&self, due: Due) -> bool {
        self.0.iter().any(|(known, _, muted)| *known == due && *muted)
    }

    fn entry(&mut self, due: Due) -> &mut (Due, u32, bool) {
        let at = self.0.iter().position(|(known, _, _)| *known == due).unwrap_or_else(|| {
            self.0.push((due, 0, false));
            self.0.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "the position was found or made above")]
        &mut self.0[at]
    }
}

/// The key to be reconciled next among those due before `end`, and when it became due.
pub(super) fn pick(core: &Core, idle: &Idle, end: i64) -> Option<(Due, i64)> {
    let open = |due: Due, at: Option<i64>| at.filter(|at| *at < end && !idle.muted(due)).map(|at| (due, at));
    let rules = core.rules.iter().enumerate().filter_map(|(at, key)| open(Due::Rule(at), key.due()));
    let services = core.services.iter().enumerate().filter_map(|(at, key)| open(Due::Service(at), key.due()));
    let first = services
        .chain(rules)
        .min_by(|a, b| a.1.cmp(&b.1).then_with(|| route_name(core, a.0).cmp(route_name(core, b.0))));
    if first.is_some() {
        return first;
    }
    let rollout = open(Due::Rollout, core.rollout.due());
    if rollout.is_some() {
        return rollout;
    }
    let run = core
        .runs
        .iter()
        .enumerate()
        .filter_map(|(at, key)| Some((at, open(Due::Run(at), key.due())?)))
        .min_by(|(a, (_, at)), (b, (_, bt))| at.cmp(bt).then_with(|| by_name(core, *a, *b)));
    if let Some((_, run)) = run {
        return Some(run);
    }
    core.experiments
        .iter()
        .enumerate()
        .filter_map(|(at, key)| Some((at, open(Due::Experiment(at), key.due())?)))
        .min_by(|(a, (_, at)), (b, (_, bt))| at.cmp(bt).then_with(|| experiments_by_name(core, *a, *b)))
        .map(|(_, due)| due)
}

/// The order of two experiments' names.
pub(super) fn experiments_by_name(core: &Core, a: usize, b: usize) -> Ordering {
    match (core.store.experiments.get(a), core.store.experiments.get(b)) {
        (Some(x), Some(y)) => {
            let place = |hash| core.store.set(hash).map_or(u32::MAX, |set| set.place);
            place(x.hash).cmp(&place(y.hash)).then_with(|| x.suffix().cmp(&y.suffix()))
        }
        _ => a.cmp(&b),
    }
}

fn route_name(core: &Core, due: Due) -> &str {
    match due {
        Due::Service(at) => core.store.services.get(at).map(|service| &*service.name),
        Due::Rule(at) => core.store.destination_rules.get(at).map(|rule| &*rule.name),
        _ => None,
    }
    .unwrap_or_default()
}

/// The order of two runs' names.
pub(super) fn by_name(core: &Core, a: usize, b: usize) -> Ordering {
    match (core.store.runs.get(a), core.store.runs.get(b)) {
        (Some(x), Some(y)) => place(core, x).cmp(&place(core, y)).then_with(|| {
            let (mut short, mut other) = (Short::default(), Short::default());
            if x.write_name("", &mut short).is_err() || y.write_name("", &mut other).is_err() {
                return x.name("").cmp(&y.name(""));
            }
            short.text().cmp(other.text())
        }),
        _ => a.cmp(&b),
    }
}

/// A short text that is written where it is, since names are compared often and read rarely.
#[derive(Debug)]
struct Short {
    bytes: [u8; 96],
    len: usize,
}

impl Default for Short {
    fn default() -> Self {
        Self { bytes: [0; 96], len: 0 }
    }
}

impl Short {
    fn text(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&self.bytes)
    }
}

impl std::fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(std::fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

fn place(core: &Core, run: &Run) -> u32 {
    core.store.set(run.hash).map_or(u32::MAX, |set| set.place)
}

/// Every key's time.
pub(super) fn each_due(core: &Core, mut each: impl FnMut(i64)) {
    let runs = core.runs.iter().enumerate().filter_map(|(at, key)| {
        core.store.run(RunId(at))?;
        key.due()
    });
    let experiments = core.experiments.iter().enumerate().filter_map(|(at, key)| {
        core.store.experiment(ExperimentId(at))?;
        key.due()
    });
    let routes = core.services.iter().chain(&core.rules).filter_map(Key::due);
    for at in runs.chain(experiments).chain(routes).chain(core.rollout.due()) {
        each(at);
    }
}
