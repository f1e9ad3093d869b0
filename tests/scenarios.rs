//! What people do in scenarios, and what is expected of it: held in `tests/scenarios/hands.roll`, missed in `unmet.roll`,
//! where each expectation is followed by what is said of it.
//!
//! Enters: two programs. Leaves: failures. It deliberately knows no scenario by name.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test reads files and fails without them"
)]

use std::path::Path;

use rollcast::model::compile::{Compiled, Fault, Files, Options, compile};
use rollcast::model::scenario::Scenario;
use rollcast::report::tally;
use rollcast::simulator::expect::judge;
use rollcast::simulator::{Ending, Simulation};

struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> Result<String, Fault> {
        std::fs::read_to_string(path).map_err(|_| Fault::Missing)
    }
}

fn compiled(name: &str) -> Compiled {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios").join(name);
    let compiled = compile(path.to_str().unwrap(), &Disk, &Options::default()).unwrap();
    assert!(!compiled.has_errors(), "{:?}", compiled.diagnostics);
    compiled
}

fn played(compiled: &Compiled, scenario: &Scenario) -> [Ending; 1] {
    let rollout = &compiled.program.rollouts.get(scenario.rollout).unwrap();
    [Simulation::new(rollout, scenario).unwrap().ending(0)]
}

#[test]
fn all_that_hands_do_comes_as_expected() {
    let compiled = compiled("hands.roll");
    let mut missed = Vec::new();
    for scenario in &compiled.program.scenarios {
        let endings = played(&compiled, scenario);
        for expectation in &scenario.expectations {
            let judgement = judge(expectation, &endings);
            if !judgement.met {
                let seen = tally::seen(expectation, &judgement, &endings);
                missed.push(format!("{}: expected {}, {seen}", scenario.name, expectation.text));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn what_is_missed_is_said_as_written() {
    let compiled = compiled("unmet.roll");
    let text = include_str!("scenarios/unmet.roll");
    let mut wrong = Vec::new();
    for scenario in &compiled.program.scenarios {
        let endings = played(&compiled, scenario);
        for expectation in &scenario.expectations {
            let judgement = judge(expectation, &endings);
            assert!(!judgement.met, "{}: {} is met", scenario.name, expectation.text);
            let rest = text.get(expectation.span.end as usize..).unwrap();
            let written = rest.lines().next().unwrap().split_once("# ").unwrap().1;
            let seen = tally::seen(expectation, &judgement, &endings);
            if seen != written {
                wrong.push(format!("{}: {seen}", expectation.text));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Every action and every fate depends on nothing but the number of the run.
#[test]
fn runs_depend_on_their_number_alone() {
    let compiled = compiled("hands.roll");
    for scenario in &compiled.program.scenarios {
        let rollout = &compiled.program.rollouts.get(scenario.rollout).unwrap();
        let alone = Simulation::new(rollout, scenario).unwrap().ending(1);
        let mut after_another = Simulation::new(rollout, scenario).unwrap();
        after_another.ending(0);
        assert_eq!(after_another.ending(1), alone, "{}", scenario.name);
    }
}
