//! Measured values in the unit of their slo, beside the bound they were held against.
//!
//! Enters: Argo's spelling of values, numbers, bounds. Leaves: `9.6 %`, `< 1 %`, `178 to 203 ms`.
//! It deliberately decides nothing: phases are the controller's. But it never shows a rounded value on the other side
//! of the bound than the exact one.

use crate::simulator::trace::{SloBound, Unit};
use crate::unit::significant;

/// What a measurement's value says.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// `[]`: the query found nothing.
    NoData,
    /// `[NaN]`: nothing divided by nothing.
    NaN,
    /// Numbers, mostly one.
    Numbers(Vec<f64>),
    /// Anything else, as Argo wrote it.
    Text(String),
    /// There is no value, because there was an error.
    Nothing,
}

impl Reading {
    /// Reads Argo's spelling: `[0.096]`, `[]`, `[NaN]`, `0.5`, or any text of a provider.
    pub fn of(value: &str) -> Self {
        let value = value.trim();
        if value.is_empty() {
            return Self::Nothing;
        }
        let inner = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let inner = inner.unwrap_or(value).trim();
        if inner.is_empty() {
            return Self::NoData;
        }
        let numbers: Result<Vec<f64>, _> =
            inner.split([',', ' ']).filter(|part| !part.is_empty()).map(str::parse::<f64>).collect();
        match numbers {
            Ok(numbers) if numbers.iter().all(|number| number.is_nan()) => Self::NaN,
            Ok(numbers) => Self::Numbers(numbers),
            Err(_) => Self::Text(value.to_owned()),
        }
    }

    /// The one number, where it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Numbers(numbers) => numbers.first().copied().filter(|_| numbers.len() == 1),
            _ => None,
        }
    }

    /// For a table: in the slo's unit where there is an slo.
    pub fn spelled(&self, slo: Option<&SloBound>) -> String {
        let one = |number: f64| slo.map_or_else(|| bare(number, 4), |slo| beside(slo, number));
        match self {
            Self::NoData => "no data".into(),
            Self::NaN => "NaN".into(),
            Self::Numbers(numbers) => {
                numbers.iter().map(|number| one(*number)).collect::<Vec<_>>().join(", ")
            }
            Self::Text(text) => super::text::clean(text),
            Self::Nothing => String::new(),
        }
    }
}

/// `%`, `ms`, `/s`.
pub fn sign(unit: Unit) -> &'static str {
    match unit {
        Unit::Ratio => "%",
        Unit::Latency => "ms",
        Unit::Rate => "/s",
        Unit::Number => "",
    }
}

/// The number that stands before the sign.
pub fn scaled(unit: Unit, value: f64) -> f64 {
    match unit {
        // Products of decimal fractions such as 0.07 * 100 end in noise far below the digits shown.
        Unit::Ratio => value * 100.0,
        Unit::Latency | Unit::Rate | Unit::Number => value,
    }
}

/// `9.6 %`, `487 ms`, `50 /s`: at most three significant digits, four close to a hundred percent.
pub fn amount(unit: Unit, value: f64) -> String {
    format!("{} {}", figure(unit, value), sign(unit)).trim_end().to_owned()
}

/// As [`amount`], without its sign.
pub fn figure(unit: Unit, value: f64) -> String {
    let number = scaled(unit, value);
    let digits = if unit == Unit::Ratio && number.abs() >= 90.0 { 4 } else { 3 };
    bare(number, digits)
}

/// `< 1 %`, `>= 95 %`: written as in a program.
pub fn bound(slo: &SloBound) -> String {
    if let (Some(condition), true) = (&slo.condition, slo.threshold.is_nan()) {
        return super::text::clean(condition);
    }
    format!("{} {}", slo.comparison, amount_in_full(slo.unit, slo.threshold))
}

/// `178 to 203 ms`, or one amount where both round to the same.
pub fn range(slo: &SloBound, low: f64, high: f64) -> String {
    let (from, to) = (beside(slo, low), beside(slo, high));
    let unit = format!(" {}", sign(slo.unit)).trim_end().to_owned();
    match from.strip_suffix(unit.as_str()) {
        _ if from == to => from,
        Some(figure) if to.ends_with(unit.as_str()) => format!("{figure} to {to}"),
        _ => format!("{from} to {to}"),
    }
}

/// The amount, with as many digits as it takes to stand on its own side of the bound; four at most, then in words.
pub fn beside(slo: &SloBound, value: f64) -> String {
    let exact = value.partial_cmp(&slo.threshold);
    let number = scaled(slo.unit, value);
    let threshold = scaled(slo.unit, slo.threshold);
    let least = if slo.unit == Unit::Ratio && number.abs() >= 90.0 { 4 } else { 3 };
    for digits in least..=4 {
        let shown = significant(number, digits).parse::<f64>().unwrap_or(number);
        let near = (shown - threshold).abs() <= threshold.abs() * 1e-9;
        let rounded = if near { Some(std::cmp::Ordering::Equal) } else { shown.partial_cmp(&threshold) };
        if rounded == exact || !value.is_finite() {
            return format!("{} {}", bare(number, digits), sign(slo.unit)).trim_end().to_owned();
        }
    }
    let side = if exact == Some(std::cmp::Ordering::Less) { "just under" } else { "just over" };
    format!("{side} {}", amount_in_full(slo.unit, slo.threshold))
}

