//! Verdicts of releases that wait: told by where the wait began, not by where the play ended.
//!
//! Enters: a program. Leaves: failures. It deliberately plays no release that ends by itself; `tests/release.rs` does.

use rollcast::model::compile::{Fault, Files, Options, compile};
use rollcast::simulator::Simulation;
use rollcast::simulator::trace::Outcome;

/// Nobody asks, so the background is inconclusive at 2:20 in the third step; its weight is raised while it waits, as the
/// real controller does where the scale-up had begun.
const NOBODY: &str = r#"
rollout a {
  pods { image "i:1"  port http 8080 }
  replicas 4
  route istio
  slo error-rate < 1% over 1m
  canary {
    20% for 2m
    50% for 1m
  }
  analyze error-rate in background
}

scenario "nobody" for a {
  traffic 0/s
  expect  pause at step 3
}
"#;

struct Only;

impl Files for Only {
    fn read(&self, _: &str) -> Result<String, Fault> {
        Ok(NOBODY.to_owned())
    }
}

#[test]
fn a_wait_is_where_it_began_and_because_of_what_began_it() {
    let compiled = compile("a.roll", &Only, &Options::default()).unwrap();
    assert!(!compiled.has_errors());
    let (rollout, scenario) = (&compiled.program.rollouts[0], &compiled.program.scenarios[0]);
    let verdict = Simulation::new(rollout, scenario).unwrap().ending(0).verdict;
    assert_eq!((verdict.outcome, verdict.at), (Outcome::Paused, 140));
    assert_eq!((verdict.step, verdict.weight), (Some(2), 20));
    assert_eq!(verdict.metric.as_deref(), Some("error-rate"));
}
