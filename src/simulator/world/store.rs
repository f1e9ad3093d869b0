//! PromQL's column store as the place where samples go.
//!
//! Enters: labels and samples. Leaves: nothing; the store has them.
//! It deliberately drops what the store refuses: a world's samples go forward, and only of series that it asked for.

use super::Sink;
use crate::promql::{Labels, SeriesId, Store};

impl Sink for Store {
    fn series(&mut self, labels: &[(&str, &str)]) -> u32 {
        self.add_series(Labels::new(labels.iter().copied())).0
    }

    fn append(&mut self, series: u32, t_ms: i64, value: f64) {
        Store::append(self, SeriesId(series), t_ms, value).ok();
    }

    fn clear(&mut self) {
        self.clear_samples();
    }
}
