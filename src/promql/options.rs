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
    /// What one evaluation may use.
    pub budget: Budget,
}

/// Bounds of one evaluation; beyond them it ends with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// How many values a query may hold at once, results and intermediate vectors together; each takes 8 to 24 bytes.
    /// Prometheus' own bound is 50,000,000 (`--query.max-samples`).
    pub samples: u64,
    /// How many elementary steps a query may take: elements computed, and samples read where a function reads them all.
    pub steps: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { samples: 50_000_000, steps: 2_000_000_000 }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lookback_ms: 300_000,
            closed_ranges: false,
            default_subquery_step_ms: 60_000,
            delayed_name_removal: false,
            budget: Budget::default(),
        }
    }
}
