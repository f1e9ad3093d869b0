//! A column store of samples, built for replay.
//!
//! Enters: label sets, and samples that go forward in time. Leaves: series by number, in the order of their creation.
//! It deliberately knows no queries, and forgets nothing by itself.

mod series;
mod times;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) use series::Series;
pub(crate) use times::{TimesView, signed};

use super::labels::Labels;

/// Instants lie no further than this from the epoch, in milliseconds (some 285,000 years), so that none overflows.
pub const HORIZON_MS: i64 = 1 << 53;

/// The number of a series in its store, counted from zero in the order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesId(pub u32);

/// Why a sample or a series was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The store has no such series.
    UnknownSeries(SeriesId),
    /// The sample, at the second instant, does not lie after the last one, at the first (milliseconds).
    NotForward(i64, i64),
    /// The instant, in milliseconds, is further from the epoch than `HORIZON_MS`.
    BeyondHorizon(i64),
    /// The series already holds as many samples as can be counted.
    Full,
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownSeries(id) => write!(out, "the store has no series {}", id.0),
            Self::NotForward(last, t) => {
                write!(out, "a sample at {t} ms is not after the last one, at {last} ms")
            }
            Self::BeyondHorizon(t) => write!(out, "{t} ms is too far from the epoch"),
            Self::Full => write!(out, "the series is full"),
        }
    }
}

impl std::error::Error for StoreError {}

/// Series and their samples.
#[derive(Debug)]
pub struct Store {
    series: Vec<Series>,
    by_labels: HashMap<Labels, SeriesId>,
    /// Differs between any two stores, and before and after `clear_samples`, so that a plan knows what it remembers.
    identity: u64,
    appends: u64,
    /// How many of those samples are gone.
    cleared: u64,
}

/// Source of identities. It only ever tells contents apart; no answer depends on its value.
static IDENTITIES: AtomicU64 = AtomicU64::new(1);

fn fresh_identity() -> u64 {
    IDENTITIES.fetch_add(1, Ordering::Relaxed)
}

impl Default for Store {
    fn default() -> Self {
        Self {
            series: Vec::new(),
            by_labels: HashMap::new(),
            identity: fresh_identity(),
            appends: 0,
            cleared: 0,
        }
    }
}

impl Clone for Store {
    fn clone(&self) -> Self {
        Self {
            series: self.series.clone(),
            by_labels: self.by_labels.clone(),
            identity: fresh_identity(),
            appends: self.appends,
            cleared: self.cleared,
        }
    }
}

impl Store {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The series with these labels, created if it is new.
    pub fn add_series(&mut self, labels: Labels) -> SeriesId {
        if let Some(id) = self.by_labels.get(&labels) {
            return *id;
        }
        let id = SeriesId(u32::try_from(self.series.len()).unwrap_or(u32::MAX));
        self.by_labels.insert(labels.clone(), id);
        self.series.push(Series::new(labels));
        id
    }

    /// Adds a sample at `t_ms`, milliseconds since the epoch; `value::STALE` marks the end of a series.
    ///
    /// # Errors
    /// If the series does not exist, or already has a sample at or after that instant.
    #[inline]
    pub fn append(&mut self, id: SeriesId, t_ms: i64, value: f64) -> Result<(), StoreError> {
        let series = self.series.get_mut(id.0 as usize).ok_or(StoreError::UnknownSeries(id))?;
        series.append(t_ms, value)?;
        self.appends = self.appends.wrapping_add(1);
        Ok(())
    }

    /// Forgets all samples, and keeps the series and the memory.
    pub fn clear_samples(&mut self) {
        for series in &mut self.series {
            series.clear();
        }
        self.cleared = self.appends;
        self.identity = fresh_identity();
    }

    /// How many series there are.
    pub fn len(&self) -> usize {
        self.series.len()
    }

    /// Whether there is no series.
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// The labels of a series.
    pub fn labels(&self, id: SeriesId) -> Option<&Labels> {
        self.series.get(id.0 as usize).map(Series::labels)
    }

    /// The series with exactly these labels.
    pub fn find(&self, labels: &Labels) -> Option<SeriesId> {
        self.by_labels.get(labels).copied()
    }

    /// The last sample of a series: milliseconds since the epoch, and value.
    pub fn last(&self, id: SeriesId) -> Option<(i64, f64)> {
        self.series.get(id.0 as usize)?.last()
    }

    /// How many samples there are in all series together.
    pub fn sample_count(&self) -> usize {
        self.series.iter().map(Series::len).sum()
    }

    /// Bytes allocated for samples.
    pub fn sample_bytes(&self) -> usize {
        self.series.iter().map(Series::bytes).sum()
    }

    /// Gives back memory that growing columns have set aside.
    pub fn shrink_to_fit(&mut self) {
        for series in &mut self.series {
            series.shrink_to_fit();
        }
    }

    pub(crate) fn series(&self, id: SeriesId) -> Option<&Series> {
        self.series.get(id.0 as usize)
    }

    /// Labels of all series from number `first` on.
    pub(crate) fn labels_from(&self, first: usize) -> impl Iterator<Item = (SeriesId, &Labels)> {
        self.series
            .iter()
            .enumerate()
            .skip(first)
            .filter_map(|(i, s)| Some((SeriesId(u32::try_from(i).ok()?), s.labels())))
    }

    pub(crate) fn identity(&self) -> u64 {
        self.identity
    }

    /// As `sample_count`, without counting.
    pub(crate) fn held(&self) -> u64 {
        self.appends.wrapping_sub(self.cleared)
    }

    pub(crate) fn appends(&self) -> u64 {
        self.appends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_go_forward() {
        let mut store = Store::new();
        let up = store.add_series(Labels::new([("__name__", "up")]));
        assert_eq!(up, store.add_series(Labels::new([("__name__", "up")])));
        store.append(up, 1000, 1.0).unwrap();
        assert_eq!(store.append(up, 1000, 1.0), Err(StoreError::NotForward(1000, 1000)));
        assert_eq!(store.append(SeriesId(7), 1000, 1.0), Err(StoreError::UnknownSeries(SeriesId(7))));
        store.clear_samples();
        store.append(up, 5, 1.0).unwrap();
        assert_eq!((store.len(), store.sample_count(), store.held()), (1, 1, 1));
    }
}
