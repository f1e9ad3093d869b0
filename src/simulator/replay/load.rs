//! Ordinary traffic: the requests that one service answered, by code and latency, between one sample and the next.
//!
//! Enters: series with the simulation's hashes. Leaves: [`Load`], of which a world gives each side its share.
//! It deliberately knows no weight and adds no fault. Requests are whole: what was counted between two samples is what is
//! played between them, neither more nor less.

use std::collections::BTreeMap;

use super::super::latency::{BOUNDS, BUCKETS};
use super::super::subject::Subject;
use super::Refusal;
use super::hashes::label;
use super::open::increases;
use super::sides::Sides;
use crate::diagnostic::Code;
use crate::model::rollout::Split;
use crate::model::scenario::WorldSide as Side;
use crate::series::Series;

/// A slot for each bucket, and one for requests whose latency nobody recorded.
pub(crate) const SLOTS: usize = BUCKETS + 1;

/// Recorded requests to one service.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Load {
    /// Response codes; the first two are those of a world's own successes and failures.
    pub(crate) codes: Vec<String>,
    /// One for each recorded series.
    pub(crate) streams: Vec<Stream>,
    /// The first sample, milliseconds after second 0.
    pub(crate) begins: i64,
    /// The last sample.
    pub(crate) ends: i64,
}

/// What one series counted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stream {
    /// Index into the codes.
    pub(crate) code: usize,
    /// In time order; where nothing was counted there is none.
    pub(crate) intervals: Vec<Interval>,
}

/// Requests between two samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Interval {
    /// The sample before them, milliseconds after second 0.
    pub(crate) from: i64,
    /// The sample after them.
    pub(crate) to: i64,
    /// By bucket, not cumulative; the last slot is for unknown latencies.
    pub(crate) counts: [u64; SLOTS],
    /// Mean latency, milliseconds.
    pub(crate) mean: f64,
}

/// Labels without the metric's name and the bucket's bound.
type Key<'a> = Vec<(&'a str, &'a str)>;

/// The histogram beside a counter.
#[derive(Default)]
struct Histogram<'a> {
    buckets: Vec<(usize, &'a Series)>,
    sum: Option<&'a Series>,
}

impl Load {
    pub(super) fn new(
        name: &str,
        series: &[Series],
        sides: &Sides,
        subject: &Subject,
        (origin, last): (i64, i64),
    ) -> Result<Self, Refusal> {
        let reporter = match subject.scene.split {
            Split::Hosts => "source",
            Split::Subsets => "destination",
        };
        let ours = |series: &Series| ["", reporter].contains(&label(&series.labels, "reporter"));
        let stable: Vec<&Series> = series
            .iter()
            .zip(&sides.of)
            .filter(|(series, side)| **side == Some(Side::Stable) && ours(series))
            .map(|(series, _)| series)
            .collect();
        let histograms = histograms(&stable)?;
        let mut load = Self {
            codes: vec!["200".to_owned(), "503".to_owned()],
            streams: Vec::new(),
            begins: i64::MAX,
            ends: last - origin,
        };
        for counter in
            stable.iter().filter(|series| label(&series.labels, "__name__") == "istio_requests_total")
        {
            let code = load.code(label(&counter.labels, "response_code"));
            let intervals = intervals(counter, histograms.get(&key(counter)), origin);
            if let Some((first, _)) = counter.samples.first() {
                load.begins = load.begins.min(first - origin);
            }
            load.streams.push(Stream { code, intervals });
        }
        load.usable(name, subject, reporter)
    }

    /// Refuses what cannot stand for the world of this rollout.
    fn usable(self, name: &str, subject: &Subject, reporter: &str) -> Result<Self, Refusal> {
        if self.requests() == 0 {
            let headline = format!("`{name}` has no requests to `{}`", subject.scene.stable_service);
            let found = format!("no istio_requests_total with reporter=\"{reporter}\" grows in it");
            let help = "recorded traffic is istio_requests_total of the stable side";
            return Err(Refusal::new(Code::ForeignRecording, headline, found, help));
        }
        let known = |interval: &Interval| interval.counts.iter().take(BUCKETS).any(|count| *count > 0);
        if subject.needs.latency && !self.streams.iter().flat_map(|stream| &stream.intervals).any(known) {
            let headline = format!("`{name}` has no latencies, which a query reads");
            let found = "no istio_request_duration_milliseconds_bucket beside the counted requests";
            let help = "record the histogram, too; its labels are those of istio_requests_total";
            return Err(Refusal::new(Code::UnsupportedFamily, headline, found, help));
        }
        Ok(self)
    }

    fn code(&mut self, code: &str) -> usize {
        if let Some(at) = self.codes.iter().position(|known| known == code) {
            return at;
        }
        self.codes.push(code.to_owned());
        self.codes.len() - 1
    }

    /// All requests in it.
    pub(crate) fn requests(&self) -> u64 {
        let intervals = self.streams.iter().flat_map(|stream| &stream.intervals);
        intervals.flat_map(|interval| interval.counts).fold(0, u64::saturating_add)
    }
}

