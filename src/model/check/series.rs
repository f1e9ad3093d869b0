//! A query for series that the synthetic world does not have is empty in every simulation.
//!
//! Enters: a rollout that some scenario plays. Leaves: a warning for each query that no synthetic world can answer.
//! It deliberately says nothing of the cluster, where the series may well be.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::rollout::Rollout;

/// What Istio's proxies tell of every request, and with it the synthetic world.
const FAMILIES: [&str; 4] = [
    "istio_request_duration_milliseconds_bucket",
    "istio_request_duration_milliseconds_count",
    "istio_request_duration_milliseconds_sum",
    "istio_requests_total",
];

pub(crate) fn check(rollout: &Rollout, diagnostics: &mut Diagnostics) {
    for (at, slo) in rollout.slos.iter().enumerate() {
        let Some(own) = &slo.own else { continue };
        let measured =
            rollout.templates.iter().flat_map(|template| &template.metrics).any(|metric| metric.slo == at);
        let Some(missing) = own.families.iter().find(|name| !FAMILIES.contains(&name.as_str())) else {
            continue;
        };
        if measured {
            let headline = format!("no synthetic world has `{missing}`");
            let label = "has no data in every scenario";
            let report = Diagnostic::new(Code::SeriesNotInWorld, headline, own.span, label);
            diagnostics
                .push(report.help(format!("in simulations `{}` does what its `no data` says", slo.name)));
        }
    }
}
