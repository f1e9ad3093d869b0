//! The bound that a metric's conditions come to, where they are one comparison with a number.
//!
//! Enters: conditions as text. Leaves: [`SloBound`]; where they are no such comparison, the conditions stand for it.
//! It deliberately evaluates nothing: the verdict is the condition's, the bound is for people.

use crate::model::argo::MetricSpec;
use crate::simulator::trace::{SloBound, Unit};

/// The bound of a metric; none where any value is a success.
pub(super) fn of(metric: &MetricSpec) -> Option<SloBound> {
    let written = |text: &Option<String>| {
        text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let (success, failure) = (written(&metric.success_condition), written(&metric.failure_condition));
    let (bound, condition) = match (success, failure) {
        (None, None) => return None,
        (Some(success), None) => (comparison(&success), success),
        (None, Some(failure)) => (comparison(&failure).map(opposite), format!("not ({failure})")),
        (Some(success), Some(failure)) => {
            let (kept, lost) = (comparison(&success), comparison(&failure).map(opposite));
            (kept.filter(|kept| Some(*kept) == lost), format!("{success}, fails on {failure}"))
        }
    };
    let (comparison, threshold) = bound.unwrap_or(("", f64::NAN));
    Some(SloBound {
        name: metric.name.clone(),
        unit: Unit::Number,
        comparison,
        threshold,
        window: 0,
        failure_limit: match metric.failure_limit.unwrap_or(0) {
            // Failures are not counted.
            -1 => u32::MAX,
            limit => u32::try_from(limit).unwrap_or(0),
        },
        condition: Some(condition),
    })
}

type Comparison = (&'static str, f64);

/// The one comparison of a condition, guards against missing values apart.
fn comparison(text: &str) -> Option<Comparison> {
    let guarded = |sign: &str, guards: &[&str]| {
        let terms = text.split(sign).map(|term| {
            let term = term.trim();
            // Parentheses around a term are no part of it.
            let inner = term.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
            inner.filter(|inner| !inner.contains(['(', ')'])).unwrap_or(term).trim()
        });
        let rest: Vec<&str> = terms.filter(|term| !guards.contains(&compact(term).as_str())).collect();
        match rest.as_slice() {
            [one] => bare(one),
            _ => None,
        }
    };
    guarded("||", &["len(result)==0", "isNaN(result)", "isNaN(result[0])", "result==nil"]).or_else(|| {
        guarded(
            "&&",
            &[
                "len(result)>0",
                "len(result)>=1",
                "len(result)!=0",
                "!isNaN(result)",
                "!isNaN(result[0])",
                "result!=nil",
            ],
        )
    })
}

fn compact(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// `result[0] < 0.05`, `result >= 3`.
fn bare(text: &str) -> Option<Comparison> {
    let rest = text.strip_prefix("result[0]").or_else(|| text.strip_prefix("result"))?.trim_start();
    let (sign, number) =
        ["<=", ">=", "<", ">"].iter().find_map(|sign| Some((*sign, rest.strip_prefix(sign)?)))?;
    let number = number.trim();
    let plain = number.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | 'e' | 'E'));
    let number = number.parse::<f64>().ok().filter(|number| plain && number.is_finite())?;
    Some((sign, number))
}

fn opposite((sign, number): Comparison) -> Comparison {
    let sign = match sign {
        "<" => ">=",
        "<=" => ">",
        ">" => "<=",
        _ => "<",
    };
    (sign, number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(success: &str, failure: &str) -> Option<(&'static str, f64)> {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let metric = MetricSpec {
            success_condition: text(success),
            failure_condition: text(failure),
            ..MetricSpec::default()
        };
        of(&metric).map(|bound| (bound.comparison, bound.threshold)).filter(|(_, number)| !number.is_nan())
    }

    #[test]
    fn a_comparison_with_a_number_is_a_bound_and_nothing_else_is() {
        assert_eq!(bound("result[0] >= 0.95", ""), Some((">=", 0.95)));
        assert_eq!(bound("result < 5", ""), Some(("<", 5.0)));
        assert_eq!(bound("len(result) > 0 && result[0] < 5", ""), Some(("<", 5.0)));
        assert_eq!(
            bound("len(result) == 0 || isNaN(result[0]) || (result[0] >= 0.95)", ""),
            Some((">=", 0.95))
        );
        assert_eq!(bound("", "result[0] > 1"), Some(("<=", 1.0)));
        assert_eq!(bound("result[0] < 1", "result[0] >= 1"), Some(("<", 1.0)));
        for (success, failure) in [
            ("", ""),
            ("result[0] < 1", "result[0] >= 2"),
            ("len(result) > 0 || result[0] < 5", ""),
            ("result[0] < 5 && result[0] > 1", ""),
            ("result[0] < result[1]", ""),
            ("result[1] < 5", ""),
            ("result[0] < 5 || true", ""),
            ("resulting < 5", ""),
        ] {
            assert_eq!(bound(success, failure), None, "{success} {failure}");
        }
    }
}
