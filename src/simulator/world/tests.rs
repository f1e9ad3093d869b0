//! What a world stores and counts, held against what it must.
//!
//! Enters: worlds of known behaviour. Leaves: nothing but failures.
//! It deliberately asks no query; `tests/world_queries.rs` does.

use super::*;
use crate::model::scenario::{Behaviour, Change as Deviation, Episode, Lognormal};
use crate::unit::{Millis, Rate, Ratio};
use proptest::prelude::*;

/// Keeps everything, by labels.
#[derive(Default, Debug, Clone, PartialEq)]
struct Kept {
    labels: Vec<BTreeMap<String, String>>,
    samples: Vec<Vec<(i64, f64)>>,
}

impl Sink for Kept {
    fn series(&mut self, labels: &[(&str, &str)]) -> u32 {
        let labels: BTreeMap<String, String> =
            labels.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        assert!(!self.labels.contains(&labels), "{labels:?} twice");
        self.labels.push(labels);
        self.samples.push(Vec::new());
        u32::try_from(self.labels.len() - 1).unwrap()
    }
    fn append(&mut self, series: u32, t_ms: i64, value: f64) {
        self.samples[series as usize].push((t_ms, value));
    }
    fn clear(&mut self) {
        self.samples.iter_mut().for_each(Vec::clear);
    }
}

impl Kept {
    /// The series whose labels have all of these.
    fn find(&self, wanted: &[(&str, &str)]) -> Vec<&Vec<(i64, f64)>> {
        let has = |labels: &BTreeMap<String, String>| {
            wanted.iter().all(|(n, v)| labels.get(*n).is_some_and(|own| own == v))
        };
        self.labels
            .iter()
            .zip(&self.samples)
            .filter(|(labels, _)| has(labels))
            .map(|(_, samples)| samples)
            .collect()
    }

    fn one(&self, wanted: &[(&str, &str)]) -> &Vec<(i64, f64)> {
        let found = self.find(wanted);
        assert_eq!(found.len(), 1, "{wanted:?}");
        found[0]
    }

    fn requests(&self, side: &str, code: &str) -> &Vec<(i64, f64)> {
        self.one(&[
            ("__name__", "istio_requests_total"),
            ("destination_service_name", &format!("checkout-{side}")),
            ("response_code", code),
        ])
    }

    /// The sum over series of their last values.
    fn last(&self, wanted: &[(&str, &str)]) -> f64 {
        self.find(wanted).iter().filter_map(|samples| samples.last()).map(|(_, value)| *value).sum()
    }
}

fn scene(split: Split, replicas: u32) -> Scene {
    let service = |side| match split {
        Split::Hosts => format!("checkout-{side}"),
        Split::Subsets => "checkout".to_owned(),
    };
    Scene {
        rollout: "checkout".into(),
        namespace: "shop".into(),
        replicas,
        split,
        stable_service: service("stable"),
        canary_service: service("canary"),
        gateway: true,
    }
}

fn behaviour(errors: f64) -> Behaviour {
    Behaviour {
        errors: Ratio(errors),
        latency: Lognormal { mu: libm::log(80.0), sigma: 0.6 },
        episodes: Vec::new(),
    }
}

fn scenario(traffic: f64, stable: f64, canary: f64) -> scenario::World {
    scenario::World {
        traffic: Rate(traffic),
        stable: behaviour(stable),
        canary: behaviour(canary),
        pod_start: (Seconds(5), Seconds(10)),
        fate: scenario::Fate::default(),
        scrape: Some(Scrape { every: Millis(15_000), jitter: Millis(200), miss: Ratio(0.0), gap: None }),
    }
}

const EPOCH: i64 = 1_800_000_000_000;

fn frame() -> Frame {
    Frame { epoch_ms: EPOCH, history: Seconds(420), needs: Needs { requests: true, latency: true } }
}

fn names(revision: u64, count: u64) -> Vec<String> {
    (0..count).map(|ordinal| pod_name("checkout", revision, ordinal)).collect()
}

