//! An slo of a rollout that no analysis measures guards nothing.
//!
//! Enters: a rollout and what its analyses name. Leaves: a warning for each idle slo.
//! It deliberately spares shared slos: a library offers more than one rollout uses.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::rollout::Rollout;

pub(super) fn check(
    rollout: &Rollout,
    measured: &[usize],
    own: &dyn Fn(&usize) -> bool,
    diagnostics: &mut Diagnostics,
) {
    for (at, slo) in rollout.slos.iter().enumerate() {
        if !own(&at) || measured.contains(&at) {
            continue;
        }
        let headline = format!("nothing measures `{}`", slo.name);
        let report = Diagnostic::new(Code::UnusedSlo, headline, slo.span, "promised, and never looked at");
        diagnostics
            .push(report.help(format!("`analyze {} in background` looks at it all the time", slo.name)));
    }
}
