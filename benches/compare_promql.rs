//! Prometheus' engine and ours side by side: the ratios, and whether the bits are the same.
//!
//! Enters: the oracle's binary, and perhaps how many days the large workload shall have. Leaves: a line for each workload.
//! `benches/compare-promql` builds what this needs. It deliberately uses one thread.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench that cannot go on has failed; it reads files and says what it found"
)]

#[path = "../tests/support/recording.rs"]
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

/// The questions, and how long it took to plan them.
fn questions(path: &Path, store: &Store) -> (Vec<Question>, Duration) {
    let mut all: Vec<(String, Question)> = Vec::new();
    let mut planning = Duration::ZERO;
    for line in recording::open(path).lines() {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let text = line["expr"].as_str().unwrap().to_owned();
        let index = all.iter().position(|(own, _)| *own == text).unwrap_or_else(|| {
            let began = Instant::now();
            let plan = Plan::new(&parse(&text, Mode::Server).unwrap(), store, &Options::default()).unwrap();
            planning += began.elapsed();
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
    (all.into_iter().map(|(_, question)| question).collect(), planning)
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
fn oracle(binary: &str, storage: &str, series: &Path, queries: &Path, repeat: usize) -> (u64, Checksum) {
    let output = Command::new(binary)
        .args(["bench", "--storage", storage, "--repeat", &repeat.to_string(), "--series"])
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

fn compare(binary: &str, folder: &Path, name: &str, storages: &[&str], repeat: (usize, usize)) {
    let (series, queries) =
        (recording::find(folder, "series.json").unwrap(), folder.join(format!("{name}.queries.jsonl")));
    let store = recording::read(&series);
    let samples = store.sample_count();
    let bytes = store.sample_bytes() as f64 / samples as f64;
    let (mut questions, planning) = questions(&queries, &store);
    let count: usize = questions.iter().map(|q| q.instants.len() + q.ranges.len()).sum();
    let (ours, own) = measure(&store, &mut questions, repeat.0);
    println!(
        "{name}: {samples} samples at {bytes:.2} bytes; {count} queries of {} expressions: ours {} ns a query; planning {} ns \
         in all, {} ns a query",
        questions.len(),
        ours.as_nanos(),
        planning.as_nanos(),
        planning.as_nanos() / count as u128,
    );
    drop((store, questions));
    for storage in storages {
        let (theirs, sum) = oracle(binary, storage, &series, &queries, repeat.1);
        let ratio = theirs as f64 / ours.as_nanos() as f64;
        let bits = if own == sum { "equal" } else { "DIFFERENT" };
        println!("  {storage}: {theirs} ns a query: {ratio:.1} times; {} values, bits {bits}", sum.values);
        assert_eq!(own, sum);
    }
}

/// Days of 1,000 series, scraped unevenly: the form that takes the most memory.
fn month(days: i64) {
    let mut store = Store::new();
    for pod in 0..1000_u64 {
        let code = if pod % 5 == 0 { "500" } else { "200" };
        let labels = [("__name__", "requests_total"), ("pod", &pod.to_string()), ("code", code)];
        let id = store.add_series(Labels::new(labels));
        let (mut chance, mut total) = (pod + 1, 0.0);
        for scrape in 0..days * 5760_i64 {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            total += (chance >> 60) as f64;
            store.append(id, scrape * 15_000 + (chance >> 33) as i64 % 20, total).unwrap();
        }
    }
    let bytes = store.sample_bytes() as f64 / store.sample_count() as f64;
    println!("{days} days: {} samples at {bytes:.2} bytes", store.sample_count());
    for query in [
        "sum(rate(requests_total{code!~\"5..\"}[5m])) / sum(rate(requests_total[5m]))",
        "max_over_time((sum(rate(requests_total{code=~\"5..\"}[5m])) / sum(rate(requests_total[5m])))[1d:1m])",
    ] {
        let mut plan = Plan::new(&parse(query, Mode::Server).unwrap(), &store, &Options::default()).unwrap();
        let began = Instant::now();
        let series = plan.evaluate_range(&store, 300_000, days * 86_400_000, 60_000).unwrap();
        let points = series.first().map_or(0, |series| series.points.len());
        println!("  {points} points in {:?}: {query}", began.elapsed());
    }
    assert!(bytes <= 16.0);
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let Some(binary) = words.first() else {
        println!("benches/compare-promql runs this with the oracle's binary and a number of days");
        return;
    };
    let days: i64 = words.get(1).map_or(0, |days| days.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let generate = |more: &[&str], out: &Path| {
        let mut command = Command::new(binary);
        command.args(["gen", "--bench", "--seed", "1", "--out"]).arg(out).args(more);
        assert!(command.status().unwrap().success());
    };
    let small = folder.path().join("small");
    generate(&[], &small);
    compare(binary, &small, "instant", &["slice", "head"], (50, 10));
    compare(binary, &small, "range", &["slice", "head"], (50, 10));
    if days > 7 {
        month(days);
    } else if days > 0 {
        let large = folder.path().join("large");
        generate(&["--large", "--days", &days.to_string()], &large);
        compare(binary, &large, "range", &["slice", "head"], (5, 3));
    }
}
