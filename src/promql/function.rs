//! The functions of PromQL: what they are called, what they take and what they give.
//!
//! Enters: a name. Leaves: its signature.
//! It deliberately does not know what a function computes.

use super::ast::ValueType;
use super::ast::ValueType::{Matrix, Scalar, String, Vector};

/// Signature of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// Canonical name; function names are case-sensitive.
    pub name: &'static str,
    /// Types of the arguments, in order. The last may be omitted or repeated if `variadic` says so.
    pub args: &'static [ValueType],
    /// How often the last of `args` may stand: exactly once if 0, at most this often if positive (or not at all),
    /// any number of times (or not at all) if negative.
    pub variadic: i8,
    /// Type of the result.
    pub returns: ValueType,
    /// Whether a server refuses it without `--enable-feature=promql-experimental-functions`.
    pub experimental: bool,
}

impl Function {
    /// The least number of arguments.
    pub fn min_args(&self) -> usize {
        if self.variadic == 0 { self.args.len() } else { self.args.len().saturating_sub(1) }
    }

    /// The greatest number of arguments; `None` if there is no bound.
    pub fn max_args(&self) -> Option<usize> {
        match usize::try_from(self.variadic) {
            Ok(0) => Some(self.args.len()),
            Ok(repeats) => Some(self.min_args() + repeats),
            Err(_) => None,
        }
    }

    /// The type wanted of argument `index`; `None` if there cannot be such an argument.
    pub fn arg_type(&self, index: usize) -> Option<ValueType> {
        match self.args.get(index) {
            None if self.variadic != 0 => self.args.last().copied(),
            known => known.copied(),
        }
    }
}

/// The signature of the function called `name`.
pub fn find(name: &str) -> Option<&'static Function> {
    let index = FUNCTIONS.binary_search_by(|function| function.name.cmp(name)).ok()?;
    FUNCTIONS.get(index)
}

const fn stable(
    name: &'static str,
    args: &'static [ValueType],
    variadic: i8,
    returns: ValueType,
) -> Function {
    Function { name, args, variadic, returns, experimental: false }
}

const fn experimental(
    name: &'static str,
    args: &'static [ValueType],
    variadic: i8,
    returns: ValueType,
) -> Function {
    Function { name, args, variadic, returns, experimental: true }
}

