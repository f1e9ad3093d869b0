//! Answers of Prometheus' query API.
//!
//! Enters: the JSON of `/api/v1/query_range` or `/api/v1/query`, its `data`, or the bare list of results. Leaves: series.
//! It deliberately holds no value but floats: native histograms are refused.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::store::{Store, value};
use super::{ReadError, STALE_BITS, Series};

pub(super) fn read(mut store: Store<'_>, text: &[u8]) -> Result<Vec<Series>, ReadError> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let found = Answer { store: &mut store, depth: 0 }.deserialize(&mut json).and_then(|found| {
        json.end()?;
        Ok(found)
    });
    match found {
        Ok(true) => Ok(store.finish()),
        Ok(false) => {
            let message = "no list of series: expected the JSON answer of query_range".to_owned();
            Err(ReadError { line: 1, column: None, message })
        }
        Err(error) => {
            let message = error.to_string();
            let place = format!(" at line {} column {}", error.line(), error.column());
            let message = message.strip_suffix(&place).unwrap_or(&message).to_owned();
            Err(ReadError { line: error.line().max(1), column: Some(error.column()), message })
        }
    }
}

/// The answer, its `data`, or the list; whether a list was found.
struct Answer<'s, 'w> {
    store: &'s mut Store<'w>,
    /// How many objects are around: the answer has `data`, and `data` has no more.
    depth: u8,
}

impl<'de> DeserializeSeed<'de> for Answer<'_, '_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Answer<'_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the JSON answer of query_range, its data, or a list of series")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        while list.next_element_seed(Element { store: &mut *self.store })?.is_some() {}
        Ok(true)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let mut found = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "data" if self.depth == 0 => {
                    let data = Answer { store: &mut *self.store, depth: 1 };
                    found |= map.next_value_seed(data)?;
                }
                "result" => {
                    let list = List { store: &mut *self.store };
                    found |= map.next_value_seed(list)?;
                }
                "resultType" => {
                    let kind: String = map.next_value()?;
                    if kind != "matrix" && kind != "vector" {
                        return Err(A::Error::custom(format!(
                            "resultType is \"{kind}\", expected \"matrix\" or \"vector\""
                        )));
                    }
                }
                "error" => {
                    let error: String = map.next_value()?;
                    return Err(A::Error::custom(format!("the answer is an error: {error}")));
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

/// A list of series and nothing else.
struct List<'s, 'w> {
    store: &'s mut Store<'w>,
}

impl<'de> DeserializeSeed<'de> for List<'_, '_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_seq(Answer { store: self.store, depth: 1 })
    }
}

/// `{"metric":{…},"values":[…]}`, or `"value"` in answers to instant queries.
struct Element<'s, 'w> {
    store: &'s mut Store<'w>,
}

impl<'de> DeserializeSeed<'de> for Element<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Element<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a series: an object with \"metric\" and \"values\"")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut metric, mut samples) = (None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "metric" if metric.is_none() => metric = Some(map.next_value_seed(Metric)?),
                "values" if samples.is_none() => samples = Some(map.next_value::<Vec<Sample>>()?),
                "value" if samples.is_none() => samples = Some(vec![map.next_value::<Sample>()?]),
                "histogram" | "histograms" => {
                    return Err(A::Error::custom("native histograms are not supported"));
                }
                other => {
                    return Err(A::Error::custom(format!("unexpected key \"{other}\" in a series")));
                }
            }
        }
        let (Some(metric), Some(samples)) = (metric, samples) else {
            return Err(A::Error::custom("a series has both \"metric\" and \"values\""));
        };
        let (place, new) = self.store.place(metric).map_err(A::Error::custom)?;
        if !new {
            return Err(A::Error::custom("the series stands twice"));
        }
        for Sample { millis, value } in samples {
            self.store.push(place, millis, value).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

/// The labels, with every one that is written kept, so that repeats are seen.
struct Metric;

impl<'de> DeserializeSeed<'de> for Metric {
    type Value = Vec<(String, String)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Metric {
    type Value = Vec<(String, String)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of labels")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut labels = Vec::new();
        while let Some(label) = map.next_entry()? {
            labels.push(label);
        }
        Ok(labels)
    }
}

/// `[seconds, "value"]`
struct Sample {
    millis: i64,
    value: f64,
}

impl<'de> serde::Deserialize<'de> for Sample {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (seconds, value): (f64, Value) = serde::Deserialize::deserialize(deserializer)?;
        let millis = (seconds * 1000.0).round();
        // Beyond 2^53 milliseconds would no longer be exact, and there are 285,000 years before.
        if millis.abs() > 9_007_199_254_740_992.0 {
            return Err(D::Error::custom(format!("timestamp {seconds} is out of range")));
        }
        Ok(Sample { millis: millis as i64, value: value.0 })
    }
}