/// Announces the canary's first `count` pods.
fn canaries(world: &mut World, at: u64, count: u64) {
    let names = names(2, count);
    world.pods(Seconds(at), Side::Canary, names.iter().map(String::as_str));
}

/// Ten minutes with a tenth of the traffic on the canary from second 20.
fn tenth(world: &mut World, sink: &mut Kept) -> Totals {
    canaries(world, 15, 2);
    world.split(Seconds(20), Weight::new(10).unwrap());
    world.advance(600_000, sink);
    world.totals(Seconds(600))
}

#[test]
fn stable_has_a_history_and_the_canary_is_born() {
    let (mut world, mut sink) =
        (World::new(scene(Split::Hosts, 5), &scenario(100.0, 0.0, 1.0), frame(), 1, 0), Kept::default());
    tenth(&mut world, &mut sink);
    let stable = sink.requests("stable", "200");
    assert!(stable[0].0 < EPOCH - 405_000 + 201 && stable[0].0 >= EPOCH - 420_000);
    assert_eq!(stable.len(), 1020 / 15);
    assert!(sink.requests("stable", "503").is_empty());
    assert!(sink.requests("canary", "200").is_empty());
    let canary = sink.requests("canary", "503");
    assert!(canary[0].0 > EPOCH + 20_000 && canary[0].0 <= EPOCH + 35_200);
    assert!(canary[0].1 >= 1.0);
    // A side's series share the instants of the one proxy.
    assert_eq!(canary.last().unwrap().0, stable.last().unwrap().0);
}

#[test]
fn labels_are_what_the_canonical_queries_ask_for() {
    let (mut world, mut sink) =
        (World::new(scene(Split::Hosts, 5), &scenario(100.0, 0.1, 0.1), frame(), 1, 0), Kept::default());
    tenth(&mut world, &mut sink);
    let host = [
        ("reporter", "source"),
        ("destination_service_namespace", "shop"),
        ("destination_service_name", "checkout-canary"),
    ];
    assert_eq!(sink.find(&host).len(), 2 * (1 + BUCKET_SERIES));
    assert_eq!(sink.labels.len(), 4 * (1 + BUCKET_SERIES));
    assert!(
        sink.find(&[("le", "500.0"), ("response_code", "200")]).iter().all(|samples| !samples.is_empty())
    );

    let (mut world, mut sink) =
        (World::new(scene(Split::Subsets, 3), &scenario(100.0, 0.1, 0.1), frame(), 1, 0), Kept::default());
    tenth(&mut world, &mut sink);
    assert_eq!(sink.find(&[("reporter", "source")]).len(), 0);
    assert_eq!(sink.labels.len(), 6 * 2 * (1 + BUCKET_SERIES));
    let pod = &names(2, 1)[0];
    assert!(pod.starts_with("checkout-rev2-"));
    let series = [
        ("reporter", "destination"),
        ("namespace", "shop"),
        ("pod", pod.as_str()),
        ("__name__", "istio_requests_total"),
    ];
    assert!(sink.find(&series).iter().all(|samples| samples.len() > 30));
}

/// `_bucket`, `_sum` and `_count`.
const BUCKET_SERIES: usize = 22;

