//! The synthetic world behind the queries: traffic, outcomes and latencies of both sides, and what Prometheus has of them.
//!
//! Enters: who serves, a scenario's world, a seed and a run; then weights and pods as they change. Leaves: samples as
//! Prometheus would have stored them from Istio's proxies, and totals of requests.
//! It deliberately knows no controller and no query. Requests are drawn per interval between changes, never one by one, so
//! a busy service costs no more than a quiet one. Instants are milliseconds after second 0, at which the release was applied.

mod course;
mod labels;
mod loaded;
mod pod;
mod scene;
mod source;
mod store;
mod target;

pub use crate::promql::STALE;
pub use pod::{PodStarts, pod_name, template_hash};
pub use scene::Scene;

use super::latency::BOUNDS;

use super::chance::drawer;
use super::trace::Totals;
use crate::model::rollout::Split;
use crate::model::scenario::{self, Scrape, WorldSide as Side};
use crate::unit::{Seconds, Weight};
use course::Course;
use labels::{CODES, Reporter};
use loaded::Loaded;
use source::{Common, Source};
use std::collections::{BTreeMap, VecDeque};
use target::Target;

/// Labels of every series that a world of these servers may have, of one pod of each side.
pub(crate) fn every_series(scene: &Scene) -> Vec<Vec<(String, String)>> {
    let mut all = Vec::new();
    for (side, revision) in [(Side::Stable, 1), (Side::Canary, 2)] {
        let pod = pod_name(&scene.rollout, revision, 0);
        let reporter = match scene.split {
            Split::Hosts => Reporter::Gateway,
            Split::Subsets => Reporter::Pod(&pod),
        };
        for code in labels::CODES {
            let labels = labels::labels(scene, reporter, side, code);
            let mut series = |name: &str, le: Option<&str>| {
                let mut pairs = vec![("__name__".to_owned(), name.to_owned())];
                pairs.extend(labels.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
                pairs.extend(le.map(|le| ("le".to_owned(), le.to_owned())));
                all.push(pairs);
            };
            series("istio_requests_total", None);
            for (_, le) in BOUNDS {
                series("istio_request_duration_milliseconds_bucket", Some(le));
            }
            series("istio_request_duration_milliseconds_sum", None);
            series("istio_request_duration_milliseconds_count", None);
        }
    }
    all
}

/// Where samples go.
///
/// Series are asked for once and used for all runs: a world is for one sink.
pub trait Sink {
    /// The number of the series with these labels, the metric's name among them as `__name__`.
    fn series(&mut self, labels: &[(&str, &str)]) -> u32;
    /// A sample, later than the one before it of the same series; [`STALE`] ends the series. `t_ms` counts from the epoch.
    fn append(&mut self, series: u32, t_ms: i64, value: f64);
    /// Forgets all samples and keeps the series.
    fn clear(&mut self);
}

/// Which families of metrics anyone asks for; the others are not stored, and not drawn where totals need them not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// `istio_requests_total`
    pub requests: bool,
    /// `istio_request_duration_milliseconds`
    pub latency: bool,
}

/// What a world is seen through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Milliseconds from the epoch to second 0.
    pub epoch_ms: i64,
    /// For how long before second 0 stable has served: the longest window and the lookback at least.
    pub history: Seconds,
    /// What is asked for.
    pub needs: Needs,
}

/// A change that has been announced.
#[derive(Clone, Copy, Debug)]
enum Change {
    Split(Weight),
    /// As which side the versions answer that stand on the stable side and on the canary's.
    Versions([Side; 2]),
    /// So many of the announced pods, from this one on, are all that a side has.
    Pods {
        side: Side,
        first: usize,
        count: usize,
    },
}

/// A world in one run.
#[derive(Clone, Debug)]
pub struct World {
    scene: Scene,
    /// Offered requests per millisecond.
    traffic: f64,
    scrape: Option<Scrape>,
    /// Seed and run.
    seed: (u64, u64),
    /// Where history begins.
    start: i64,
    common: Common,
    weight: Weight,
    /// As which side the version answers that stands on each: stable, canary.
    versions: [Side; 2],
    /// Available pods: stable, canary.
    available: (usize, usize),
    changes: VecDeque<(i64, Change)>,
    /// The pods of announced changes, by target.
    announced: Vec<usize>,
    /// Everything up to and including this is scraped.
    reached: i64,
    /// The gateway, then pods where they report.
    targets: Vec<Target>,
    /// How many targets the sink knows.
    registered: usize,
    names: BTreeMap<String, usize>,
    /// Recorded requests, in the place of drawn ones.
    load: Option<Loaded>,
}

