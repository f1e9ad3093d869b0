//! A world whose requests are recorded: each goes to the side that weights and chance give it.
//!
//! Enters: recorded requests between samples, and shares of sources. Leaves: counters as they grow. Every recorded request
//! reaches exactly one source, with the outcome and the latency it had, unless the canary's fault changes them.
//! It deliberately draws no arrivals: there are as many as there were.

use std::sync::Arc;

use super::super::chance::{Chance, Purpose, drawer};
use super::super::replay::{Load, SLOTS};
use super::course::Course;
use super::source::{Common, Faulty};
use super::target::Target;
use super::{Sink, World};
use crate::model::replay::Fault;
use crate::model::scenario::{Behaviour, Lognormal, WorldSide as Side};
use crate::unit::Ratio;

/// Recorded requests in one run.
#[derive(Clone, Debug)]
pub(super) struct Loaded {
    load: Arc<Load>,
    fault: Fault,
    cursors: Vec<Cursor>,
    chance: Option<Chance>,
    /// Everything before this is given to its sources.
    drawn: i64,
}

/// How far one stream is played.
#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    interval: usize,
    /// What is left of the interval, where it is begun.
    left: Option<[u64; SLOTS]>,
}

impl Loaded {
    pub(super) fn new(load: Arc<Load>, fault: Fault) -> Self {
        let cursors = vec![Cursor::default(); load.streams.len()];
        Self { load, fault, cursors, chance: None, drawn: 0 }
    }

    /// What the fault is in time; without one, nothing fails that did not.
    pub(super) fn course(fault: &Fault) -> Course {
        let none = Lognormal { mu: 0.0, sigma: 0.0 };
        let stable = Behaviour { errors: Ratio(0.0), latency: none, episodes: Vec::new() };
        let canary = Behaviour {
            errors: fault.errors.unwrap_or(Ratio(0.0)),
            latency: fault.latency.unwrap_or(none),
            episodes: fault.episodes.clone(),
        };
        Course::new(&stable, &canary)
    }

    pub(super) fn load(&self) -> &Load {
        &self.load
    }

    /// Begins a run at `start`.
    pub(super) fn begin(&mut self, start: i64, (seed, run): (u64, u64)) {
        self.cursors.fill(Cursor::default());
        self.chance = Some(Chance::new(seed, run, drawer("recorded"), Purpose::Shares));
        self.drawn = start;
    }

    /// Gives all requests before `to` to the sources, by their shares, with the fault in force half-way.
    pub(super) fn draw_until(&mut self, to: i64, targets: &mut [Target], common: &mut Common) {
        while self.drawn < to {
            let end = common.course.cut(self.drawn, to);
            self.draw(end, targets, common);
            self.drawn = end;
        }
    }

    fn draw(&mut self, end: i64, targets: &mut [Target], common: &mut Common) {
        let Some(chance) = &mut self.chance else { return };
        let middle = (self.drawn as f64 + end as f64) * 0.5;
        let slow = self.fault.latency.is_some() || common.course.latency_changed(Side::Canary, middle);
        let faulty = Faulty {
            errors: common.course.errors(Side::Canary, middle),
            law: slow.then(|| common.course.law(Side::Canary, middle).clone()),
            counts: self.drawn >= 0,
            latency: common.needs.latency,
        };
        for (stream, cursor) in self.load.streams.iter().zip(&mut self.cursors) {
            while let Some(interval) = stream.intervals.get(cursor.interval) {
                if interval.from >= end {
                    break;
                }
                let begin = interval.from.max(self.drawn);
                let left = cursor.left.get_or_insert_with(|| {
                    part(&interval.counts, (interval.to - begin).max(0), interval.to - interval.from, chance)
                });
                let over = interval.to <= end;
                let taken = if over { *left } else { part(left, end - begin, interval.to - begin, chance) };
                for (left, taken) in left.iter_mut().zip(taken) {
                    *left -= taken;
                }
                if over {
                    *cursor = Cursor { interval: cursor.interval + 1, left: None };
                }
                let code = &common.codes.get(stream.code).map_or("", String::as_str);
                give(&taken, (stream.code, code), interval.mean, targets, chance, &faulty);
                if !over {
                    break;
                }
            }
        }
    }
}

/// Of each count the requests that fall into `long` of `whole` milliseconds, which each does by itself.
fn part<const N: usize>(counts: &[u64; N], long: i64, whole: i64, chance: &mut Chance) -> [u64; N] {
    if long >= whole {
        return *counts;
    }
    let share = long as f64 / whole as f64;
    counts.map(|count| chance.binomial(count, share))
}