#[test]
fn a_scrape_is_of_one_piece() {
    for split in [Split::Hosts, Split::Subsets] {
        let (mut world, mut sink) =
            (World::new(scene(split, 4), &scenario(50.0, 0.05, 0.2), frame(), 3, 0), Kept::default());
        let totals = tenth(&mut world, &mut sink);
        for (labels, samples) in
            sink.labels.iter().zip(&sink.samples).filter(|(labels, samples)| {
                labels["__name__"] == "istio_requests_total" && !samples.is_empty()
            })
        {
            let of = |name: &str, le: Option<&str>| {
                let mut wanted: Vec<(&str, &str)> = labels
                    .iter()
                    .filter(|(n, _)| *n != "__name__")
                    .map(|(n, v)| (n.as_str(), v.as_str()))
                    .collect();
                wanted.push(("__name__", name));
                wanted.extend(le.map(|le| ("le", le)));
                sink.one(&wanted).clone()
            };
            assert_eq!(of("istio_request_duration_milliseconds_count", None), *samples);
            assert_eq!(of("istio_request_duration_milliseconds_bucket", Some("+Inf")), *samples);
            let mean = of("istio_request_duration_milliseconds_sum", None).last().unwrap().1
                / samples.last().unwrap().1;
            assert!((mean / (80.0 * libm::exp(0.18)) - 1.0).abs() < 0.2, "{mean}");
        }
        // What the canary's proxies showed is at most what was counted, and lacks no more than a scrape interval.
        let shown = match split {
            Split::Hosts => sink.last(&[
                ("__name__", "istio_requests_total"),
                ("destination_service_name", "checkout-canary"),
            ]),
            Split::Subsets => names(2, 2)
                .iter()
                .map(|pod| sink.last(&[("__name__", "istio_requests_total"), ("pod", pod)]))
                .sum(),
        };
        let lacking = totals.exposed as f64 - shown;
        assert!((0.0..200.0).contains(&lacking), "{lacking} of {totals:?}");
    }
}

#[test]
fn a_run_depends_on_seed_and_number_alone() {
    for split in [Split::Hosts, Split::Subsets] {
        let (scene, scenario) = (scene(split, 3), scenario(80.0, 0.01, 0.05));
        let fresh = |seed, run| {
            let (mut world, mut sink) =
                (World::new(scene.clone(), &scenario, frame(), seed, run), Kept::default());
            let totals = tenth(&mut world, &mut sink);
            (totals, sink)
        };
        let (mut world, mut sink) = (World::new(scene.clone(), &scenario, frame(), 1, 9), Kept::default());
        tenth(&mut world, &mut sink);
        for run in [4, 2] {
            world.reset(run, &mut sink);
            let again = (tenth(&mut world, &mut sink), sink.clone());
            assert!(again == fresh(1, run), "{split:?}, run {run}");
        }
        assert!(fresh(1, 2).1 != fresh(1, 3).1 && fresh(1, 2).1 != fresh(2, 2).1);
        // How often anybody looks changes nothing.
        let (mut world, mut often) = (World::new(scene.clone(), &scenario, frame(), 1, 2), Kept::default());
        canaries(&mut world, 15, 2);
        for second in -420..=600 {
            if second == 20 {
                world.split(Seconds(20), Weight::new(10).unwrap());
            }
            world.advance(second * 1000, &mut often);
        }
        assert!((world.totals(Seconds(600)), often) == fresh(1, 2), "{split:?}");
    }
}

/// What seed 1 means: should these change, every published run changes.
#[test]
fn the_first_run_is_this() {
    let (scene, scenario) = (scene(Split::Hosts, 3), scenario(80.0, 0.01, 0.05));
    let (mut world, mut sink) = (World::new(scene.clone(), &scenario, frame(), 1, 0), Kept::default());
    let totals = tenth(&mut world, &mut sink);
    let canary = sink.requests("canary", "200");
    let slow = sink.last(&[("le", "250.0"), ("destination_service_name", "checkout-canary")]);
    assert_eq!(
        (totals.requests, totals.failed, totals.exposed, totals.exposed_failed),
        (48_182, 644, 4628, 188)
    );
    assert_eq!(
        (canary[0], canary.last().copied(), slow),
        ((EPOCH + 27_547, 50.0), Some((EPOCH + 597_537, 4418.0)), 4458.0)
    );
}

#[test]
fn threads_do_not_matter() {
    use rayon::prelude::*;
    for split in [Split::Hosts, Split::Subsets] {
        let (scene, scenario) = (scene(split, 3), scenario(80.0, 0.01, 0.05));
        let fresh = || (World::new(scene.clone(), &scenario, frame(), 1, 0), Kept::default());
        let play = |(world, sink): &mut (World, Kept), run: u64| {
            world.reset(run, sink);
            (tenth(world, sink), sink.samples.clone())
        };
        let mut own = fresh();
        let alone: Vec<_> = (0..60).map(|run| play(&mut own, run)).collect();
        for threads in [2, 7] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let together: Vec<_> =
                pool.install(|| (0..60_u64).into_par_iter().map_init(fresh, play).collect());
            assert!(alone == together, "{split:?} on {threads} threads");
        }
    }
}

