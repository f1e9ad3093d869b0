//! Requests to one side as one proxy counts them.
//!
//! Enters: a rate, constant between changes, and the course of behaviours. Leaves: counters, and their samples when scraped.
//! It deliberately knows no schedule. Independent Poisson arrivals at each proxy are what a Poisson stream becomes when
//! every request picks its proxy by itself, so each source draws alone, whenever somebody looks.

use super::super::chance::{Chance, Purpose};
use super::super::latency::{BOUNDS, BUCKETS};
use super::super::trace::Totals;
use super::course::Course;
use super::labels::{CODES, Reporter, labels};
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
}

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
    succeeded: Group,
    failed: Group,
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
            succeeded: Group::default(),
            failed: Group::default(),
        }
    }

    /// Forgets the run before; its own begins at `start`.
    pub(super) fn forget(&mut self, start: i64) {
        (self.side, self.version) = (self.home, self.home);
        self.streams = None;
        self.rate = 0.0;
        self.answered = true;
        self.drawn = start;
        self.totals = Totals::default();
        self.succeeded.forget();
        self.failed.forget();
    }

    /// A new process counts from zero.
    pub(super) fn restart(&mut self) {
        self.succeeded.forget();
        self.failed.forget();
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
        while self.drawn < to {
            let end = common.course.cut(self.drawn, to);
            if self.rate > 0.0 {
                self.draw(end, common);
            }
            self.drawn = end;
        }
    }

    /// Draws the requests before `end`, with the behaviour in force half-way.
    fn draw(&mut self, end: i64, common: &mut Common) {
        let Some(streams) = &mut self.streams else { return };
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
        self.succeeded.requests = self.succeeded.requests.saturating_add(succeeded);
        self.failed.requests = self.failed.requests.saturating_add(failed);
        if common.needs.latency {
            let law = common.course.law(self.version, middle);
            self.succeeded.sum +=
                law.draw(succeeded, &mut streams.success_latency, &mut self.succeeded.buckets);
            self.failed.sum += law.draw(failed, &mut streams.failure_latency, &mut self.failed.buckets);
        }
    }

    /// Makes the series known to `sink`, all at once and in one order, so that sums over series never depend on the run.
    pub(super) fn register(
        &mut self,
        scene: &Scene,
        reporter: Reporter<'_>,
        needs: Needs,
        sink: &mut impl Sink,
    ) {
        for (group, code) in [&mut self.succeeded, &mut self.failed].into_iter().zip(CODES) {
            group.register(&labels(scene, reporter, self.side, code), needs, sink);
        }
    }

    /// A scrape that succeeds.
    pub(super) fn show(&mut self, at_ms: i64, sink: &mut impl Sink) {
        self.succeeded.show(at_ms, sink);
        self.failed.show(at_ms, sink);
    }

    /// A scrape that fails, or the end of the target.
    pub(super) fn hide(&mut self, at_ms: i64, sink: &mut impl Sink) {
        self.succeeded.hide(at_ms, sink);
        self.failed.hide(at_ms, sink);
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
