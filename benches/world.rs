//! What a run of the world costs: ten minutes at fifteen seconds' scrapes, with seven minutes of history.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use rollcast::model::rollout::Split;
use rollcast::model::scenario::{self, Behaviour, Lognormal, Scrape, WorldSide as Side};
use rollcast::promql::Store;
use rollcast::simulator::world::{Frame, Needs, Scene, Sink, World, pod_name};
use rollcast::unit::{Millis, Rate, Ratio, Seconds, Weight};
use std::hint::black_box;

/// Columns, as the store of PromQL has them, without its checks.
#[derive(Default)]
struct Columns(Vec<(Vec<i64>, Vec<f64>)>);

impl Sink for Columns {
    fn series(&mut self, _: &[(&str, &str)]) -> u32 {
        self.0.push((Vec::new(), Vec::new()));
        u32::try_from(self.0.len() - 1).unwrap_or(u32::MAX)
    }
    fn append(&mut self, series: u32, t_ms: i64, value: f64) {
        if let Some((times, values)) = self.0.get_mut(series as usize) {
            times.push(t_ms);
            values.push(value);
        }
    }
    fn clear(&mut self) {
        for (times, values) in &mut self.0 {
            times.clear();
            values.clear();
        }
    }
}

fn scene(split: Split) -> Scene {
    let service = |side| match split {
        Split::Hosts => format!("checkout-{side}"),
        Split::Subsets => "checkout".to_owned(),
    };
    Scene {
        rollout: "checkout".into(),
        namespace: "shop".into(),
        replicas: 5,
        split,
        stable_service: service("stable"),
        canary_service: service("canary"),
        gateway: false,
    }
}

fn runs(criterion: &mut Criterion) {
    let side = |errors| Behaviour {
        errors: Ratio(errors),
        latency: Lognormal { mu: libm::log(80.0), sigma: 0.6 },
        episodes: Vec::new(),
    };
    let mut group = criterion.benchmark_group("world");
    for (name, split, traffic, latency) in [
        ("hosts, requests", Split::Hosts, 200.0, false),
        ("hosts, requests and latency", Split::Hosts, 200.0, true),
        ("hosts, requests and latency, a million a second", Split::Hosts, 1e6, true),
        ("subsets of five pods, requests and latency", Split::Subsets, 200.0, true),
    ] {
        let scenario = scenario::World {
            traffic: Rate(traffic),
            stable: side(0.001),
            canary: side(0.02),
            pod_start: (Seconds(5), Seconds(10)),
            fate: scenario::Fate::default(),
            scrape: Some(Scrape { every: Millis(15_000), jitter: Millis(200), miss: Ratio(0.01), gap: None }),
        };
        let frame = Frame {
            epoch_ms: 1_800_000_000_000,
            history: Seconds(420),
            needs: Needs { requests: true, latency },
        };
        let mut world = World::new(scene(split), &scenario, frame, 1, 0);
        bench(&mut group, name, &mut world, &mut Columns::default());
        let mut world = World::new(scene(split), &scenario, frame, 1, 0);
        bench(&mut group, &format!("{name}, into the store"), &mut world, &mut Store::new());
    }
    group.finish();
}

fn bench(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, world: &mut World, sink: &mut impl Sink) {
    let canaries: Vec<String> = (0..2).map(|ordinal| pod_name("checkout", 2, ordinal)).collect();
    let mut run = 0;
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            run += 1;
            world.reset(run, sink);
            for (at, percent) in [(10, 5), (120, 10), (240, 25), (360, 50), (480, 75)] {
                world.pods(Seconds(at), Side::Canary, canaries.iter().map(String::as_str));
                world.split(Seconds(at), Weight::new(percent).unwrap_or_default());
            }
            for second in (0..=600).step_by(30) {
                world.advance(second * 1000, sink);
            }
            black_box(world.totals(Seconds(600)))
        });
    });
}

criterion_group!(benches, runs);
criterion_main!(benches);