#[test]
fn asking_for_latency_leaves_the_counters() {
    let (scene, scenario) = (scene(Split::Hosts, 3), scenario(80.0, 0.01, 0.05));
    let play = |needs| {
        let (mut world, mut sink) =
            (World::new(scene.clone(), &scenario, Frame { needs, ..frame() }, 1, 0), Kept::default());
        let totals = tenth(&mut world, &mut sink);
        (totals, sink)
    };
    let both = play(Needs { requests: true, latency: true });
    let requests = play(Needs { requests: true, latency: false });
    let latency = play(Needs { requests: false, latency: true });
    assert_eq!(both.0, requests.0);
    assert_eq!(both.0, latency.0);
    assert_eq!(requests.1.labels.len(), 4);
    assert_eq!(latency.1.labels.len(), 4 * BUCKET_SERIES);
    for (side, code) in [("stable", "200"), ("stable", "503"), ("canary", "200"), ("canary", "503")] {
        assert_eq!(both.1.requests(side, code), requests.1.requests(side, code));
    }
}

#[test]
fn a_missed_scrape_leaves_markers_and_no_gap_in_the_counts() {
    let mut scenario = scenario(100.0, 0.0, 0.0);
    if let Some(scrape) = &mut scenario.scrape {
        scrape.miss = Ratio(0.3);
    }
    let (mut world, mut sink) =
        (World::new(scene(Split::Hosts, 5), &scenario, frame(), 1, 0), Kept::default());
    world.advance(600_000, &mut sink);
    let all = sink.requests("stable", "200");
    let stale = all.iter().filter(|(_, value)| value.to_bits() == STALE.to_bits()).count();
    assert!((8..30).contains(&stale), "{stale}");
    assert!(
        all.windows(2).all(|pair| !(pair[0].1.is_nan() && pair[1].1.is_nan())),
        "one marker ends a series"
    );
    let (last, value) = all.iter().rev().find(|(_, value)| !value.is_nan()).unwrap();
    let expected = (last - EPOCH + 420_000) as f64 / 10.0;
    assert!((value - expected).abs() < 5.0 * expected.sqrt());
}

#[test]
fn a_pod_that_goes_leaves_a_marker_and_one_that_comes_back_counts_from_zero() {
    let (mut world, mut sink) =
        (World::new(scene(Split::Subsets, 3), &scenario(300.0, 0.0, 0.0), frame(), 1, 0), Kept::default());
    let all = names(1, 3);
    world.pods(Seconds(100), Side::Stable, all.iter().skip(1).map(String::as_str));
    world.pods(Seconds(200), Side::Stable, all.iter().map(String::as_str));
    world.advance(600_000, &mut sink);
    let gone = sink.one(&[("__name__", "istio_requests_total"), ("pod", &all[0]), ("response_code", "200")]);
    let marker = gone.iter().position(|(_, value)| value.is_nan()).unwrap();
    assert!((EPOCH + 100_000..=EPOCH + 115_200).contains(&gone[marker].0));
    assert!(gone[marker - 1].0 <= EPOCH + 100_000);
    assert!(gone[marker + 1].0 > EPOCH + 200_000 && gone[marker + 1].1 <= 1600.0);
    assert_eq!(gone.iter().filter(|(_, value)| value.is_nan()).count(), 1);
    // The others took over its share in the meantime, and nothing was lost: 300 a second all along.
    let totals = world.totals(Seconds(600));
    assert!((totals.requests as f64 - 180_000.0).abs() < 4.0 * 180_000_f64.sqrt(), "{totals:?}");
    assert_eq!((totals.failed, totals.exposed), (0, 0));
}

