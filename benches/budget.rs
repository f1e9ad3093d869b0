//! What a step of the budget costs, and how long the worst queries take that anyone thought of.
//!
//! Enters: a store of the size that a 64 KiB recording has, made here. Leaves: a line for each query: nanoseconds a
//! step where a budget ended it, and how long it took under the default one. It deliberately compares with nothing.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench that cannot go on has failed; it reads the clock and says what it found"
)]

use std::time::{Duration, Instant};

use rollcast::promql::{Budget, Labels, Mode, Options, Plan, Store, parse};

/// Steps after which a query is stopped to see what one costs.
const STEPS: u64 = 5_000_000;

/// Subqueries over a day or more at every millisecond: nothing but a budget ends them.
const DENSE: &[&str] = &[
    "sum_over_time(nothing[100y:1ms])",
    "sum_over_time(up[100d:1ms])",
    "sum_over_time((up{pod=\"a\"})[100d:1ms])",
    "sum_over_time(vector(1)[100d:1ms])",
    "sum_over_time(vector(time())[100d:1ms])",
    "sum_over_time(sum(rate(requests_total[5m]))[100d:1ms])",
    "sum_over_time(sum by (pod) (rate({__name__=~\".+\"}[5m]))[100d:1ms])",
    "sum_over_time(avg_over_time({__name__=~\".+\"}[1h])[100d:1ms])",
    "sum_over_time(quantile_over_time(0.5, {__name__=~\".+\"}[1h])[100d:1ms])",
    "sum_over_time(mad_over_time({__name__=~\".+\"}[1h])[100d:1ms])",
    "sum_over_time(deriv({__name__=~\".+\"}[1h])[100d:1ms])",
    "sum_over_time(predict_linear({__name__=~\".+\"}[1h], 3600)[100d:1ms])",
    "sum_over_time(double_exponential_smoothing({__name__=~\".+\"}[1h], 0.5, 0.5)[100d:1ms])",
    "sum_over_time(changes({__name__=~\".+\"}[1h])[100d:1ms])",
    "sum_over_time(stddev_over_time({__name__=~\".+\"}[1h])[100d:1ms])",
    "sum_over_time(histogram_quantile(0.9, h_bucket)[100d:1ms])",
    "sum_over_time(histogram_quantile(0.9, sum by (le) (rate(h_bucket[5m])))[100d:1ms])",
    "sum_over_time(histogram_fraction(0, 1, h_bucket)[100d:1ms])",
    "sum_over_time((requests_total / on (pod) up)[100d:1ms])",
    "sum_over_time((requests_total / on (pod) group_left g)[100d:1ms])",
    "sum_over_time((requests_total or up)[100d:1ms])",
    "sum_over_time((requests_total and on (pod) up)[100d:1ms])",
    "sum_over_time(topk(2, {__name__=~\".+\"})[100d:1ms])",
    "sum_over_time(quantile(0.5, {__name__=~\".+\"})[100d:1ms])",
    "sum_over_time(stddev({__name__=~\".+\"})[100d:1ms])",
    "sum_over_time(sort({__name__=~\".+\"})[100d:1ms])",
    "sum_over_time(sort_by_label({__name__=~\".+\"}, \"pod\")[100d:1ms])",
    "sum_over_time(limitk(2, {__name__=~\".+\"})[100d:1ms])",
    "sum_over_time(limit_ratio(0.5, {__name__=~\".+\"})[100d:1ms])",
    "sum_over_time(count_values(\"v\", vector(time()))[100d:1ms])",
    "sum_over_time(count_values(\"v\", {__name__=~\".+\"} * time())[100d:1ms])",
    "sum_over_time((vector(time()) ^ 0.123)[100d:1ms])",
    "sum_over_time(({__name__=~\".+\"} ^ 0.123)[100d:1ms])",
    "sum_over_time(({__name__=~\".+\"} % 0.123)[100d:1ms])",
    "sum_over_time(sin({__name__=~\".+\"} * 1e300)[100d:1ms])",
    "sum_over_time(sinh({__name__=~\".+\"})[100d:1ms])",
    "sum_over_time(days_in_month({__name__=~\".+\"})[100d:1ms])",
    "sum_over_time(day_of_year({__name__=~\".+\"} * 1e6)[100d:1ms])",
    "sum_over_time(label_replace({__name__=~\".+\"}, \"x\", \"$1\", \"pod\", \"(.*)\")[100d:1ms])",
    "sum_over_time(label_join({__name__=~\".+\"}, \"x\", \"-\", \"pod\", \"__name__\")[100d:1ms])",
    "sum_over_time(absent(nothing)[100d:1ms])",
    "sum_over_time(absent_over_time(nothing[5m])[100d:1ms])",
    "sum_over_time(timestamp({__name__=~\".+\"})[100d:1ms])",
    "sum_over_time(sum_over_time(up[1s:1ms])[100d:1s])",
    "sum_over_time(sum_over_time({__name__=~\".+\"}[1h:15s])[100d:1ms])",
    "sum_over_time(quantile_over_time(0.5, up[1h:15s])[100d:1ms])",
    "sum_over_time(quantile_over_time(scalar(up{pod=\"a\"}), {__name__=~\".+\"}[1h])[100d:1ms])",
    "rate(up[100d:1ms])",
    "up[100d:1ms]",
    "quantile_over_time(0.5, vector(time())[2h:1ms])",
    "mad_over_time(vector(time())[2h:1ms])",
    "changes(count_values(\"v\", vector(time()))[100d:1ms])",
];

