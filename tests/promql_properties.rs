//! Properties of the PromQL parser: printing and parsing undo each other, and no text makes it panic or wait.
//!
//! Enters: random queries and damaged ones. Leaves: nothing but failures.

#![expect(clippy::disallowed_methods, reason = "this test takes the time")]

use proptest::prelude::*;
use rollcast::promql::ast::{Expr, ExprKind, Matcher, QuerySpan, Selector};
use rollcast::promql::{Mode, parse, print};
use std::time::{Duration, Instant};

const QUERIES: [&str; 16] = [
    "sum by (job, code) (rate(http_requests_total{job=~\"api.*\", code!~`5..`}[5m])) / ignoring (code) group_left sum(x)",
    "histogram_quantile(0.99, sum(rate(latency_bucket[1m:15s] @ end() offset -1h30m)) by (le)) > bool 0.5",
    "label_replace({\"my.metric\", 'a b'=\"\\u00e9\\xff\"}, \"x\", '$1', \"y\", \"(.*)\") # why",
    "a and on (b) c or d unless e{f=\"\"} atan2 g",
    "-foo ^ -2 ^ +3 % 1e3 * 0x1F - .5 + Inf",
    "x[2m * (step() + min_of(5, range())) : 30s] offset (1h / 2)",
    "x offset -(5m) + y",
    "topk(5, x) + fill_left(1) fill_right(-2) quantile(0.5, y)",
    "rate(foo[5m] smoothed @ 1603774568.123) + foo anchored",
    "count_values without (instance) (\"version\", up) == 1_000",
    "info(x, {job=\"a\"})",
    "limitk(2, x) </ 5",
    "1h30m + 5ms",
    "((((((1))))))",
    "fill + sum + by + offset",
    "absent(up{job=\"x\"} == 0) or vector(1)",
];

fn without_spans(mut expr: Expr) -> Expr {
    fn sort(selector: &mut Selector) {
        selector
            .matchers
            .sort_by_key(|Matcher { label, op, value, .. }| (label.clone(), op.as_str(), value.clone()));
    }
    fn strip(expr: &mut Expr) {
        expr.span = QuerySpan::default();
        match &mut expr.kind {
            ExprKind::Vector(selector) | ExprKind::Matrix { selector, .. } => sort(selector),
            ExprKind::Subquery { expr, .. } | ExprKind::Unary { expr, .. } | ExprKind::Paren(expr) => {
                strip(expr);
            }
            ExprKind::Binary(binary) => {
                strip(&mut binary.left);
                strip(&mut binary.right);
            }
            ExprKind::Aggregate(aggregate) => {
                aggregate.param.iter_mut().for_each(strip);
                strip(&mut aggregate.expr);
            }
            ExprKind::Call { args, .. } => args.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut expr);
    expr
}

/// Whether the text is refused, or printing it gives a text that parses to the same; NaN counts as equal to NaN.
fn survives_printing(text: &str) -> Result<bool, TestCaseError> {
    let Ok(expr) = parse(text, Mode::Test) else {
        return Ok(false);
    };
    let printed = print(&expr);
    let again = parse(&printed, Mode::Test);
    let again =
        again.map_err(|error| TestCaseError::fail(format!("{text} prints as {printed}: {error:?}")))?;
    prop_assert_eq!(print(&again), printed);
    prop_assert_eq!(format!("{:?}", without_spans(again)), format!("{:?}", without_spans(expr)), "{}", text);
    Ok(true)
}

fn duration() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(vec!["5m", "1h30m", "90", "1.5", "200ms", "step()", "range()"])
            .prop_map(str::to_owned)
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), prop::sample::select(vec!["+", "-", "*", "/", "%", "^"]), inner.clone())
                .prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("max_of({a}, {b})")),
            inner.prop_map(|a| format!("({a})")),
        ]
    })
}

fn labels() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["job", "by", "\"x.y\"", "le"]), 0..3)
        .prop_map(|labels| format!("({})", labels.join(", ")))
}