#[test]
fn requests_that_find_nobody_fail() {
    for split in [Split::Hosts, Split::Subsets] {
        let (mut world, mut sink) =
            (World::new(scene(split, 3), &scenario(100.0, 0.0, 0.0), frame(), 1, 0), Kept::default());
        // A weight without pods is no weight.
        world.split(Seconds(0), Weight::FULL);
        world.pods(Seconds(10), Side::Stable, []);
        canaries(&mut world, 20, 1);
        world.advance(30_000, &mut sink);
        let totals = world.totals(Seconds(30));
        assert!((900..1100).contains(&totals.failed), "{totals:?}");
        assert!((900..1100).contains(&totals.exposed), "{totals:?}");
        assert!((2850..3150).contains(&totals.requests), "{totals:?}");
    }
}

#[test]
fn without_scrapes_there_are_totals_and_nothing_else() {
    let mut scenario = scenario(100.0, 0.01, 0.5);
    scenario.scrape = None;
    let (mut world, mut sink) =
        (World::new(scene(Split::Hosts, 3), &scenario, frame(), 1, 0), Kept::default());
    let totals = tenth(&mut world, &mut sink);
    assert_eq!(sink, Kept::default());
    assert!(totals.exposed > 5000 && totals.exposed_failed > 2500, "{totals:?}");
    let (mut quiet, mut sink) =
        (World::new(scene(Split::Hosts, 3), &self::scenario(0.0, 0.0, 0.0), frame(), 1, 0), Kept::default());
    assert_eq!(tenth(&mut quiet, &mut sink), Totals::default());
    assert!(sink.samples.iter().all(Vec::is_empty));
}

/// Ten thousand runs against the exact expectations of a split, a ramp and an episode that ends.
#[test]
fn totals_have_their_means_and_variances() {
    let mut scenario = scenario(40.0, 0.01, 0.02);
    let deviation = |from, to, low, high, over| Episode {
        from: Seconds(from),
        to,
        change: Deviation::Errors(Ratio(low), Ratio(high), Seconds(over)),
    };
    scenario.canary.episodes =
        vec![deviation(60, Some(Seconds(90)), 0.5, 0.5, 0), deviation(100, None, 0.0, 0.4, 100)];
    let needs = Needs { requests: true, latency: false };
    for split in [Split::Hosts, Split::Subsets] {
        let frame = Frame { needs, history: Seconds(0), ..frame() };
        let (mut world, mut sink) = (World::new(scene(split, 2), &scenario, frame, 7, 0), Kept::default());
        let runs = 10_000_u32;
        let (mut requests, mut exposed, mut failed, mut without) = ((0.0, 0.0), (0.0, 0.0), (0.0, 0.0), 0.0);
        let add = |(sum, squares): &mut (f64, f64), count: u64, mean: f64| {
            *sum += (count as f64 - mean) / f64::from(runs);
            *squares += (count as f64 - mean).powi(2) / f64::from(runs) / mean;
        };
        // The canary has 4 a second for 40 s, then 20 a second until 200 s. Fails: .02 but for the episode, then the ramp.
        let expected_exposed = 4.0 * 40.0 + 20.0 * 140.0;
        let expected_failed = 0.02 * 160.0 + 0.5 * 600.0 + 0.02 * 200.0 + 0.2 * 2000.0;
        for run in 0..runs {
            world.reset(u64::from(run), &mut sink);
            canaries(&mut world, 20, 2);
            world.split(Seconds(20), Weight::new(10).unwrap());
            world.split(Seconds(60), Weight::new(50).unwrap());
            world.advance(200_000, &mut sink);
            let totals = world.totals(Seconds(200));
            add(&mut requests, totals.requests, 8000.0);
            add(&mut exposed, totals.exposed, expected_exposed);
            add(&mut failed, totals.exposed_failed, expected_failed);
            without += totals.expected_without / f64::from(runs);
        }
        // Each is Poisson: its variance is its mean.
        for ((mean_off, variance), mean) in
            [(requests, 8000.0), (exposed, expected_exposed), (failed, expected_failed)]
        {
            let error = (mean / f64::from(runs)).sqrt();
            assert!(mean_off.abs() < 4.0 * error, "{split:?}: {mean} is off by {mean_off}, {error} each");
            assert!(
                (variance - 1.0).abs() < 4.0 * (2.0 / f64::from(runs)).sqrt(),
                "{split:?}: variance {variance} of mean {mean}"
            );
        }
        assert!((without - 0.01 * expected_exposed).abs() < 0.01, "{without}");
    }
}

