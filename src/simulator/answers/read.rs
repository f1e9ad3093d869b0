//! Files of measured values: lists of points by query or metric, and exported AnalysisRuns, as JSON or YAML.
//!
//! Enters: a file's name and text. Leaves: [`Answers`], or what is wrong and where.
//! It deliberately accepts nothing that it does not understand.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::{Answers, Key, Line, Measured, Point, run};
use crate::condition::Value;
use crate::manifest::document::documents;

/// Reads a file of measured values.
///
/// # Errors
/// What is wrong, with its place as far as it is known: `answers.yaml: answers[2].points[0]: …`.
pub fn read(name: &str, text: &str) -> Result<Answers, String> {
    let mut lines = BTreeMap::new();
    let mut runs = Vec::new();
    for (number, document) in parsed(text).map_err(|why| format!("{name}{why}"))?.iter().enumerate() {
        let wrong = |why: String| match number {
            0 => format!("{name}: {why}"),
            more => format!("{name}, document {}: {why}", more + 1),
        };
        sort(document, &mut lines, &mut runs).map_err(wrong)?;
    }
    run::gather(&runs, &mut lines).map_err(|why| format!("{name}: {why}"))?;
    if lines.is_empty() {
        return Err(format!("{name}: nothing was measured in it"));
    }
    Ok(Answers { title: name.to_owned(), lines, ..Answers::default() })
}

/// All documents. What begins like JSON is read as that, which is exact and has no bound but the file's.
fn parsed(text: &str) -> Result<Vec<Json>, String> {
    if text.trim_start().starts_with(['{', '['])
        && let Ok(value) = serde_json::from_str(text)
    {
        return Ok(vec![value]);
    }
    let documents = documents(text).map_err(|error| format!(":{error}"))?;
    documents.iter().map(|document| document.read().map_err(|error| format!(":{error}"))).collect()
}

/// Takes a document for what it says it is.
fn sort(
    document: &Json,
    lines: &mut BTreeMap<Key, Line>,
    runs: &mut Vec<run::Exported>,
) -> Result<(), String> {
    match document {
        Json::Array(list) => answers(list, "", lines),
        Json::Object(fields) => match fields.get("kind").and_then(Json::as_str) {
            Some("AnalysisRun") => {
                runs.push(run::read(document)?);
                Ok(())
            }
            Some("List" | "AnalysisRunList") => {
                let items = fields.get("items").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
                for item in items.iter().filter(|item| kind(item) == "AnalysisRun") {
                    runs.push(run::read(item)?);
                }
                Ok(())
            }
            Some(other) => Err(format!("a {other} holds no measured values; expected an AnalysisRun")),
            None => match fields.get("answers") {
                Some(Json::Array(list)) => answers(list, "answers", lines),
                _ => Err("expected `answers`, a list of them, or an AnalysisRun".to_owned()),
            },
        },
        _ => Err("expected `answers`, a list of them, or an AnalysisRun".to_owned()),
    }
}

fn kind(item: &Json) -> &str {
    item.get("kind").and_then(Json::as_str).unwrap_or_default()
}

fn answers(list: &[Json], path: &str, lines: &mut BTreeMap<Key, Line>) -> Result<(), String> {
    for (at, answer) in list.iter().enumerate() {
        let wrong = |why: String| format!("{path}[{at}]{why}");
        let (key, points) = answer_of(answer).map_err(wrong)?;
        let text = match &key {
            Key::Query(text) | Key::Metric(text) => text.clone(),
        };
        if lines.insert(key, Line::Release(points)).is_some() {
            return Err(wrong(format!(": `{text}` is answered twice")));
        }
    }
    Ok(())
}

