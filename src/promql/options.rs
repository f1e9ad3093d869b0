//! What a Prometheus is configured with, as far as it changes answers, and what a query may use.
//!
//! Enters: numbers. Leaves: the same, with Prometheus' defaults. It deliberately reads no environment and no flags.

/// How queries are answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How far an instant selector looks back for a sample, in milliseconds (`--query.lookback-delta`).
    pub lookback_ms: i64,
    /// Ranges include their left edge, as in Prometheus 2; otherwise they do not, as in Prometheus 3.
    pub closed_ranges: bool,
    /// Resolution of subqueries that name none, in milliseconds (the evaluation interval of rules).
    pub default_subquery_step_ms: i64,
    /// Names are dropped at the end of the evaluation, not by each operation (`promql-delayed-name-removal`).
    pub delayed_name_removal: bool,
    /// What one evaluation may use, if not what `Budget::new` allows it.
    pub budget: Option<Budget>,
}

/// Bounds of one evaluation; beyond them it ends with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// How many values a query may hold at once, results and intermediate vectors together; each takes 8 to 24 bytes.
    pub samples: u64,
    /// How many steps a query may take. A step takes one to five nanoseconds; what takes longer counts as several.
    pub steps: u64,
}

/// Values held at once. Source: Prometheus v3.15.1, the default of `--query.max-samples`.
const HELD: u64 = 50_000_000;

/// Steps that every evaluation may take, whatever it reads.
const BASE: u64 = 50_000_000;

/// How often an evaluation may come by each sample of the store, as subqueries do whose windows overlap.
const PER_SAMPLE: u64 = 500;

/// How often each instant of a range may come by each sample.
const PER_INSTANT: u64 = 2;

/// Instants beyond as many allow nothing more: Prometheus refuses ranges that have them.
const INSTANTS: u64 = 11_000;

impl Budget {
    /// What a query at so many instants may use, over a store of so many samples.
    ///
    /// Steps grow with what there is to read and not with what is asked. A text of 64 KiB over a recording of 64 KiB,
    /// some 2,000 samples, hence ends within a second, even at the 11,000 instants that Prometheus allows a range;
    /// and a subquery at every scrape of a month of 1,000 series is not refused.
    #[must_use]
    pub fn new(samples: u64, instants: u64) -> Self {
        let visits = instants.min(INSTANTS) * PER_INSTANT + PER_SAMPLE;
        Self { samples: HELD, steps: samples.saturating_mul(visits).saturating_add(BASE) }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lookback_ms: 300_000,
            closed_ranges: false,
            default_subquery_step_ms: 60_000,
            delayed_name_removal: false,
            budget: None,
        }
    }
}