/// Gives requests with one code to the sources; the last one with a share takes what is left, so that none is lost.
fn give(
    counts: &[u64; SLOTS],
    code: (usize, &str),
    mean: f64,
    targets: &mut [Target],
    chance: &mut Chance,
    faulty: &Faulty,
) {
    let serving = || targets.iter().flat_map(|target| &target.sources).filter(|source| source.rate() > 0.0);
    let (mut sources, whole) = (serving().count(), serving().map(super::source::Source::rate).sum::<f64>());
    let mut open = whole;
    let mut left = *counts;
    for source in targets.iter_mut().flat_map(|target| &mut target.sources) {
        if source.rate() <= 0.0 {
            continue;
        }
        let share = if sources == 1 { 1.0 } else { source.rate() / open };
        open -= source.rate();
        sources -= 1;
        for (slot, left) in left.iter_mut().enumerate() {
            let taken = if sources == 0 { *left } else { chance.binomial(*left, share) };
            *left -= taken;
            if taken > 0 {
                source.receive((slot, taken), code, mean, chance, faulty);
            }
        }
    }
}

impl World {
    /// A world whose requests are recorded, and whose canary is that and a fault.
    pub(crate) fn loaded(mut self, load: &Arc<Load>, fault: &Fault) -> Self {
        self.common.course = Loaded::course(fault);
        self.common.codes.clone_from(&load.codes);
        self.common.recorded = true;
        // Shares of the recorded requests, in the place of requests per millisecond.
        self.traffic = 1.0;
        self.start = self.start.max(load.begins);
        let codes = self.common.codes.len();
        for source in self.targets.iter_mut().flat_map(|target| &mut target.sources) {
            source.tell_apart(codes);
        }
        self.load = Some(Loaded::new(Arc::clone(load), fault.clone()));
        self.begin();
        self
    }

    /// Draws and scrapes up to `until` in the order of time, since all sources share what was recorded. What comes after
    /// the recording was never scraped.
    pub(super) fn advance_loaded(&mut self, until: i64, sink: &mut impl Sink) {
        let Some(mut loaded) = self.load.take() else { return };
        let last = until.min(loaded.load().ends);
        while let Some(at) = self.targets.iter().filter_map(Target::next).min().filter(|at| *at <= last) {
            loaded.draw_until(at, &mut self.targets, &mut self.common);
            for target in self.targets.iter_mut().filter(|target| target.next() == Some(at)) {
                target.advance(at, &mut self.common, sink);
            }
        }
        self.load = Some(loaded);
    }

