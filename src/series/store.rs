//! Samples gathered into series.
//!
//! Enters: labels and samples in the order of a file. Leaves: series in the order of first appearance.
//! It deliberately does not know lines; readers put them to its complaints.

use std::collections::HashMap;

use super::Series;

/// Samples that one recording may have: what a server without flags holds for a query.
pub(super) const MAX_SAMPLES: usize = 50_000_000;

/// The complaint about the sample that is looked for.
pub(super) const FOUND: &str = "found";

/// A sample that is looked for.
#[derive(Debug)]
pub(super) struct Watch<'w> {
    /// Labels, sorted; those with an empty value do not count.
    pub(super) labels: &'w [(String, String)],
    /// Its time.
    pub(super) millis: i64,
}

/// Series as they grow.
#[derive(Debug, Default)]
pub(super) struct Store<'w> {
    series: Vec<Series>,
    places: HashMap<Vec<(String, String)>, usize>,
    samples: usize,
    watch: Option<Watch<'w>>,
}

impl<'w> Store<'w> {
    /// A store that complains of one sample, so that its line becomes known.
    pub(super) fn watching(watch: Option<Watch<'w>>) -> Self {
        Self { watch, ..Self::default() }
    }

    /// The place of the series with these labels, which may be in any order; whether it is new.
    pub(super) fn place(&mut self, mut labels: Vec<(String, String)>) -> Result<(usize, bool), String> {
        labels.sort();
        if let Some((name, _)) =
            labels.iter().zip(labels.iter().skip(1)).find(|(a, b)| a.0 == b.0).map(|(a, _)| a)
        {
            return Err(format!("label \"{name}\" stands twice"));
        }
        if let Some(place) = self.places.get(&labels) {
            return Ok((*place, false));
        }
        let place = self.series.len();
        self.places.insert(labels.clone(), place);
        self.series.push(Series { labels, samples: Vec::new() });
        Ok((place, true))
    }

    /// Appends a sample, which must be later than the one before it.
    pub(super) fn push(&mut self, place: usize, millis: i64, value: f64) -> Result<(), String> {
        let Some(series) = self.series.get_mut(place) else {
            return Err("no such series".to_owned());
        };
        if let Some(watch) = self.watch.as_ref().filter(|watch| watch.millis == millis) {
            let present = series.labels.iter().filter(|(_, value)| !value.is_empty());
            if present.eq(watch.labels.iter()) {
                return Err(FOUND.to_owned());
            }
        }
        if let Some((last, _)) = series.samples.last().filter(|(last, _)| *last >= millis) {
            return Err(format!("sample at {millis} ms is not after the one before it, at {last} ms"));
        }
        if self.samples >= MAX_SAMPLES {
            return Err(format!("more than {MAX_SAMPLES} samples"));
        }
        self.samples += 1;
        series.samples.push((millis, value));
        Ok(())
    }

    /// How many samples there are.
    pub(super) fn samples(&self) -> usize {
        self.samples
    }

    pub(super) fn finish(self) -> Vec<Series> {
        self.series
    }
}

/// A value as Go reads floats, where a value of any size is one: too great is infinite.
pub(super) fn value(text: &str) -> Option<f64> {
    let signed = text.starts_with(['+', '-']);
    let value: f64 = text.parse().ok()?;
    match value.is_nan() {
        true if signed => None,
        true => Some(f64::from_bits(super::NAN_BITS)),
        false => Some(value),
    }
}

/// Whether the text names an infinity rather than being too great for a float.
pub(super) fn names_infinity(text: &str) -> bool {
    text.trim_start_matches(['+', '-']).starts_with(['i', 'I'])
}
