//! Rules across statements, one a file: what is built but was probably not meant.
//!
//! Enters: a resolved rollout. Leaves: warnings.
//! It deliberately changes nothing: a rule that would have to is a default of `resolve`.

mod buckets;
mod contradiction;
pub(crate) mod series;
mod unguarded;
mod unused;
mod window;

use super::rollout::Rollout;
use crate::diagnostic::Diagnostics;

/// Applies all rules to a rollout. `measured` are the slos that an analysis names, `own` tells a rollout's own from
/// shared ones; of a broken rollout only what its slos say by themselves is judged.
pub(crate) fn rollout(
    rollout: &Rollout,
    measured: &[usize],
    own: &dyn Fn(&usize) -> bool,
    broken: bool,
    diagnostics: &mut Diagnostics,
) {
    contradiction::check(rollout, measured, diagnostics);
    buckets::check(rollout, own, measured, diagnostics);
    window::check(rollout, own, measured, diagnostics);
    if !broken {
        unused::check(rollout, measured, own, diagnostics);
        unguarded::check(rollout, diagnostics);
    }
}
