//! Requests to one side as one proxy counts them.
//!
//! Enters: a rate, constant between changes, and the course of behaviours. Leaves: counters, and their samples when scraped.
//! It deliberately knows no schedule. Independent Poisson arrivals at each proxy are what a Poisson stream becomes when
//! every request picks its proxy by itself, so each source draws alone, whenever somebody looks.

use super::super::chance::{Chance, Purpose};
use super::super::latency::{BOUNDS, BUCKETS, Law};
use super::super::trace::Totals;
use super::course::Course;
use super::labels::{Reporter, labels};
use super::scene::Scene;
use super::{Needs, STALE, Sink};
use crate::model::scenario::WorldSide as Side;

/// What all sources draw from.
#[derive(Clone, Debug)]
pub(super) struct Common {
    pub(super) course: Course,
    pub(super) needs: Needs,
    /// Milliseconds from the epoch to second 0.
    pub(super) epoch_ms: i64,
    /// The response codes that are told apart: of what succeeds, of what fails, and what else is recorded.
    pub(super) codes: Vec<String>,
    /// Whether requests are recorded, so that sources draw none of their own.
    pub(super) recorded: bool,
}

/// What the canary makes of recorded requests for a while.
#[derive(Debug)]
pub(super) struct Faulty {
    /// Share of those that fail although the recorded service answered them.
    pub(super) errors: f64,
    /// Latencies in the place of the recorded ones.
    pub(super) law: Option<Law>,
    /// Whether totals count them.
    pub(super) counts: bool,
    /// Whether anyone asks for latencies.
    pub(super) latency: bool,
}

/// The group of what fails.
const FAILED: usize = 1;

/// The streams of one source in one run.
#[derive(Clone, Debug)]
struct Streams {
    arrivals: Chance,
    failures: Chance,
    success_latency: Chance,
    failure_latency: Chance,
}

/// Requests to one side as one proxy counts them.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// To which side the requests go.
    side: Side,
    /// To which they go when a run begins.
    home: Side,
    /// As which side the version answers that stands there.
    version: Side,
    drawer: u64,
    streams: Option<Streams>,
    /// Requests per millisecond.
    rate: f64,
    /// Whether anybody answers; where not, every request fails.
    answered: bool,
    /// Everything before this is drawn, milliseconds after second 0.
    drawn: i64,
    /// Of this source alone, so that sums of fractions do not depend on who is looked at first.
    totals: Totals,
    /// One for each code that is told apart; the first two are of what succeeds and of what fails.
    groups: Vec<Group>,
}

impl Source {
    pub(super) fn new(side: Side, drawer: u64) -> Self {
        Self {
            side,
            home: side,
            version: side,
            drawer,
            streams: None,
            rate: 0.0,
            answered: true,
            drawn: 0,
            totals: Totals::default(),
            groups: vec![Group::default(); 2],
        }
    }

    /// Tells so many codes apart.
    pub(super) fn tell_apart(&mut self, codes: usize) {
        self.groups.resize(codes, Group::default());
    }

    /// Requests per millisecond, or the share of recorded requests.
    pub(super) fn rate(&self) -> f64 {
        self.rate
    }

    /// Forgets the run before; its own begins at `start`.
    pub(super) fn forget(&mut self, start: i64) {
        (self.side, self.version) = (self.home, self.home);
        self.streams = None;
        self.rate = 0.0;
        self.answered = true;
        self.drawn = start;
        self.totals = Totals::default();
        self.restart();
    }

    /// A new process counts from zero.
    pub(super) fn restart(&mut self) {
        self.groups.iter_mut().for_each(Group::forget);
    }

    /// What it has drawn since second 0.
    pub(super) fn totals(&self) -> Totals {
        self.totals
    }

    pub(super) fn side(&self) -> Side {
        self.side
    }

    /// From `at` on another version stands there.
    pub(super) fn answer_as(&mut self, at: i64, version: Side, common: &mut Common) {
        if version != self.version {
            self.draw_until(at, common);
            self.version = version;
        }
    }