/// Every function, sorted by name.
///
/// Source: Prometheus v3.15.1, promql/parser/functions.go, Functions.
#[rustfmt::skip]
pub static FUNCTIONS: &[Function] = &[
    stable("abs", &[Vector], 0, Vector),
    stable("absent", &[Vector], 0, Vector),
    stable("absent_over_time", &[Matrix], 0, Vector),
    stable("acos", &[Vector], 0, Vector),
    stable("acosh", &[Vector], 0, Vector),
    stable("asin", &[Vector], 0, Vector),
    stable("asinh", &[Vector], 0, Vector),
    stable("atan", &[Vector], 0, Vector),
    stable("atanh", &[Vector], 0, Vector),
    stable("avg_over_time", &[Matrix], 0, Vector),
    stable("ceil", &[Vector], 0, Vector),
    stable("changes", &[Matrix], 0, Vector),
    stable("clamp", &[Vector, Scalar, Scalar], 0, Vector),
    stable("clamp_max", &[Vector, Scalar], 0, Vector),
    stable("clamp_min", &[Vector, Scalar], 0, Vector),
    stable("cos", &[Vector], 0, Vector),
    stable("cosh", &[Vector], 0, Vector),
    stable("count_over_time", &[Matrix], 0, Vector),
    stable("day_of_month", &[Vector], 1, Vector),
    stable("day_of_week", &[Vector], 1, Vector),
    stable("day_of_year", &[Vector], 1, Vector),
    stable("days_in_month", &[Vector], 1, Vector),
    stable("deg", &[Vector], 0, Vector),
    stable("delta", &[Matrix], 0, Vector),
    stable("deriv", &[Matrix], 0, Vector),
    experimental("double_exponential_smoothing", &[Matrix, Scalar, Scalar], 0, Vector),
    experimental("end", &[], 0, Scalar),
    stable("exp", &[Vector], 0, Vector),
    stable("first_over_time", &[Matrix], 0, Vector),
    stable("floor", &[Vector], 0, Vector),
    stable("histogram_avg", &[Vector], 0, Vector),
    stable("histogram_count", &[Vector], 0, Vector),
    stable("histogram_fraction", &[Scalar, Scalar, Vector], 0, Vector),
    stable("histogram_quantile", &[Scalar, Vector], 0, Vector),
    experimental("histogram_quantiles", &[Vector, String, Scalar, Scalar], 9, Vector),
    stable("histogram_stddev", &[Vector], 0, Vector),
    stable("histogram_stdvar", &[Vector], 0, Vector),
    stable("histogram_sum", &[Vector], 0, Vector),
    stable("hour", &[Vector], 1, Vector),
    stable("idelta", &[Matrix], 0, Vector),
    stable("increase", &[Matrix], 0, Vector),
    experimental("info", &[Vector, Vector], 1, Vector),
    stable("irate", &[Matrix], 0, Vector),
    stable("label_join", &[Vector, String, String, String], -1, Vector),
    stable("label_replace", &[Vector, String, String, String, String], 0, Vector),
    stable("last_over_time", &[Matrix], 0, Vector),
    stable("ln", &[Vector], 0, Vector),
    stable("log10", &[Vector], 0, Vector),
    stable("log2", &[Vector], 0, Vector),
    experimental("mad_over_time", &[Matrix], 0, Vector),
    experimental("max_of", &[Scalar, Scalar], 0, Scalar),
    stable("max_over_time", &[Matrix], 0, Vector),
    experimental("min_of", &[Scalar, Scalar], 0, Scalar),
    stable("min_over_time", &[Matrix], 0, Vector),
    stable("minute", &[Vector], 1, Vector),
    stable("month", &[Vector], 1, Vector),
    stable("pi", &[], 0, Scalar),
    stable("predict_linear", &[Matrix, Scalar], 0, Vector),
    stable("present_over_time", &[Matrix], 0, Vector),
    stable("quantile_over_time", &[Scalar, Matrix], 0, Vector),
    stable("rad", &[Vector], 0, Vector),
    experimental("range", &[], 0, Scalar),
    stable("rate", &[Matrix], 0, Vector),
    stable("resets", &[Matrix], 0, Vector),
    stable("round", &[Vector, Scalar], 1, Vector),
    stable("scalar", &[Vector], 0, Scalar),
    stable("sgn", &[Vector], 0, Vector),
    stable("sin", &[Vector], 0, Vector),
    stable("sinh", &[Vector], 0, Vector),
    stable("sort", &[Vector], 0, Vector),
    experimental("sort_by_label", &[Vector, String], -1, Vector),
    experimental("sort_by_label_desc", &[Vector, String], -1, Vector),
    stable("sort_desc", &[Vector], 0, Vector),
    stable("sqrt", &[Vector], 0, Vector),
    experimental("start", &[], 0, Scalar),
    experimental("start_timestamp", &[Vector], 0, Vector),
    stable("stddev_over_time", &[Matrix], 0, Vector),
    stable("stdvar_over_time", &[Matrix], 0, Vector),
    experimental("step", &[], 0, Scalar),
    stable("sum_over_time", &[Matrix], 0, Vector),
    stable("tan", &[Vector], 0, Vector),
    stable("tanh", &[Vector], 0, Vector),
    stable("time", &[], 0, Scalar),
    stable("timestamp", &[Vector], 0, Vector),
    experimental("ts_of_first_over_time", &[Matrix], 0, Vector),
    experimental("ts_of_last_over_time", &[Matrix], 0, Vector),
    experimental("ts_of_max_over_time", &[Matrix], 0, Vector),
    experimental("ts_of_min_over_time", &[Matrix], 0, Vector),
    stable("vector", &[Scalar], 0, Vector),
    stable("year", &[Vector], 1, Vector),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_without_repeats() {
        assert!(FUNCTIONS.windows(2).all(|pair| pair[0].name < pair[1].name));
        assert_eq!(FUNCTIONS.len(), 90);
    }

    #[test]
    fn counts_of_arguments_follow_the_variadic_rule() {
        let bounds = |name: &str| find(name).map(|f| (f.min_args(), f.max_args()));
        assert_eq!(bounds("rate"), Some((1, Some(1))));
        assert_eq!(bounds("round"), Some((1, Some(2))));
        assert_eq!(bounds("hour"), Some((0, Some(1))));
        assert_eq!(bounds("label_join"), Some((3, None)));
        assert_eq!(bounds("time"), Some((0, Some(0))));
        assert_eq!(bounds("histogram_quantiles"), Some((3, Some(12))));
        assert_eq!(find("label_join").and_then(|f| f.arg_type(9)), Some(String));
        assert_eq!(find("rate").and_then(|f| f.arg_type(1)), None);
        assert_eq!(find("RATE"), None);
    }
}
