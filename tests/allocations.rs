//! What allocates, and what does not: queries at the next instant nothing, runs the same however much happens in them.
//!
//! Enters: a store of the shape the simulator makes, and a rollout whose analysis goes on longer and longer.
//! Leaves: counts. It deliberately measures no time; `benches/` does.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails where what it measures cannot be made"
)]

use allocation_counter::measure;
use rollcast::model::compile::{Fault, Files, Options as Compiling, compile};
use rollcast::promql::{Labels, Mode, Options, Plan, Store, parse};
use rollcast::simulator::Simulation;

/// What gates ask for.
const QUERIES: [&str; 8] = [
    "(sum(rate(requests_total{code!~\"5..|0\"}[2m])) or vector(0)) / sum(rate(requests_total[2m]))",
    "((sum(rate(requests_total{code=~\"5..\"}[2m])) or vector(0)) / sum(rate(requests_total[2m])) > 0.01) or vector(0)",
    "histogram_quantile(0.95, sum by (le) (rate(duration_bucket[5m])))",
    "histogram_quantile(0.99, sum by (le) (rate(duration_bucket{pod=~\"checkout-.*\"}[5m])))",
    "sum by (pod) (increase(requests_total[10m])) / on (pod) group_left count by (pod) (duration_bucket)",
    "max_over_time(sum(rate(requests_total[1m]))[10m:30s])",
    "topk(3, avg_over_time(requests_total[5m]))",
    "quantile(0.9, rate(requests_total[2m])) > bool 1",
];

/// Two hours at 15 s: 4 pods of 6 codes, and of 20 buckets.
fn store() -> Store {
    let mut store = Store::new();
    let mut add = |labels: &[(&str, &str)], slope: u32| {
        let id = store.add_series(Labels::new(labels.iter().copied()));
        for scrape in 0..480_u32 {
            let value = f64::from(scrape * (slope + 1) + scrape % 5);
            store.append(id, i64::from(scrape) * 15_000 + i64::from(scrape % 3), value).unwrap();
        }
    };
    for pod in 0..4_u32 {
        let name = format!("checkout-{pod}");
        for code in ["200", "201", "404", "500", "503", "0"] {
            add(&[("__name__", "requests_total"), ("pod", &name), ("code", code)], pod);
        }
        for bucket in 0..20_u32 {
            let le = if bucket == 19 { "+Inf".to_owned() } else { f64::from(bucket * 10 + 5).to_string() };
            add(&[("__name__", "duration_bucket"), ("pod", &name), ("le", &le)], bucket * 7 + 1);
        }
    }
    store
}

#[test]
fn queries_at_the_next_instant_allocate_nothing() {
    let store = store();
    for query in QUERIES {
        let mut plan = Plan::new(&parse(query, Mode::Server).unwrap(), &store, &Options::default()).unwrap();
        // The first windows grow to their size.
        for t in (0..=3_600_000).step_by(30_000) {
            plan.evaluate(&store, t).unwrap();
        }
        let counted = measure(|| {
            for t in (3_630_000..=7_200_000).step_by(30_000) {
                plan.evaluate(&store, t).unwrap();
            }
        });
        assert_eq!(counted.count_total, 0, "{query}");
    }
}

/// A program that is only in memory.
struct Memory(String);

impl Files for Memory {
    fn read(&self, _: &str) -> Result<String, Fault> {
        Ok(self.0.clone())
    }
}

/// Allocations of a run, once earlier runs have made room, and events that it would have told.
fn run(minutes: u64) -> (u64, usize) {
    let text = include_str!("../examples/canary-demo.roll").replace("for bake", &format!("for {minutes}m"));
    let compiled = compile("long.roll", &Memory(text), &Compiling::default()).unwrap();
    let program = &compiled.program;
    let scenario = program.scenarios.iter().find(|scenario| scenario.name.contains("healthy")).unwrap();
    let mut simulation = Simulation::new(&program.rollouts[scenario.rollout], scenario).unwrap();
    let mut ending = simulation.ending(3);
    for _ in 0..2 {
        ending = simulation.ending(3);
    }
    let counted = measure(|| {
        assert_eq!(simulation.ending(3), ending);
    });
    (counted.count_total, simulation.trace(3).events.len())
}

#[test]
fn runs_allocate_the_same_however_much_happens() {
    let runs = [5, 60, 120, 240].map(run);
    println!("allocations and events: {runs:?}");
    let [_, hour, twice, four] = runs;
    assert!(hour.1 * 3 < four.1, "{runs:?}");
    assert_eq!(hour.0, twice.0);
    assert_eq!(hour.0, four.0);
}
