//! One measurement judged: a value against a success and a failure condition.
//!
//! Enters: conditions as text, and values. Leaves: a phase, or the engine's error.
//! It deliberately knows no limits and no counters.

use std::fmt::Write as _;

use crate::condition::Value;
use crate::simulator::objects::run::Phase;

/// A value as Argo writes it into `measurement.value`.
/// Source: Argo Rollouts v1.9.1, metricproviders/prometheus/prometheus.go, `sampleValuesToResultStr`.
pub(in crate::simulator) fn spell(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Float(number) => number_into(&mut text, *number),
        Value::Floats(numbers) => {
            text.push('[');
            for (at, number) in numbers.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                number_into(&mut text, *number);
            }
            text.push(']');
        }
        _ => {}
    }
    text
}

fn number_into(text: &mut String, number: f64) {
    if number.is_infinite() {
        text.push_str(if number > 0.0 { "+Inf" } else { "-Inf" });
    } else {
        let _ = write!(text, "{number}");
    }
}

/// A condition, compiled.
#[derive(Clone, Debug)]
pub struct Condition(String);

impl Condition {
    /// Compiles it; what is wrong with it shows at each measurement, as upstream compiles then.
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }
}

fn standin(text: &str, value: &Value) -> Result<bool, String> {
    let numbers = match value {
        Value::Floats(numbers) => numbers.clone(),
        Value::Float(_) => {
            return Err(if text.contains('[') {
                "type float64[int] is undefined".into()
            } else {
                "scalar".into()
            });
        }
        Value::Nil => return Err("nil".into()),
    };
    let mut result = false;
    for part in text.split("||") {
        let mut all = true;
        for term in part.split("&&") {
            all = all && standin_term(term.trim(), &numbers)?;
        }
        if all {
            result = true;
            break;
        }
    }
    Ok(result)
}

fn standin_term(term: &str, numbers: &[f64]) -> Result<bool, String> {
    let first = || numbers.first().copied().ok_or_else(|| "reflect: slice index out of range".to_owned());
    if let Some(inner) = term.strip_prefix('!') {
        return Ok(!standin_term(inner, numbers)?);
    }
    let words: Vec<&str> = term.split_whitespace().collect();
    match words.as_slice() {
        ["isNaN(result[0])"] => Ok(first()?.is_nan()),
        ["isInf(result[0])"] => Ok(first()?.is_infinite()),
        ["all(result,", "{#", ">=", bound, ..] => {
            let bound: f64 = bound.trim_end_matches("})").parse().map_err(|_| "number".to_owned())?;
            Ok(numbers.iter().all(|x| *x >= bound))
        }
        ["any(result,", "{#", "<", bound, ..] => {
            let bound: f64 = bound.trim_end_matches("})").parse().map_err(|_| "number".to_owned())?;
            Ok(numbers.iter().any(|x| *x < bound))
        }
        ["default(result,", "0)", op, _] => Err(format!("invalid operation: {op} (mismatched types []float64 and float64)")),
        ["(first(result)", "??", "1)", ">=", bound] => {
            let bound: f64 = bound.parse().map_err(|_| "number".to_owned())?;
            Ok(numbers.first().copied().unwrap_or(1.0) >= bound)
        }
        [what, op, bound] => {
            let left = match *what {
                "result[0]" => first()?,
                "len(result)" => numbers.len() as f64,
                "mean(result)" => {
                    if numbers.is_empty() { 0.0 } else { numbers.iter().sum::<f64>() / numbers.len() as f64 }
                }
                other => return Err(format!("unknown {other}")),
            };
            let bound: f64 = bound.parse().map_err(|_| "number".to_owned())?;
            Ok(match *op {
                ">=" => left >= bound,
                ">" => left > bound,
                "<" => left < bound,
                "<=" => left <= bound,
                "==" => left == bound,
                other => return Err(format!("unknown {other}")),
            })
        }
        _ => Err(format!("unknown {term}")),
    }
}

/// The phase of a value. Source: Argo Rollouts v1.9.1, utils/evaluate/evaluate.go, `EvaluateResult`.
pub(in crate::simulator) fn judge(
    value: &Value,
    success: Option<&Condition>,
    failure: Option<&Condition>,
) -> Result<Phase, String> {
    let good = success.map(|condition| standin(&condition.0, value)).transpose()?;
    let bad = failure.map(|condition| standin(&condition.0, value)).transpose()?;
    Ok(match (good, bad) {
        (_, Some(true)) | (Some(false), None) => Phase::Failed,
        (Some(false), Some(false)) => Phase::Inconclusive,
        _ => Phase::Successful,
    })
}
