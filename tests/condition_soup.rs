//! Random conditions: whatever the text, an answer comes soon and nothing panics.

#![expect(clippy::disallowed_methods, reason = "the test measures wall time")]

use std::time::{Duration, Instant};

use proptest::prelude::*;
use rollcast::condition::{Dialect, Value, evaluate};

const TOKENS: &[&str] = &[
    "result",
    "result[0]",
    "result.n",
    "1",
    "2.5",
    "9223372036854775807",
    "'a'",
    "\"\"",
    "true",
    "nil",
    "#",
    "#acc",
    "#index",
    "x",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    ";",
    "?",
    "?.",
    "??",
    ".",
    "..",
    "+",
    "-",
    "*",
    "/",
    "%",
    "**",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    "and",
    "or",
    "not",
    "in",
    "matches",
    "contains",
    "|",
    "let",
    "=",
    "if",
    "else",
    "all(",
    "map(",
    "filter(",
    "reduce(",
    "sort(",
    "sortBy(",
    "groupBy(",
    "len(",
    "string(",
    "toJSON(",
    "fromJSON(",
    "split(",
    "replace(",
    "repeat(",
    "join(",
    "take(",
    "get(",
    "keys(",
    "toPairs(",
    "fromPairs(",
    "sum(",
    "median(",
    "min(",
    "first(",
    "date(",
    "duration(",
    "isNaN(",
    "asInt(",
    "default(",
    "$env",
    "//",
    "/*",
    "1..999999",
    "flatten(",
    "uniq(",
    "concat(",
    "bitshl(",
    "toBase64(",
    "fromBase64(",
    "é",
    "`",
];

fn answers(text: &str) -> Duration {
    let results = [
        Value::Floats(vec![0.97, f64::NAN]),
        Value::Nil,
        Value::String("é,b".to_owned()),
        Value::Map([("n".to_owned(), Value::Float(5.0))].into()),
    ];
    let start = Instant::now();
    for result in &results {
        for dialect in [Dialect::V1_15_5, Dialect::V1_17_8] {
            let _ = evaluate(text, result, dialect);
        }
    }
    start.elapsed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn token_soup_is_answered_soon(tokens in prop::collection::vec(prop::sample::select(TOKENS), 0..40)) {
        let text = tokens.join(" ");
        prop_assert!(answers(&text) < Duration::from_secs(20), "{text}");
    }

    #[test]
    fn any_text_is_answered_soon(text in "\\PC{0,60}") {
        prop_assert!(answers(&text) < Duration::from_secs(20), "{text}");
    }
}
