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

/// What stands for a Secret's value before anything is measured. Source: analysis/analysis.go.
const SECRET: &str = "temp-for-secret";

/// Makes a run's spec; `fields` are the Rollout's fields that arguments ask for, in the arguments' order.
pub(in crate::simulator) fn resolve(
    analysis: &AnalysisSpec,
    latest: Hash,
    stable: Option<Hash>,
    fields: &[String],
) -> RunSpec {
    let mut fields = fields.iter();
    let mut args: Vec<(&str, Value)> = Vec::with_capacity(analysis.args.len());
    let mut missing = None;
    for arg in &analysis.args {
        let value = match &arg.value {
            ArgValue::Text(text) | ArgValue::Templated(text) => text.clone(),
            ArgValue::LatestHash => latest.to_string(),
            ArgValue::StableHash => stable.map(|hash| hash.to_string()).unwrap_or_default(),
            ArgValue::Field(_) => fields.next().cloned().unwrap_or_default(),
            ArgValue::Secret(_) => SECRET.to_owned(),
            ArgValue::Missing => {
                missing = missing.or(Some(&arg.name));
                continue;
            }
        };
        args.push((arg.name.as_str(), value));
    }
    if let (Some(name), false) = (missing, analysis.metrics.is_empty()) {
        return refused(&format!("Unable to resolve metric arguments: argument \"{name}\" was not supplied"));
    }
    let unresolved = |error: &str| refused(&format!("Unable to resolve metric arguments: {error}"));
    let mut metrics = match all(&analysis.metrics, &args) {
        Ok(metrics) => metrics,
        Err(error) => return unresolved(&error),
    };
    let invalid = validate(&metrics)
        .or_else(|| dry_run(&mut metrics, &analysis.dry_run))
        .or_else(|| retention(&mut metrics, &analysis.retention));
    if let Some(error) = invalid {
        return RunSpec { metrics, ..refused(&format!("Analysis spec invalid: {error}")) };
    }
    let mut secrets: Vec<String> = Vec::new();
    for arg in &analysis.args {
        let ArgValue::Secret(found) = &arg.value else { continue };
        match found {
            Ok(text) => {
                args.iter_mut()
                    .filter(|(name, _)| *name == arg.name)
                    .for_each(|(_, value)| value.clone_from(text));
                secrets.push(text.clone());
            }
            Err(error) => return unresolved(error),
        }
    }
    if !secrets.is_empty() {
        secrets.retain(|secret| !secret.is_empty());
        let measured = match all(&analysis.metrics, &args) {
            Ok(measured) => measured,
            Err(error) => return unresolved(&error),
        };
        // Limits and times are those without Secrets; only what is measured and judged has them.
        for (metric, measured) in metrics.iter_mut().zip(measured) {
            (metric.success, metric.failure) = (measured.success, measured.failure);
            metric.spec.query = measured.spec.query;
        }
    }
    RunSpec { metrics, refused: None, secrets }
}

fn refused(why: &str) -> RunSpec {
    RunSpec { refused: Some(why.into()), ..RunSpec::default() }
}

fn all(specs: &[MetricSpec], args: &[(&str, Value)]) -> Result<Vec<Metric>, String> {
    specs.iter().map(|spec| metric(spec, args)).collect()
}

fn metric(spec: &MetricSpec, args: &[(&str, Value)]) -> Result<Metric, String> {
    let mut spec = spec.clone();
    let mut filler = Filler { args, unknown: None, broken: None };
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
    if let Some(letter) = filler.broken {
        return Err(format!("invalid character '{letter}' in string escape code"));
    }
    let mut wrong = None;
    for (field, text) in filled {
        if let Err(error) = set(&mut spec, field, text) {
            wrong = wrong.or(Some(error));
        }
    }
    Ok(Metric {
        name: spec.name.as_str().into(),
        success: condition(spec.success_condition.as_deref(), &spec.provider),
        failure: condition(spec.failure_condition.as_deref(), &spec.provider),
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
    /// The first letter of an escape that is Go's and not JSON's.
    broken: Option<char>,
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
                Some((_, value)) => {
                    self.broken = self.broken.or_else(|| value.chars().find_map(escape));
                    out.push_str(value);
                }
                None => self.unknown = Some(tag.to_owned()),
            }
            rest = behind;
        }
        out.push_str(rest);
        out
    }
}

/// The letter by which Go escapes a control character where JSON has none.
fn escape(character: char) -> Option<char> {
    match character {
        '\u{7}' => Some('a'),
        '\u{b}' => Some('v'),
        '\u{8}' | '\u{c}' | '\n' | '\r' | '\t' => None,
        '\0'..='\u{1f}' | '\u{7f}' => Some('x'),
        _ => None,
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
        (None, _) => return None,
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
    fields: &[String],
) -> Arc<RunSpec> {
    Arc::new(analysis.map_or_else(RunSpec::default, |analysis| resolve(analysis, latest, stable, fields)))
}