    /// From `at` on it counts the requests of the other side: its pod has changed sides.
    pub(super) fn change_sides(&mut self, at: i64, side: Side, common: &mut Common) {
        if side != self.side {
            self.draw_until(at, common);
            self.side = side;
        }
    }

    /// From `at` on there are `rate` requests per millisecond.
    pub(super) fn set(&mut self, at: i64, rate: f64, answered: bool, seed: (u64, u64), common: &mut Common) {
        if rate == self.rate && answered == self.answered {
            return;
        }
        self.draw_until(at, common);
        self.rate = rate;
        self.answered = answered;
        if self.streams.is_none() {
            let stream = |purpose| Chance::new(seed.0, seed.1, self.drawer, purpose);
            self.streams = Some(Streams {
                arrivals: stream(Purpose::Arrivals),
                failures: stream(Purpose::Failures),
                success_latency: stream(Purpose::SuccessLatency),
                failure_latency: stream(Purpose::FailureLatency),
            });
        }
    }

    /// Draws all requests before `to`.
    pub(super) fn draw_until(&mut self, to: i64, common: &mut Common) {
        while self.drawn < to && !common.recorded {
            let end = common.course.cut(self.drawn, to);
            if self.rate > 0.0 {
                self.draw(end, common);
            }
            self.drawn = end;
        }
    }

    /// Draws the requests before `end`, with the behaviour in force half-way.
    fn draw(&mut self, end: i64, common: &mut Common) {
        let (Some(streams), [succeeding, failing, ..]) = (&mut self.streams, self.groups.as_mut_slice())
        else {
            return;
        };
        let requests = streams.arrivals.poisson(self.rate * (end - self.drawn) as f64);
        if requests == 0 {
            return;
        }
        let middle = (self.drawn as f64 + end as f64) * 0.5;
        let share = if self.answered { common.course.errors(self.version, middle) } else { 1.0 };
        let failed = streams.failures.binomial(requests, share);
        let succeeded = requests - failed;
        if self.drawn >= 0 {
            let totals = &mut self.totals;
            totals.requests = totals.requests.saturating_add(requests);
            totals.failed = totals.failed.saturating_add(failed);
            if self.side == Side::Canary {
                totals.exposed = totals.exposed.saturating_add(requests);
                totals.exposed_failed = totals.exposed_failed.saturating_add(failed);
                totals.expected_without +=
                    requests as f64 * common.course.errors(Side::Stable, middle).clamp(0.0, 1.0);
            }
        }
        succeeding.requests = succeeding.requests.saturating_add(succeeded);
        failing.requests = failing.requests.saturating_add(failed);
        if common.needs.latency {
            let law = common.course.law(self.version, middle);
            succeeding.sum += law.draw(succeeded, &mut streams.success_latency, &mut succeeding.buckets);
            failing.sum += law.draw(failed, &mut streams.failure_latency, &mut failing.buckets);
        }
    }

    /// Takes recorded requests of one code and one bucket. Code 0 is a client that went away, which no fault can hit.
    pub(super) fn receive(
        &mut self,
        (slot, requests): (usize, u64),
        (group, code): (usize, &str),
        mean: f64,
        chance: &mut Chance,
        fault: &Faulty,
    ) {
        let exposed = self.side == Side::Canary;
        let faulty = self.version == Side::Canary;
        let failed_before = code.starts_with('5');
        let broken = match (self.answered, faulty) {
            _ if failed_before => 0,
            (false, _) => requests,
            (true, true) if code != "0" => chance.binomial(requests, fault.errors),
            (true, _) => 0,
        };
        if fault.counts {
            let failed = if failed_before { requests } else { broken };
            let totals = &mut self.totals;
            totals.requests = totals.requests.saturating_add(requests);
            totals.failed = totals.failed.saturating_add(failed);
            if exposed {
                totals.exposed = totals.exposed.saturating_add(requests);
                totals.exposed_failed = totals.exposed_failed.saturating_add(failed);
                totals.expected_without += if failed_before { requests as f64 } else { 0.0 };
            }
        }
        for (group, count) in [(group, requests - broken), (FAILED, broken)] {
            let Some(group) = self.groups.get_mut(group).filter(|_| count > 0) else { continue };
            group.requests = group.requests.saturating_add(count);
            match &fault.law {
                _ if !fault.latency => {}
                Some(law) if faulty => group.sum += law.draw(count, chance, &mut group.buckets),
                _ => {
                    // The last slot is of those whose latency nobody recorded: no histogram has them.
                    if let Some(bucket) = group.buckets.get_mut(slot) {
                        *bucket = bucket.saturating_add(count);
                        group.sum += count as f64 * mean;
                    }
                }
            }
        }
    }

