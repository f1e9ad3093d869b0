//! Warnings and infos that come with an answer.
//!
//! Enters: what nodes find odd. Leaves: Prometheus' sentences, each once. It deliberately stops nothing.

use super::super::ast::QuerySpan;

/// Something odd.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Oddity {
    /// A quantile that is not in 0..=1.
    Quantile(f64),
    /// A ratio that is not in -1..=1.
    Ratio(f64),
    /// A series without a usable bucket boundary.
    Bucket { le: String, metric: String },
    /// Buckets of a histogram that were not ascending.
    Monotonicity { metric: String },
    /// A rate of something that does not look like a counter.
    NotCounter { metric: String },
    /// A sort that has no effect in a range query.
    Sort,
}

impl Oddity {
    fn is_warning(&self) -> bool {
        matches!(self, Self::Quantile(_) | Self::Ratio(_) | Self::Bucket { .. })
    }
}

impl std::fmt::Display for Oddity {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Quantile(q) => {
                write!(
                    out,
                    "PromQL warning: quantile value should be between 0 and 1, got {}",
                    super::count_values::short(*q)
                )
            }
            Self::Ratio(ratio) => {
                let ratio = *ratio;
                let cap = if ratio > 0.0 { 1 } else { -1 };
                write!(
                    out,
                    "PromQL warning: ratio value should be between -1 and 1, got {ratio}, capping to {cap}"
                )
            }
            Self::Bucket { le, metric } => write!(
                out,
                "PromQL warning: bucket label \"le\" is missing or has a malformed value of {le:?}{}",
                of_metric(metric)
            ),
            Self::Monotonicity { metric } => write!(
                out,
                "PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile){}",
                of_metric(metric)
            ),
            Self::NotCounter { metric } => write!(
                out,
                "PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {metric:?}"
            ),
            Self::Sort => write!(
                out,
                "PromQL warning: sort is ineffective for range queries since results are always ordered by labels"
            ),
        }
    }
}

/// Which metric a sentence is about, if it has a name.
fn of_metric(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(" for metric name {name:?}") }
}

/// A sentence about part of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// Whether Prometheus calls it a warning, rather than an info.
    pub warning: bool,
    /// The sentence.
    pub message: String,
    /// The part.
    pub span: QuerySpan,
}

/// The odd things of one evaluation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes {
    all: Vec<(Oddity, QuerySpan)>,
}

/// How many are kept.
const MOST: usize = 64;

impl Notes {
    pub(crate) fn clear(&mut self) {
        self.all.clear();
    }

    pub(crate) fn add(&mut self, oddity: Oddity, span: QuerySpan) {
        if self.all.len() < MOST && !self.all.iter().any(|(own, at)| *own == oddity && *at == span) {
            self.all.push((oddity, span));
        }
    }

    pub(crate) fn sentences(&self) -> Vec<Note> {
        let note = |(oddity, span): &(Oddity, QuerySpan)| Note {
            warning: oddity.is_warning(),
            message: oddity.to_string(),
            span: *span,
        };
        self.all.iter().map(note).collect()
    }
}
