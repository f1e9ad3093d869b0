//! A latency threshold between two buckets of Istio's histogram cannot be told from its neighbours.
//!
//! Enters: a rollout's slos. Leaves: a warning with the nearest boundaries.
//! It deliberately knows only Envoy's default boundaries; an annotation of the pods may have changed them.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::analysis::Threshold;
use crate::model::rollout::Rollout;
use crate::unit::Millis;

/// Upper bounds in milliseconds, without the half and infinity.
const BOUNDARIES: [i64; 18] = [
    1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
    3_600_000,
];

pub(super) fn check(
    rollout: &Rollout,
    own: &dyn Fn(&usize) -> bool,
    measured: &[usize],
    diagnostics: &mut Diagnostics,
) {
    for (at, slo) in rollout.slos.iter().enumerate() {
        let Threshold::Latency(Millis(millis)) = slo.threshold else {
            continue;
        };
        if !(own(&at) || measured.contains(&at)) || BOUNDARIES.contains(&millis) {
            continue;
        }
        let below = BOUNDARIES.iter().rev().find(|bound| **bound < millis).copied().unwrap_or(0);
        let above = BOUNDARIES.iter().find(|bound| **bound > millis);
        let place = if above.is_some() { "between two buckets" } else { "above all buckets" };
        let headline = format!("`{}` is compared with {}, {place}", slo.name, Millis(millis));
        let label = match above {
            Some(above) => format!(
                "a quantile between {} and {} is interpolated, not measured",
                Millis(below),
                Millis(*above)
            ),
            None => format!("Istio counts nothing above {}", Millis(below)),
        };
        let report = Diagnostic::new(Code::BetweenBuckets, headline, slo.span, label);
        diagnostics.push(match above {
            Some(above) => {
                report.help(format!("{} and {} can be told exactly", Millis(below), Millis(*above)))
            }
            None => report.help(format!("{} can be told exactly", Millis(below))),
        });
    }
}
