//! One measurement judged: a value against a success and a failure condition.
//!
//! Enters: conditions as text, and values. Leaves: a phase, or the engine's error.
//! It deliberately knows no limits and no counters.

use std::fmt::Write as _;

use crate::condition::{self, Compiled, Dialect, Outcome, ResultType, Value};
use crate::model::argo::Provider;
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
pub(in crate::simulator) fn condition(text: Option<&str>, provider: &Provider) -> Option<Compiled> {
    let result = if let Provider::Other(_) = provider { ResultType::Scalar } else { ResultType::Vector };
    text.filter(|text| !text.is_empty()).map(|text| Compiled::new(text, result, Dialect::V1_15_5))
}

/// Providers whose result is one number.
const NUMBERS: [&str; 2] = ["datadog", "web"];

/// The phases by which an answer decides a measurement itself.
const PHASES: [(&str, Phase); 4] = [
    ("successful", Phase::Successful),
    ("failed", Phase::Failed),
    ("inconclusive", Phase::Inconclusive),
    ("error", Phase::Error),
];

/// What a provider other than Prometheus gives for an answer: a phase, or a number; nothing else.
/// Source: Argo Rollouts v1.9.1, metricproviders/job/job.go, `Resume`; datadog/datadog.go and webmetric/webmetric.go,
/// `parseResponse`.
pub(in crate::simulator) fn foreign(provider: &str, value: &Value) -> Option<Value> {
    match value {
        Value::String(word) if PHASES.iter().any(|(name, _)| name == word) => Some(value.clone()),
        Value::Float(_) if NUMBERS.contains(&provider) => Some(value.clone()),
        Value::Floats(list) if NUMBERS.contains(&provider) => match list.as_slice() {
            // Beyond these, providers write numbers each in its own way.
            [one] if *one == 0.0 || (1e-6..1e21).contains(&one.abs()) => Some(Value::Float(*one)),
            _ => None,
        },
        _ => None,
    }
}

/// The phase of a value, or the engine's error.
pub(in crate::simulator) fn judge(
    provider: &Provider,
    value: &Value,
    success: Option<&Compiled>,
    failure: Option<&Compiled>,
) -> Result<Phase, String> {
    if let (Provider::Other(_), Value::String(word)) = (provider, value) {
        let phase = PHASES.iter().find(|(name, _)| name == word).map(|(_, phase)| *phase);
        return phase.filter(|phase| *phase != Phase::Error).ok_or_else(String::new);
    }
    match condition::assess(success, failure, value) {
        Outcome::Successful => Ok(Phase::Successful),
        Outcome::Failed => Ok(Phase::Failed),
        Outcome::Inconclusive => Ok(Phase::Inconclusive),
        Outcome::Error(error) => Err(error),
    }
}
