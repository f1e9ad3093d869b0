//! The recordings of the examples: made by this test, from a seed, and held to be what it makes.
//!
//! `UPDATE_RECORDINGS=1 cargo test --test replay recordings_of_the_examples` writes them anew.

use std::io::Write;
use std::path::Path;

use rollcast::model::rollout::Split;
use rollcast::model::scenario::{self, Behaviour, Change, Episode, Lognormal, Scrape, WorldSide as Side};
use rollcast::promql::{SeriesId, Store};
use rollcast::series::{Format, decompress, is_stale, read};
use rollcast::simulator::world::{Frame, Needs, Scene, World, pod_name};
use rollcast::unit::instant::instant;
use rollcast::unit::{Millis, Rate, Ratio, Seconds, Weight};

fn scene() -> Scene {
    Scene {
        rollout: "payments".into(),
        namespace: "shop".into(),
        replicas: 8,
        split: Split::Hosts,
        stable_service: "payments-stable".into(),
        canary_service: "payments-canary".into(),
        gateway: true,
    }
}

fn world(rate: f64, every: i64) -> scenario::World {
    let side = Behaviour {
        errors: Ratio(0.0008),
        latency: Lognormal { mu: libm::log(90.0), sigma: 0.55 },
        episodes: Vec::new(),
    };
    scenario::World {
        traffic: Rate(rate),
        stable: side.clone(),
        canary: side,
        scrape: Some(Scrape {
            every: Millis(every),
            jitter: Millis(300),
            ..scenario::World::healthy().scrape.unwrap()
        }),
        ..scenario::World::healthy()
    }
}

fn frame(at: &str, history: u64) -> Frame {
    let needs = Needs { requests: true, latency: true };
    Frame { epoch_ms: instant(at).unwrap(), history: Seconds(history), needs }
}

/// A release that failed more and more, was seen late, and was stopped by hand after nine minutes.
fn incident() -> Store {
    let mut world_of = world(110.0, 15_000);
    world_of.canary.episodes = vec![
        Episode {
            from: Seconds(60),
            to: None,
            change: Change::Errors(Ratio(0.0008), Ratio(0.07), Seconds(300)),
        },
        Episode {
            from: Seconds(60),
            to: None,
            change: Change::Latency(
                Lognormal { mu: libm::log(90.0), sigma: 0.55 },
                Lognormal { mu: libm::log(240.0), sigma: 0.8 },
                Seconds(300),
            ),
        },
    ];
    let frame = frame("2024-11-02T10:04:00Z", 420);
    let (mut world, mut store) = (World::new(scene(), &world_of, frame, 20_241_102, 0), Store::new());
    let names = |count: u64| (0..count).map(|ordinal| pod_name("payments", 2, ordinal)).collect::<Vec<_>>();
    for (at, pods, percent) in [(25, 1, 10), (330, 3, 30), (555, 0, 0)] {
        world.pods(Seconds(at), Side::Canary, names(pods).iter().map(String::as_str));
        world.split(Seconds(at), Weight::new(percent).unwrap());
        world.advance(Seconds(at).millis().0, &mut store);
    }
    world.advance(780_000, &mut store);
    store
}

/// Half an hour on which nothing was released.
fn evening() -> Store {
    let mut store = Store::new();
    let mut world =
        World::new(scene(), &world(140.0, 30_000), frame("2024-11-04T18:00:00Z", 0), 20_241_104, 0);
    world.advance(1_800_000, &mut store);
    store
}

/// OpenMetrics, series by series, as `promtool tsdb dump-openmetrics` has it.
fn openmetrics(store: &Store) -> String {
    let mut lines = Vec::new();
    for id in (0..u32::try_from(store.len()).unwrap()).map(SeriesId) {
        let labels = store.labels(id).unwrap();
        let pairs = labels.iter().filter(|(name, _)| *name != "__name__");
        let pairs: Vec<String> = pairs.map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        for (at, value) in store.samples(id).into_iter().filter(|(_, value)| !is_stale(*value)) {
            let (name, pairs, value) = (labels.metric(), pairs.join(","), (value * 10.0).round() / 10.0);
            lines.push((id, format!("{name}{{{pairs}}} {value} {}", at as f64 / 1000.0)));
        }
    }
    let mut text = lines.into_iter().map(|(_, line)| line + "\n").collect::<String>();
    text.push_str("# EOF\n");
    text
}

#[test]
fn recordings_of_the_examples() {
    for (name, store) in [("2024-11-02.om.gz", incident()), ("evening.om.gz", evening())] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/recordings").join(name);
        let text = openmetrics(&store);
        if std::env::var_os("UPDATE_RECORDINGS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let mut packed = flate2::GzBuilder::new().mtime(0).write(Vec::new(), flate2::Compression::best());
            packed.write_all(text.as_bytes()).unwrap();
            std::fs::write(&path, packed.finish().unwrap()).unwrap();
        }
        let bytes = std::fs::read(&path).unwrap();
        assert!(bytes.len() < 60 * 1024, "{name}: {} bytes", bytes.len());
        let unpacked = decompress(&bytes, 1 << 24).unwrap();
        assert!(*unpacked == *text.as_bytes(), "{name} is not what this test makes");
        assert!(!read(&unpacked, Format::OpenMetrics).unwrap().is_empty());
    }
}
