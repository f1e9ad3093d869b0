//! How long the gates of a canary take: planning, one instant, one hour.
//!
//! Enters: a store made here, of the shape the simulator makes. Leaves: criterion's report.
//! It deliberately compares with nothing; `benches/compare-promql` compares with Prometheus' engine.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use rollcast::promql::{Labels, Mode, Options, Plan, Store, parse};

const SUCCESS: &str =
    "(sum(rate(requests_total{code!~\"5..\"}[2m])) or vector(0)) / sum(rate(requests_total[2m]))";
const LATENCY: &str = "histogram_quantile(0.95, sum by (le) (rate(duration_bucket[5m])))";
const SUBQUERY: &str = "max_over_time(sum(rate(requests_total[1m]))[10m:30s])";

/// One hour at 15 s: 4 pods of 6 codes, and of 20 buckets.
fn store() -> Store {
    let mut store = Store::new();
    for pod in 0..4_u32 {
        let name = format!("checkout-{pod}");
        for code in ["200", "201", "404", "500", "503", "0"] {
            fill(&mut store, &[("__name__", "requests_total"), ("pod", &name), ("code", code)], pod);
        }
        for bucket in 0..20_u32 {
            let le = if bucket == 19 { "+Inf".to_owned() } else { f64::from(bucket * 10 + 5).to_string() };
            fill(&mut store, &[("__name__", "duration_bucket"), ("pod", &name), ("le", &le)], bucket * 7 + 1);
        }
    }
    store
}

fn fill(store: &mut Store, labels: &[(&str, &str)], slope: u32) {
    let id = store.add_series(Labels::new(labels.iter().copied()));
    for scrape in 0..240_u32 {
        let value = f64::from(scrape * (slope + 1) + scrape % 5);
        store.append(id, i64::from(scrape) * 15_000 + i64::from(scrape % 3), value).unwrap();
    }
}

fn gates(criterion: &mut Criterion) {
    let store = store();
    let options = Options::default();
    for (name, query) in [("success", SUCCESS), ("latency", LATENCY), ("subquery", SUBQUERY)] {
        let tree = parse(query, Mode::Server).unwrap();
        criterion.bench_function(&format!("{name}/plan"), |b| {
            b.iter(|| Plan::new(black_box(&tree), &store, &options).unwrap());
        });
        let mut plan = Plan::new(&tree, &store, &options).unwrap();
        let mut t = 600_000;
        criterion.bench_function(&format!("{name}/instant"), |b| {
            b.iter(|| {
                t = if t >= 3_600_000 { 600_000 } else { t + 30_000 };
                black_box(plan.evaluate(&store, t).is_ok())
            });
        });
        criterion.bench_function(&format!("{name}/hour"), |b| {
            b.iter(|| plan.evaluate_range(&store, 600_000, 3_600_000, 30_000).unwrap());
        });
    }
}

criterion_group!(promql, gates);
criterion_main!(promql);
