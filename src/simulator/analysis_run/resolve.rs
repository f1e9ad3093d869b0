//! A run's spec from an analysis and its arguments, and the reasons for which the controller refuses one.
//!
//! Enters: an analysis, the hashes that its arguments name. Leaves: metrics ready to be measured.
//! It deliberately knows no run.

use std::sync::Arc;

use regex::Regex;

use super::judge::condition;
use crate::model::argo::{AnalysisSpec, ArgValue, MetricSpec};
use crate::simulator::objects::Hash;
use crate::simulator::objects::run::{Metric, RunSpec};

/// Measurements kept of a metric. Source: Argo Rollouts v1.9.1, analysis/analysis.go.
const KEPT: usize = 10;

/// Makes a run's spec.
pub(in crate::simulator) fn resolve(analysis: &AnalysisSpec, latest: Hash, stable: Option<Hash>) -> RunSpec {
    let args: Vec<(&str, String)> = analysis
        .args
        .iter()
        .map(|arg| {
            let value = match &arg.value {
                ArgValue::Text(text) | ArgValue::Templated(text) => text.clone(),
                ArgValue::LatestHash => latest.to_string(),
                ArgValue::StableHash => stable.map(|hash| hash.to_string()).unwrap_or_default(),
            };
            (arg.name.as_str(), value)
        })
        .collect();
    let mut metrics = Vec::with_capacity(analysis.metrics.len());
    for spec in &analysis.metrics {
        match metric(spec, &args) {
            Ok(metric) => metrics.push(metric),
            Err(error) => {
                return RunSpec {
                    metrics: Vec::new(),
                    refused: Some(format!("Unable to resolve metric arguments: {error}").into()),
                };
            }
        }
    }
    let refused = validate(&metrics)
        .or_else(|| dry_run(&mut metrics, &analysis.dry_run))
        .or_else(|| retention(&mut metrics, &analysis.retention))
        .map(|error| format!("Analysis spec invalid: {error}").into());
    RunSpec { metrics, refused }
}

fn metric(spec: &MetricSpec, args: &[(&str, String)]) -> Result<Metric, String> {
    let mut spec = spec.clone();
    spec.query = substitute(&spec.query, args)?;
    let conditions = [&mut spec.success_condition, &mut spec.failure_condition];
    for text in conditions.into_iter().flatten() {
        *text = substitute(text, args)?;
    }
    Ok(Metric {
        name: spec.name.as_str().into(),
        success: condition(spec.success_condition.as_deref()),
        failure: condition(spec.failure_condition.as_deref()),
        spec,
        dry_run: false,
        keep: KEPT,
    })
}

/// Replaces `{{ args.NAME }}`. Source: utils/template/template.go, `ResolveArgs`.
fn substitute(text: &str, args: &[(&str, String)]) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((tag, behind)) = after.split_once("}}") else {
            break;
        };
        out.push_str(before);
        let name = tag.trim();
        let value = name.strip_prefix("args.").and_then(|name| args.iter().find(|(known, _)| *known == name));
        let Some((_, value)) = value else {
            return Err(format!("failed to resolve {{{{{name}}}}}"));
        };
        out.push_str(value);
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

/// Source: Argo Rollouts v1.9.1, utils/analysis/factory.go, `ValidateMetrics`.
fn validate(metrics: &[Metric]) -> Option<String> {
    if metrics.is_empty() {
        return Some("no metrics specified".into());
    }
    for (at, metric) in metrics.iter().enumerate() {
        let repeated = metrics.iter().take(at).any(|other| other.name == metric.name);
        let error =
            if repeated { Some(format!("duplicate name '{}'", metric.name)) } else { invalid(&metric.spec) };
        if let Some(error) = error {
            return Some(format!("metrics[{at}]: {error}"));
        }
    }
    None
}

fn invalid(metric: &MetricSpec) -> Option<String> {
    let count = metric.count.unwrap_or(0);
    let failures = metric.failure_limit.unwrap_or(0);
    let successes = metric.consecutive_success_limit.unwrap_or(0);
    let inconclusive = metric.inconclusive_limit.unwrap_or(0);
    let text = if successes < 0 {
        "consecutiveSuccessLimit must be >= 0"
    } else if failures < -1 {
        "failureLimit must be >= 0, or -1 to be disabled"
    } else if successes == 0 && failures == -1 {
        "failureLimit and consecutiveSuccessLimit cannot both be disabled"
    } else if inconclusive < 0 {
        "inconclusiveLimit must be >= 0"
    } else if metric.consecutive_error_limit.unwrap_or(0) < 0 {
        "consecutiveErrorLimit must be >= 0"
    } else if count > 0 && failures >= 0 && count < failures + successes {
        return Some(format!(
            "count ({count}) must be >= failureLimit + consecutiveSuccessLimit ({failures} + {successes}) if both >= 0"
        ));
    } else if count > 0 && failures < 0 && count < successes {
        "count must be >= consecutiveSuccessLimit"
    } else if count > 0 && count < inconclusive {
        "count must be >= inconclusiveLimit"
    } else if count > 1 && metric.interval.is_none() {
        "interval must be specified when count > 1"
    } else {
        return None;
    };
    Some(text.into())
}

/// A rule that is no regular expression matches nothing. Source: utils/analysis/helpers.go, `GetDryRunMetrics`.
fn dry_run(metrics: &mut [Metric], rules: &[String]) -> Option<String> {
    for (at, rule) in rules.iter().enumerate() {
        if !each_match(metrics, rule, |metric| metric.dry_run = true) {
            return Some(format!("dryRun[{at}]: Rule didn't match any metric name(s)"));
        }
    }
    None
}

/// Source: utils/analysis/helpers.go, `GetMeasurementRetentionMetrics`.
fn retention(metrics: &mut [Metric], rules: &[(String, i64)]) -> Option<String> {
    for (at, (rule, limit)) in rules.iter().enumerate() {
        let keep = usize::try_from(*limit).ok().filter(|limit| *limit > 0).unwrap_or(KEPT);
        if !each_match(metrics, rule, |metric| metric.keep = keep) {
            return Some(format!("measurementRetention[{at}]: Rule didn't match any metric name(s)"));
        }
    }
    None
}

fn each_match(metrics: &mut [Metric], rule: &str, mut change: impl FnMut(&mut Metric)) -> bool {
    let Ok(rule) = Regex::new(rule) else {
        return false;
    };
    let mut any = false;
    for metric in metrics.iter_mut().filter(|metric| rule.is_match(&metric.name)) {
        any = true;
        change(metric);
    }
    any
}

/// A spec that other parts share.
pub(in crate::simulator) fn shared(
    analysis: Option<&AnalysisSpec>,
    latest: Hash,
    stable: Option<Hash>,
) -> Arc<RunSpec> {
    Arc::new(analysis.map_or_else(RunSpec::default, |analysis| resolve(analysis, latest, stable)))
}
