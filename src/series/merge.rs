//! Several recordings as one.
//!
//! Enters: the series of one recording after another. Leaves: each series once, sorted by labels, its samples in order.
//! It deliberately knows no lines: who put a recording in can ask where the sample that did not fit stands.

use std::collections::HashMap;

use super::Series;
use super::store::MAX_SAMPLES;

/// Label names and values, sorted by name.
type Labels = Vec<(String, String)>;

/// Recordings merged so far.
#[derive(Debug, Default)]
pub struct Merged {
    series: Vec<Series>,
    places: HashMap<Labels, usize>,
    samples: usize,
}

/// Why a recording does not go with those before it.
#[derive(Clone, Debug, PartialEq)]
pub enum MergeError {
    /// A sample differs from one that is there, of the same series and time.
    Conflict {
        /// The series, without labels whose value is empty.
        labels: Labels,
        /// The time, in milliseconds.
        millis: i64,
        /// The value that was there, and the one that came.
        values: (f64, f64),
    },
    /// There are more samples than this in all.
    Full(usize),
}

impl Merged {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a recording. Samples that are there already, bit by bit, are welcome: recordings may overlap.
    ///
    /// # Errors
    /// The first sample that contradicts, or that there are more samples than a query may read. What was merged is then
    /// incomplete.
    pub fn add(&mut self, recording: Vec<Series>) -> Result<(), MergeError> {
        for Series { mut labels, samples } in recording {
            // To Prometheus, a label without a value is no label.
            labels.retain(|(_, value)| !value.is_empty());
            self.samples += samples.len();
            if self.samples > MAX_SAMPLES {
                return Err(MergeError::Full(MAX_SAMPLES));
            }
            if let Some(series) = self.places.get(&labels).and_then(|place| self.series.get_mut(*place)) {
                let there = std::mem::take(&mut series.samples);
                let count = there.len() + samples.len();
                series.samples = zip(there, samples).map_err(|(millis, old, new)| MergeError::Conflict {
                    labels,
                    millis,
                    values: (old, new),
                })?;
                self.samples -= count - series.samples.len();
            } else {
                self.places.insert(labels.clone(), self.series.len());
                self.series.push(Series { labels, samples });
            }
        }
        Ok(())
    }

    /// The time of the last sample of all, in milliseconds.
    pub fn last(&self) -> Option<i64> {
        self.series.iter().filter_map(|series| series.samples.last()).map(|(millis, _)| *millis).max()
    }

    /// The series, sorted by labels: the order in which Prometheus reads what it has on disk, and hence adds it up.
    pub fn finish(self) -> Vec<Series> {
        let mut series = self.series;
        series.sort_by(|a, b| a.labels.cmp(&b.labels));
        series
    }
}

type Samples = Vec<(i64, f64)>;

/// Both in order; or where they contradict.
fn zip(old: Samples, new: Samples) -> Result<Samples, (i64, f64, f64)> {
    let (mut out, mut old, mut new) =
        (Vec::with_capacity(old.len() + new.len()), old.into_iter().peekable(), new.into_iter().peekable());
    loop {
        match (old.peek().copied(), new.peek().copied()) {
            (Some((a, before)), Some((b, after))) if a == b => {
                if before.to_bits() != after.to_bits() {
                    return Err((a, before, after));
                }
                new.next();
            }
            (Some((a, _)), Some((b, _))) if a < b => out.extend(old.next()),
            (_, Some(_)) => out.extend(new.next()),
            (_, None) => {
                out.extend(old);
                return Ok(out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Format, place_of, read};
    use super::*;

    fn recording(text: &str) -> Vec<Series> {
        read(text.as_bytes(), Format::Prometheus).unwrap()
    }

    #[test]
    fn recordings_interleave_and_overlap() {
        let mut merged = Merged::new();
        merged.add(recording("up 1 10\nup 3 30\nb 1 1\n")).unwrap();
        merged.add(recording("a 1 99\nup{x=\"\"} 2 20\nup{x=\"\"} 3 30\nup{x=\"\"} 4 40\n")).unwrap();
        assert_eq!((merged.last(), merged.samples), (Some(99), 6));
        let all = merged.finish();
        let names: Vec<&str> = all.iter().map(|series| series.labels[0].1.as_str()).collect();
        assert_eq!(names, ["a", "b", "up"]);
        assert_eq!(all[2].samples, [(10, 1.0), (20, 2.0), (30, 3.0), (40, 4.0)]);
    }

    #[test]
    fn a_contradiction_is_found_with_its_line() {
        let mut merged = Merged::new();
        merged.add(recording("up 1 10\nup 3 30\n")).unwrap();
        let text = "other 1 1\n\nup{x=\"\"} 2 30\n";
        let Err(MergeError::Conflict { labels, millis, values }) = merged.add(recording(text)) else {
            panic!("no conflict");
        };
        assert_eq!((millis, values), (30, (3.0, 2.0)));
        let place = place_of(text.as_bytes(), Format::Prometheus, &labels, millis);
        assert_eq!(place.map(|place| place.0), Some(3));
        assert_eq!(place_of(text.as_bytes(), Format::Prometheus, &labels, 31), None);
    }
}