fn vector() -> impl Strategy<Value = String> {
    let metric = prop::sample::select(vec!["foo", "a:b", "sum", "by", "{\"my.metric\"}", "{x=~\".+\"}"]);
    let matchers = prop::sample::select(vec!["", "{}", "{b=\"c\",}", "{z!=\"1\", 'a b'!~`\\d`}"]);
    let leaf = (metric, matchers).prop_map(|(metric, matchers)| {
        format!("{metric}{}", if metric.starts_with('{') { "" } else { matchers })
    });
    let op = prop::sample::select(vec![
        "+", "-", "*", "/", "%", "^", "atan2", "==", "!= bool", "<=", "and", "or", "unless", "</",
    ]);
    leaf.prop_recursive(5, 32, 3, move |inner| {
        let matching = prop_oneof![
            Just(String::new()),
            labels().prop_map(|labels| format!(" on {labels}")),
            labels().prop_map(|labels| format!(" ignoring {labels}")),
        ];
        prop_oneof![
            (inner.clone(), op.clone(), matching, inner.clone())
                .prop_map(|(a, op, matching, b)| format!("{a} {op}{matching} {b}")),
            (inner.clone(), labels()).prop_map(|(a, labels)| format!("sum by {labels} ({a})")),
            (inner.clone(), labels()).prop_map(|(a, labels)| format!("quantile(0.9, {a}) without {labels}")),
            (inner.clone(), duration(), duration())
                .prop_map(|(a, b, c)| format!("rate({a}[{b}:{c}] offset {b})")),
            inner.clone().prop_map(|a| format!("-{a}")),
            inner.clone().prop_map(|a| format!("({a})")),
            inner.clone().prop_map(|a| format!("clamp({a}, -1, 1h) @ end()")),
            (inner, any::<f64>()).prop_map(|(a, number)| format!("{a} * {number}")),
        ]
    })
}

proptest! {
    #[test]
    fn parsing_undoes_printing(text in vector()) {
        survives_printing(&text)?;
    }

    #[test]
    fn damaged_queries_are_answered(
        query in prop::sample::select(QUERIES.to_vec()),
        cut in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        insert in prop_oneof![".{0,3}", "[\\[\\](){}:,=!~<>@+*/%^#.\"'`_ \\\\]{1,3}"],
    ) {
        let mut chars: Vec<char> = query.chars().collect();
        let place = place.index(chars.len());
        chars.splice(place..place, insert.chars());
        survives_printing(&chars.iter().collect::<String>())?;
        chars.truncate(cut.index(chars.len()));
        survives_printing(&chars.iter().collect::<String>())?;
    }

    #[test]
    fn any_text_is_answered(text in ".{0,40}") {
        let _ = parse(&text, Mode::Server);
    }
}

#[test]
fn every_query_and_its_prefixes_survive() {
    for query in QUERIES {
        assert!(survives_printing(query).unwrap(), "{query}: {:?}", parse(query, Mode::Test));
        for (end, _) in query.char_indices() {
            let _ = parse(query.get(..end).unwrap(), Mode::Server);
        }
    }
}

#[test]
fn depth_and_length_are_bounded() {
    let deep = [
        "(".repeat(10_000) + "1" + &")".repeat(10_000),
        "(".repeat(30_000),
        "-".repeat(30_000) + "a",
        "a".to_owned() + &"+a".repeat(30_000),
        "a".to_owned() + &"^a".repeat(30_000),
        "abs(".repeat(10_000) + "a",
        "a".to_owned() + &"[1m:]".repeat(10_000),
        "a[".to_owned() + &"(".repeat(10_000) + "1" + &")".repeat(10_000) + "]",
        "a[1".to_owned() + &"+1".repeat(30_000) + "]",
        "a{b=~\"".to_owned() + &"(".repeat(10_000) + &")".repeat(10_000) + "\"}",
        "sum by (".to_owned() + &"a,".repeat(30_000),
        "1 offset 1".repeat(6_000),
        "fill ".repeat(13_000),
        "\"".repeat(65_000),
        "{a=\"".repeat(13_000),
        "1_".repeat(30_000),
        "é".repeat(40_000),
    ];
    for query in deep {
        let start = Instant::now();
        assert!(parse(&query, Mode::Test).is_err());
        let time = start.elapsed();
        assert!(time < Duration::from_millis(500), "{time:?} for {query:.20}");
    }
    let ok = "(".repeat(90) + "1" + &")".repeat(90);
    assert!(survives_printing(&ok).unwrap());
    let chain = "a".to_owned() + &" or a".repeat(190);
    assert!(survives_printing(&chain).unwrap());
    let message = parse(&"a".repeat(65_537), Mode::Server).unwrap_err().message;
    assert_eq!(message, "query is 65537 bytes long, longer than 65536");
}