/// Functions of whatever lies behind: as ranges of 11,000 instants.
const WIDE: &[&str] = &[
    "sum_over_time(up[1h:1ms])",
    "quantile_over_time(0.5, {__name__=~\".+\"}[1h])",
    "quantile_over_time(0.5, up[1h:15s])",
    "quantile_over_time(0.5, sum(up)[1h:1s])",
    "mad_over_time({__name__=~\".+\"}[1h])",
    "count_values(\"v\", {__name__=~\".+\"} * time())",
    "sort_by_label({__name__=~\".+\"}, \"pod\")",
    "vector(time())",
    "{__name__=~\".+\"}",
    "sum_over_time(up[1h:1ms] @ 1700000000)",
];

fn store() -> Store {
    let mut store = Store::new();
    let mut add = |name: &str, pod: &str, le: &str, slope: u32| {
        let id = store.add_series(Labels::new([("__name__", name), ("pod", pod), ("le", le)]));
        for scrape in 0..120_u32 {
            let value = f64::from(scrape * slope + scrape % 5) + 0.125;
            let at = 1_700_000_000_000 + i64::from(scrape) * 15_000 + i64::from(scrape % 3);
            store.append(id, at, value).unwrap();
        }
    };
    for (number, pod) in ["a", "b", "c", "d"].into_iter().enumerate() {
        for name in ["up", "g", "requests_total", "other_total"] {
            add(name, pod, "", number as u32 + 1);
        }
        for le in ["0.1", "1.0", "+Inf"] {
            add("h_bucket", pod, le, number as u32 + 1);
        }
    }
    store
}

fn plan(query: &str, store: &Store, budget: Option<Budget>) -> Result<Plan, String> {
    let options = Options { budget, ..Options::default() };
    let tree = parse(query, Mode::Test).map_err(|error| error.message)?;
    Plan::new(&tree, store, &options).map_err(|error| error.message)
}

/// Once at an instant, or over 11,000 instants.
fn run(plan: &mut Plan, store: &Store, wide: bool) -> (Duration, String) {
    let at = 1_700_001_800_000;
    let began = Instant::now();
    let error = if wide {
        plan.evaluate_range(store, at - 1_000 * 11_000, at, 1_000).err()
    } else {
        plan.evaluate(store, at).err()
    };
    (began.elapsed(), error.map_or_else(|| "answered".to_owned(), |error| error.message))
}

