//! The examples are the corpus: they build, format to themselves, keep their promises, and yield what `snapshots/` shows.
//!
//! The snapshots are plain files: `snapshots/EXAMPLE/{manifests.yaml,simulate.txt,explain.txt,check.txt}`.
//! `UPDATE_SNAPSHOTS=1 cargo test --test examples` writes them anew; read the difference before you commit it.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test reads files and fails without them"
)]

use std::path::{Path, PathBuf};

use assert_cmd::Command;

const PLAIN: &str = "examples/plain-yaml/manifests";

const EXAMPLES: [&str; 6] = ["canary-demo", "checkout", "first", "incident", "ledger", "search"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Standard output and error of the program, run at the root, without what a terminal would change.
fn rollcast(arguments: &[&str]) -> (String, String, i32) {
    let output = Command::cargo_bin("rollcast")
        .unwrap()
        .current_dir(root())
        .args(arguments)
        .env_clear()
        .env("LANG", "C.UTF-8")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code().unwrap_or(-1))
}

fn holds(name: &str, file: &str, seen: &str) {
    let path = root().join("snapshots").join(name).join(file);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, seen).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        known == seen,
        "snapshots/{name}/{file} is not what `{name}` yields; UPDATE_SNAPSHOTS=1 cargo test --test examples writes it \
         anew\n{}",
        similar::TextDiff::from_lines(known.as_str(), seen).unified_diff().header("snapshot", "seen")
    );
}

#[test]
fn examples_build_and_play_as_their_snapshots_show() {
    for name in EXAMPLES {
        let file = format!("examples/{name}.roll");
        let (manifests, _, status) = rollcast(&["build", &file]);
        assert_eq!(status, 0, "{name} does not build");
        holds(name, "manifests.yaml", &manifests);
        let (timeline, _, status) = rollcast(&["simulate", &file]);
        assert_eq!(status, 0, "{name} does not play");
        holds(name, "simulate.txt", &timeline);
        let (facts, _, status) = rollcast(&["explain", &file]);
        assert_eq!(status, 0, "{name} does not explain itself");
        holds(name, "explain.txt", &facts);
        let (findings, _, status) = rollcast(&["check", &file]);
        assert_eq!(status, 0, "{name} does not check");
        holds(name, "check.txt", &findings);
    }
}

#[test]
fn snapshots_belong_to_examples() {
    for entry in std::fs::read_dir(root().join("snapshots")).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let known = EXAMPLES.contains(&name.as_str()) || name == "diagnostics" || !entry.path().is_dir();
        assert!(known, "snapshots/{name} belongs to no example");
    }
    for entry in std::fs::read_dir(root().join("examples")).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(name) = name.strip_suffix(".roll") else { continue };
        assert!(EXAMPLES.contains(&name) || name == "slos", "examples/{name}.roll has no snapshots");
    }
}

#[test]
fn examples_format_to_themselves() {
    let (out, err, status) = rollcast(&["fmt", "--diff", "examples"]);
    assert_eq!(status, 0, "{out}{err}");
}

#[test]
fn all_examples_check_together_with_their_manifests() {
    let (out, err, status) = rollcast(&["check", "examples", "--manifests", PLAIN]);
    assert_eq!(status, 0, "{out}{err}");
    let (out, _, status) = rollcast(&["check", "examples"]);
    assert!(status == 1 && out.contains("RC0204") && out.contains("--manifests PATH"), "{out}");
}

#[test]
fn examples_keep_their_promises_on_one_core_as_on_all() {
    let (one, err, status) = rollcast(&["test", "examples", "--manifests", PLAIN, "--jobs", "1"]);
    assert_eq!(status, 0, "{one}{err}");
    let (all, ..) = rollcast(&["test", "examples", "--manifests", PLAIN]);
    // The last line says how long it took.
    let without_time =
        |text: &str| text.rsplit_once(" in ").map(|(before, _)| before.to_owned()).unwrap_or_default();
    assert_eq!(without_time(&one), without_time(&all));
    assert!(without_time(&one).contains("all as expected"), "{one}");
}

#[test]
fn a_run_is_the_same_twice_and_its_trace_is_its_ending() {
    use rollcast::model::compile::{Fault, Files, Options, compile};
    use rollcast::simulator::Simulation;
    struct Disk;
    impl Files for Disk {
        fn read(&self, path: &str) -> Result<String, Fault> {
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
                .map_err(|_| Fault::Missing)
        }
    }
    for name in EXAMPLES {
        let compiled = compile(&format!("examples/{name}.roll"), &Disk, &Options::default()).unwrap();
        for scenario in &compiled.program.scenarios {
            let rollout = &compiled.program.rollouts[scenario.rollout];
            let mut simulation = Simulation::new(rollout, scenario).unwrap();
            let first = simulation.trace(3);
            let between = simulation.ending(4);
            let again = simulation.trace(3);
            assert_eq!(first, again, "{name}: run 3 depends on what was played before");
            let mut fresh = Simulation::new(rollout, scenario).unwrap();
            assert_eq!(fresh.ending(4), between, "{name}: run 4 depends on what was played before");
            assert_eq!(fresh.ending(3).verdict, first.verdict, "{name}: looking changes the verdict");
            assert_eq!(fresh.ending(3).totals, first.totals, "{name}: looking changes the cost");
        }
    }
}