fn key(series: &Series) -> Key<'_> {
    let rest = series.labels.iter().filter(|(name, _)| name != "__name__" && name != "le");
    rest.map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// The histograms by the labels that they share with the counters.
fn histograms<'a>(series: &[&'a Series]) -> Result<BTreeMap<Key<'a>, Histogram<'a>>, Refusal> {
    let mut found: BTreeMap<Key<'a>, Histogram<'a>> = BTreeMap::new();
    for series in series {
        match label(&series.labels, "__name__") {
            "istio_request_duration_milliseconds_bucket" => {
                let le = label(&series.labels, "le");
                let bound: Option<f64> = le.parse().ok();
                let Some(at) = BOUNDS.iter().position(|(own, _)| Some(*own) == bound) else {
                    let headline = format!("a bucket bounded by `{le}` is none of Istio's");
                    let help = "closed loop makes latencies in Istio's default buckets";
                    let found = "istio_request_duration_milliseconds_bucket with another bound";
                    return Err(Refusal::new(Code::UnsupportedFamily, headline, found, help));
                };
                found.entry(key(series)).or_default().buckets.push((at, series));
            }
            "istio_request_duration_milliseconds_sum" => {
                found.entry(key(series)).or_default().sum = Some(series);
            }
            _ => {}
        }
    }
    for histogram in found.values_mut() {
        histogram.buckets.sort_by_key(|(at, _)| *at);
    }
    Ok(found)
}

fn intervals(counter: &Series, histogram: Option<&Histogram<'_>>, origin: i64) -> Vec<Interval> {
    let mut found = Vec::new();
    // Fractions, which a counter of requests has only when somebody scaled it, are carried on.
    let mut rest = 0.0;
    for (from, to, more) in increases(counter) {
        let exact = more + rest;
        let whole = exact.round().max(0.0);
        rest = exact - whole;
        let requests = whole as u64;
        if requests == 0 {
            continue;
        }
        let (counts, mean) = latencies(requests, histogram, (from, to));
        found.push(Interval { from: from - origin, to: to - origin, counts, mean });
    }
    found
}

/// The value of a series at exactly this instant.
fn at(series: &Series, at: i64) -> Option<f64> {
    let place = series.samples.binary_search_by_key(&at, |(at, _)| *at).ok()?;
    series.samples.get(place).map(|(_, value)| *value).filter(|value| value.is_finite())
}

fn growth(series: &Series, (from, to): (i64, i64)) -> Option<f64> {
    let (old, new) = (at(series, from)?, at(series, to)?);
    Some(if new < old { new } else { new - old })
}

/// The requests by bucket, and their mean latency.
fn latencies(requests: u64, histogram: Option<&Histogram<'_>>, span: (i64, i64)) -> ([u64; SLOTS], f64) {
    let mut weights = [0.0; SLOTS];
    let mut below = 0.0;
    for (bucket, series) in histogram.iter().flat_map(|histogram| &histogram.buckets) {
        let Some(cumulative) = growth(series, span) else { continue };
        if let Some(slot) = weights.get_mut(*bucket) {
            *slot = (cumulative - below).max(0.0);
        }
        below = cumulative.max(below);
    }
    if below <= 0.0 {
        let mut counts = [0; SLOTS];
        if let Some(unknown) = counts.last_mut() {
            *unknown = requests;
        }
        return (counts, 0.0);
    }
    let sum = histogram.and_then(|histogram| histogram.sum).and_then(|sum| growth(sum, span));
    (apportioned(requests, &weights), sum.map_or(0.0, |sum| sum / below))
}

/// So many in proportion to the weights, each share rounded so that all of them are dealt out.
fn apportioned(requests: u64, weights: &[f64; SLOTS]) -> [u64; SLOTS] {
    let mut counts = [0; SLOTS];
    let whole: f64 = weights.iter().sum();
    let (mut passed, mut dealt) = (0.0, 0);
    for (count, weight) in counts.iter_mut().zip(weights) {
        passed += weight;
        let until = ((passed / whole * requests as f64).round() as u64).clamp(dealt, requests);
        *count = until - dealt;
        dealt = until;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn all_are_dealt_out(requests in 1_u64..1_000_000, raw in proptest::collection::vec(0_u32..1000, SLOTS)) {
            let mut weights = [0.0; SLOTS];
            weights.iter_mut().zip(&raw).for_each(|(weight, raw)| *weight = f64::from(*raw));
            prop_assume!(raw.iter().any(|raw| *raw > 0));
            let counts = apportioned(requests, &weights);
            prop_assert_eq!(counts.iter().sum::<u64>(), requests);
            let whole: u64 = raw.iter().map(|raw| u64::from(*raw)).sum();
            let same = apportioned(whole, &weights);
            for (count, raw) in same.iter().zip(&raw) {
                prop_assert_eq!(*count, u64::from(*raw));
            }
        }
    }
}
