//! The real controllers of Argo Rollouts in virtual time and ours, side by side: how long a scenario takes.
//!
//! Enters: the oracle's binary, how many scenarios, and their seed. Leaves: medians and the ratio.
//! `benches/compare-argo` builds what this needs. Reading is not measured on either side; deploying the Rollout is on both.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench that cannot go on has failed; it reads files and says what it found"
)]

#[path = "../tests/support/oracle/mod.rs"]
mod oracle;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use rollcast::simulator::event::{Recorder, Silent};
use rollcast::simulator::play::Player;
use serde_json::Value;

/// How often we play each scenario, one after the other; the median counts.
const REPEAT: usize = 21;

/// Microseconds that playing takes; all is read before the first begins.
fn play(scenario: &Value, traced: bool) -> Option<f64> {
    let read: Vec<_> = (0..REPEAT).map(|_| oracle::read::read(scenario).ok()).collect::<Option<_>>()?;
    let mut times: Vec<f64> = read
        .into_iter()
        .map(|read| {
            let (mut world, mut silent) = (read.world, Silent);
            let mut writer = oracle::writer::Writer::new(read.action_names);
            let recorder: &mut dyn Recorder = if traced { &mut writer } else { &mut silent };
            let began = Instant::now();
            let mut player = Player::new(read.spec, &read.cluster, read.analyses);
            player.play(&mut world, recorder, &read.actions, read.until);
            began.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    Some(median(&mut times))
}

/// Whether our trace is the oracle's.
fn equal(scenario: &Value, trace: &Path) -> bool {
    let text = std::fs::read_to_string(trace).unwrap();
    let theirs: Vec<Value> = text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    oracle::play(scenario).is_ok_and(|ours| match oracle::compare::compare(&theirs, &ours) {
        None => true,
        Some(difference) => {
            println!("{}: {} against {}", difference.place, difference.oracle, difference.ours);
            false
        }
    })
}

fn median(all: &mut [f64]) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// Milliseconds by scenario, as the oracle prints them.
fn theirs(text: &str) -> HashMap<String, f64> {
    let line = |line: &str| {
        let (name, rest) = line.split_once(": ")?;
        let (ms, _) = rest.split_once(" ms,")?;
        Some((name.to_owned(), ms.parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let [binary, count, seed] = words.as_slice() else {
        println!("benches/compare-argo runs this with the oracle's binary, a number of scenarios and a seed");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let generated = Command::new(binary)
        .args(["gen", "--seed", seed, "--count", count, "--out"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(generated.status.success(), "{}", String::from_utf8_lossy(&generated.stderr));
    let entries = std::fs::read_dir(folder.path()).unwrap();
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    let ran = Command::new(binary)
        .args(["run", "--prompt", "--times", "--out"])
        .arg(folder.path())
        .args(&cases)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let times = theirs(&String::from_utf8_lossy(&ran.stderr));
    assert!(!times.is_empty(), "{}", String::from_utf8_lossy(&ran.stderr));
    let (mut argo, mut silent, mut traced, mut ratios, mut skipped) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), 0);
    let mut differing = 0;
    for case in &cases {
        let scenario: Value = serde_json::from_str(&std::fs::read_to_string(case).unwrap()).unwrap();
        let name = case.file_stem().unwrap().to_string_lossy();
        let named = scenario["name"].as_str().unwrap_or(&name);
        let Some(ms) = times.get(named).or_else(|| times.get(name.as_ref())) else {
            panic!("the oracle gives no time of {name}");
        };
        let (Some(ours), Some(with_trace)) = (play(&scenario, false), play(&scenario, true)) else {
            skipped += 1;
            continue;
        };
        differing += usize::from(!equal(&scenario, &case.with_extension("trace.jsonl")));
        argo.push(*ms);
        silent.push(ours);
        traced.push(with_trace);
        ratios.push(ms * 1e3 / ours);
    }
    println!(
        "{} scenarios ({skipped} skipped), {differing} traces differ: Argo's controllers {:.0} ms, ours {:.1} us, and {:.1} us with the trace; median ratio {:.0}",
        argo.len(),
        median(&mut argo),
        median(&mut silent),
        median(&mut traced),
        median(&mut ratios)
    );
}
