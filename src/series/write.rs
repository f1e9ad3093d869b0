//! Series as a recording.
//!
//! Enters: series. Leaves: the JSON answer of a range query, which reads back to the same samples bit by bit, staleness
//! markers among them. It deliberately opens no file.

use serde_json::{Value, json};

use super::{Series, is_stale};

/// The answer of `/api/v1/query_range`, with `"stale"` where a series ends.
pub fn query_json(series: &[Series]) -> String {
    let one = |series: &Series| {
        let labels: serde_json::Map<String, Value> =
            series.labels.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
        let samples = series.samples.iter().map(|(at, value)| {
            let value = match value {
                value if is_stale(*value) => "stale".to_owned(),
                value if value.is_nan() => "NaN".to_owned(),
                value if value.is_infinite() => if *value > 0.0 { "+Inf" } else { "-Inf" }.to_owned(),
                value => value.to_string(),
            };
            json!([*at as f64 / 1000.0, value])
        });
        json!({ "metric": labels, "values": samples.collect::<Vec<_>>() })
    };
    let result: Vec<Value> = series.iter().map(one).collect();
    json!({ "status": "success", "data": { "resultType": "matrix", "result": result } }).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::{Format, STALE_BITS, read};
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let samples = vec![
            (-1500, 0.1),
            (0, f64::INFINITY),
            (1_700_000_000_123, 1e-300),
            (1_700_000_001_000, f64::from_bits(STALE_BITS)),
        ];
        let labels = vec![("__name__".to_owned(), "up".to_owned()), ("a".to_owned(), "\"\\\n".to_owned())];
        let series = vec![Series { labels, samples }];
        let again = read(query_json(&series).as_bytes(), Format::Query).unwrap();
        let bits = |series: &[Series]| -> Vec<(i64, u64)> {
            series[0].samples.iter().map(|(at, value)| (*at, value.to_bits())).collect()
        };
        assert_eq!((again[0].labels.clone(), bits(&again)), (series[0].labels.clone(), bits(&series)));
    }
}
