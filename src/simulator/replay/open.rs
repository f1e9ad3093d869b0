//! A past canary: series that answer queries and react to nothing.
//!
//! Enters: series with the simulation's hashes. Leaves: a store to ask, and the requests that were recorded, by time.
//! It deliberately changes no value: what the recording lacks, no query finds.

use super::super::trace::Totals;
use super::Refusal;
use super::hashes::label;
use super::sides::Sides;
use crate::diagnostic::Code;
use crate::model::scenario::WorldSide as Side;
use crate::promql::{Labels, Store};
use crate::series::{Series, is_stale};
use crate::unit::Seconds;

/// A past canary.
#[derive(Debug)]
pub(crate) struct Past {
    /// The series.
    pub(crate) store: Store,
    /// Milliseconds from the epoch to second 0.
    pub(crate) origin_ms: i64,
    /// When, of which side, whether failed, and how many requests more than the sample before; by time.
    requests: Vec<(i64, Side, bool, f64)>,
}

impl Past {
    pub(super) fn new(series: &[Series], sides: &Sides, origin_ms: i64) -> Result<Self, Refusal> {
        let mut store = Store::new();
        let mut requests = Vec::new();
        for (series, side) in series.iter().zip(&sides.of) {
            let id = store.add_series(Labels::new(series.labels.iter().map(|(n, v)| (n, v))));
            for (at, value) in &series.samples {
                store.append(id, *at, *value).map_err(|error| {
                    let help = "after the two hashes are renamed, two series of the recording are one";
                    let headline = "the recording's series cannot be told apart";
                    Refusal::new(Code::AmbiguousRecording, headline, error.to_string(), help)
                })?;
            }
            if let Some(side) = side
                && label(&series.labels, "__name__") == "istio_requests_total"
            {
                let failed = label(&series.labels, "response_code").starts_with('5');
                requests.extend(increases(series).map(|(_, at, more)| (at - origin_ms, *side, failed, more)));
            }
        }
        requests.sort_by_key(|(at, ..)| *at);
        Ok(Self { store, origin_ms, requests })
    }

    /// The requests that were recorded from second 0 until `until`, whatever the weights here would have been.
    pub(crate) fn totals(&self, until: Seconds) -> Totals {
        let (mut all, mut exposed) = ([0.0, 0.0], [0.0, 0.0]);
        let within = |at: i64| at > 0 && at <= until.millis().0;
        for (_, side, failed, more) in self.requests.iter().filter(|(at, ..)| within(*at)) {
            let [requests, failures] = &mut all;
            *requests += more;
            *failures += if *failed { *more } else { 0.0 };
            if *side == Side::Canary {
                let [requests, failures] = &mut exposed;
                *requests += more;
                *failures += if *failed { *more } else { 0.0 };
            }
        }
        let ([requests, failed], [reached, hurt]) = (all, exposed);
        let (others, others_failed) = (requests - reached, failed - hurt);
        let share = if others > 0.0 { others_failed / others } else { 0.0 };
        let whole = |count: f64| count.round() as u64;
        Totals {
            requests: whole(requests),
            failed: whole(failed),
            exposed: whole(reached),
            exposed_failed: whole(hurt),
            expected_without: reached * share,
        }
    }
}

/// What a counter grew by between each sample and the next, with the times of both, as `rate` would have it: staleness
/// markers are no samples, and a value below the one before it counts from zero. What the first sample counts is older than
/// the recording.
pub(super) fn increases(series: &Series) -> impl Iterator<Item = (i64, i64, f64)> {
    let mut before: Option<(i64, f64)> = None;
    series.samples.iter().filter(|(_, value)| !is_stale(*value) && value.is_finite()).filter_map(
        move |(at, value)| {
            let last = before.replace((*at, *value));
            let (from, old) = last?;
            Some((from, *at, if *value < old { *value } else { *value - old }))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::STALE_BITS;

    #[test]
    fn counters_grow_through_resets_gaps_and_staleness() {
        let samples =
            vec![(0, 10.0), (15, 12.0), (30, f64::from_bits(STALE_BITS)), (60, 13.0), (75, 4.0), (90, 4.0)];
        let series = Series { labels: Vec::new(), samples };
        let seen: Vec<_> = increases(&series).collect();
        assert_eq!(seen, [(0, 15, 2.0), (15, 60, 1.0), (60, 75, 4.0), (75, 90, 0.0)]);
    }
}
