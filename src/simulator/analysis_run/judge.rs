//! One measurement judged: a value against a success and a failure condition.
//!
//! Enters: conditions as text, and values. Leaves: a phase, or the engine's error.
//! It deliberately knows no limits and no counters.

use std::fmt::Write as _;

use crate::condition::{self, Compiled, Dialect, Outcome, ResultType, Value};
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

/// The condition of a text. Upstream compiles at each measurement, so what is wrong with it shows then.
pub(in crate::simulator) fn condition(text: Option<&str>) -> Option<Compiled> {
    text.filter(|text| !text.is_empty()).map(|text| Compiled::new(text, ResultType::Vector, Dialect::V1_15_5))
}

/// The phase of a value, or the engine's error.
pub(in crate::simulator) fn judge(
    value: &Value,
    success: Option<&Compiled>,
    failure: Option<&Compiled>,
) -> Result<Phase, String> {
    match condition::assess(success, failure, value) {
        Outcome::Successful => Ok(Phase::Successful),
        Outcome::Failed => Ok(Phase::Failed),
        Outcome::Inconclusive => Ok(Phase::Inconclusive),
        Outcome::Error(error) => Err(error),
    }
}