    /// Makes the series known to `sink`, all at once and in one order, so that sums over series never depend on the run.
    pub(super) fn register(
        &mut self,
        scene: &Scene,
        reporter: Reporter<'_>,
        common: &Common,
        sink: &mut impl Sink,
    ) {
        for (group, code) in self.groups.iter_mut().zip(&common.codes) {
            group.register(&labels(scene, reporter, self.side, code), common.needs, sink);
        }
    }

    /// A scrape that succeeds.
    pub(super) fn show(&mut self, at_ms: i64, sink: &mut impl Sink) {
        self.groups.iter_mut().for_each(|group| group.show(at_ms, sink));
    }

    /// A scrape that fails, or the end of the target.
    pub(super) fn hide(&mut self, at_ms: i64, sink: &mut impl Sink) {
        self.groups.iter_mut().for_each(|group| group.hide(at_ms, sink));
    }
}

/// Requests with one response code: a label set of its own, which Istio creates with the first of them.
#[derive(Clone, Debug, Default)]
struct Group {
    requests: u64,
    /// Not cumulative.
    buckets: [u64; BUCKETS],
    /// Milliseconds.
    sum: f64,
    /// Whether the last scrape saw the series.
    shown: bool,
    total: Option<u32>,
    histogram: Option<Histogram>,
}

/// The series of a histogram.
#[derive(Clone, Copy, Debug)]
struct Histogram {
    buckets: [u32; BUCKETS],
    sum: u32,
    count: u32,
}

impl Group {
    fn forget(&mut self) {
        self.requests = 0;
        self.buckets = [0; BUCKETS];
        self.sum = 0.0;
        self.shown = false;
    }

    fn register(&mut self, labels: &[(&'static str, String)], needs: Needs, sink: &mut impl Sink) {
        let mut series = |name: &str, le: Option<&str>| {
            let mut pairs = vec![("__name__", name)];
            pairs.extend(labels.iter().map(|(name, value)| (*name, value.as_str())));
            pairs.extend(le.map(|le| ("le", le)));
            sink.series(&pairs)
        };
        self.total = needs.requests.then(|| series("istio_requests_total", None));
        self.histogram = needs.latency.then(|| Histogram {
            buckets: BOUNDS.map(|(_, le)| series("istio_request_duration_milliseconds_bucket", Some(le))),
            sum: series("istio_request_duration_milliseconds_sum", None),
            count: series("istio_request_duration_milliseconds_count", None),
        });
    }

    fn show(&mut self, at_ms: i64, sink: &mut impl Sink) {
        if self.requests == 0 {
            return;
        }
        self.shown = true;
        if let Some(total) = self.total {
            sink.append(total, at_ms, self.requests as f64);
        }
        if let Some(histogram) = &self.histogram {
            let mut cumulative = 0_u64;
            for (series, count) in histogram.buckets.iter().zip(self.buckets) {
                cumulative = cumulative.saturating_add(count);
                sink.append(*series, at_ms, cumulative as f64);
            }
            sink.append(histogram.sum, at_ms, self.sum);
            sink.append(histogram.count, at_ms, cumulative as f64);
        }
    }

    fn hide(&mut self, at_ms: i64, sink: &mut impl Sink) {
        if !std::mem::take(&mut self.shown) {
            return;
        }
        let histogram =
            self.histogram.iter().flat_map(|all| all.buckets.into_iter().chain([all.sum, all.count]));
        for series in self.total.into_iter().chain(histogram) {
            sink.append(series, at_ms, STALE);
        }
    }
}