fn answer_of(answer: &Json) -> Result<(Key, Vec<Point>), String> {
    let fields = answer.as_object().ok_or(": expected a mapping with `query` or `metric`, and `points`")?;
    only(fields, &["query", "metric", "points"])?;
    let text = |field: &str| {
        fields.get(field).map(|value| value.as_str().ok_or(format!(".{field}: expected a text")))
    };
    let key = match (text("query").transpose()?, text("metric").transpose()?) {
        (Some(query), None) => Key::Query(query.to_owned()),
        (None, Some(metric)) => Key::Metric(metric.to_owned()),
        (Some(_), Some(_)) => return Err(": either `query` or `metric`, not both".to_owned()),
        (None, None) => return Err(": neither `query` nor `metric` says what was measured".to_owned()),
    };
    let points = fields.get("points").and_then(Json::as_array).ok_or(": `points` is missing")?;
    let mut read = Vec::new();
    for (at, point) in points.iter().enumerate() {
        read.push(self::point(point).map_err(|why| format!(".points[{at}]{why}"))?);
    }
    read.sort_by_key(|point| point.at);
    Ok((key, read))
}

fn only(fields: &Map<String, Json>, known: &[&str]) -> Result<(), String> {
    match fields.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!(": unknown field `{key}`; expected {}", known.join(", "))),
        None => Ok(()),
    }
}

fn point(point: &Json) -> Result<Point, String> {
    let fields = point.as_object().ok_or(": expected `at` and `value`")?;
    only(fields, &["at", "value"])?;
    let at = fields.get("at").and_then(Json::as_u64);
    let at = at.ok_or(".at: expected whole seconds after the release")?;
    let value = fields.get("value").ok_or(": `value` is missing")?;
    Ok(Point { at, value: measured(value).map_err(|why| format!(".value: {why}"))? })
}

/// How a measurement ended that somebody else judges: a Job, a plugin.
const PHASES: [&str; 4] = ["successful", "failed", "inconclusive", "error"];

/// A measured value in the notation of the oracle's scenarios.
fn measured(value: &Json) -> Result<Measured, String> {
    Ok(match value {
        Json::String(text) if text == "empty" => Ok(Value::Floats(Vec::new())),
        Json::String(text) if PHASES.contains(&text.as_str()) => Ok(Value::String(text.clone())),
        Json::Array(list) => Ok(Value::Floats(list.iter().map(number).collect::<Result<_, _>>()?)),
        Json::Object(fields) => structured(fields)?,
        other => Ok(Value::Floats(vec![number(other)?])),
    })
}

fn structured(fields: &Map<String, Json>) -> Result<Measured, String> {
    only(fields, &["scalar", "string", "matrix", "error", "status"])
        .map_err(|why| why.trim_start_matches([':', ' ']).to_owned())?;
    if let Some(scalar) = fields.get("scalar") {
        return Ok(Ok(Value::Float(number(scalar)?)));
    }
    if fields.contains_key("string") {
        return Ok(Err("Prometheus metric type not supported".into()));
    }
    if let Some(matrix) = fields.get("matrix") {
        let rows = matrix.as_array().ok_or("expected a list of lists of numbers")?;
        let mut values = Vec::new();
        for row in rows {
            for value in row.as_array().ok_or("expected a list of lists of numbers")? {
                values.push(number(value)?);
            }
        }
        return Ok(Ok(Value::Floats(values)));
    }
    let text = fields.get("error").and_then(Json::as_str).ok_or("expected `error` with a text")?;
    Ok(Err(match fields.get("status").and_then(Json::as_i64) {
        // Source: prometheus/client_golang, api/prometheus/v1/api.go, `apiError`: a bad query's text is kept, a broken
        // server's is not.
        Some(400 | 422) => format!("execution: {text}"),
        status => format!("server_error: server error: {}", status.unwrap_or(500)),
    }))
}

fn number(value: &Json) -> Result<f64, String> {
    match value {
        Json::String(text) => special(text).ok_or_else(|| format!("`{text}` is no number")),
        other => other.as_f64().ok_or_else(|| format!("{other} is no number")),
    }
}

/// The numbers that JSON has no digits for.
pub(super) fn special(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "+Inf" | "Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}
