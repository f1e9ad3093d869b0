//! Steps in the language's words.
//!
//! Enters: a spec and its analyses. Leaves: one label for each of Argo's steps.
//! It deliberately leaves out what a label has no room for, such as what a header must match.

use crate::model::argo::{Analysis, AnalysisSpec, Spec, Step};

/// Labels by step; blue-green has none.
pub(super) fn labels(spec: &Spec, analyses: &[AnalysisSpec]) -> Vec<String> {
    if spec.blue_green.is_some() {
        return Vec::new();
    }
    let max = spec.canary.max_weight();
    spec.canary.steps.iter().map(|step| label(step, max, analyses)).collect()
}

/// Validation lets some kinds stand together.
fn label(step: &Step, max: i64, analyses: &[AnalysisSpec]) -> String {
    let share = |weight: i64| if max == 100 { format!("{weight}%") } else { format!("{weight} of {max}") };
    let mut parts = Vec::new();
    parts.extend(step.set_weight.map(share));
    if let Some(pause) = &step.pause {
        parts.push(match &pause.duration {
            Some((_, written)) if written.parse::<i64>().is_ok() => format!("for {written}s"),
            Some((_, written)) => format!("for {written}"),
            None => "until promoted".to_owned(),
        });
    }
    parts.extend(step.analysis.as_ref().map(|analysis| analyze(analysis, analyses)));
    if let Some(scale) = &step.set_canary_scale {
        parts.push(match (scale.replicas, scale.weight) {
            (Some(pods), _) => format!("pods {pods}"),
            (None, Some(weight)) => format!("pods {}", share(weight)),
            (None, None) => "pods match weight".to_owned(),
        });
    }
    if let Some(route) = &step.set_header_route {
        let word = if route.matches.is_some() { "header to canary as" } else { "end" };
        parts.push(format!("{word} {}", route.name));
    }
    if let Some(route) = &step.set_mirror_route {
        parts.push(match route.matches {
            Some(_) => format!("mirror {}% to canary as {}", route.percentage, route.name),
            None => format!("end {}", route.name),
        });
    }
    parts.extend(step.plugin.as_ref().map(|plugin| format!("plugin {}", plugin.name)));
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
}

fn analyze(analysis: &Analysis, analyses: &[AnalysisSpec]) -> String {
    let metrics = analyses.get(analysis.index).map_or(&[][..], |analysis| analysis.metrics.as_slice());
    let names: Vec<&str> = metrics.iter().map(|metric| metric.name.as_str()).collect();
    format!("analyze {}", if names.is_empty() { "nothing".to_owned() } else { names.join(", ") })
}
