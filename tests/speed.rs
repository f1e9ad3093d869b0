//! How long people wait: the two bounds that are promised, as whole processes and within one.
//!
//! Enters: examples. Leaves: medians, printed, and a failure where even the fastest of many is over the bound: the
//! median says how busy the machine was. Speed is promised of release builds: `cargo test --release --test speed`.

#![expect(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test of speed reads the clock, says what it measured, and fails without its files"
)]

#[path = "support/copies.rs"]
mod copies;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use copies::{COPIES, Copies};
use rollcast::backend;
use rollcast::model::compile::{Options, compile};

fn holds(what: &str, bound: Duration, times: u32, call: impl Fn()) {
    let mut taken: Vec<Duration> = (0..times)
        .map(|_| {
            let begun = Instant::now();
            call();
            begun.elapsed()
        })
        .collect();
    taken.sort();
    let (fastest, median) = (taken[0], taken[taken.len() / 2]);
    println!("{what}: median {median:.1?}, fastest {fastest:.1?} of {times}, bound {bound:?}");
    assert!(fastest < bound, "{what}: {taken:?}");
}

fn process(arguments: &[&str], folder: &Path) {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("rollcast"));
    let status =
        command.args(arguments).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert_eq!(status.unwrap().code(), Some(0), "{arguments:?}");
}

#[test]
#[cfg_attr(debug_assertions, ignore = "speed is promised of release builds")]
fn five_scenarios_of_canary_demo_in_fifty_milliseconds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bound = Duration::from_millis(50);
    holds("simulate examples/canary-demo.roll", bound, 41, || {
        process(&["simulate", "examples/canary-demo.roll"], root);
    });
}

#[test]
#[cfg_attr(debug_assertions, ignore = "speed is promised of release builds")]
fn a_thousand_checkouts_checked_and_built_in_two_seconds() {
    let bound = Duration::from_secs(2);
    holds("a thousand checkouts checked and built in one process", bound, 5, || {
        for _ in 0..COPIES {
            let compiled = compile("checkout.roll", &Copies, &Options::default()).unwrap();
            assert!(!compiled.has_errors());
            let objects: Vec<_> = compiled.program.rollouts.iter().flat_map(backend::manifests).collect();
            assert!(backend::to_yaml(&objects, "speed").unwrap().len() > 1000);
        }
    });
    let folder = tempfile::tempdir().unwrap();
    copies::write(folder.path());
    holds("check of a folder of a thousand checkouts", bound, 5, || process(&["check", "."], folder.path()));
    holds("build of one program of a thousand rollouts", bound, 5, || {
        process(&["build", ".one/thousand.roll", "-o", ".made/"], folder.path());
    });
    // Checked and built, together.
    holds("both", bound, 5, || {
        process(&["check", "."], folder.path());
        process(&["build", ".one/thousand.roll"], folder.path());
    });
}
