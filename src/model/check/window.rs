//! A rate needs at least two samples in its window, and four to be robust against a lost scrape.
//!
//! Enters: a rollout's slos. Leaves: a warning for each window that is too short.
//! It deliberately assumes the usual scrape interval of 15 s; the simulator plays the one that a scenario names.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::rollout::Rollout;
use crate::unit::Seconds;

const SCRAPE: u64 = 15;

pub(super) fn check(
    rollout: &Rollout,
    own: &dyn Fn(&usize) -> bool,
    measured: &[usize],
    diagnostics: &mut Diagnostics,
) {
    for (at, slo) in rollout.slos.iter().enumerate() {
        if slo.own.is_some() || !(own(&at) || measured.contains(&at)) || slo.window.value.0 >= 4 * SCRAPE {
            continue;
        }
        let headline = format!("`{}` looks at {}, which holds too few samples", slo.name, slo.window.value);
        let label = format!("at a scrape every {} a rate wants {}", Seconds(SCRAPE), Seconds(4 * SCRAPE));
        let report = Diagnostic::new(Code::WindowTooShort, headline, slo.span, label);
        diagnostics.push(report.help(format!("write `over {}` or more", Seconds(4 * SCRAPE))));
    }
}
