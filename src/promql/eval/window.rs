//! Functions of a range vector: what one window of one series comes to.
//!
//! Enters: the samples of a window, without staleness markers. Leaves: one value, or `STALE` for none.
//! It deliberately does not know where the samples come from: a store or a subquery.

use super::super::store::TimesView;
use super::super::value::STALE;
use super::{over_time, rate, regression, sorting};

/// The samples of one window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window<'a> {
    pub(crate) values: &'a [f64],
    pub(crate) times: TimesView<'a>,
    /// Number of the first sample within `times`.
    pub(crate) first: usize,
    /// Numbers, as in `times`, of the samples less than the one before, the first sample of the window left out;
    /// `None` if that is not known.
    pub(crate) drops: Option<&'a [u32]>,
    /// Left edge in milliseconds.
    pub(crate) start: i64,
    /// Right edge in milliseconds.
    pub(crate) end: i64,
}

impl Window<'_> {
    /// The instant of sample `i` of the window.
    #[inline]
    pub(crate) fn time(&self, i: usize) -> i64 {
        self.times.at(self.first + i)
    }

    /// First and last value and the number of steps between them; `None` with fewer than two samples.
    #[inline]
    pub(crate) fn ends(&self) -> Option<(f64, f64, usize)> {
        match self.values {
            [first, .., last] => Some((*first, *last, self.values.len() - 1)),
            _ => None,
        }
    }
}

/// A function of a range vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum WindowFunction {
    Rate,
    Increase,
    Delta,
    InstantRate,
    InstantDelta,
    Resets,
    Changes,
    Sum,
    Avg,
    Min,
    Max,
    Count,
    Last,
    First,
    Present,
    Stddev,
    Stdvar,
    Mad,
    Quantile,
    Deriv,
    PredictLinear,
    DoubleExponential,
    TimeOfMin,
    TimeOfMax,
    TimeOfFirst,
    TimeOfLast,
}

impl WindowFunction {
    /// The function called `name`, `absent_over_time` being `present_over_time` turned round.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "rate" => Self::Rate,
            "increase" => Self::Increase,
            "delta" => Self::Delta,
            "irate" => Self::InstantRate,
            "idelta" => Self::InstantDelta,
            "resets" => Self::Resets,
            "changes" => Self::Changes,
            "sum_over_time" => Self::Sum,
            "avg_over_time" => Self::Avg,
            "min_over_time" => Self::Min,
            "max_over_time" => Self::Max,
            "count_over_time" => Self::Count,
            "last_over_time" => Self::Last,
            "first_over_time" => Self::First,
            "present_over_time" | "absent_over_time" => Self::Present,
            "stddev_over_time" => Self::Stddev,
            "stdvar_over_time" => Self::Stdvar,
            "mad_over_time" => Self::Mad,
            "quantile_over_time" => Self::Quantile,
            "deriv" => Self::Deriv,
            "predict_linear" => Self::PredictLinear,
            "double_exponential_smoothing" => Self::DoubleExponential,
            "ts_of_min_over_time" => Self::TimeOfMin,
            "ts_of_max_over_time" => Self::TimeOfMax,
            "ts_of_first_over_time" => Self::TimeOfFirst,
            "ts_of_last_over_time" => Self::TimeOfLast,
            _ => return None,
        })
    }

    /// Whether the result is still a value of the metric, so that its name stays.
    pub(crate) fn keeps_name(self) -> bool {
        matches!(self, Self::Last | Self::First)
    }

    /// How many scalar arguments it takes.
    pub(crate) fn scalars(self) -> usize {
        match self {
            Self::Quantile | Self::PredictLinear => 1,
            Self::DoubleExponential => 2,
            _ => 0,
        }
    }

    /// Steps that a window of so many samples takes, beside being found.
    #[inline]
    pub(crate) fn steps(self, samples: usize) -> usize {
        match self {
            Self::Mad => 2 * sorting(samples),
            Self::Quantile => sorting(samples),
            Self::DoubleExponential => 2 * samples,
            _ if self.reads_all() => samples,
            _ => 0,
        }
    }

    /// Whether every sample of the window is read.
    fn reads_all(self) -> bool {
        !matches!(
            self,
            Self::Rate
                | Self::Increase
                | Self::Delta
                | Self::InstantRate
                | Self::InstantDelta
                | Self::Count
                | Self::Last
                | Self::First
                | Self::Present
                | Self::TimeOfFirst
                | Self::TimeOfLast
        )
    }
}

/// What a window function needs besides the window.
#[derive(Debug)]
pub(crate) struct Parameters<'a> {
    /// Width of the window in milliseconds.
    pub(crate) range_ms: i64,
    /// The instant of evaluation in milliseconds.
    pub(crate) t: i64,
    /// Scalar arguments.
    pub(crate) scalars: [f64; 2],
    /// Memory to sort in.
    pub(crate) scratch: &'a mut Vec<f64>,
}

/// Applies a function to a window.
#[inline]
pub(crate) fn apply(function: WindowFunction, window: &Window<'_>, with: &mut Parameters<'_>) -> f64 {
    use WindowFunction as F;
    let values = window.values;
    let (Some(first), Some(last)) = (values.first(), values.last()) else {
        return STALE;
    };
    match function {
        F::Rate => rate::extrapolated(window, with.range_ms, true, true),
        F::Increase => rate::extrapolated(window, with.range_ms, true, false),
        F::Delta => rate::extrapolated(window, with.range_ms, false, false),
        F::InstantRate => rate::instant(window, true),
        F::InstantDelta => rate::instant(window, false),
        F::Resets => rate::resets(window),
        F::Changes => over_time::changes(values),
        F::Sum => over_time::sum(values),
        F::Avg => over_time::avg(values),
        F::Min => over_time::extreme(values, |value, best| value < best).1,
        F::Max => over_time::extreme(values, |value, best| value > best).1,
        F::Count => values.len() as f64,
        F::Last => *last,
        F::First => *first,
        F::Present => 1.0,
        F::Stddev => over_time::variance(values).sqrt(),
        F::Stdvar => over_time::variance(values),
        F::Mad => over_time::median_deviation(values, with.scratch),
        F::Quantile => over_time::quantile(with.scalars[0], values, with.scratch),
        F::Deriv => regression::deriv(window),
        F::PredictLinear => regression::predict(window, with.t, with.scalars[0]),
        F::DoubleExponential => regression::smooth(values, with.scalars),
        F::TimeOfMin => seconds(window.time(over_time::latest_extreme(values, |value, best| value <= best))),
        F::TimeOfMax => seconds(window.time(over_time::latest_extreme(values, |value, best| value >= best))),
        F::TimeOfFirst => seconds(window.time(0)),
        F::TimeOfLast => seconds(window.time(values.len() - 1)),
    }
}

/// Milliseconds as the seconds PromQL counts in.
pub(crate) fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}