#[derive(Clone, Debug)]
enum Step {
    Split(u32),
    Pods(bool, Vec<u64>),
    Look,
}

fn steps() -> impl Strategy<Value = Vec<(u64, Step)>> {
    let step = prop_oneof![
        (0_u32..=100).prop_map(Step::Split),
        (any::<bool>(), prop::collection::vec(0_u64..6, 0..6))
            .prop_map(|(canary, pods)| Step::Pods(canary, pods)),
        Just(Step::Look),
    ];
    prop::collection::vec((0_u64..60, step), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn counters_never_fall_and_time_goes_forward(
        hosts: bool, traffic in prop_oneof![Just(0.0), 0.0..2000.0, Just(1e12)], errors in 0.0..=1.0_f64, miss in 0.0..=1.0_f64,
        every in 1_i64..40_000, jitter in 0_i64..50_000, ramp in (0_u64..200, 0_u64..200, 0_u64..200), seed: u64, steps in steps(),
    ) {
        let mut scenario = scenario(traffic, errors / 2.0, errors);
        // Enough scrapes of any interval, and few of the shortest.
        let history = u64::try_from(every).unwrap() * 20 / 1000;
        scenario.scrape = Some(Scrape { every: Millis(every.max(2000)), jitter: Millis(jitter), miss: Ratio(miss), gap: None });
        let change = Deviation::Latency(Lognormal { mu: 3.0, sigma: 0.0 }, Lognormal { mu: 9.0, sigma: 3.0 }, Seconds(ramp.2));
        scenario.canary.episodes = vec![Episode { from: Seconds(ramp.0), to: Some(Seconds(ramp.1)), change }];
        let split = if hosts { Split::Hosts } else { Split::Subsets };
        let frame = Frame { history: Seconds(history), ..frame() };
        let (mut world, mut sink) = (World::new(scene(split, 3), &scenario, frame, seed, 0), Kept::default());
        let mut now = 0;
        for (after, step) in steps {
            now += after;
            match step {
                Step::Split(weight) => world.split(Seconds(now), Weight::new(weight).unwrap()),
                Step::Pods(canary, pods) => {
                    let (side, revision) = if canary { (Side::Canary, 2) } else { (Side::Stable, 1) };
                    let names: Vec<String> = pods.iter().map(|ordinal| pod_name("checkout", revision, *ordinal)).collect();
                    world.pods(Seconds(now), side, names.iter().map(String::as_str));
                }
                Step::Look => world.advance(i64::try_from(now).unwrap() * 1000, &mut sink),
            }
        }
        world.advance(i64::try_from(now + 30).unwrap() * 1000, &mut sink);
        for (labels, samples) in sink.labels.iter().zip(&sink.samples) {
            for pair in samples.windows(2) {
                prop_assert!(pair[0].0 < pair[1].0, "{:?} {:?}", labels, pair);
                // After a marker a pod may be a new process.
                prop_assert!(pair.iter().any(|sample| sample.1.is_nan()) || pair[1].1 >= pair[0].1 || !hosts, "{:?} {:?}", labels, pair);
                prop_assert!(!(pair[0].1.is_nan() && pair[1].1.is_nan()), "{:?} {:?}", labels, pair);
            }
            for (_, value) in samples {
                prop_assert!(value.is_nan() || *value > 0.0 || labels.contains_key("le"), "{:?} {}", labels, value);
            }
        }
        let totals = world.totals(Seconds(now + 30));
        prop_assert!(totals.failed <= totals.requests && totals.exposed <= totals.requests);
        prop_assert!(totals.exposed_failed <= totals.exposed && totals.exposed_failed <= totals.failed);
        prop_assert!(totals.expected_without <= totals.exposed as f64);
    }
}
