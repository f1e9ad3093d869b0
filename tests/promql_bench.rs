//! The oracle's bench and ours side by side: the ratios, and whether the bits are the same.
//!
//! Enters: the oracle's binary, `ROLLCAST_PROMQL_ORACLE`; `ROLLCAST_PROMQL_DAYS` adds the large workload of so many days.
//! Leaves: a line for each workload. Run it with
//! `cargo test --release --test promql_bench -- --ignored --nocapture`. It deliberately uses one thread.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed; it reads files and says what it found"
)]

#[path = "support/recording.rs"]
mod recording;

use std::io::BufRead;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rollcast::promql::{Answer, Labels, Mode, Options, Plan, Store, parse};
use serde_json::Value;

/// The sum of the bits of all values, every NaN counted alike, and their number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Checksum {
    bits: u64,
    values: u64,
}

impl Checksum {
    fn add(&mut self, value: f64) {
        let bits = if value.is_nan() { 0x7ff8_0000_0000_0001 } else { value.to_bits() };
        self.bits = self.bits.wrapping_add(bits);
        self.values += 1;
    }
}

/// All instants at which one expression is asked.
struct Question {
    plan: Plan,
    instants: Vec<i64>,
    ranges: Vec<(i64, i64, i64)>,
}

fn questions(path: &Path, store: &Store) -> Vec<Question> {
    let mut all: Vec<(String, Question)> = Vec::new();
    for line in recording::open(path).lines() {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let text = line["expr"].as_str().unwrap().to_owned();
        let index = all.iter().position(|(own, _)| *own == text).unwrap_or_else(|| {
            let plan = Plan::new(&parse(&text, Mode::Server).unwrap(), store, &Options::default()).unwrap();
            all.push((text, Question { plan, instants: Vec::new(), ranges: Vec::new() }));
            all.len() - 1
        });
        let ms = |key: &str| recording::millis(&line[key].to_string());
        if line.get("at").is_some() {
            all[index].1.instants.push(ms("at"));
        } else {
            all[index].1.ranges.push((ms("start"), ms("end"), ms("step")));
        }
    }
    all.into_iter().map(|(_, question)| question).collect()
}

fn run(store: &Store, questions: &mut [Question], sum: &mut Checksum) {
    for question in questions {
        for t in &question.instants {
            match question.plan.evaluate(store, *t).unwrap() {
                Answer::Scalar(value) => sum.add(value),
                Answer::Vector(samples) => samples.values().iter().for_each(|value| sum.add(*value)),
                other => panic!("{other:?}"),
            }
        }
        for (start, end, step) in &question.ranges {
            for series in question.plan.evaluate_range(store, *start, *end, *step).unwrap() {
                series.points.iter().for_each(|point| sum.add(point.1));
            }
        }
    }
}

/// Median time of one query, and the checksum.
fn measure(store: &Store, questions: &mut [Question], repeat: usize) -> (Duration, Checksum) {
    let count: usize = questions.iter().map(|q| q.instants.len() + q.ranges.len()).sum();
    let mut sum = Checksum::default();
    run(store, questions, &mut sum);
    let mut times = Vec::new();
    for _ in 0..repeat {
        let mut again = Checksum::default();
        let began = Instant::now();
        run(store, questions, &mut again);
        times.push(began.elapsed());
        assert_eq!(sum, again);
    }
    times.sort();
    (times[repeat / 2] / count as u32, sum)
}

/// The oracle's line about all queries: nanoseconds a query, and its checksum.
fn oracle(binary: &str, series: &Path, queries: &Path, repeat: usize) -> (u64, Checksum) {
    let output = Command::new(binary)
        .args(["bench", "--storage", "slice", "--repeat", &repeat.to_string(), "--series"])
        .arg(series)
        .arg("--queries")
        .arg(queries)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let all = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .find(|line| line["expr"] == "*")
        .unwrap();
    let bits = u64::from_str_radix(all["bits"].as_str().unwrap(), 16).unwrap();
    (all["ns_per_query"].as_u64().unwrap(), Checksum { bits, values: all["values"].as_u64().unwrap() })
}

fn compare(binary: &str, folder: &Path, name: &str, repeat: (usize, usize)) -> f64 {
    let (series, queries) =
        (recording::find(folder, "series.json").unwrap(), folder.join(format!("{name}.queries.jsonl")));
    let store = recording::read(&series);
    let samples = store.sample_count();
    let bytes = store.sample_bytes() as f64 / samples as f64;
    let mut questions = questions(&queries, &store);
    let (ours, own) = measure(&store, &mut questions, repeat.0);
    let (theirs, sum) = oracle(binary, &series, &queries, repeat.1);
    let ratio = theirs as f64 / ours.as_nanos() as f64;
    println!(
        "{name}: {samples} samples at {bytes:.2} bytes; engine {theirs} ns, ours {} ns a query: {ratio:.1} times; bits {}",
        ours.as_nanos(),
        if own == sum { "equal" } else { "DIFFERENT" }
    );
    assert_eq!(own, sum);
    ratio
}

#[test]
#[ignore = "needs the oracle and a release build"]
fn ratios_to_the_engine() {
    let Ok(binary) = std::env::var("ROLLCAST_PROMQL_ORACLE") else {
        println!("skipped: ROLLCAST_PROMQL_ORACLE is not set");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let generate = |more: &[&str], out: &Path| {
        let mut command = Command::new(&binary);
        command.args(["gen", "--bench", "--seed", "1", "--out"]).arg(out).args(more);
        assert!(command.status().unwrap().success());
    };
    let small = folder.path().join("small");
    generate(&[], &small);
    compare(&binary, &small, "instant", (50, 10));
    compare(&binary, &small, "range", (50, 10));
    if let Ok(days) = std::env::var("ROLLCAST_PROMQL_DAYS") {
        let large = folder.path().join("large");
        generate(&["--large", "--days", &days], &large);
        compare(&binary, &large, "range", (5, 3));
    }
}

/// Thirty days of 1,000 series, scraped unevenly: the form that takes the most memory.
#[test]
#[ignore = "needs two gigabytes and a release build"]
fn thirty_days_fit() {
    let mut store = Store::new();
    for pod in 0..1000_u64 {
        let code = if pod % 5 == 0 { "500" } else { "200" };
        let labels = [("__name__", "requests_total"), ("pod", &pod.to_string()), ("code", code)];
        let id = store.add_series(Labels::new(labels));
        let (mut chance, mut total) = (pod + 1, 0.0);
        for scrape in 0..30 * 5760_i64 {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            total += (chance >> 60) as f64;
            store.append(id, scrape * 15_000 + (chance >> 33) as i64 % 20, total).unwrap();
        }
    }
    let query = "sum(rate(requests_total{code!~\"5..\"}[5m])) / sum(rate(requests_total[5m]))";
    let mut plan = Plan::new(&parse(query, Mode::Server).unwrap(), &store, &Options::default()).unwrap();
    let began = Instant::now();
    let series = plan.evaluate_range(&store, 300_000, 30 * 86_400_000, 60_000).unwrap();
    let bytes = store.sample_bytes() as f64 / store.sample_count() as f64;
    let points = series.first().map_or(0, |series| series.points.len());
    println!(
        "{} samples at {bytes:.2} bytes; {points} points in {:?}",
        store.sample_count(),
        began.elapsed()
    );
    assert!(bytes <= 16.0 && points == 43_196);
}
