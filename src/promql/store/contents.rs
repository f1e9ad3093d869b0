//! What a store holds, read back.
//!
//! Enters: a store. Leaves: its samples. It deliberately changes nothing.

use super::{SeriesId, Store};

impl Store {
    /// The samples of a series: milliseconds since the epoch, and values; none where there is no such series.
    pub fn samples(&self, id: SeriesId) -> Vec<(i64, f64)> {
        let Some(series) = self.series(id) else { return Vec::new() };
        let times = series.times();
        series.values().iter().enumerate().map(|(at, value)| (times.at(at), *value)).collect()
    }
}
