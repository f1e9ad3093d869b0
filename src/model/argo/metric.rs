//! One metric of an analysis, as Argo's AnalysisRun controller reads it.
//!
//! Enters: facts from `model`, or templates read by others. Leaves: [`MetricSpec`].
//! It deliberately resolves no argument: fields that need one keep their text until a run is made.

/// One metric, `None` where upstream has a nil. Times are nanoseconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricSpec {
    /// The template it comes from, for whoever answers.
    pub template: usize,
    /// Its index in that template.
    pub index: usize,
    /// Name.
    pub name: String,
    /// Who measures.
    pub provider: Provider,
    /// Query of Prometheus with `{{args.NAME}}`; empty for other providers.
    pub query: String,
    /// `successCondition`
    pub success_condition: Option<String>,
    /// `failureCondition`
    pub failure_condition: Option<String>,
    /// `interval`
    pub interval: Option<i64>,
    /// `initialDelay`
    pub initial_delay: Option<i64>,
    /// `count`
    pub count: Option<i64>,
    /// `failureLimit`
    pub failure_limit: Option<i64>,
    /// `inconclusiveLimit`
    pub inconclusive_limit: Option<i64>,
    /// `consecutiveErrorLimit`
    pub consecutive_error_limit: Option<i64>,
    /// `consecutiveSuccessLimit`
    pub consecutive_success_limit: Option<i64>,
    /// Other fields whose value only a run has: those with arguments in them, and durations that are none. They stand in
    /// the order in which upstream writes a metric as JSON.
    pub texts: Vec<(Field, String)>,
}

/// Nanoseconds of a second.
pub(crate) const NANOS: i64 = 1_000_000_000;

/// A field that may hold a text where it usually has a number, in upstream's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// `name`
    Name,
    /// `interval`
    Interval,
    /// `initialDelay`
    InitialDelay,
    /// `count`
    Count,
    /// `failureLimit`
    FailureLimit,
    /// `inconclusiveLimit`
    InconclusiveLimit,
    /// `consecutiveErrorLimit`
    ConsecutiveErrorLimit,
    /// Something of the provider but Prometheus' query: it has to resolve, and nothing here depends on its value.
    Provider,
    /// `consecutiveSuccessLimit`
    ConsecutiveSuccessLimit,
}

/// Who measures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Provider {
    /// `prometheus`
    #[default]
    Prometheus,
    /// `prometheus` with `rangeQuery`
    PrometheusRange,
    /// Another one, by its field: `web`, `job`, `datadog`, …; a plugin by its name.
    Other(String),
    /// None at all, which a run is refused for.
    Missing,
    /// More than one, which a run is refused for.
    Several,
}

impl Provider {
    /// A provider whose answers no series of Prometheus' own stand for, in words.
    pub fn foreign(&self) -> Option<&str> {
        match self {
            Self::PrometheusRange => Some("a range query"),
            Self::Other(name) => Some(name),
            Self::Prometheus | Self::Missing | Self::Several => None,
        }
    }
}

impl MetricSpec {
    /// How many measurements end the metric; `None` is endless.
    /// Source: Argo Rollouts v1.9.1, analysis_types.go, `EffectiveCount`.
    pub fn effective_count(&self) -> Option<i64> {
        match (self.count.unwrap_or(0), self.interval) {
            (0, None) => Some(1),
            (0, Some(_)) => None,
            (count, _) => Some(count),
        }
    }
}
