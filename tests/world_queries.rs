//! The world through the eyes of the emitted queries: what a slo measures is what the scenario says.
//!
//! Enters: worlds of known behaviour. Leaves: answers of the very queries that are emitted, held against it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use rollcast::model::analysis::Signal;
use rollcast::model::query::{self, Target};
use rollcast::model::rollout::Split;
use rollcast::model::scenario::{self, Behaviour, Lognormal, Scrape, WorldSide as Side};
use rollcast::promql::{Answer, Mode, Options, Plan, Store, parse};
use rollcast::simulator::world::{Frame, Needs, Scene, World, pod_name};
use rollcast::unit::{Millis, Rate, Ratio, Seconds, Weight, normal};

const EPOCH: i64 = 1_800_000_000_000;

fn scene(split: Split) -> Scene {
    let service = |side| match split {
        Split::Hosts => format!("checkout-{side}"),
        Split::Subsets => "checkout".to_owned(),
    };
    Scene {
        rollout: "checkout".into(),
        namespace: "shop".into(),
        replicas: 4,
        split,
        stable_service: service("stable"),
        canary_service: service("canary"),
        gateway: false,
    }
}

fn side(errors: f64, median: f64) -> Behaviour {
    Behaviour {
        errors: Ratio(errors),
        latency: Lognormal { mu: libm::log(median), sigma: 0.6 },
        episodes: Vec::new(),
    }
}

/// 500 requests a second of which 1 % fail at 80 ms, but on the canary 10 % at 200 ms.
fn played(split: Split, run: u64, percent: u32) -> (World, Store) {
    let world = scenario::World {
        traffic: Rate(500.0),
        stable: side(0.01, 80.0),
        canary: side(0.1, 200.0),
        pod_start: (Seconds(5), Seconds(10)),
        fate: scenario::Fate::default(),
        scrape: Some(Scrape { every: Millis(15_000), jitter: Millis(500), miss: Ratio(0.0), gap: None }),
    };
    let needs = Needs { requests: true, latency: true };
    let frame = Frame { epoch_ms: EPOCH, history: Seconds(600), needs };
    let (mut world, mut store) = (World::new(scene(split), &world, frame, 5, run), Store::new());
    let canaries: Vec<String> = (0..2).map(|ordinal| pod_name("checkout", 2, ordinal)).collect();
    world.pods(Seconds(10), Side::Canary, canaries.iter().map(String::as_str));
    world.split(Seconds(20), Weight::new(percent).unwrap());
    world.advance(400_000, &mut store);
    (world, store)
}

/// The answer at a second: no sample, or one.
fn ask(store: &Store, split: Split, side: Side, signal: Signal, window: u64, at: i64) -> Option<f64> {
    let target = Target { rollout: "checkout", namespace: "shop", split, side };
    let text = query::promql(&target, signal, Seconds(window), None);
    let text = text.replace("{{args.canary-hash}}", "rev2").replace("{{args.stable-hash}}", "rev1");
    let expr = parse(&text, Mode::default()).unwrap();
    let mut plan = Plan::new(&expr, store, &Options::default()).unwrap();
    let answer = plan.evaluate(store, EPOCH + at * 1000).unwrap();
    let Answer::Vector(samples) = answer else { panic!("{text} is no vector") };
    assert!(samples.len() <= 1, "{text}");
    samples.values().first().copied()
}

/// The p95 that interpolation between Istio's bounds makes of a lognormal latency.
fn seen_p95(median: f64) -> f64 {
    let share = |bound: f64| normal::cdf((libm::log(bound) - libm::log(median)) / 0.6);
    let bounds = [0.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0];
    let pair = bounds.windows(2).find(|pair| share(pair[1]) >= 0.95).unwrap();
    let low = if pair[0] == 0.0 { 0.0 } else { share(pair[0]) };
    pair[0] + (pair[1] - pair[0]) * (0.95 - low) / (share(pair[1]) - low)
}

#[test]
fn signals_are_what_the_scenario_says() {
    for split in [Split::Hosts, Split::Subsets] {
        let mut means = [0.0; 6];
        let runs = 40_u32;
        for run in 0..runs {
            let (_, store) = played(split, u64::from(run), 10);
            let answers = [
                ask(&store, split, Side::Canary, Signal::ErrorRate, 120, 400),
                ask(&store, split, Side::Stable, Signal::ErrorRate, 120, 400),
                ask(&store, split, Side::Canary, Signal::SuccessRate, 120, 400),
                ask(&store, split, Side::Canary, Signal::RequestRate, 120, 400),
                ask(&store, split, Side::Canary, Signal::Latency(95), 120, 400),
                ask(&store, split, Side::Stable, Signal::Latency(95), 120, 400),
            ];
            // 50 a second over about 105 s, of which a tenth fail: 0.4 % is one standard error.
            assert!((answers[0].unwrap() - 0.1).abs() < 0.018, "{split:?}: {answers:?}");
            for (mean, answer) in means.iter_mut().zip(answers) {
                *mean += answer.unwrap() / f64::from(runs);
            }
        }
        // Four standard errors of the mean; most for the canary's p95, which lies where few requests are.
        let expected = [
            (0.1, 0.003),
            (0.01, 0.0003),
            (0.9, 0.003),
            (50.0, 0.5),
            (seen_p95(200.0), 18.0),
            (seen_p95(80.0), 0.5),
        ];
        for (mean, (expected, within)) in means.iter().zip(expected) {
            assert!((mean - expected).abs() < within, "{split:?}: {means:?}, {expected}");
        }
    }
}

#[test]
fn a_canary_without_traffic_has_no_answer_and_stable_always_has() {
    for split in [Split::Hosts, Split::Subsets] {
        let (_, store) = played(split, 0, 10);
        assert_eq!(ask(&store, split, Side::Canary, Signal::ErrorRate, 60, 20), None);
        // One scrape after the first request is no rate yet.
        assert_eq!(ask(&store, split, Side::Canary, Signal::ErrorRate, 60, 21), None);
        assert!(ask(&store, split, Side::Stable, Signal::ErrorRate, 300, 0).unwrap() > 0.0);
        assert!(ask(&store, split, Side::Canary, Signal::ErrorRate, 60, 80).unwrap() > 0.0);
        let (_, store) = played(split, 0, 0);
        assert_eq!(ask(&store, split, Side::Canary, Signal::ErrorRate, 60, 400), None);
    }
}