struct Value(f64);

impl<'de> serde::Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ValueVisitor)
    }
}

struct ValueVisitor;

impl Visitor<'_> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value in a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        if text == "stale" {
            return Ok(Value(f64::from_bits(STALE_BITS)));
        }
        value(text).map(Value).ok_or_else(|| E::custom(format!("{text:?} is not a sample value")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"[{"metric":{"pod":"a","__name__":"up"},"values":[[1.25,"1"],[2,"NaN"],[3,"stale"],[4,"+Inf"]]},
        {"metric":{},"value":[1700000000.123,"-0.5"]}]"#;

    #[test]
    fn reads_answer_data_and_list() {
        let data = format!(r#"{{"result":{LIST},"resultType":"matrix"}}"#);
        let answer = format!(r#"{{"status":"success","warnings":["w"],"data":{data}}}"#);
        let all = read(Store::default(), LIST.as_bytes()).unwrap();
        assert_eq!(all[0].labels, [("__name__".into(), "up".into()), ("pod".into(), "a".into())]);
        let bits: Vec<_> = all[0].samples.iter().map(|(at, value)| (*at, value.to_bits())).collect();
        let inf = f64::INFINITY.to_bits();
        assert_eq!(
            bits,
            [(1250, 1_f64.to_bits()), (2000, super::super::NAN_BITS), (3000, STALE_BITS), (4000, inf)]
        );
        assert_eq!(all[1].samples, [(1_700_000_000_123, -0.5)]);
        for text in [data, answer] {
            assert_eq!(format!("{:?}", read(Store::default(), text.as_bytes()).unwrap()), format!("{all:?}"));
        }
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        for (text, line, message) in [
            ("{\"status\":\"error\",\n\"error\":\"boom\"}", 2, "boom"),
            ("{\"status\":\"success\"}", 1, "no list of series"),
            ("{\"resultType\":\"scalar\",\"result\":[1,\"1\"]}", 1, "resultType is \"scalar\""),
            ("[{\"metric\":{},\n\"values\":[[2,\"1\"],[1,\"1\"]]}]", 2, "not after"),
            ("[{\"metric\":{},\"values\":[[1,\"x\"]]}]", 1, "not a sample value"),
            ("[{\"metric\":{},\"values\":[[1,1]]}]", 1, "a value in a string"),
            ("[{\"metric\":{},\"values\":[[1,\"1\",2]]}]", 1, ""),
            ("[{\"metric\":{\"a\":\"1\",\"a\":\"2\"},\"values\":[]}]", 1, "stands twice"),
            ("[{\"metric\":{},\"values\":[]},\n{\"metric\":{},\"values\":[]}]", 2, "the series stands twice"),
            ("[{\"metric\":{},\"histograms\":[]}]", 1, "native histograms"),
            ("[{\"values\":[]}]", 1, "both"),
            ("[] x", 1, "trailing"),
            ("{\"data\":{\"data\":{\"result\":[]}}}", 1, "no list"),
        ] {
            let error = read(Store::default(), text.as_bytes()).unwrap_err();
            assert_eq!(error.line, line, "{text}: {error}");
            assert!(error.message.contains(message), "{text}: {error}");
        }
    }
}