/// Long texts, whose planning is work too: as broad, or as deep, as the parser lets them be.
fn long() -> Vec<String> {
    let list = |count: usize, part: &dyn Fn(usize) -> String| (0..count).map(part).collect::<Vec<_>>();
    let nest =
        |open: &str, close: &str, depth: usize| format!("{}up{}", open.repeat(depth), close.repeat(depth));
    vec![
        tree(&list(8_000, &|_| "up".to_owned()), "+"),
        tree(&list(3_000, &|n| format!("up{{pod!=\"{n}\"}}")), " or "),
        tree(&list(2_500, &|n| format!("up{{pod!=\"{n}\"}}")), "+on(pod)"),
        tree(&list(2_500, &|n| format!("up{{pod=~\".*{n}\"}}")), " or "),
        tree(&list(2_000, &|n| format!("up{{pod=~\"(\\\\pL{{{}}})+\"}}", n % 1_000)), " or "),
        tree(&list(1_500, &|n| format!("rate({{__name__=~\".+\",pod!=\"{n}\"}}[{}s])", n + 1)), " or "),
        tree(&list(1_500, &|n| format!("sum_over_time(up[{}d:1ms])", n + 1)), " or "),
        tree(&list(1_500, &|n| format!("sum_over_time(up[1s:{}ms])", n + 1)), " or "),
        format!("up{{pod=~\"{}\"}}", "\\\\pL".repeat(13_000)),
        format!("up{{pod=~\"[{}]\"}}", "\\\\pL".repeat(13_000)),
        format!("up{{pod=~\"(?i){}\"}}", "[^a]".repeat(15_000)),
        format!("up{{pod=~\"(?i){}\"}}", "(a|B|c|.)*".repeat(6_000)),
        format!("up{{pod=~\"{}\"}}", ".*".repeat(20_000)),
        tree(&list(1_000, &|n| format!("up{{pod=~\"(?i){n}\\\\pL\\\\pN\\\\PL.*\"}}")), " or "),
        tree(&list(1_000, &|n| format!("label_replace(up, \"a\", \"b\", \"c\", \"(.*){n}\")")), " or "),
        format!("histogram_quantiles(h_bucket, \"q\", {})", list(9_000, &|n| format!("0.{n}")).join(",")),
        format!("sort_by_label(up, {})", list(9_000, &|n| format!("\"{n}\"")).join(",")),
        format!("label_join(up, \"x\", \"\", {})", list(6_000, &|_| "\"pod\"".to_owned()).join(",")),
        format!("label_replace(up, \"x\", \"{}\", \"__name__\", \"(.*)\")", "$1".repeat(30_000)),
        format!("sum by ({}) (up)", list(9_000, &|n| format!("l{n}")).join(",")),
        format!("up{{{}}}", list(7_000, &|n| format!("l{n}=\"\"")).join(",")),
        nest("sum_over_time(", "[1h:1s])", 40),
        nest("sum_over_time(", "[1h:1s])", 90),
        nest("label_join(", ", \"pod\", \"\", \"pod\", \"pod\")", 90),
        nest("label_replace(", ", \"pod\", \"$1$1$1$1\", \"pod\", \"(.*)\")", 60),
    ]
}

/// Parts joined pairwise, so that the tree is as low as can be.
fn tree(parts: &[String], operator: &str) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        more => {
            let (left, right) = more.split_at(more.len() / 2);
            format!("({}{operator}{})", tree(left, operator), tree(right, operator))
        }
    }
}

fn line(query: &str, store: &Store, wide: bool) -> Duration {
    let short: String = query.chars().take(70).collect();
    let began = Instant::now();
    let planned = plan(query, store, None);
    let planning = began.elapsed();
    let mut plan_ = match planned {
        Ok(plan) => plan,
        Err(error) => {
            println!(
                "{:6} bytes; refused in {:7.1} ms: {short}: {error:.60}",
                query.len(),
                planning.as_secs_f64() * 1e3
            );
            return planning;
        }
    };
    let (took, error) = run(&mut plan_, store, wide);
    let mut bounded = plan(query, store, Some(Budget { samples: 50_000_000, steps: STEPS })).unwrap();
    let (stopped, cause) = run(&mut bounded, store, wide);
    let cost = if cause.contains("steps") {
        format!("{:6.1} ns", stopped.as_nanos() as f64 / STEPS as f64)
    } else {
        "        -".to_owned()
    };
    println!(
        "{:6} bytes; {cost} a step; planned {:7.1} ms, evaluated {:7.1} ms: {short}: {error:.60}",
        query.len(),
        planning.as_secs_f64() * 1e3,
        took.as_secs_f64() * 1e3
    );
    planning + took
}

fn main() {
    let store = store();
    let wanted = std::env::args().nth(1).filter(|word| !word.starts_with('-'));
    let asked = |query: &str| wanted.as_ref().is_none_or(|word| query.contains(word.as_str()));
    let mut slowest = Duration::ZERO;
    for query in DENSE.iter().filter(|query| asked(query)) {
        slowest = slowest.max(line(query, &store, false));
    }
    for query in WIDE.iter().filter(|query| asked(query)) {
        slowest = slowest.max(line(query, &store, true));
    }
    for query in long().iter().filter(|query| asked(query)) {
        for wide in [false, true] {
            slowest = slowest.max(line(query, &store, wide));
        }
    }
    println!("the slowest took {:.1} ms", slowest.as_secs_f64() * 1e3);
}