/// Whether a value keeps the bound.
pub fn keeps(slo: &SloBound, value: f64) -> bool {
    match slo.comparison {
        "<" => value < slo.threshold,
        "<=" => value <= slo.threshold,
        ">" => value > slo.threshold,
        _ => value >= slo.threshold,
    }
}

/// Whether higher values are worse.
pub fn is_ceiling(slo: &SloBound) -> bool {
    slo.comparison.starts_with('<')
}

/// A threshold was typed by somebody and is shown as typed, up to six digits.
fn amount_in_full(unit: Unit, value: f64) -> String {
    format!("{} {}", bare(scaled(unit, value), 6), sign(unit)).trim_end().to_owned()
}

/// At most so many significant digits, thousands grouped.
pub fn bare(value: f64, digits: i32) -> String {
    let text = significant(round_to(value, digits), digits);
    let (minus, rest) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, fraction) = rest.split_once('.').map_or((rest, ""), |(whole, fraction)| (whole, fraction));
    let whole = whole.parse::<u64>().map_or_else(|_| whole.to_owned(), crate::unit::grouped);
    let dot = if fraction.is_empty() { "" } else { "." };
    format!("{minus}{whole}{dot}{fraction}")
}

/// Rounds the digits of large numbers too, which `significant` leaves whole.
fn round_to(value: f64, digits: i32) -> f64 {
    let decimals = usize::try_from(digits - 1).unwrap_or(0);
    format!("{value:.decimals$e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slo(unit: Unit, comparison: &'static str, threshold: f64) -> SloBound {
        SloBound {
            name: "x".into(),
            unit,
            comparison,
            threshold,
            window: 60,
            failure_limit: 0,
            condition: None,
        }
    }

    #[test]
    fn argo_spells_values_in_many_ways() {
        assert_eq!(Reading::of("[0.096]"), Reading::Numbers(vec![0.096]));
        assert_eq!(Reading::of("[]"), Reading::NoData);
        assert_eq!(Reading::of("[NaN]"), Reading::NaN);
        assert_eq!(Reading::of(""), Reading::Nothing);
        assert_eq!(Reading::of("[0.1,0.2]"), Reading::Numbers(vec![0.1, 0.2]));
        assert_eq!(Reading::of("[0.1 0.2]"), Reading::Numbers(vec![0.1, 0.2]));
        assert_eq!(Reading::of("1e-05").number(), Some(0.000_01));
        assert_eq!(Reading::of("[+Inf]").number(), Some(f64::INFINITY));
        assert_eq!(Reading::of("{\"ok\":true}"), Reading::Text("{\"ok\":true}".into()));
    }

    #[test]
    fn amounts_have_units_and_few_digits() {
        assert_eq!(amount(Unit::Ratio, 0.095_71), "9.57 %");
        assert_eq!(amount(Unit::Ratio, 0.07), "7 %");
        assert_eq!(amount(Unit::Ratio, 0.999_47), "99.95 %");
        assert_eq!(amount(Unit::Latency, 486.7), "487 ms");
        assert_eq!(amount(Unit::Latency, 12_345.6), "12,300 ms");
        assert_eq!(amount(Unit::Rate, 50.0), "50 /s");
        assert_eq!(bound(&slo(Unit::Latency, "<", 1_500.0)), "< 1,500 ms");
        assert_eq!(bound(&slo(Unit::Ratio, ">=", 0.9995)), ">= 99.95 %");
    }

    #[test]
    fn a_rounded_value_stays_on_its_side_of_the_bound() {
        let error_rate = slo(Unit::Ratio, "<", 0.01);
        assert_eq!(beside(&error_rate, 0.010_02), "1.002 %");
        assert_eq!(beside(&error_rate, 0.010_000_1), "just over 1 %");
        assert_eq!(beside(&error_rate, 0.009_999_9), "just under 1 %");
        assert_eq!(beside(&error_rate, 0.01), "1 %");
        assert_eq!(beside(&error_rate, f64::INFINITY), "inf %");
        let success = slo(Unit::Ratio, ">=", 0.95);
        assert_eq!(beside(&success, 0.949_99), "just under 95 %");
        assert_eq!(range(&success, 0.961, 0.9987), "96.1 to 99.87 %");
        assert_eq!(range(&success, 1.0, 1.0), "100 %");
    }
}
