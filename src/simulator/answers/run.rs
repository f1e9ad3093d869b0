//! Exported AnalysisRuns: what a past run measured, to be judged again.
//!
//! Enters: AnalysisRuns as `kubectl get analysisrun -o yaml` prints them. Leaves: lines of values by metric.
//! It deliberately forgets how the run judged: phases matter only where there is no value, which is an error.
//! Source: Argo Rollouts v1.9.1, pkg/apis/rollouts/v1alpha1/analysis_types.go, `MetricResult`.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::read::special;
use super::{Key, Line, PastRun, Point};
use crate::condition::Value;

/// Seconds within which a controller gets to a measurement that is due.
const PROMPT: u64 = 2;

/// One run of an export.
#[derive(Debug)]
pub(super) struct Exported {
    /// Seconds since 1970.
    started: i64,
    metrics: Vec<(String, PastRun)>,
}

/// Reads a run.
///
/// # Errors
/// What is missing or cannot be read.
pub(super) fn read(document: &Json) -> Result<Exported, String> {
    let name = document.pointer("/metadata/name").and_then(Json::as_str).unwrap_or("AnalysisRun");
    let wrong = |why: String| format!("AnalysisRun/{name}: {why}");
    let status =
        document.get("status").ok_or_else(|| wrong("it has no status, so nothing was measured".into()))?;
    let started = status.get("startedAt").or_else(|| document.pointer("/metadata/creationTimestamp"));
    let started = started.and_then(Json::as_str).and_then(instant);
    let started = started.ok_or_else(|| wrong("`status.startedAt` is missing or no time".into()))?;
    let results = status.get("metricResults").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    let mut metrics = Vec::new();
    for result in results {
        let metric = result.get("name").and_then(Json::as_str).unwrap_or_default().to_owned();
        let past = past_run(name, result, started);
        if let Some(past) = past.map_err(|why| wrong(format!("metric `{metric}`: {why}")))? {
            metrics.push((metric, past));
        }
    }
    Ok(Exported { started, metrics })
}

fn past_run(name: &str, result: &Json, started: i64) -> Result<Option<PastRun>, String> {
    let measurements = result.get("measurements").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    let mut points: Vec<Point> = Vec::new();
    for measurement in measurements {
        let at = measurement.get("startedAt").or_else(|| measurement.get("finishedAt"));
        let at = at.and_then(Json::as_str).and_then(instant).ok_or("a measurement without `startedAt`")?;
        let at = u64::try_from(at - started).map_err(|_| "a measurement before the run began")?;
        let value = match text(measurement, "phase") {
            "Error" => Err(text(measurement, "message").to_owned()),
            "Running" | "Pending" | "" => continue,
            _ => Ok(value(text(measurement, "value"))?),
        };
        points.push(Point { at, value });
    }
    points.sort_by_key(|point| point.at);
    if points.is_empty() {
        return Ok(None);
    }
    let count = |field: &str| result.get(field).and_then(Json::as_i64).unwrap_or(0);
    let taken = count("count").saturating_add(count("error"));
    let kept = i64::try_from(points.len()).unwrap_or(i64::MAX);
    let gaps = points.windows(2).filter_map(|pair| Some(pair.last()?.at - pair.first()?.at));
    let slack = (gaps.filter(|gap| *gap > 0).min().unwrap_or(0) / 2).max(PROMPT);
    Ok(Some(PastRun { name: name.to_owned(), slack, points, lost: taken.saturating_sub(kept).max(0) }))
}

fn text<'a>(value: &'a Json, field: &str) -> &'a str {
    value.get(field).and_then(Json::as_str).unwrap_or_default()
}

/// A value as Argo writes it: `[0.95]`, `[]`, `[NaN]`, `0.95`.
fn value(text: &str) -> Result<Value, String> {
    let number = |text: &str| {
        let text = text.trim();
        special(text).map_or_else(|| text.parse::<f64>().map_err(|_| format!("`{text}` is no number")), Ok)
    };
    match text.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some("") => Ok(Value::Floats(Vec::new())),
        Some(list) => Ok(Value::Floats(list.split(',').map(number).collect::<Result<_, _>>()?)),
        None if text.is_empty() => Err("a measurement has no value to be judged again".to_owned()),
        None => Ok(Value::Float(number(text)?)),
    }
}

/// Puts the runs' metrics in the order in which the runs began.
///
/// # Errors
/// A metric that is answered otherwise, too.
pub(super) fn gather(runs: &[Exported], lines: &mut BTreeMap<Key, Line>) -> Result<(), String> {
    let mut order: Vec<&Exported> = runs.iter().collect();
    order.sort_by_key(|run| run.started);
    for (metric, past) in order.iter().flat_map(|run| &run.metrics) {
        match lines.entry(Key::Metric(metric.clone())).or_insert_with(|| Line::Runs(Vec::new())) {
            Line::Runs(list) => list.push(past.clone()),
            Line::Release(_) => return Err(format!("`{metric}` is answered twice, by points and by a run")),
        }
    }
    Ok(())
}

/// Seconds since 1970 of `2024-11-02T14:03:07Z`, fractions cut.
fn instant(text: &str) -> Option<i64> {
    let (date, time) = text.trim().split_once('T')?;
    let time = time.strip_suffix('Z')?;
    let parts = |text: &str, sign: char| -> Option<[i64; 3]> {
        let mut numbers = text.split(sign).map(|part| part.parse::<i64>().ok());
        let three = [numbers.next()??, numbers.next()??, numbers.next()??];
        numbers.next().is_none().then_some(three)
    };
    let [year, month, day] = parts(date, '-')?;
    let [hour, minute, second] = parts(time.split('.').next()?, ':')?;
    let fits = (1970..10_000).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    // Days from the civil calendar: years begin in March, so that the leap day is their last.
    let years = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let days = 365 * years + years / 4 - years / 100 + years / 400 + (month * 306 + 5) / 10 + day - 719_469;
    fits.then_some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::instant;

    #[test]
    fn times_are_seconds_since_1970() {
        let known = [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2024-11-02T14:03:07Z", 1_730_556_187),
            ("2024-11-02T14:03:07.999Z", 1_730_556_187),
        ];
        for (text, seconds) in known {
            assert_eq!(instant(text), Some(seconds), "{text}");
        }
        for text in ["", "2024-11-02", "2024-11-02T14:03:07", "2024-13-02T14:03:07Z", "2024-11-02T14:03Z"] {
            assert_eq!(instant(text), None, "{text}");
        }
    }
}
