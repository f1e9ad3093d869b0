//! What people wait for: a program compiled and built, a run told, and both as whole processes.
//!
//! `cargo bench --bench rollcast` measures all of it; the bounds that are promised are held by `tests/speed.rs`.

#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a bench reads the examples as the edge does, and stops without them"
)]

use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use rollcast::backend;
use rollcast::model::compile::{Fault, Files, Options, compile};
use rollcast::report::style::Look;
use rollcast::report::{Commands, timeline};
use rollcast::simulator::Simulation;

#[path = "../tests/support/copies.rs"]
mod copies;

use copies::{COPIES, Copies};

/// Reads beside this crate.
struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> Result<String, Fault> {
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).map_err(|_| Fault::Missing)
    }
}

fn checked_and_built() -> usize {
    let compiled =
        compile("checkout.roll", &Copies, &Options::default()).unwrap_or_else(|fault| panic!("{fault}"));
    let objects: Vec<_> = compiled.program.rollouts.iter().flat_map(backend::manifests).collect();
    backend::to_yaml(&objects, "bench").map_or(0, |yaml| yaml.len())
}

/// All scenarios of canary-demo, played and told.
fn told() -> usize {
    let compiled = compile("examples/canary-demo.roll", &Disk, &Options::default())
        .unwrap_or_else(|fault| panic!("{fault}"));
    let program = &compiled.program;
    let texts = program.scenarios.iter().filter_map(|scenario| {
        let mut simulation = Simulation::new(program.rollouts.get(scenario.rollout)?, scenario).ok()?;
        Some(timeline(&simulation.trace(0), &Look::plain(), &Commands::default()).len())
    });
    texts.sum()
}

fn process(arguments: &[&str], folder: &Path) {
    let status = Command::new(env!("CARGO_BIN_EXE_rollcast"))
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(status.is_ok_and(|status| status.success()), "{arguments:?}");
}

fn in_process(criterion: &mut Criterion) {
    criterion
        .bench_function("checkout checked and built", |bench| bench.iter(|| black_box(checked_and_built())));
    criterion.bench_function("canary-demo, five scenarios told", |bench| bench.iter(|| black_box(told())));
    let mut group = criterion.benchmark_group("a thousand");
    group.sample_size(10).measurement_time(Duration::from_secs(15));
    group.bench_function("checkouts checked and built", |bench| {
        bench.iter(|| (0..COPIES).map(|_| black_box(checked_and_built())).sum::<usize>());
    });
    group.finish();
}

fn as_processes(criterion: &mut Criterion) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    copies::write(folder.path());
    let mut group = criterion.benchmark_group("process");
    group.sample_size(20).measurement_time(Duration::from_secs(10));
    group.bench_function("simulate canary-demo", |bench| {
        bench.iter(|| process(&["simulate", "examples/canary-demo.roll"], root));
    });
    group.bench_function("check a thousand checkouts", |bench| {
        bench.iter(|| process(&["check", "."], folder.path()));
    });
    group.bench_function("build a thousand rollouts", |bench| {
        bench.iter(|| process(&["build", ".one/thousand.roll"], folder.path()));
    });
    group.finish();
}

criterion_group!(benches, in_process, as_processes);
criterion_main!(benches);
