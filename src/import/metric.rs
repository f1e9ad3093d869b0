//! One metric of a template.
//!
//! Enters: `spec.metrics[]`. Leaves: [`MetricSpec`], with the text of every field whose value depends on arguments.
//! It deliberately resolves nothing: that is done when a run is made.

use serde_json::Value;

use super::field::Fields;
use super::problem::Unsupported;
use crate::model::argo::{Field, MetricSpec, Provider, duration};

/// Fields that hold numbers, in upstream's order.
const NUMBERS: [(&str, Field); 5] = [
    ("count", Field::Count),
    ("failureLimit", Field::FailureLimit),
    ("inconclusiveLimit", Field::InconclusiveLimit),
    ("consecutiveErrorLimit", Field::ConsecutiveErrorLimit),
    ("consecutiveSuccessLimit", Field::ConsecutiveSuccessLimit),
];

/// Values within each other, at most.
const DEPTH: usize = 64;

/// Reads a metric.
pub(super) fn metric(raw: &Value, place: &str) -> Result<MetricSpec, Unsupported> {
    let text = |field: &str| raw.field(field).and_then(Value::as_str).map(str::to_owned);
    if is_open(raw, 0) {
        return Err(Unsupported::new(place, "braces that are never closed in a metric"));
    }
    let (provider, body) = provider(raw, place)?;
    let asks = matches!(provider, Provider::Prometheus | Provider::PrometheusRange);
    let mut spec = MetricSpec {
        name: text("name").unwrap_or_default(),
        query: if asks { body.text("query").to_owned() } else { String::new() },
        provider,
        success_condition: text("successCondition"),
        failure_condition: text("failureCondition"),
        count: raw.int("count"),
        failure_limit: raw.int("failureLimit"),
        inconclusive_limit: raw.int("inconclusiveLimit"),
        consecutive_error_limit: raw.int("consecutiveErrorLimit"),
        consecutive_success_limit: raw.int("consecutiveSuccessLimit"),
        ..MetricSpec::default()
    };
    if spec.name.contains("{{") {
        spec.texts.push((Field::Name, spec.name.clone()));
    }
    spec.interval = time(raw.text("interval"), Field::Interval, &mut spec.texts);
    spec.initial_delay = time(raw.text("initialDelay"), Field::InitialDelay, &mut spec.texts);
    for (name, field) in NUMBERS {
        if raw.text(name).contains("{{") {
            spec.texts.push((field, raw.text(name).to_owned()));
        }
    }
    for value in raw.field("provider").and_then(Value::as_object).into_iter().flatten().map(|(_, v)| v) {
        let fields = value.as_object().into_iter().flatten();
        if value.is_string() && value.as_str().is_some_and(|text| text.contains("{{")) {
            spec.texts.push((Field::Provider, value.as_str().unwrap_or_default().to_owned()));
        }
        for (field, inner) in fields {
            if !(asks && field == "query") {
                texts(inner, &mut spec.texts, 0);
            }
        }
    }
    spec.texts.sort_by_key(|(field, _)| *field);
    Ok(spec)
}

/// Who measures, and what the template says to whoever it is.
fn provider<'a>(raw: &'a Value, place: &str) -> Result<(Provider, Option<&'a Value>), Unsupported> {
    let all = raw.field("provider").and_then(Value::as_object).into_iter().flatten();
    let mut found: Vec<(String, &Value)> = Vec::new();
    for (name, body) in all.filter(|(_, body)| !body.is_null()) {
        match (name.as_str(), body.as_object()) {
            ("plugin", Some(plugins)) => {
                found.extend(plugins.iter().map(|(name, body)| (format!("plugin {name}"), body)));
            }
            _ => found.push((name.clone(), body)),
        }
    }
    Ok(match found.as_slice() {
        [] => (Provider::Missing, None),
        [(name, body)] if name == "prometheus" => {
            let Some(range) = body.field("rangeQuery") else {
                return Ok((Provider::Prometheus, Some(*body)));
            };
            if !is_plain(range) {
                let place = format!("{place}.provider.prometheus.rangeQuery");
                return Err(Unsupported::new(place, "a range query whose times are computed"));
            }
            (Provider::PrometheusRange, Some(*body))
        }
        [(name, body)] => (Provider::Other(name.clone()), Some(*body)),
        _ => (Provider::Several, None),
    })
}

/// Whether a range's times are the present, or a duration from it, and its end is not before its start: what upstream and
/// Prometheus take in any case.
/// Source: Argo Rollouts v1.9.1, metricproviders/prometheus/prometheus.go, `executeQuery`.
fn is_plain(range: &Value) -> bool {
    let time = |field: &str| {
        let rest = range.text(field).trim().strip_prefix("now()")?.trim();
        if rest.is_empty() {
            return Some(0);
        }
        let (sign, rest) = match rest.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, rest.strip_prefix('+')?),
        };
        let quoted = rest.trim().strip_prefix("duration(\"")?.strip_suffix("\")")?;
        duration::parse(quoted).ok().map(|nanos| nanos.saturating_mul(sign))
    };
    let step = duration::parse(range.text("step")).unwrap_or(0);
    match (time("start"), time("end")) {
        (Some(start), Some(end)) => start <= end && step > 0,
        _ => false,
    }
}

/// A time that is known, or a text that tells only a run whether it is one. An empty text is none.
fn time(text: &str, field: Field, texts: &mut Vec<(Field, String)>) -> Option<i64> {
    if text.is_empty() {
        return None;
    }
    let nanos = duration::parse(text);
    if nanos.is_err() {
        texts.push((field, text.to_owned()));
    }
    // Whether there is an interval counts even where nobody knows which.
    Some(nanos.unwrap_or(0))
}

/// Texts with arguments within a provider.
fn texts(value: &Value, found: &mut Vec<(Field, String)>, depth: usize) {
    match value {
        Value::String(text) if text.contains("{{") => found.push((Field::Provider, text.clone())),
        Value::Array(items) if depth < DEPTH => items.iter().for_each(|item| texts(item, found, depth + 1)),
        Value::Object(fields) if depth < DEPTH => {
            for (name, field) in fields {
                if name.contains("{{") {
                    found.push((Field::Provider, name.clone()));
                }
                texts(field, found, depth + 1);
            }
        }
        _ => {}
    }
}

/// Whether a text opens braces that it does not close: upstream would look for their end in the fields that follow.
fn is_open(value: &Value, depth: usize) -> bool {
    let open = |text: &str| text.split("{{").skip(1).any(|behind| !behind.contains("}}"));
    match value {
        Value::String(text) => open(text),
        Value::Array(items) => depth >= DEPTH || items.iter().any(|item| is_open(item, depth + 1)),
        Value::Object(fields) => {
            depth >= DEPTH || fields.iter().any(|(name, field)| open(name) || is_open(field, depth + 1))
        }
        _ => false,
    }
}
