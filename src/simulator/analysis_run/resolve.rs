//! A run's spec from an analysis and its arguments, and the reasons for which the controller refuses one.
//!
//! Enters: an analysis, the hashes that its arguments name. Leaves: metrics ready to be measured.
//! It deliberately knows no run.

use std::sync::Arc;

use regex::Regex;

use super::judge::condition;
use crate::model::argo::{AnalysisSpec, ArgValue, Field, MetricSpec, Provider, duration};
use crate::simulator::objects::Hash;
use crate::simulator::objects::run::{Metric, RunSpec};

/// Measurements kept of a metric. Source: Argo Rollouts v1.9.1, analysis/analysis.go.
const KEPT: usize = 10;

/// An argument's value.
type Value = String;

/// Makes a run's spec.
pub(in crate::simulator) fn resolve(analysis: &AnalysisSpec, latest: Hash, stable: Option<Hash>) -> RunSpec {
    let args: Vec<(&str, Value)> = analysis
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

fn metric(spec: &MetricSpec, args: &[(&str, Value)]) -> Result<Metric, String> {
    let mut spec = spec.clone();
    let mut filler = Filler { args, unknown: None };
    let texts: Vec<(Field, String)> = std::mem::take(&mut spec.texts);
    let before = |field: Field| field < Field::FailureLimit;
    let late = |field: Field| field == Field::ConsecutiveSuccessLimit;
    let mut filled: Vec<(Field, String)> = Vec::with_capacity(texts.len());
    let fill = |filler: &mut Filler<'_>, filled: &mut Vec<_>, wanted: &dyn Fn(Field) -> bool| {
        for (field, text) in texts.iter().filter(|(field, _)| wanted(*field)) {
            filled.push((*field, filler.fill(text)));
        }
    };
    fill(&mut filler, &mut filled, &before);
    let conditions = [&mut spec.success_condition, &mut spec.failure_condition];
    for text in conditions.into_iter().flatten() {
        *text = filler.fill(text);
    }
    fill(&mut filler, &mut filled, &|field| !before(field) && !late(field));
    spec.query = filler.fill(&spec.query);
    fill(&mut filler, &mut filled, &late);
    if let Some(tag) = filler.unknown {
        return Err(format!("failed to resolve {{{{{tag}}}}}"));
    }
    let mut wrong = None;
    for (field, text) in filled {
        if let Err(error) = set(&mut spec, field, text) {
            wrong = wrong.or(Some(error));
        }
    }
    Ok(Metric {
        name: spec.name.as_str().into(),
        success: condition(spec.success_condition.as_deref()),
        failure: condition(spec.failure_condition.as_deref()),
        spec,
        dry_run: false,
        keep: KEPT,
        wrong: wrong.map(Into::into),
    })
}

/// Puts a field's text into its place; the error is that of upstream's validation.
fn set(spec: &mut MetricSpec, field: Field, text: String) -> Result<(), String> {
    let time = |name: &str| match text.as_str() {
        "" => Ok(None),
        text => duration::parse(text).map(Some).map_err(|error| format!("invalid {name} string: {error}")),
    };
    let number = || Some(text.parse::<i64>().unwrap_or(0));
    match field {
        Field::Name => spec.name = text,
        Field::Interval => spec.interval = time("interval")?,
        Field::InitialDelay => spec.initial_delay = time("startDelay")?,
        Field::Count => spec.count = number(),
        Field::FailureLimit => spec.failure_limit = number(),
        Field::InconclusiveLimit => spec.inconclusive_limit = number(),
        Field::ConsecutiveErrorLimit => spec.consecutive_error_limit = number(),
        Field::ConsecutiveSuccessLimit => spec.consecutive_success_limit = number(),
        Field::Provider => {}
    }
    Ok(())
}

/// Replaces `{{ args.NAME }}`, and remembers the last tag that is none.
/// Source: utils/template/template.go, `ResolveQuotedArgs`.
struct Filler<'a> {
    args: &'a [(&'a str, Value)],
    unknown: Option<String>,
}

impl Filler<'_> {
    fn fill(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((tag, behind)) = after.split_once("}}") else {
                break;
            };
            out.push_str(before);
            let name = tag.trim().strip_prefix("args.");
            match self.args.iter().rev().find(|(known, _)| Some(*known) == name) {
                Some((_, value)) => out.push_str(value),
                None => self.unknown = Some(tag.to_owned()),
            }
            rest = behind;
        }
        out.push_str(rest);
        out
    }
}

/// Source: Argo Rollouts v1.9.1, utils/analysis/factory.go, `ValidateMetrics`.
fn validate(metrics: &[Metric]) -> Option<String> {
    if metrics.is_empty() {
        return Some("no metrics specified".into());
    }
    for (at, metric) in metrics.iter().enumerate() {
        let repeated = metrics.iter().take(at).any(|other| other.name == metric.name);
        let error =
            if repeated { Some(format!("duplicate name '{}'", metric.name)) } else { invalid(metric) };
        if let Some(error) = error {
            return Some(format!("metrics[{at}]: {error}"));
        }
    }
    None
}

fn invalid(metric: &Metric) -> Option<String> {
    if let Some(error) = limits(&metric.spec) {
        return Some(error);
    }
    let text = match (&metric.wrong, &metric.spec.provider) {
        (Some(error), _) => error,
        (None, Provider::Missing) => "no provider specified",
        (None, Provider::Several) => "multiple providers specified",
        (None, Provider::Prometheus | Provider::Other(_)) => return None,
    };
    Some(text.to_owned())
}

fn limits(metric: &MetricSpec) -> Option<String> {
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