    /// Gives all recorded requests before `to` to their sources.
    pub(super) fn draw_loaded(&mut self, to: i64) {
        if let Some(loaded) = &mut self.load {
            loaded.draw_until(to, &mut self.targets, &mut self.common);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::latency::BUCKETS;
    use super::super::super::replay::{Interval, Stream};
    use super::super::{Frame, Needs, Scene, pod_name};
    use super::*;
    use crate::model::rollout::Split;
    use crate::model::scenario;
    use crate::promql::{Labels, SeriesId, Store};
    use crate::unit::{Seconds, Weight};
    use proptest::prelude::*;

    fn scene(split: Split) -> Scene {
        let service = |side| match split {
            Split::Hosts => format!("shop-{side}"),
            Split::Subsets => "shop".to_owned(),
        };
        Scene {
            rollout: "shop".into(),
            namespace: "shop".into(),
            replicas: 3,
            split,
            stable_service: service("stable"),
            canary_service: service("canary"),
            gateway: false,
        }
    }

    fn world(split: Split, load: &Arc<Load>, fault: &Fault, run: u64) -> World {
        let needs = Needs { requests: true, latency: true };
        let frame = Frame { epoch_ms: 1_800_000_000_000, history: Seconds(600), needs };
        World::new(scene(split), &scenario::World::healthy(), frame, 3, run).loaded(load, fault)
    }

    fn interval(from: i64, to: i64, in_bucket: u64, unknown: u64) -> Interval {
        let mut counts = [0; SLOTS];
        counts[7] = in_bucket;
        counts[BUCKETS] = unknown;
        Interval { from, to, counts, mean: 150.0 }
    }

    /// Streams of three codes, begun at different times, with gaps.
    fn load(counts: &[(u64, u64)]) -> Arc<Load> {
        let stream = |code: usize, offset: i64| Stream {
            code,
            intervals: counts
                .iter()
                .enumerate()
                .filter(|(at, _)| (at + code) % 5 != 4)
                .map(|(at, (known, unknown))| {
                    let from = i64::try_from(at).unwrap() * 15_000 + offset;
                    interval(from, from + 15_000, known / (code as u64 + 1), unknown / (code as u64 + 1))
                })
                .collect(),
        };
        let ends = i64::try_from(counts.len()).unwrap() * 15_000 + 9_000;
        let codes = ["200", "503", "404"].map(str::to_owned).to_vec();
        Arc::new(Load {
            codes,
            streams: vec![stream(0, 0), stream(1, 4_000), stream(2, 9_000)],
            begins: 0,
            ends,
        })
    }

    fn canaries(world: &mut World, at: u64, count: u64) {
        let names: Vec<String> = (0..count).map(|ordinal| pod_name("shop", 2, ordinal)).collect();
        world.pods(Seconds(at), Side::Canary, names.iter().map(String::as_str));
    }

    /// The sum of the last values of counters with this code, or with any.
    fn counted(store: &Store, code: Option<&str>) -> u64 {
        let ids = (0..store.len()).map(|id| SeriesId(u32::try_from(id).unwrap()));
        let ours = ids.filter(|id| {
            let labels: &Labels = store.labels(*id).unwrap();
            labels.metric() == "istio_requests_total"
                && code.is_none_or(|code| labels.get("response_code") == code)
        });
        ours.filter_map(|id| store.last(id)).map(|(_, value)| value as u64).sum()
    }

    proptest! {
        /// Whatever weights, pods and faults do, every recorded request reaches one side, once.
        #[test]
        fn recorded_requests_are_neither_lost_nor_made(
            counts in proptest::collection::vec((0_u64..400, 0_u64..20), 1..30),
            splits in proptest::collection::vec((0_u64..500, 0_u32..=100, 0_u64..4), 0..8),
            errors in 0.0_f64..1.0,
            run in 0_u64..1000,
            subsets in any::<bool>(),
        ) {
            let load = load(&counts);
            let fault = Fault { errors: Some(Ratio(errors)), ..Fault::default() };
            let split = if subsets { Split::Subsets } else { Split::Hosts };
            let (mut world, mut store) = (world(split, &load, &fault, run), Store::new());
            let mut splits = splits;
            splits.sort_unstable();
            for (at, percent, pods) in splits {
                canaries(&mut world, at, pods);
                world.split(Seconds(at), Weight::new(percent).unwrap());
                world.advance(Seconds(at).millis().0, &mut store);
            }
            let end = Seconds(load.ends.unsigned_abs() / 1000 + 60);
            world.advance(end.millis().0, &mut store);
            let totals = world.totals(end);
            prop_assert_eq!(totals.requests, load.requests());
            prop_assert!(totals.exposed <= totals.requests && totals.exposed_failed <= totals.failed);
            let recorded_failures: u64 = load.streams[1].intervals.iter().flat_map(|part| part.counts).sum();
            prop_assert_eq!(totals.failed - totals.exposed_failed + totals.expected_without as u64, recorded_failures);
            if split == Split::Hosts {
                prop_assert!(counted(&store, None) <= totals.requests);
            }
        }
    }

    #[test]
    fn without_a_canary_the_world_is_the_recording() {
        let load = load(&[(100, 3), (0, 0), (250, 1), (7, 0), (90, 0), (12, 5)]);
        for split in [Split::Hosts, Split::Subsets] {
            let (mut world, mut store) = (world(split, &load, &Fault::default(), 1), Store::new());
            world.advance(load.ends, &mut store);
            let totals = world.totals(Seconds(load.ends.unsigned_abs() / 1000));
            assert_eq!((totals.requests, totals.exposed), (load.requests(), 0));
            // The last scrape is not later than the recording, and sees all but what came after it.
            let not_seen: u64 = load.requests() - counted(&store, None);
            let last: u64 = load
                .streams
                .iter()
                .filter_map(|stream| stream.intervals.last())
                .flat_map(|part| part.counts)
                .sum();
            assert!(not_seen <= last, "{not_seen} of {last}");
            assert!(counted(&store, Some("404")) > 0 && counted(&store, Some("503")) > 0);
        }
    }

    #[test]
    fn shares_and_faults_are_what_was_asked() {
        let load = load(&vec![(1000, 0); 200]);
        let fault = Fault { errors: Some(Ratio(0.1)), ..Fault::default() };
        let (mut world, mut store) = (world(Split::Hosts, &load, &fault, 7), Store::new());
        canaries(&mut world, 0, 1);
        world.split(Seconds(0), Weight::new(20).unwrap());
        world.advance(load.ends, &mut store);
        let totals = world.totals(Seconds(load.ends.unsigned_abs() / 1000));
        let share = totals.exposed as f64 / totals.requests as f64;
        assert!((share - 0.2).abs() < 0.004, "{share}");
        let failed_anyway = totals.expected_without / totals.exposed as f64;
        let broken = totals.exposed_failed as f64 - totals.expected_without;
        let answered = totals.exposed as f64 - totals.expected_without;
        assert!((failed_anyway - 500.0 / 1833.0).abs() < 0.01, "{failed_anyway}");
        assert!((broken / answered - 0.1).abs() < 0.005, "{}", broken / answered);
    }

    #[test]
    fn who_looks_and_how_often_changes_nothing() {
        let load = load(&vec![(300, 2); 40]);
        let fault = Fault { errors: Some(Ratio(0.05)), ..Fault::default() };
        let play = |every: u64| {
            let (mut world, mut store) = (world(Split::Subsets, &load, &fault, 2), Store::new());
            canaries(&mut world, 30, 2);
            world.split(Seconds(40), Weight::new(30).unwrap());
            for at in (0..600).step_by(usize::try_from(every).unwrap()) {
                world.advance(at * 1000, &mut store);
            }
            world.advance(600_000, &mut store);
            (world.totals(Seconds(600)), counted(&store, None))
        };
        assert_eq!(play(7), play(600));
    }
}
