//! One series: labels, instants and values.
//!
//! Enters: samples forward in time. Leaves: slices of values with their instants, and where the values fell or ended.
//! It deliberately knows no functions of PromQL; it only notes what makes windows quick to evaluate.

use super::super::labels::Labels;
use super::super::value::is_stale;
use super::times::{Times, TimesView, push_tight};
use super::{HORIZON_MS, StoreError};

/// A series.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    labels: Labels,
    times: Times,
    values: Vec<f64>,
    /// Numbers of the samples that are staleness markers.
    stales: Vec<u32>,
    /// Numbers of the samples less than the one before.
    drops: Vec<u32>,
}

impl Series {
    pub(super) fn new(labels: Labels) -> Self {
        Self { labels, times: Times::new(), values: Vec::new(), stales: Vec::new(), drops: Vec::new() }
    }

    pub(super) fn append(&mut self, t: i64, value: f64) -> Result<(), StoreError> {
        if let Some(last) = self.times.last().filter(|last| *last >= t) {
            return Err(StoreError::NotForward(last, t));
        }
        if t.unsigned_abs() > HORIZON_MS.unsigned_abs() {
            return Err(StoreError::BeyondHorizon(t));
        }
        let number = u32::try_from(self.values.len()).map_err(|_| StoreError::Full)?;
        if is_stale(value) {
            push_tight(&mut self.stales, number);
        } else if self.values.last().is_some_and(|last| value < *last) {
            push_tight(&mut self.drops, number);
        }
        self.times.push(t);
        push_tight(&mut self.values, value);
        Ok(())
    }

    pub(super) fn clear(&mut self) {
        self.times.clear();
        self.values.clear();
        self.stales.clear();
        self.drops.clear();
    }

    pub(super) fn labels(&self) -> &Labels {
        &self.labels
    }

    pub(crate) fn len(&self) -> usize {
        self.times.len()
    }

    pub(super) fn last(&self) -> Option<(i64, f64)> {
        Some((self.times.last()?, *self.values.last()?))
    }

    #[inline]
    pub(crate) fn times(&self) -> TimesView<'_> {
        self.times.view()
    }

    #[inline]
    pub(crate) fn values(&self) -> &[f64] {
        &self.values
    }

    /// How many samples lie at or before `t`.
    #[inline]
    pub(crate) fn count_until(&self, t: i64, hint: usize) -> usize {
        self.times.count_until(t, hint)
    }

    /// Milliseconds between samples, if they are evenly spaced.
    #[inline]
    pub(crate) fn even_step(&self) -> Option<i64> {
        self.times.even_step()
    }

    /// Whether any of the samples `from..to` is a staleness marker.
    #[inline]
    pub(crate) fn has_stale(&self, from: usize, to: usize) -> bool {
        !self.stales.is_empty() && !within(&self.stales, from, to).is_empty()
    }

    /// Numbers of those of the samples `from..to` that are less than the one before.
    #[inline]
    pub(crate) fn drops(&self, from: usize, to: usize) -> &[u32] {
        if self.drops.is_empty() { &[] } else { within(&self.drops, from, to) }
    }

    pub(super) fn bytes(&self) -> usize {
        let numbers = self.stales.capacity() + self.drops.capacity();
        self.times.bytes() + self.values.capacity() * size_of::<f64>() + numbers * size_of::<u32>()
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.times.shrink_to_fit();
        self.values.shrink_to_fit();
        self.stales.shrink_to_fit();
        self.drops.shrink_to_fit();
    }
}

/// Those of some ascending numbers that lie in `from..to`.
fn within(numbers: &[u32], from: usize, to: usize) -> &[u32] {
    let first = numbers.partition_point(|n| (*n as usize) < from);
    let end = numbers.partition_point(|n| (*n as usize) < to);
    numbers.get(first..end).unwrap_or(&[])
}
