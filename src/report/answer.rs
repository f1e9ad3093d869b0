//! What a query yields, as Prometheus' own tools say it.
//!
//! Enters: an answer with its instants. Leaves: text as `promtool query` prints it, or JSON as the HTTP API sends it.
//! It deliberately rounds nothing: numbers stand as they are, to be compared and read back.

use crate::promql::labels::METRIC_NAME;
use crate::promql::parse::quote;
use crate::promql::{Answer, Labels, Note, RangeSeries};

/// An answer together with what both forms need.
#[derive(Clone, Copy, Debug)]
pub enum Reply<'a> {
    /// At one instant, in milliseconds.
    Instant(Answer<'a>, i64),
    /// Of a range query.
    Range(&'a [RangeSeries]),
}

/// As `promtool query instant` and `promtool query range` print it, with a line break at the end.
///
/// Source: prometheus/common v0.72.1, model/value.go and metric.go; series of a matrix come in the order of
/// model.Metric.Before, elements of a vector as the engine returns them.
pub fn text(reply: Reply<'_>) -> String {
    let mut lines: Vec<String> = Vec::new();
    match reply {
        Reply::Instant(Answer::Scalar(value), at) => {
            lines.push(format!("scalar: {} @[{}]", decimal(value), seconds(at)));
        }
        Reply::Instant(Answer::String(text), _) => lines.push(text.to_owned()),
        Reply::Instant(Answer::Vector(samples), at) => {
            lines.extend(samples.iter().map(|sample| {
                format!("{} => {} @[{}]", written(sample.labels), decimal(sample.value), seconds(at))
            }));
        }
        Reply::Instant(Answer::Matrix(series), _) | Reply::Range(series) => {
            let mut series: Vec<&RangeSeries> = series.iter().collect();
            series.sort_by_cached_key(|one| (one.labels.len(), Order(one.labels.clone())));
            for one in series {
                lines.push(format!("{} =>", written(&one.labels)));
                lines.extend(
                    one.points.iter().map(|(at, value)| format!("{} @[{}]", decimal(*value), seconds(*at))),
                );
            }
        }
    }
    lines.push(String::new());
    // Nothing found is an empty line, as it is there.
    if lines.len() == 1 { "\n".to_owned() } else { lines.join("\n") }
}

/// Labels in the order in which `promtool` sorts sets of the same size: at the first name that differs, the one that lacks
/// it comes first.
#[derive(PartialEq, Eq)]
struct Order(Labels);

impl PartialOrd for Order {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Order {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let pairs = self.0.iter().zip(other.0.iter());
        let differing = pairs.map(|(a, b)| b.0.cmp(a.0).then_with(|| a.1.cmp(b.1)));
        differing.into_iter().find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    }
}

/// As `/api/v1/query` and `/api/v1/query_range` answer, in one line, up to the notes: [`json_end`] completes it.
///
/// Source: Prometheus v3.15.1, web/api/v1/json_codec.go and util/jsonutil/marshal.go.
pub fn json_begin(reply: Reply<'_>) -> String {
    let (kind, result) = match reply {
        Reply::Instant(Answer::Scalar(value), at) => ("scalar", pair(at, value)),
        Reply::Instant(Answer::String(text), at) => ("string", format!("[{},{}]", stamp(at), quoted(text))),
        Reply::Instant(Answer::Vector(samples), at) => {
            let one = |labels: &Labels, value| {
                format!("{{\"metric\":{},\"value\":{}}}", metric(labels), pair(at, value))
            };
            ("vector", list(samples.iter().map(|sample| one(sample.labels, sample.value))))
        }
        Reply::Instant(Answer::Matrix(series), _) | Reply::Range(series) => {
            let points = |one: &RangeSeries| list(one.points.iter().map(|(at, value)| pair(*at, *value)));
            let one = |one: &RangeSeries| {
                format!("{{\"metric\":{},\"values\":{}}}", metric(&one.labels), points(one))
            };
            ("matrix", list(series.iter().map(one)))
        }
    };
    format!("{{\"status\":\"success\",\"data\":{{\"resultType\":\"{kind}\",\"result\":{result}}}")
}

/// The notes and the end of the line; `query` is what the notes point into.
pub fn json_end(notes: &[Note], query: &str) -> String {
    let mut out = String::new();
    for (key, warning) in [("warnings", true), ("infos", false)] {
        let notes = notes.iter().filter(|note| note.warning == warning);
        let said: Vec<String> = notes.map(|note| quoted(&sentence(note, query))).collect();
        if !said.is_empty() {
            out.push_str(&format!(",\"{key}\":[{}]", said.join(",")));
        }
    }
    out + "}\n"
}

/// As the HTTP API says that there is no answer.
pub fn json_error(kind: &str, message: &str) -> String {
    format!("{{\"status\":\"error\",\"errorType\":{},\"error\":{}}}\n", quoted(kind), quoted(message))
}

/// A note with its place, as Prometheus writes it.
pub fn sentence(note: &Note, query: &str) -> String {
    format!("{} ({})", note.message, position(query, note.span.start))
}

/// Line and column in bytes, each from 1, as Prometheus counts them.
pub fn position(query: &str, offset: u32) -> String {
    let before = query.get(..offset as usize).unwrap_or(query);
    let line = before.matches('\n').count() + 1;
    let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1;
    format!("{line}:{column}")
}

/// `name{label="value", …}`, sorted by what is written: `a1=` before `a=`.
fn written(labels: &Labels) -> String {
    let others = labels.iter().filter(|(name, _)| *name != METRIC_NAME);
    let mut pairs: Vec<String> =
        others.map(|(name, value)| format!("{name}={}", quote::string(value))).collect();
    pairs.sort_unstable();
    let name = labels.metric();
    if pairs.is_empty() && !name.is_empty() {
        name.to_owned()
    } else {
        format!("{name}{{{}}}", pairs.join(", "))
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

fn metric(labels: &Labels) -> String {
    let pairs: Vec<String> =
        labels.iter().map(|(name, value)| format!("{}:{}", quoted(name), quoted(value))).collect();
    format!("{{{}}}", pairs.join(","))
}

fn pair(at: i64, value: f64) -> String {
    format!("[{},\"{}\"]", stamp(at), brief(value))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Seconds with three decimals, or with none.
fn stamp(millis: i64) -> String {
    let (sign, millis) = (if millis < 0 { "-" } else { "" }, millis.unsigned_abs());
    match millis % 1000 {
        0 => format!("{sign}{}", millis / 1000),
        fraction => format!("{sign}{}.{fraction:03}", millis / 1000),
    }
}

/// Seconds with as many decimals as are needed.
pub(crate) fn seconds(millis: i64) -> String {
    let stamp = stamp(millis);
    if stamp.contains('.') { stamp.trim_end_matches('0').to_owned() } else { stamp }
}

/// The shortest digits that read back to the same number, without an exponent.
pub(crate) fn decimal(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    value.to_string()
}

/// The same, with an exponent for very small and very great numbers.
fn brief(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || !size.is_finite() || (1e-6..1e21).contains(&size) {
        return decimal(value);
    }
    let text = format!("{value:e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
    format!("{digits}e{sign}{exponent:0>2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_go_writes_them() {
        for (value, plain, short) in [
            (0.1, "0.1", "0.1"),
            (-0.0, "-0", "-0"),
            (1e21, "1000000000000000000000", "1e+21"),
            (1.5e-7, "0.00000015", "1.5e-07"),
            (f64::NEG_INFINITY, "-Inf", "-Inf"),
            (f64::NAN, "NaN", "NaN"),
            (-1e300, &format!("-1{}", "0".repeat(300)), "-1e+300"),
        ] {
            assert_eq!((decimal(value).as_str(), brief(value).as_str()), (plain, short));
        }
        assert_eq!(stamp(-1_050), "-1.050");
        assert_eq!(seconds(1_700_000_000_050), "1700000000.05");
        assert_eq!(seconds(-1_000), "-1");
        let labels = Labels::new([("__name__", "up"), ("a", "\n"), ("a1", "x")]);
        assert_eq!(written(&labels), "up{a1=\"x\", a=\"\\n\"}");
        assert_eq!(written(&Labels::default()), "{}");
        assert_eq!(position("a\nbc", 3), "2:2");
    }

    #[test]
    fn promtool_sorts_small_sets_first_and_those_that_lack_a_name() {
        let series = |pairs: &[(&str, &str)]| RangeSeries {
            labels: Labels::new(pairs.to_vec()),
            points: vec![(500, 1.0)],
        };
        let all = [
            series(&[("a", "1"), ("b", "2")]),
            series(&[("a", "2")]),
            series(&[("a", "1")]),
            series(&[("b", "0")]),
        ];
        let text = text(Reply::Range(&all));
        let heads: Vec<&str> = text.lines().step_by(2).collect();
        assert_eq!(heads, ["{b=\"0\"} =>", "{a=\"1\"} =>", "{a=\"2\"} =>", "{a=\"1\", b=\"2\"} =>"]);
    }
}