impl World {
    /// Run `run` of `seed`. Stable has its replicas, [`pod_name`] of revision 1 from ordinal 0, and all traffic from the
    /// beginning of history until something else is said.
    pub fn new(scene: Scene, world: &scenario::World, frame: Frame, seed: u64, run: u64) -> Self {
        let gateway = drawer("gateway");
        let sources =
            vec![Source::new(Side::Stable, drawer("stable")), Source::new(Side::Canary, drawer("canary"))];
        let mut new = Self {
            scene,
            traffic: if world.traffic.0 > 0.0 { world.traffic.0 / 1000.0 } else { 0.0 },
            scrape: world.scrape,
            seed: (seed, run),
            start: frame.history.millis().0.saturating_neg(),
            common: Common {
                course: Course::new(&world.stable, &world.canary),
                // What is never scraped need not be drawn.
                needs: if world.scrape.is_some() { frame.needs } else { Needs::default() },
                epoch_ms: frame.epoch_ms,
                codes: CODES.map(str::to_owned).to_vec(),
                recorded: false,
            },
            weight: Weight::ZERO,
            versions: [Side::Stable, Side::Canary],
            available: (0, 0),
            changes: VecDeque::new(),
            announced: Vec::new(),
            reached: 0,
            targets: vec![Target::new(sources, gateway)],
            registered: 0,
            names: BTreeMap::new(),
            load: None,
        };
        // Series are registered in this order, which must not depend on when pods appear.
        for (side, revision) in [(Side::Stable, 1), (Side::Canary, 2)] {
            for ordinal in 0..u64::from(new.scene.replicas) {
                let name = pod_name(&new.scene.rollout, revision, ordinal);
                new.target(side, &name);
            }
        }
        new.begin();
        new
    }

    /// Run `run` of the same seed, from the beginning of its history; `sink` forgets its samples.
    pub fn reset(&mut self, run: u64, sink: &mut impl Sink) {
        sink.clear();
        self.seed.1 = run;
        self.begin();
    }

    fn begin(&mut self) {
        self.weight = Weight::ZERO;
        self.versions = [Side::Stable, Side::Canary];
        self.available = (0, 0);
        self.changes.clear();
        self.announced.clear();
        self.reached = self.start;
        if let Some(load) = &mut self.load {
            load.begin(self.start, self.seed);
        }
        for target in &mut self.targets {
            target.forget(self.start);
        }
        if let Some(gateway) = self.targets.first_mut() {
            let scrape = self.scrape.filter(|_| self.scene.split == Split::Hosts);
            gateway.appear(self.start, scrape, self.seed);
        }
        let count = self.scene.replicas as usize;
        // The first targets after the gateway are stable's.
        self.announced.extend(1..=count);
        self.apply(self.start, Change::Pods { side: Side::Stable, first: 0, count });
    }

    /// From `at` on the canary is given this weight. Requests go by it while the canary has an available pod.
    ///
    /// Changes come in the order of their time; one before what is scraped already counts from there on.
    pub fn split(&mut self, at: Seconds, canary: Weight) {
        self.announce(at, Change::Split(canary));
    }

    /// From `at` on the version on the stable side answers as the first of these, that on the canary's as the second.
    pub fn versions(&mut self, at: Seconds, versions: [Side; 2]) {
        self.announce(at, Change::Versions(versions));
    }

