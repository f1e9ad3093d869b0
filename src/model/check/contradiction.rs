//! Slos of one rollout that draw the line between good and bad at different places: success and error rate are one
//! quantity, and two bounds on one signal differ.
//!
//! Enters: a rollout's slos. Leaves: one warning for each pair that disagrees.
//! It deliberately knows no traffic: that both could fail by chance is the forecast's business.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::analysis::{Signal, Slo, Threshold};
use crate::model::rollout::Rollout;
use crate::syntax::tree::Comparison;
use crate::unit::Ratio;

pub(super) fn check(rollout: &Rollout, measured: &[usize], diagnostics: &mut Diagnostics) {
    let bounds: Vec<(&Slo, f64)> = rollout
        .slos
        .iter()
        .enumerate()
        .filter(|(at, slo)| measured.contains(at) && !slo.dry_run)
        .filter_map(|(_, slo)| Some((slo, allowed_errors(slo)?)))
        .collect();
    for (at, (first, loose)) in bounds.iter().enumerate() {
        for (second, strict) in bounds.iter().skip(at + 1) {
            let ((first, loose), (second, strict)) = if loose >= strict {
                ((first, loose), (second, strict))
            } else {
                ((second, strict), (first, loose))
            };
            if first.signal == second.signal || loose - strict < 1e-12 {
                continue;
            }
            let headline =
                format!("`{}` allows {} errors, which `{}` forbids", first.name, Ratio(*loose), second.name);
            let between = Ratio(f64::midpoint(*loose, *strict));
            let report = Diagnostic::new(
                Code::ContradictingSlos,
                headline,
                first.span,
                format!("passes {} {} errors", passes(first), Ratio(*loose)),
            )
            .because(second.span, format!("passes {} {} errors", passes(second), Ratio(*strict)));
            let agreeing = match first.signal {
                Signal::SuccessRate => format!("success-rate >= {}", Ratio(1.0 - strict)),
                _ => format!("error-rate < {}", Ratio(*strict)),
            };
            diagnostics.push(report.help(format!(
                "at {between} errors one promotes and the other rolls back; `{agreeing}` would agree"
            )));
        }
    }
}

/// How the bound itself counts.
fn passes(slo: &Slo) -> &'static str {
    match slo.comparison {
        Comparison::Less | Comparison::Greater => "with less than",
        Comparison::LessEqual | Comparison::GreaterEqual => "with up to",
    }
}

/// The share of errors up to which an slo passes.
fn allowed_errors(slo: &Slo) -> Option<f64> {
    let Threshold::Ratio(ratio) = slo.threshold else {
        return None;
    };
    match (slo.signal, slo.comparison) {
        (Signal::SuccessRate, Comparison::Greater | Comparison::GreaterEqual) => Some(1.0 - ratio),
        (Signal::ErrorRate, Comparison::Less | Comparison::LessEqual) => Some(ratio),
        _ => None,
    }
}