    /// From `at` on these are the available pods of a side, by name. A name that comes back is a new process.
    ///
    /// Names that were not expected (see [`World::expect`]) get their series when they first appear.
    pub fn pods<'a>(&mut self, at: Seconds, side: Side, available: impl IntoIterator<Item = &'a str>) {
        let first = self.announced.len();
        for name in available {
            let target = self.target(side, name);
            self.announced.push(target);
        }
        let count = self.announced.len() - first;
        self.announce(at, Change::Pods { side, first, count });
    }

    /// Pods that may appear, beyond the first of revisions 1 and 2 up to the replicas, which are always expected.
    ///
    /// Sums over series go in the order of the series, and the last bit of a sum in theirs. Pods that appear without being
    /// expected are in the order in which the runs so far happened to have them: expect all, and runs have the same bits
    /// whatever was run before them. It matters only where pods report.
    pub fn expect<'a>(&mut self, side: Side, names: impl IntoIterator<Item = &'a str>) {
        for name in names {
            self.target(side, name);
        }
    }

    /// Draws and scrapes everything up to and including `to_ms`, milliseconds after second 0.
    pub fn advance(&mut self, to_ms: i64, sink: &mut impl Sink) {
        self.register(sink);
        loop {
            let until = self.changes.front().map_or(to_ms, |(at, _)| (*at).min(to_ms));
            if self.load.is_some() {
                self.advance_loaded(until, sink);
            } else {
                self.targets.iter_mut().for_each(|target| target.advance(until, &mut self.common, sink));
            }
            self.reached = self.reached.max(until);
            match self.changes.front().copied() {
                Some((at, change)) if at <= to_ms => {
                    self.changes.pop_front();
                    self.apply(at, change);
                }
                _ => break,
            }
        }
        if self.changes.is_empty() {
            self.announced.clear();
        }
    }

    /// Requests from second 0 until `until`, or until what is drawn already where that is later.
    ///
    /// It closes the run: scrapes that were not taken before it would see requests that came after them.
    pub fn totals(&mut self, until: Seconds) -> Totals {
        let until = until.millis().0;
        while let Some((at, change)) = self.changes.front().copied().filter(|(at, _)| *at <= until) {
            self.changes.pop_front();
            self.apply(at, change);
        }
        self.draw_loaded(until);
        let mut sum = Totals::default();
        for source in self.targets.iter_mut().flat_map(|target| &mut target.sources) {
            source.draw_until(until, &mut self.common);
            let own = source.totals();
            sum.requests = sum.requests.saturating_add(own.requests);
            sum.failed = sum.failed.saturating_add(own.failed);
            sum.exposed = sum.exposed.saturating_add(own.exposed);
            sum.exposed_failed = sum.exposed_failed.saturating_add(own.exposed_failed);
            sum.expected_without += own.expected_without;
        }
        sum
    }

    fn announce(&mut self, at: Seconds, change: Change) {
        let last = self.changes.back().map_or(self.reached, |(at, _)| *at);
        self.changes.push_back((at.millis().0.max(last), change));
    }

    /// The target that counts the requests of a pod.
    fn target(&mut self, side: Side, name: &str) -> usize {
        if self.scene.split == Split::Hosts {
            return 0;
        }
        if let Some(target) = self.names.get(name) {
            return *target;
        }
        let number = drawer(name);
        let target = self.targets.len();
        let mut source = Source::new(side, number);
        source.tell_apart(self.common.codes.len());
        source.forget(self.start);
        self.targets.push(Target::new(vec![source], number));
        self.names.insert(name.to_owned(), target);
        target
    }

    fn register(&mut self, sink: &mut impl Sink) {
        if self.registered == self.targets.len() || self.scrape.is_none() {
            return;
        }
        let hosts = self.scene.split == Split::Hosts;
        let names: BTreeMap<usize, &str> =
            self.names.iter().map(|(name, target)| (*target, name.as_str())).collect();
        for (number, target) in self.targets.iter_mut().enumerate().skip(self.registered) {
            let reporter = names.get(&number).map_or(Reporter::Gateway, |name| Reporter::Pod(name));
            if hosts || number > 0 {
                for source in &mut target.sources {
                    source.register(&self.scene, reporter, &self.common, sink);
                }
            }
        }
        self.registered = self.targets.len();
    }

    fn apply(&mut self, at: i64, change: Change) {
        self.draw_loaded(at);
        match change {
            Change::Split(weight) => self.weight = weight,
            Change::Versions(versions) => {
                self.versions = versions;
                for source in self.targets.iter_mut().flat_map(|target| &mut target.sources) {
                    source.answer_as(at, answering(versions, source.side()), &mut self.common);
                }
            }
            Change::Pods { side, first, count } => {
                match side {
                    Side::Stable => self.available.0 = count,
                    Side::Canary => self.available.1 = count,
                }
                if self.scene.split == Split::Subsets {
                    self.list(at, side, first, count);
                }
            }
        }
        self.set_rates(at);
    }

    /// Makes the announced pods the only ones of their side.
    fn list(&mut self, at: i64, side: Side, first: usize, count: usize) {
        for target in &mut self.targets {
            target.listed = false;
        }
        for number in self.announced.iter().skip(first).take(count) {
            if let Some(target) = self.targets.get_mut(*number) {
                target.listed = true;
                for source in &mut target.sources {
                    source.change_sides(at, side, &mut self.common);
                    source.answer_as(at, answering(self.versions, side), &mut self.common);
                }
            }
        }
        let mut present = 0;
        for target in self.targets.iter_mut().skip(1) {
            if target.sources.first().map(Source::side) != Some(side) {
                continue;
            }
            let was_present = target.is_present();
            if target.listed {
                present += 1;
                if !was_present {
                    target.appear(at, self.scrape, self.seed);
                }
            } else if was_present {
                target.disappear();
            }
        }
        // A name that was listed twice, or on both sides, is one pod.
        match side {
            Side::Stable => self.available.0 = present,
            Side::Canary => self.available.1 = present,
        }
    }

    /// Gives every source its share from `at` on; a pod that has gone gets none.
    fn set_rates(&mut self, at: i64) {
        let (stable, canary) = self.available;
        let share = if canary > 0 { self.weight.ratio() } else { 0.0 };
        let rates = (self.traffic * (1.0 - share), self.traffic * share);
        let hosts = self.scene.split == Split::Hosts;
        for (number, target) in self.targets.iter_mut().enumerate() {
            let present = target.is_present();
            for source in &mut target.sources {
                let (whole, pods) = match source.side() {
                    Side::Stable => (rates.0, stable),
                    Side::Canary => (rates.1, canary),
                };
                // Where pods report, the gateway holds what finds none of them.
                let rate = match (number, hosts) {
                    (0, true) => whole,
                    (0, false) if pods == 0 => whole,
                    (0, false) => 0.0,
                    _ if present => whole / pods as f64,
                    _ => 0.0,
                };
                source.set(at, rate, number > 0 || pods > 0, self.seed, &mut self.common);
            }
        }
    }
}

/// As which side the version on a side answers.
fn answering([stable, canary]: [Side; 2], side: Side) -> Side {
    match side {
        Side::Stable => stable,
        Side::Canary => canary,
    }
}

#[cfg(test)]
mod tests;
